"""What is wrong with Access-Control-Allow-Methods and -Headers in the response to a preflight; the right list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.checker.findings import Finding, Kind, shown
from corswsgi.checker.granted import names_in, with_headers, with_methods
from corswsgi.checker.granting import ALLOW_HEADERS, ALLOW_METHODS
from corswsgi.checker.kinds.credentials import WILDCARD_LIST_CREDENTIALS
from corswsgi.checker.kinds.permissions import (
    HEADER_NOT_ALLOWED,
    LIST_INVALID,
    METHOD_LISTED_IN_OTHER_CASE,
    METHOD_NOT_ALLOWED,
)
from corswsgi.errors import quote


class _Lack(NamedTuple):
    kind: Kind
    sentence: str
    fix: str


def diagnose_lists(preflight: Exchange, method: str, headers: Sequence[str], with_credentials: bool) -> Finding | None:
    """Return why the response to a preflight does not permit what the preflight asked for.

    :param method: the method if it is not permitted; empty if it is.
    :param headers: those that are not permitted.
    """
    lacks = []
    if method:
        lacks.append(_diagnose(preflight, ALLOW_METHODS, [method], METHOD_NOT_ALLOWED, with_credentials))
    if headers:
        lacks.append(_diagnose(preflight, ALLOW_HEADERS, headers, HEADER_NOT_ALLOWED, with_credentials))
    if not lacks:
        return None
    sentence = "the server answers the preflight, but " + ", and ".join(lack.sentence for lack in lacks)
    return lacks[0].kind.finding(sentence, "; ".join(lack.fix for lack in lacks), seen=[preflight])


def _diagnose(preflight: Exchange, header: str, needed: Sequence[str], kind: Kind, with_credentials: bool) -> _Lack:
    lines = preflight.response_lines(header)
    listed = names_in(preflight, header)
    wanted = shown(", ".join(needed))
    if header == ALLOW_METHODS:
        right = with_methods(listed, needed[0], with_credentials)
    else:
        right = with_headers(listed, needed, with_credentials)
    fix = f"send {header}: {shown(', '.join(right))}"
    if not lines:
        return _Lack(kind, f"there is no {header} that permits {wanted}", fix)
    came = f"{header} is {quote(', '.join(lines))}"
    try:
        names = fetch.extract_header_list_values(lines) or []
    except ValueError as error:
        return _Lack(LIST_INVALID, f"{came}: {_why_no_list(str(error))}", fix)
    if "*" in names and with_credentials:
        what = "a method" if header == ALLOW_METHODS else "a header"
        why = f"with credentials, * means {what} of that name, and does not cover {wanted}"
        return _Lack(WILDCARD_LIST_CREDENTIALS, f"{came}: {why}", fix)
    if header == ALLOW_METHODS and needed[0].upper() in map(str.upper, names):
        why = f"method names are case-sensitive, and {wanted} is not on the list"
        if needed[0] not in fetch.NORMALIZED_METHODS and needed[0].upper() in names:
            fix = f"write {needed[0].upper()} in the script, as the server lists it"
        return _Lack(METHOD_LISTED_IN_OTHER_CASE, f"{came}: {why}", fix)
    return _Lack(kind, f"{came}, without {wanted}", fix)


def _why_no_list(element: str) -> str:
    if element.strip("\"'") != element or "[" in element:
        return f"{quote(element)} is not a name; remove quotation marks and brackets"
    separator = re.search(r"[;|]", element)
    by = f"separated by {quote(separator[0])}" if separator else "separated by spaces"
    if separator is None and " " not in element:
        return f"{quote(element)} is not a name"
    return f"its names are {by}, and browsers accept only commas"
