"""Reads files of cases for ``check`` and ``audit``, in TOML; a file with faults is refused, with each fault's line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from corswsgi.browser.request import check_method, normalize_header
from corswsgi.checker.findings import Severity
from corswsgi.checker.masking import Mask, as_it_is
from corswsgi.checker.pasted import Header, refuse_forbidden
from corswsgi.checker.target import parse_page_origin, parse_target_url
from corswsgi.errors import PolicyError, UsageError, nearest, printable, quote
from corswsgi.settings.lines import Lines
from corswsgi.settings.reading import text_of
from corswsgi.settings.toml import read_toml

CREDENTIALS = ("omit", "same-origin", "include")
EXPECTED = ("allowed", "blocked")

#: The keys of a case, by command.
KEYS = {
    "check": ("name", "url", "origin", "method", "headers", "credentials", "expect", "send"),
    "audit": ("name", "url", "origin", "fail-on"),
}
_REQUIRED = ("url", "origin")

_DEFAULTS, _CASE = "defaults", "case"

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Case:
    """One case; a key that it does not set is empty, or ``None`` for ``send``.

    :ivar origin: serialized.
    :ivar headers: those that the script sets.
    :ivar expect: ``"allowed"`` or ``"blocked"``.
    :ivar send: whether to send a request that may change something.
    :ivar fail_on: the lowest severity that makes an audit fail.
    """

    name: str = ""
    url: str = ""
    origin: str = ""
    method: str = ""
    headers: tuple[Header, ...] = ()
    credentials: str = ""
    expect: str = ""
    send: bool | None = None
    fail_on: str = ""


def read_cases(
    name: str,
    command: str,
    *,
    given: Collection[str] = (),
    judge: Callable[[Case], object] = lambda case: None,
    show_secrets: bool = False,
) -> list[Case]:
    """Return the cases of a file, each completed from ``[defaults]``.

    :param command: ``"check"`` or ``"audit"``, which take different keys.
    :param given: keys that the command line gives, so that cases need not.
    :param judge: raises :class:`UsageError` for a case that cannot be asked although each of its values is valid.
    :raises UsageError: with every fault, its file and its line.
    """
    try:
        text = text_of(name, "no file of cases")
    except PolicyError as error:
        raise UsageError(*map(str, error.problems)) from None
    return cases_in(text, name, command, given=given, judge=judge, show_secrets=show_secrets)


def cases_in(
    text: str,
    name: str,
    command: str,
    *,
    given: Collection[str] = (),
    judge: Callable[[Case], object] = lambda case: None,
    show_secrets: bool = False,
) -> list[Case]:
    """Return the cases in the text of a file, as :func:`read_cases` does.

    :param name: of the file, for the faults.
    """
    lines = Lines(name, text)
    try:
        document = read_toml(text, lines)
    except PolicyError as error:
        raise UsageError(*map(str, error.problems)) from None
    reading = _Reading(lines, command, judge, show_secrets=show_secrets)
    cases = reading.read(document, given)
    if reading.faults:
        # By line; the sort keeps the order of faults on one line.
        faults = sorted(reading.faults, key=lambda fault: fault[0])
        raise UsageError(*(f"{printable(name)}:{line}: {sentence}" for line, sentence in faults))
    return cases


class _Reading:
    """Reads one file and collects its faults.

    :ivar faults: the line and the sentence of each.
    """

    def __init__(self, lines: Lines, command: str, judge: Callable[[Case], object], *, show_secrets: bool) -> None:
        self.faults: list[tuple[int, str]] = []
        self._lines = lines
        self._command = command
        self._judge = judge
        self._show_secrets = show_secrets
        self._named: dict[str, int] = {}

    def read(self, document: Mapping[str, Any], given: Collection[str]) -> list[Case]:
        unknown = [key for key in document if key not in (_DEFAULTS, _CASE)]
        for key in unknown:
            hint = _meant(key, (_DEFAULTS, _CASE)) or "; use [defaults], and [[case]] for each case"
            self._fault((key,), f"{quote(key)} is unknown here{hint}")
        defaults = self._defaults(document.get(_DEFAULTS, {}))
        tables = document.get(_CASE)
        if not (isinstance(tables, list) and tables and all(isinstance(each, dict) for each in tables)):
            if tables is not None or not unknown:
                self._fault((_CASE,), "there is no case; begin each with a line [[case]], in double brackets")
            return []
        return [self._case((_CASE, str(number)), table, defaults, given) for number, table in enumerate(tables)]

    def _defaults(self, table: object) -> dict[str, Any]:
        if not isinstance(table, dict):
            self._fault((_DEFAULTS,), f"defaults: this is {_kind(table)}; write a table: [defaults]")
            return {}
        keys = [key for key in KEYS[self._command] if key != "name"]
        return self._values((_DEFAULTS,), table, keys)

    def _case(
        self, place: tuple[str, ...], table: Mapping[str, Any], defaults: Mapping[str, Any], given: Collection[str]
    ) -> Case:
        before = len(self.faults)
        own = self._values(place, table, KEYS[self._command])
        values = {**defaults, **own}
        if defaults.get("headers") and own.get("headers"):
            values["headers"] = {**defaults["headers"], **own["headers"]}
        for key in _REQUIRED:
            if key not in values and key not in given:
                self._fault(place, f"{key} is missing; add it, such as {key} = {_EXAMPLES[key]}")
        if name := own.get("name"):
            self._name(place, name)
        if len(self.faults) > before or None in values.values():
            return Case()
        headers = tuple(values.pop("headers", {}).values())
        case = Case(headers=headers, **{key.replace("-", "_"): value for key, value in values.items()})
        try:
            self._judge(case)
        except UsageError as error:
            self._fault((*place, "url"), self._mask(case.url, case.headers)(str(error)))
        return case

    def _name(self, place: tuple[str, ...], name: str) -> None:
        line = self._named.setdefault(name, self._lines.line_of((*place, "name")))
        if line != self._lines.line_of((*place, "name")):
            sentence = f"name: the case on line {line} has the name {quote(name)} too; choose another"
            self._fault((*place, "name"), sentence)

    def _values(self, place: tuple[str, ...], table: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
        """Return the values of the known keys, ``None`` for one with a fault."""
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in keys:
                self._fault((*place, key), self._unknown(key, keys))
            elif key == "headers":
                values[key] = self._headers(place, value)
            else:
                values[key] = self._value(place, key, value)
        return values

    def _value(self, place: tuple[str, ...], key: str, value: object) -> Any:
        if not isinstance(value, bool if key == "send" else str):
            self._fault((*place, key), _wrong_type(key, value), value)
            return None
        try:
            return value if isinstance(value, bool) else _CHECKS[key](str(value))
        except (UsageError, TypeError, ValueError) as error:
            self._fault((*place, key), f"{key}: {self._mask(str(value))(str(error))}", value)
            return None

    def _headers(self, place: tuple[str, ...], table: object) -> dict[str, Header] | None:
        """Return the headers by their names in lower case."""
        if not isinstance(table, dict):
            self._fault((*place, "headers"), _wrong_type("headers", table))
            return None
        headers = {}
        before = len(self.faults)
        for name, value in table.items():
            at = (*place, "headers", name)
            if not isinstance(value, str):
                self._fault(at, f"headers: the value of {quote(name)} is {_kind(value)}; write a string")
                continue
            try:
                header = (name, normalize_header(name, value))
                refuse_forbidden(*header)
            except (UsageError, TypeError) as error:
                self._fault(at, f"headers: {self._mask('', [(name, value)])(str(error))}")
                continue
            if name.lower() in headers:
                self._fault(at, f"headers: {name} is given twice; names are the same in upper and lower case")
            headers[name.lower()] = header
        return headers if len(self.faults) == before else None

    def _unknown(self, key: str, keys: Collection[str]) -> str:
        if key in KEYS[self._command]:
            return f"{key} belongs in each case, and cannot be a default"
        for command, others in KEYS.items():
            if key in others:
                return f"{key} is for corswsgi {command}; corswsgi {self._command} takes {', '.join(keys)}"
        hint = _meant(key, keys) or f"; the keys are {', '.join(keys)}"
        return f"{quote(key)} is unknown here{hint}"

    def _mask(self, url: str, headers: Collection[Header] = ()) -> Callable[[str], str]:
        return as_it_is if self._show_secrets else Mask(url, headers)

    def _fault(self, keys: tuple[str, ...], sentence: str, value: object = None) -> None:
        self.faults.append((self._lines.line_of(keys, value), sentence))


# What each key may hold


def _checked_name(text: str) -> str:
    if not (text.strip() and text.isprintable() and len(text) <= _LONGEST_NAME):
        raise ValueError(f"{quote(text)} is not a name; write one line of 1 to {_LONGEST_NAME} characters")
    return text


def _checked_url(text: str) -> str:
    parse_target_url(text)
    return text


def _checked_method(text: str) -> str:
    check_method(text, "cors")
    return text


def _one_of(choices: Collection[str]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{quote(text)} is not one of {', '.join(map(quote, choices))}{_meant(text, choices)}")
        return text

    return checked


_CHECKS: dict[str, Callable[[str], str]] = {
    "name": _checked_name,
    "url": _checked_url,
    "origin": parse_page_origin,
    "method": _checked_method,
    "credentials": _one_of(CREDENTIALS),
    "expect": _one_of(EXPECTED),
    "fail-on": _one_of([str(severity) for severity in Severity]),
}

_EXAMPLES = {
    "name": '"the items are for our page only"',
    "url": '"https://api.example.com/items"',
    "origin": '"https://app.example.com"',
    "method": '"PUT"',
    "headers": '{ X-Api-Key = "1" }',
    "credentials": '"include"',
    "expect": '"blocked"',
    "send": "true",
    "fail-on": '"medium"',
}
_TYPES = {"headers": "a table of strings", "send": "true or false"}

_KINDS = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "an array", dict: "a table"}


def _wrong_type(key: str, value: object) -> str:
    wanted = _TYPES.get(key, "a string")
    return f"{key}: this is {_kind(value)}; write {wanted}, such as {key} = {_EXAMPLES[key]}"


def _kind(value: object) -> str:
    # The message does not show the value: it may be a secret.
    return _KINDS.get(type(value), "a date or a time")


def _meant(text: str, known: Collection[str]) -> str:
    meant = nearest(text.lower().replace("_", "-"), known, cutoff=0.6)
    return f"; did you mean {quote(meant)}?" if meant else ""
