"""The fuzzer's targets: clean on what they start from and on what was once found, and able to fail."""

from __future__ import annotations

import builtins
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import naive
import pytest
from amounts import examples
from fuzz import runner, targets
from fuzz.flood import KINDS
from fuzz.seeds import FINDINGS, seeds_of
from fuzz.targets import TARGETS
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import fetch
from corswsgi.browser import redirects
from corswsgi.browser.cookies import CookieStore
from corswsgi.settings.lines import Lines

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_fuzzer_starts_from_is_clean(target: str) -> None:
    seeds = seeds_of(target)
    assert len(seeds) > 10
    for seed in seeds:
        TARGETS[target](seed)


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*/*")), ids=lambda path: "/".join(path.parts[-2:]))
def test_what_was_found_is_mended(path: Path) -> None:
    """A file stands here for each fault that the fuzzer found, and none of them is a fault any longer."""
    TARGETS[path.parent.name](path.read_bytes())


def mutated(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return seeds with a piece of another, or of anything, in place of one of their own."""
    cut = st.integers(0, 60)
    return st.builds(
        lambda seed, piece, start, length: seed[:start] + piece + seed[start + length :],
        st.sampled_from(seeds),
        st.sampled_from(seeds).map(lambda other: other[:20]) | st.binary(max_size=8),
        cut,
        cut,
    )


@pytest.mark.parametrize("target", TARGETS)
@examples(60)
@given(st.data())
def test_what_is_like_a_seed_is_clean(target: str, data: Any) -> None:
    TARGETS[target](data.draw(mutated(seeds_of(target)) | st.binary(max_size=30)))


_STORE = CookieStore.store

#: For each target a function of the package or of the rules, and what it returns when it is broken.
BROKEN: dict[str, tuple[Any, str, Any]] = {
    "origin-patterns": (naive, "matches", lambda entry, origin, is_careful: True),
    "origin-values": (targets, "parse_origin", lambda text: None),
    "request-header-lists": (naive, "MOST_NAMES", 1),
    "response-header-lists": (naive, "decorated", lambda own, added, times: sorted(own)),
    "settings": (targets, "hash", id),
    "settings-files": (Lines, "place", lambda lines, keys, value: "somewhere"),
    "case-files": (Lines, "line_of", lambda lines, keys, value=None: 10**6),
    "header-list-values": (fetch, "is_token", lambda text: True),
    "locations": (redirects, "_check_redirect", lambda request, reply, location: None),
    "cookies": (CookieStore, "store", lambda store, line, *where: _STORE(store, "b=1", *where)),
    "urls": (targets, "OPAQUE_SCHEMES", ("https",)),
}


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_can_fail(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, broken = BROKEN[target]
    monkeypatch.setattr(where, name, broken, raising=not hasattr(builtins, name))
    failures = 0
    for seed in seeds_of(target):
        try:
            TARGETS[target](seed)
        except AssertionError:  # another exception would come from the broken function, not from the property
            failures += 1
    assert failures > 0


def test_the_commands_targets_are_these() -> None:
    assert list(runner.NAMES) == list(TARGETS)


def test_without_atheris_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert runner.main(["1"]) == 2
    assert capsys.readouterr() == ("", f"{runner.MISSING}\n")


def test_a_violated_property_is_told_by_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(runner, "_run_apart", lambda name, seconds: int(name == "cookies"))
    assert runner.main(["1", "--target", "urls"]) == 0
    assert runner.main(["1", "--target", "urls", "--target", "cookies"]) == 1
    assert "tests/fuzz/findings/cookies" in capsys.readouterr().err


def test_the_flood_is_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = []

    def kept(kind: str, number: int) -> tuple[int, int]:
        asked.append((kind, number))
        return (0 if kind != "null beside another" else 10**6), 0

    monkeypatch.setattr("fuzz.flood.kept_of_a_flood", kept)
    assert runner.main(["--flood"]) == 1
    assert asked == [(kind, 10**6) for kind in KINDS for _ in range(2)]
    assert (
        "null beside another, not logged: 1000000 origins, 0 allowed, 1000000 objects kept" in capsys.readouterr().out
    )


def test_the_fuzzer_is_guided_by_the_coverage_of_the_package() -> None:
    pytest.importorskip("atheris", reason="needs the extra fuzz")
    command = [sys.executable, "-m", "tests.fuzz", "1", "--target", "origin-values"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"Instrumenting corswsgi\.origins", done.stderr)
    assert max(map(int, re.findall(r"cov: (\d+)", done.stderr))) > 100
