"""The command line as a whole: what every command does alike."""

import os
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from corswsgi import cli

BROKEN_PIPE = 141


@pytest.fixture
def nobody_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """Make standard output a pipe that nobody reads, as after ``| head`` has its lines."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        yield stream


@pytest.mark.parametrize("arguments", [["finding"], ["finding", "tls"], ["--help"], ["check", "--help"], ["--version"]])
def test_it_ends_quietly_if_nobody_reads_on(
    arguments: list[str], nobody_reads: TextIO, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == BROKEN_PIPE
    print("this goes nowhere", file=nobody_reads, flush=True)
    assert capfd.readouterr().err == ""
