"""The request of the standard, and how ``fetch()`` makes one or refuses to, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, cast, get_args

from corswsgi import fetch
from corswsgi.browser.bodies import Body, BodyInit, extract_body
from corswsgi.browser.departures import Departs, Departure
from corswsgi.browser.engines import STANDARD, Profile
from corswsgi.browser.safelisting import unsafe_header_names
from corswsgi.browser.urls import URL, Origin, parse_url, same_origin
from corswsgi.browser.verdict import Header, NetworkError, Note, NoteCode, get, quote

Mode = Literal["same-origin", "cors", "no-cors"]
Credentials = Literal["omit", "same-origin", "include"]
RedirectMode = Literal["follow", "error", "manual"]
Tainting = Literal["basic", "cors", "opaque"]
CacheMode = Literal["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"]

#: What makes the request: fetch#request-initiator-type, under more specific names.
Initiator = Literal["fetch", "image", "script", "font", "event-source"]

#: The initiators that are elements; their fetch#concept-request-destination has the same name.
_ELEMENTS = frozenset({"image", "script", "font"})

#: fetch#concept-header-value-normalize
_HTTP_WHITESPACE = "\t\n\r "


@dataclass(slots=True)
class Request:
    """fetch#concept-request, as far as ``fetch()`` uses it; its unsafe-request flag is always set.

    :ivar cache: the cache mode; there is no HTTP cache, but in some modes some engines send preflights again.
    :ivar initiator: what makes the request.
    :ivar profile: the engine that sends it.
    :ivar departed: where the engine has departed from the standard so far.
    :ivar first_headers: the headers before any redirect.
    :ivar first_unsafe_names: :attr:`unsafe_header_names` before any redirect.
    :ivar first_referrer: what ``Referer`` showed before any redirect.
    :ivar has_needed_preflight: whether this request, or an earlier one that led to it, needed a preflight.
    :ivar refused_redirect: why the redirect that led here is refused; a preflight is sent before it is.
    :ivar turned_into_get_at: the length of ``url_list`` when a redirect turned the method into GET; 0 if none did.
    """

    method: str
    url_list: list[URL]
    header_list: list[Header]
    origin: Origin
    referrer: URL | None
    referrer_policy: str
    mode: Mode | Literal["websocket"]
    credentials: Credentials
    redirect: RedirectMode
    body: Body | None = None
    use_cors_preflight: bool = False
    tainting: Tainting = "basic"
    redirect_count: int = 0
    cache: CacheMode = "default"
    initiator: Initiator = "fetch"
    profile: Profile = STANDARD
    departed: set[Departure] = field(default_factory=set)
    first_headers: Sequence[Header] = ()
    first_unsafe_names: Sequence[str] = ()
    first_referrer: URL | None = None
    has_needed_preflight: bool = False
    refused_redirect: NetworkError | None = None
    turned_into_get_at: int = 0

    def departs(self, departure: Departure) -> bool:
        """Tell whether the engine departs from the standard, and record it; call it only where that matters."""
        if departure not in self.profile.departures:
            return False
        self.departed.add(departure)
        return True

    @property
    def destination(self) -> str:
        """fetch#concept-request-destination"""
        return self.initiator if self.initiator in _ELEMENTS else ""

    @property
    def current_url(self) -> URL:
        return self.url_list[-1]

    @property
    def is_redirected(self) -> bool:
        return len(self.url_list) > 1

    @property
    def has_crossed_origins(self) -> bool:
        """Whether some redirect led to another origin."""
        return any(not same_origin(url.origin, last.origin) for last, url in pairwise(self.url_list))

    @property
    def has_just_crossed_origins(self) -> bool:
        """Whether the last redirect led to another origin."""
        return self.is_redirected and not same_origin(self.url_list[-2].origin, self.current_url.origin)

    @property
    def turned_into_get_before(self) -> bool:
        """Whether a redirect before the last one turned the method into GET."""
        return 0 < self.turned_into_get_at < len(self.url_list)

    @property
    def includes_credentials(self) -> bool:
        """Whether the credentials mode is ``include``."""
        return self.credentials == "include"

    @property
    def has_tainted_origin(self) -> bool:
        """fetch#concept-request-tainted-origin: whether a redirect led from one foreign origin to another."""
        return any(
            not same_origin(url.origin, last.origin) and not same_origin(self.origin, last.origin)
            for last, url in pairwise(self.url_list)
        )

    @property
    def serialized_origin(self) -> str:
        """fetch#byte-serializing-a-request-origin"""
        return "null" if self.has_tainted_origin else self.origin.serialized

    @property
    def preflight_origin(self) -> str:
        """The ``Origin`` of a preflight; by the standard that of the request."""
        if self.has_tainted_origin and not self.departs(Departure.REDIRECT_PREFLIGHT_ORIGIN):
            return "null"
        return self.origin.serialized

    @property
    def unsafe_header_names(self) -> list[str]:
        """fetch#cors-unsafe-request-header-names of this request."""
        names = unsafe_header_names(self.header_list, self.departs)
        dropped = fetch.REQUEST_BODY_HEADERS.intersection(self.first_unsafe_names) - set(names)
        if dropped and self.turned_into_get_before and self.departs(Departure.REDIRECT_BODY_HEADERS_ASKED):
            names = sorted([*names, *dropped])
        if self.is_redirected and names != self.first_unsafe_names and self.departs(Departure.REDIRECT_FIRST_NAMES):
            return list(self.first_unsafe_names)
        return names

    def delete_headers(self, names: Iterable[str]) -> None:
        """Delete headers, given their names in lower case (fetch#concept-header-list-delete)."""
        self.header_list = [header for header in self.header_list if header[0].lower() not in names]


def new_request(
    url: str,
    *,
    base: URL | None,
    origin: Origin,
    referrer: URL | None,
    referrer_policy: str,
    method: str,
    headers: Iterable[Header] | Mapping[str, str],
    body: BodyInit | None,
    mode: str,
    credentials: str,
    redirect: str,
    cache: str,
    initiator: str,
    profile: Profile,
    notes: list[Note],
) -> Request:
    """Return the request that ``fetch(url, {...})`` makes (fetch#dom-request).

    :param base: the page, against which ``url`` is resolved.
    :param notes: receives a note for every header that the browser drops.
    :raises TypeError: if ``fetch()`` throws one.
    """
    parsed = _parse_request_url(url, base)
    _check_choice("mode", mode, Mode)
    _check_choice("credentials", credentials, Credentials)
    _check_choice("redirect", redirect, RedirectMode)
    _check_choice("cache", cache, CacheMode)
    _check_choice("initiator", initiator, Initiator)
    request = Request(
        method=check_method(method, mode),
        url_list=[parsed],
        header_list=[],
        origin=origin,
        referrer=referrer,
        referrer_policy=referrer_policy,
        mode=cast(Mode, mode),
        credentials=cast(Credentials, credentials),
        redirect=cast(RedirectMode, redirect),
        cache=cast(CacheMode, cache),
        initiator=cast(Initiator, initiator),
        profile=profile,
    )
    if initiator == "font" and mode == "cors" and request.departs(Departure.FONT_NO_CORS):
        request.mode, request.credentials = "no-cors", "include"
    request.header_list = fill_headers(headers, request.mode, notes, request.departs)
    if body is not None:
        _set_body(request, body)
    return request


def _parse_request_url(url: str, base: URL | None) -> URL:
    try:
        parsed = parse_url(url, base)
    except ValueError:
        hint = "" if base else " (a page with an opaque origin has no address, so that the URL must be absolute)"
        raise TypeError(f"fetch() refuses the URL {quote(url)}: it does not parse{hint}") from None
    if parsed.includes_credentials:
        raise TypeError(f"fetch() refuses the URL {quote(url)}: it contains a user name or a password")
    return parsed


def _check_choice(option: str, value: str, choices: object) -> None:
    known = get_args(choices)
    if value not in known:
        raise TypeError(f"fetch() refuses {option} {quote(str(value))}; it may be {', '.join(map(quote, known))}")


def check_method(method: str, mode: str) -> str:
    """Return a method as browsers send it (fetch#concept-method-normalize).

    :raises TypeError: if ``fetch()`` refuses it.
    """
    if not fetch.is_token(method):
        raise TypeError(f"fetch() refuses the method {quote(method)}: it is not a valid method name")
    if fetch.is_forbidden_method(method):
        raise TypeError(f"fetch() refuses the method {quote(method)}: no script may send CONNECT, TRACE or TRACK")
    method = fetch.normalize_method(method)
    if mode == "no-cors" and method not in fetch.CORS_SAFELISTED_METHODS:
        raise TypeError(
            f'fetch() refuses the method {quote(method)} in mode "no-cors", which allows GET, HEAD and POST only'
        )
    return method


# Headers


def fill_headers(
    headers: Iterable[Header] | Mapping[str, str], mode: str, notes: list[Note], departs: Departs
) -> list[Header]:
    """Return the headers of a script without those that the browser drops (fetch#concept-headers-fill)."""
    header_list: list[Header] = []
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        why = append_header(header_list, name, value, mode, departs)
        if why:
            notes.append(Note(NoteCode.HEADER_DROPPED, f"the browser drops the header {name}: {why}"))
    return header_list


def append_header(header_list: list[Header], name: str, value: str, mode: str, departs: Departs) -> str:
    """Append a script's header; return why it was dropped, or an empty string (fetch#concept-headers-append).

    :raises TypeError: if it is not a valid header.
    """
    value = normalize_header(name, value)
    if fetch.is_forbidden_request_header(name, value):
        return "no script may set it (fetch#forbidden-request-header)"
    if name.lower() == "user-agent" and departs(Departure.USER_AGENT):
        return "this engine does not let scripts set it"
    if mode == "no-cors":
        lower = name.lower()
        before = get(header_list, name)
        combined = value if before is None else f"{before}, {value}"
        if lower not in fetch.NO_CORS_SAFELISTED_REQUEST_HEADERS or not fetch.is_cors_safelisted_request_header(
            lower, combined
        ):
            return (
                'in mode "no-cors" a script may set safelisted headers only (fetch#no-cors-safelisted-request-header)'
            )
    header_list.append((name, value))
    return ""


def normalize_header(name: object, value: object) -> str:
    """Return a header value without the white space around it (fetch#concept-header-value-normalize).

    :raises TypeError: if name or value are not valid in HTTP.
    """
    if not (isinstance(name, str) and isinstance(value, str)):
        raise TypeError(f"a header is a name and a value, both str, not {name!r} and {value!r}")
    if not fetch.is_token(name):
        raise TypeError(f"fetch() refuses the header name {quote(name)}: it is not a valid name")
    value = value.strip(_HTTP_WHITESPACE)
    if any(character in value for character in "\0\n\r"):
        raise TypeError(f"fetch() refuses the value of {name}, {quote(value)}: it contains a line break or NUL")
    if any(ord(character) > 255 for character in value):
        raise TypeError(f"fetch() refuses the value of {name}, {quote(value)}: it contains characters above U+00FF")
    return value


# Bodies


def _set_body(request: Request, init: BodyInit) -> None:
    if request.method in ("GET", "HEAD"):
        raise TypeError(f"fetch() refuses a body with the method {request.method}")
    request.body, content_type = extract_body(init)
    if content_type and get(request.header_list, "Content-Type") is None:
        append_header(request.header_list, "Content-Type", content_type, request.mode, request.departs)
    if request.body.source is None:
        if request.mode == "no-cors":
            raise TypeError('fetch() refuses a stream as body in mode "no-cors"')
        request.use_cors_preflight = True
