"""The time and memory that ``import corswsgi`` takes beyond ``import webob``."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import environment
from benchmarks.interleave import Spread
from benchmarks.report import Table

#: Milliseconds.
GOAL = 15.0
SHOWN = 12


def modules_of(name: str, cache: Path) -> dict[str, float]:
    """Import a module in a process of its own; return for each module loaded by that the milliseconds of its own.

    :param cache: where bytecode is kept from one process to the next, as it is beside installed modules.
    """
    code = f"import sys; sys.stderr.write('begin\\n'); import {name}"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        cwd=cache,  # which -c puts first on the path
        env=environment(PYTHONPYCACHEPREFIX=str(cache), PYTHONDONTWRITEBYTECODE=""),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = done.stderr.partition("begin\n")[2]
    found = re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", lines, re.MULTILINE)
    return {module: int(microseconds) / 1000 for microseconds, module in found}


def run(quick: bool) -> list[Table]:
    times = 5 if quick else 25
    print(f"{times} imports of each", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="corswsgi-import-") as directory:
        cache = Path(directory)
        # The first writes the bytecode.
        pairs = [(modules_of("webob", cache), modules_of("corswsgi", cache)) for _ in range(times + 1)][1:]
    webob = [sum(theirs.values()) for theirs, _ in pairs]
    whole = [sum(ours.values()) for _, ours in pairs]
    own = [sum(ms for module, ms in ours.items() if module not in theirs) for theirs, ours in pairs]
    share = Spread.of(own)
    differences = Spread.of([all_ - part for all_, part in zip(whole, webob, strict=True)])
    table = Table(
        "import corswsgi",
        ["what", "milliseconds"],
        [
            ["import webob", f"{median(webob):.1f}"],
            ["import corswsgi", f"{median(whole):.1f}"],
            ["the difference", differences.told(".1f")],
            ["modules that webob does not load", share.told(".1f")],
        ],
        [
            f"These are medians of {times} processes each, with ``-X importtime``, which takes some time itself. "
            "Modules of the standard library count if neither the interpreter nor webob loads them."
        ],
        [(f"its own share above webob's at most {GOAL:.0f} ms", max(share.value, differences.value) <= GOAL)],
    )
    each = {
        module: median(ours.get(module, 0.0) for _, ours in pairs)
        for module in pairs[-1][1]
        if module not in pairs[-1][0]
    }
    heaviest = sorted(each.items(), key=lambda item: -item[1])[:SHOWN]
    modules = Table(
        f"The {SHOWN} modules that take the most of it",
        ["module", "milliseconds"],
        [[module, f"{milliseconds:.2f}"] for module, milliseconds in heaviest],
    )
    return [table, modules]
