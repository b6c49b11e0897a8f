"""Runs the targets under atheris, each in a process of its own, or the flood; what is found is kept as a test."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MISSING = 'the fuzzer needs atheris; install it with: python -m pip install "corswsgi[fuzz]"'

#: The longest input, in bytes; what is longer is the business of the floods.
LONGEST = 4096

NAMES = (
    *("origin-patterns", "origin-values", "request-header-lists", "response-header-lists"),
    *("settings", "settings-files", "case-files"),
    *("header-list-values", "locations", "cookies", "urls"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 1 where a property was violated, 2 where nothing could be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--target", choices=NAMES, action="append", help="this one only; may be given again")
    parser.add_argument("--flood", action="store_true", help="a million random origins against every kind of policy")
    parser.add_argument("--origins", type=int, default=10**6, help="how many in the flood (default: %(default)s)")
    parser.add_argument("--corpus", help=argparse.SUPPRESS)  # what a process of its own is told
    options = parser.parse_args(arguments)
    if options.flood:
        return _flood(options.origins)
    if importlib.util.find_spec("atheris") is None:
        print(MISSING, file=sys.stderr)
        return 2
    if options.corpus:
        _fuzz(options.target[0], options.seconds, options.corpus)
    violated = [name for name in options.target or NAMES if _run_apart(name, options.seconds)]
    for name in violated:
        print(f"{name}: a property was violated; the input is among tests/fuzz/findings/{name}", file=sys.stderr)
    return 1 if violated else 0


def _run_apart(target: str, seconds: int) -> int:
    """Fuzz one target in a process of its own, as the fuzzer ends the one that it runs in; return its exit status."""
    from fuzz.seeds import FINDINGS, seeds_of

    print(f"-- {target}", flush=True)
    findings = FINDINGS / target
    findings.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as corpus:
            for number, seed in enumerate(seeds_of(target)):
                Path(corpus, f"seed-{number}").write_bytes(seed)
            command = [sys.executable, "-m", "tests.fuzz", str(seconds), "--target", target, "--corpus", corpus]
            return subprocess.run(command, cwd=Path(__file__).parents[2], timeout=seconds + 120, check=False).returncode
    finally:
        if not any(findings.iterdir()):
            findings.rmdir()


def _fuzz(target: str, seconds: int, corpus: str) -> None:
    """Fuzz, guided by the coverage of the package; does not return."""
    import atheris

    with atheris.instrument_imports(include=["corswsgi", "naive"]):
        from fuzz.targets import TARGETS
    from fuzz.seeds import FINDINGS

    settings = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={FINDINGS / target}/",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    atheris.Setup([target, *settings, corpus], TARGETS[target])
    atheris.Fuzz()


def _flood(number: int) -> int:
    """Flood every kind of policy, and print what is kept of each flood; 1 where anything is."""
    from fuzz.flood import KINDS, MOST_KEPT, kept_of_a_flood, logging_refusals

    status = 0
    for kind in KINDS:
        for logs in (False, True):
            start = time.perf_counter()
            if logs:
                with logging_refusals():
                    kept, allowed = kept_of_a_flood(kind, number)
            else:
                kept, allowed = kept_of_a_flood(kind, number)
            seconds = time.perf_counter() - start
            how = "logged" if logs else "not logged"
            print(
                f"{kind}, {how}: {number} origins, {allowed} allowed, {kept} objects kept, {seconds:.1f} s", flush=True
            )
            status |= kept > MOST_KEPT
    return status
