"""Writes results as JUnit XML for CI servers, completely or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree

from corswsgi.checker.results import FAILED, NO_ANSWER, Result, different_names
from corswsgi.errors import UsageError, quote

#: xml#charsets: characters that XML 1.0 does not allow, even escaped, and those that a reader turns into a line feed.
_NOT_XML = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: The element for a result, by its exit status.
_ELEMENTS = {FAILED: "failure", NO_ANSWER: "error"}

Write = Callable[[Sequence[Result]], None]


@contextlib.contextmanager
def junit_file(name: str | None, suite: str) -> Iterator[Write]:
    """Yield a function that writes results to a file; until it is called, an older file stays as it is.

    :param name: of the file; ``None`` to write nothing.
    :param suite: the command that was run, such as ``"corswsgi check"``.
    :raises UsageError: at once, if no file of this name can be written.
    """
    if name is None:
        yield lambda results: None
        return
    try:
        path = os.path.realpath(name)
        part = f"{path}.{secrets.token_hex(4)}.part"
        # A rename would replace something like /dev/null with a file.
        if os.path.lexists(path) and not stat.S_ISREG(os.stat(path).st_mode):
            raise UsageError(f"--junit {quote(name)}: it is a directory or a device; name a file, such as cors.xml")
        if os.path.lexists(path) and not os.access(path, os.W_OK):
            raise UsageError(f"--junit {quote(name)}: you may not write to it; name another file")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (OSError, ValueError) as error:
        raise _unwritable(name, error) from error
    try:
        with open(descriptor, "wb") as file:

            def write(results: Sequence[Result]) -> None:
                try:
                    file.write(as_junit(results, suite))
                    file.close()
                    os.replace(part, path)
                except OSError as error:
                    raise _unwritable(name, error) from error

            yield write
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)


def _unwritable(name: str, error: Exception) -> UsageError:
    why = error.strerror if isinstance(error, OSError) else "no file can have this name"
    return UsageError(f"--junit {quote(name)}: it cannot be written: {why}; name another file")


def as_junit(results: Sequence[Result], suite: str) -> bytes:
    """Return results as JUnit XML, with a test case for each.

    An unexpected result is a failure; a missing answer, for example for lack of time, is an error. The form is that
    of Jenkins' schema, junit-10.xsd, and of pytest.

    :param suite: the command that was run; with a dot for its space, it is the name of the class, by which servers
        sort.
    """
    statuses = [result.status for result in results]
    counts = {
        "tests": str(len(results)),
        "failures": str(statuses.count(FAILED)),
        "errors": str(statuses.count(NO_ANSWER)),
        "time": _time(sum(result.seconds for result in results)),
    }
    root = ElementTree.Element("testsuites", {"name": suite, **counts})
    tests = ElementTree.SubElement(root, "testsuite", {"name": suite, **counts, "skipped": "0"})
    for name, result in zip(different_names(results), results, strict=True):
        attributes = {"classname": suite.replace(" ", "."), "name": _xml(name), "time": _time(result.seconds)}
        test = ElementTree.SubElement(tests, "testcase", attributes)
        if result.status in _ELEMENTS:
            told = {"message": _xml(result.sentence), "type": _xml(result.code)}
            ElementTree.SubElement(test, _ELEMENTS[result.status], told).text = _xml(result.text)
        else:
            ElementTree.SubElement(test, "system-out").text = _xml(result.text)
    ElementTree.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n%s\n' % ElementTree.tostring(root, encoding="unicode").encode()


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _xml(text: str) -> str:
    """Return a text with everything that XML does not allow escaped as in Python."""
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
