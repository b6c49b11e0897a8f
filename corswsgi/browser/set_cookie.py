"""The parser of ``Set-Cookie``: name, value and attributes, or the rule that it breaks (rfc6265bis#section-5.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, unique

from corswsgi.browser.cookie_dates import moment_of, seconds_of
from corswsgi.browser.departures import Departs, Departure

#: rfc6265bis#section-5.6, in bytes: for name and value together, and for each attribute.
_MOST = 4096
_MOST_OF_ATTRIBUTE = 1024

#: rfc6265bis#section-5.5, in seconds.
LONGEST_LIFE = 400 * 24 * 3600.0

_CONTROLS = re.compile("[\0-\x08\x0a-\x1f\x7f]")

#: A part of the line as libsoup reads it: name and value each end at the first byte that is not printable ASCII.
_PART = re.compile(r"[ \t]*([^;=\0-\x1f\x80-\xff]*)(?:(=)[ \t]*([^;\0-\x1f\x80-\xff]*))?")

#: The prefixes of names, with what they require: rfc6265bis#section-5.4, and layered-cookies for those with Http.
PREFIXES = {
    "__secure-": ("Secure",),
    "__host-": ("Secure", "Path=/", "no Domain"),
    "__http-": ("Secure", "HttpOnly"),
    "__host-http-": ("Secure", "HttpOnly", "Path=/", "no Domain"),
}


@unique
class Rule(StrEnum):
    """The rules by which a cookie is refused or withheld. The values are stable."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    PREFIX = "prefix"
    NONE_WITHOUT_SECURE = "none-without-secure"
    PARTITIONED_WITHOUT_SECURE = "partitioned-without-secure"
    DOMAIN = "domain"
    SECURE = "secure"
    OVERLAY = "overlay"
    SAME_SITE = "same-site"
    REDIRECT = "redirect"
    THIRD_PARTY = "third-party"
    PARTITION = "partition"
    PATH = "path"


#: The anchor of each rule.
ANCHORS = {
    Rule.MALFORMED: "rfc6265bis#section-5.6",
    Rule.TOO_LARGE: "rfc6265bis#section-5.6",
    Rule.PREFIX: "rfc6265bis#section-5.4",
    Rule.NONE_WITHOUT_SECURE: "rfc6265bis#section-5.7",
    Rule.PARTITIONED_WITHOUT_SECURE: "partitioned-cookies#section-2.1",
    Rule.DOMAIN: "rfc6265bis#section-5.7",
    Rule.SECURE: "rfc6265bis#section-5.7",
    Rule.OVERLAY: "rfc6265bis#section-5.7",
    Rule.SAME_SITE: "rfc6265bis#section-5.6.7.1",
    Rule.REDIRECT: "rfc6265bis#section-5.2",
    Rule.THIRD_PARTY: "rfc6265bis#section-7.1",
    Rule.PARTITION: "partitioned-cookies#section-2.2",
    Rule.PATH: "rfc6265bis#section-5.1.4",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cookie is not kept, or not sent.

    :ivar sentence: the reason, without the value of the cookie.
    """

    rule: Rule
    sentence: str

    @property
    def anchor(self) -> str:
        """The anchor of the rule."""
        return ANCHORS[self.rule]


class Refused(Exception):
    """A cookie is not kept."""

    def __init__(self, rule: Rule, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = Refusal(rule, sentence)


@dataclass(frozen=True, slots=True)
class SetCookie:
    """A parsed ``Set-Cookie``.

    :ivar domain: without a dot before it; ``None`` if there is none.
    :ivar path: ``None`` if there is none that counts.
    :ivar same_site: ``"strict"``, ``"lax"``, ``"none"``, or ``"default"`` if the attribute is missing or unknown.
    :ivar seconds: how long the cookie lasts; ``None`` for as long as the browser, and 0 or less to delete it.
    """

    name: str
    value: str
    domain: str | None
    path: str | None
    secure: bool
    http_only: bool
    same_site: str
    partitioned: bool
    seconds: float | None


def parse_set_cookie(line: str, departs: Departs) -> SetCookie:
    """Parse a ``Set-Cookie`` header, given as one character for each byte.

    :raises Refused: if the engine refuses the cookie.
    """
    (name, equals, value), *rest = _parts(line, departs)
    if not equals:
        name, value = (name, "") if departs(Departure.COOKIE_NAME_ALONE) else ("", name)
    elif not name and value and departs(Departure.COOKIE_NAME_ALONE):
        raise Refused(Rule.MALFORMED, "it has no name")
    _check_pair(name, value, departs)
    if not _is_utf_8(value) and departs(Departure.COOKIE_NOT_UTF_8):
        value = value.encode("latin-1").decode("utf-8", "replace").encode().decode("latin-1")
    attributes = [
        (key.lower(), content)
        for key, _, content in rest
        if len(content) <= _MOST_OF_ATTRIBUTE or departs(Departure.COOKIE_SIZE)
    ]
    last = dict(attributes)
    domain = last["domain"].removeprefix(".") if last.get("domain") else None
    if domain == "" and departs(Departure.COOKIE_DOMAIN_DOT):
        raise Refused(Rule.DOMAIN, "its Domain is only a dot")
    cookie = SetCookie(
        name=name,
        value=value,
        domain=domain or None,
        path=last["path"] if last.get("path", "").startswith("/") else None,
        secure="secure" in last,
        http_only="httponly" in last,
        same_site=_same_site(last.get("samesite", "")),
        partitioned="partitioned" in last and not departs(Departure.COOKIE_PARTITIONED_IGNORED),
        seconds=_life(attributes, departs),
    )
    _check_attributes(cookie, departs)
    return cookie


def _parts(line: str, departs: Departs) -> list[tuple[str, str, str]]:
    """Return names and values, with the equals sign between them or an empty string for none."""
    if (_CONTROLS.search(line) or "\t" in line or not line.isascii()) and departs(Departure.COOKIE_CUT):
        return list(_cut(line))
    if found := _CONTROLS.search(line):
        raise Refused(Rule.MALFORMED, f"it contains the control character 0x{ord(found[0]):02x}")
    parts = [part.partition("=") for part in line.split(";")]
    return [(name.strip(" \t"), equals, value.strip(" \t")) for name, equals, value in parts]


def _cut(line: str) -> Iterator[tuple[str, str, str]]:
    at = 0
    while True:
        match = _PART.match(line, at)
        assert match is not None  # it also matches an empty string
        yield match[1].strip(" "), match[2] or "", (match[3] or "").strip(" ")
        at = match.end() + 1
        if line[match.end() : at] != ";":
            return


def _is_utf_8(text: str) -> bool:
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _check_pair(name: str, value: str, departs: Departs) -> None:
    if not (name or value) and not departs(Departure.COOKIE_EMPTY_KEPT):
        raise Refused(Rule.MALFORMED, "it has neither a name nor a value")
    if len(name) + len(value) > _MOST and not departs(Departure.COOKIE_SIZE):
        size = len(name) + len(value)
        raise Refused(Rule.TOO_LARGE, f"its name and value have {size} bytes, more than {_MOST}")
    if "\t" in name + value and departs(Departure.COOKIE_TAB):
        raise Refused(Rule.MALFORMED, "it contains a tab")
    if not name and value.lower().startswith(tuple(PREFIXES)) and not departs(Departure.COOKIE_PREFIXES_IGNORED):
        raise Refused(Rule.PREFIX, "it has no name, and its value begins with a prefix that is reserved for names")


def _check_attributes(cookie: SetCookie, departs: Departs) -> None:
    """Refuse a cookie whose attributes contradict each other or the prefix of its name."""
    prefix = max((each for each in PREFIXES if cookie.name.lower().startswith(each)), key=len, default="")
    has = {
        "Secure": cookie.secure,
        "HttpOnly": cookie.http_only,
        "Path=/": cookie.path == "/",
        "no Domain": cookie.domain is None,
    }
    missing = [each for each in PREFIXES.get(prefix, ()) if not has[each]]
    if missing and not departs(Departure.COOKIE_PREFIXES_IGNORED):
        shown = cookie.name[: len(prefix)]
        raise Refused(Rule.PREFIX, f"a name that begins with {shown} needs {' and '.join(missing)}")
    if cookie.same_site == "none" and not cookie.secure and not departs(Departure.COOKIE_NONE_WITHOUT_SECURE):
        raise Refused(Rule.NONE_WITHOUT_SECURE, "SameSite=None needs Secure")
    if cookie.partitioned and not cookie.secure:
        raise Refused(Rule.PARTITIONED_WITHOUT_SECURE, "Partitioned needs Secure")


def _same_site(value: str) -> str:
    value = value.lower()
    return value if value in ("strict", "lax", "none") else "default"


def _life(attributes: list[tuple[str, str]], departs: Departs) -> float | None:
    """Return how many seconds a cookie lasts (rfc6265bis#section-5.7 step 7)."""
    lives: dict[str, float] = {}
    for key, value in attributes:
        if key not in ("max-age", "expires"):
            continue
        seconds = _seconds(key, value, departs)
        if seconds is not None:
            lives.pop(key, None)  # so that the last attribute is the last key
            lives[key] = seconds
        elif key in lives and departs(_UNDOING[key]):
            del lives[key]
    if not lives:
        return None
    last = list(lives)[-1]
    wins = last if last == "max-age" or departs(Departure.COOKIE_EXPIRES_WINS) else "max-age"
    return min(lives.get(wins, lives[last]), LONGEST_LIFE)


#: The departure in which an invalid value cancels an earlier one.
_UNDOING = {"max-age": Departure.COOKIE_MAX_AGE_UNDONE, "expires": Departure.COOKIE_EXPIRES_UNDONE}


def _seconds(key: str, value: str, departs: Departs) -> float | None:
    if key == "max-age":
        return seconds_of(value, departs)
    moment = moment_of(value, departs)
    return None if moment is None else (moment - datetime.now(UTC)).total_seconds()
