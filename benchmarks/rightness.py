"""Whether an answer is right: for browsers and caches, it must mean the same as one that is known to be right."""

from __future__ import annotations

from benchmarks.cells import EXPOSED, Ask, environ_of
from benchmarks.contenders import Answer

ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def faults_of(answer: Answer, right: Answer, ask: Ask) -> list[str]:
    """Return what is wrong with an answer: the headers that are missing or say something else, or ``status``.

    :param right: the answer that the floor gives. Another one may be as good: it may allow any origin by name and say
        ``Vary: Origin``, grant no more than was asked for, or refuse a preflight with a 200 that grants nothing.
    """
    faults = []
    if _is_readable(answer, ask) != _is_readable(right, ask):
        faults.append(ALLOW_ORIGIN)
    if ask.is_preflight:
        if _is_readable(right, ask):
            faults += _faults_of_grant(answer, ask)
        return faults  # no cache keeps it but the browser's own
    if (answer.status, answer.body) != (right.status, right.body):
        faults.append("status")
    if _is_readable(right, ask) and not _lists(answer, "Access-Control-Expose-Headers", EXPOSED):
        faults.append("Access-Control-Expose-Headers")
    # fetch#cors-protocol-and-http-caches: a cache hands an answer to pages of all origins, unless it says Vary.
    if not _elements(answer, "Vary") & {"origin", "*"}:
        if "origin" in _elements(right, "Vary"):
            faults.append("Vary")
        elif ALLOW_ORIGIN not in faults and _elements(answer, ALLOW_ORIGIN) != _elements(right, ALLOW_ORIGIN):
            faults.append(ALLOW_ORIGIN)
    return faults


def _faults_of_grant(answer: Answer, ask: Ask) -> list[str]:
    faults = [] if answer.status.startswith("2") else ["status"]  # fetch#ok-status
    environ = environ_of(ask)
    for name, asked in (
        ("Access-Control-Allow-Methods", environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]),
        ("Access-Control-Allow-Headers", environ["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"]),
    ):
        if not _lists(answer, name, asked):
            faults.append(name)
    return faults


def _lists(answer: Answer, name: str, wanted: str) -> bool:
    """Tell whether the list in a header has all elements of another list."""
    has = _elements(answer, name)
    return "*" in has or has >= set(wanted.lower().split(","))


def _is_readable(answer: Answer, ask: Ask) -> bool:
    """Tell whether the CORS check passes (fetch#cors-check); a page without an ``Origin`` needs none."""
    return ask.origin is not None and _values(answer, ALLOW_ORIGIN) in (["*"], [ask.origin])


def _values(answer: Answer, name: str) -> list[str]:
    return [value for each, value in answer.headers if each.lower() == name.lower()]


def _elements(answer: Answer, name: str) -> set[str]:
    return {element.strip().lower() for value in _values(answer, name) for element in value.split(",")}
