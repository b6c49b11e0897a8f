"""The command line as a whole: what every command does alike."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from corswsgi import cli

BROKEN_PIPE = 141


@contextlib.contextmanager
def nobody_reading() -> Iterator[TextIO]:
    """Make standard output a pipe that nobody reads, as after ``| head`` has its lines."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
        yield stream


@pytest.mark.parametrize("arguments", [["finding"], ["finding", "tls"], ["--help"], ["check", "--help"], ["--version"]])
def test_it_ends_quietly_if_nobody_reads_on(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with nobody_reading() as stream:
        assert cli.main(arguments) == BROKEN_PIPE
        print("this goes nowhere", file=stream, flush=True)
    assert capfd.readouterr().err == ""


def test_what_an_application_refuses_to_check_is_told_in_the_report_only() -> None:
    command = ["check", "--cases", "cases.toml", "--app", "flask_app:app"]
    done = subprocess.run(
        [sys.executable, "-m", "corswsgi", *command],
        cwd=Path(__file__).parents[1] / "examples",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.endswith("4 asked: 4 ok.\n")
    assert (done.returncode, done.stderr) == (0, "")
