"""Judges the answer to a preflight header by header, even after the first failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.findings import shown
from corswsgi.checker.granting import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    joined,
    joined_request,
)
from corswsgi.checker.parts import Preflight, Row
from corswsgi.checker.rules.allow_lists import diagnose_lists
from corswsgi.checker.rules.allow_origin import diagnose_allow_origin, diagnose_missing
from corswsgi.checker.rules.names import diagnose_names
from corswsgi.checker.rules.preflights import diagnose_preflight
from corswsgi.errors import quote

#: The need if the header is not a list at all.
_LIST = "a list of header names"


def judge_preflight(preflight: Exchange, with_credentials: bool, covers_authorization: bool = False) -> Preflight:
    """Judge the answer to a preflight by what the preflight asked for (fetch#cors-preflight-fetch).

    :param covers_authorization: whether the engine lets ``*`` cover Authorization.
    """
    origin = joined_request(preflight, "Origin")
    method = joined_request(preflight, "Access-Control-Request-Method")
    names = fetch.split_list(joined_request(preflight, "Access-Control-Request-Headers"))
    finding = diagnose_preflight(preflight)
    if preflight.status is None:
        return Preflight(preflight, preflight.why, (), finding)
    rows = (
        _status_row(preflight),
        *_origin_rows(preflight, origin, with_credentials),
        *_method_rows(preflight, method, with_credentials, any(cause.kind == "body" for cause in preflight.why)),
        *_header_rows(preflight, names, with_credentials, covers_authorization),
    )
    failed = [row for row in rows if row.result == "failed"]
    methods, headers = ([row.needed for row in failed if row.header == name] for name in (ALLOW_METHODS, ALLOW_HEADERS))
    finding = (
        finding
        or diagnose_names(preflight, [row.header for row in failed if not row.values])
        or diagnose_allow_origin(preflight, origin, with_credentials)
        or diagnose_missing(preflight, origin, f"send {method}")
    )
    if finding is None or not finding.is_failure:
        lacking = names if _LIST in headers else headers
        finding = diagnose_lists(preflight, method if methods else "", lacking, with_credentials) or finding
    return Preflight(preflight, preflight.why, rows, finding)


def _row(preflight: Exchange, header: str, needed: str, passed: bool, sentence: str) -> Row:
    return Row(header, preflight.response_lines(header), needed, "passed" if passed else "failed", sentence)


def _status_row(preflight: Exchange) -> Row:
    came = f"{preflight.status} {preflight.status_text}".strip()
    passed = 200 <= (preflight.status or 0) <= 299
    sentence = "the server answers preflights" if passed else "it must be 200 to 299"
    return Row("status", (came,), "200 to 299", "passed" if passed else "failed", sentence)


def _origin_rows(preflight: Exchange, origin: str, with_credentials: bool) -> Iterator[Row]:
    allowed = joined(preflight, ALLOW_ORIGIN)
    passed = allowed == origin or (allowed == "*" and not with_credentials)
    needed = origin if with_credentials else f"{origin} or *"
    if allowed is None:
        sentence = "the server does not say that pages of this origin may ask"
    elif passed:
        sentence = "pages of every origin may ask" if allowed == "*" else "pages of this origin may ask"
    elif allowed == "*":
        sentence = "* does not count for a request with credentials"
    else:
        sentence = "it differs from what is needed"
    yield _row(preflight, ALLOW_ORIGIN, needed, passed, sentence)
    if with_credentials:
        passed = joined(preflight, ALLOW_CREDENTIALS) == "true"
        sentence = "the request may have cookies" if passed else "without it, the request may not have cookies"
        yield _row(preflight, ALLOW_CREDENTIALS, "true", passed, sentence)


def _listed(preflight: Exchange, header: str) -> tuple[list[str], str]:
    """Return the names that a header lists, and what is wrong with the list, if anything."""
    try:
        return fetch.extract_header_list_values(preflight.response_lines(header)) or [], ""
    except ValueError as error:
        return [], f"{quote(str(error))} is not one name; separate names with commas"


def _method_rows(preflight: Exchange, method: str, with_credentials: bool, is_stream: bool) -> Iterator[Row]:
    methods, wrong = _listed(preflight, ALLOW_METHODS)
    missing = not preflight.response_lines(ALLOW_METHODS)
    if wrong:
        yield _row(preflight, ALLOW_METHODS, "a list of methods", False, wrong)
    elif method in methods:
        yield _row(preflight, ALLOW_METHODS, method, True, f"permits {method}")
    elif method in fetch.CORS_SAFELISTED_METHODS or (is_stream and missing):
        sentence = f"{method} need not be listed"
        yield Row(ALLOW_METHODS, preflight.response_lines(ALLOW_METHODS), "", "not-needed", sentence)
    elif "*" in methods and not with_credentials:
        yield _row(preflight, ALLOW_METHODS, method, True, "* permits every method")
    else:
        yield _row(preflight, ALLOW_METHODS, method, False, _why_no_method(method, methods, missing))


def _why_no_method(method: str, methods: Iterable[str], missing: bool) -> str:
    if missing:
        return f"{shown(method)} is not permitted"
    if "*" in methods:
        return "* does not count for a request with credentials; the method must be named"
    if method.upper() in map(str.upper, methods):
        return f"{shown(method)} is another method: upper and lower case differ"
    return f"does not list {shown(method)}"


def _header_rows(
    preflight: Exchange, names: Iterable[str], with_credentials: bool, covers_authorization: bool
) -> Iterator[Row]:
    listed, wrong = _listed(preflight, ALLOW_HEADERS)
    missing = not preflight.response_lines(ALLOW_HEADERS)
    if wrong:
        yield _row(preflight, ALLOW_HEADERS, _LIST, False, wrong)
        return
    lower = {name.lower() for name in listed}
    for name in names:
        is_excepted = name == fetch.CORS_NON_WILDCARD_REQUEST_HEADER
        by_wildcard = "*" in lower and not with_credentials and (covers_authorization or not is_excepted)
        if name in lower:
            sentence = f"permits {name}"
        elif by_wildcard and is_excepted:
            sentence = f"* permits {name} in this browser, though the standard wants it named"
        elif by_wildcard:
            sentence = f"* permits {name}"
        else:
            sentence = _why_no_header(name, "*" in lower, missing, with_credentials)
        yield _row(preflight, ALLOW_HEADERS, name, name in lower or by_wildcard, sentence)


def _why_no_header(name: str, wildcard: bool, missing: bool, with_credentials: bool) -> str:
    if missing:
        return f"{name} is not permitted"
    if wildcard and name == fetch.CORS_NON_WILDCARD_REQUEST_HEADER and not with_credentials:
        return "* does not cover authorization; it must be named"
    if wildcard:
        return f"* does not count for a request with credentials; {name} must be named"
    return f"does not list {name}"
