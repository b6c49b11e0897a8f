"""CORS a third time, straight from the rules and as plainly as can be: what is sent, and what a page gets of it.

It knows the options of a policy and a request, and nothing of the package under test, which is held against it. Slow
on purpose: no regular expressions but those of a policy, nothing worked out beforehand, one rule after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Options = Mapping[str, Any]
Pairs = Sequence[tuple[str, str]]

LOWER, UPPER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
TCHAR = "!#$%&'*+-.^_`|~" + DIGITS + LOWER + UPPER

#: The most names, and bytes, that are echoed where "*" meets credentials.
MOST_NAMES, MOST_BYTES, LONGEST_METHOD = 256, 16 * 1024, 256

SAFELISTED_RESPONSE_HEADERS = (
    "cache-control content-language content-length content-type expires last-modified pragma".split()
)
FORBIDDEN_HEADERS = """
    accept-charset accept-encoding access-control-request-headers access-control-request-method connection
    content-length cookie cookie2 date dnt expect host keep-alive origin referer set-cookie te trailer
    transfer-encoding upgrade via
""".split()


def is_token(text: str) -> bool:
    """rfc9110#section-5.6.2"""
    return text != "" and all(each in TCHAR for each in text)


def elements(value: str) -> list[str]:
    """rfc9110#section-5.6.1.2: empty elements count for nothing."""
    return [part.strip(" \t") for part in value.split(",") if part.strip(" \t")]


# Origins


@dataclass(frozen=True)
class Origin:
    """The parts of a serialized origin; ``port`` is empty for the scheme's own."""

    scheme: str
    host: str
    port: str


def origin_of(text: str) -> Origin | None:
    """Return the parts of an origin as browsers serialize it (html#ascii-serialisation-of-an-origin), or ``None``.

    Hosts are those that DNS can hold, and schemes have at most 64 characters.
    """
    scheme, separator, authority = text.partition("://")
    if not separator or not 1 <= len(scheme) <= 64 or scheme[0] not in LOWER:
        return None
    if any(each not in LOWER + DIGITS + "+.-" for each in scheme):
        return None
    if scheme in ("about", "blob", "data", "file", "javascript"):  # their pages have an opaque origin, or another's
        return None
    if authority.startswith("["):
        host, bracket, tail = authority.partition("]")
        host += bracket
        is_host = is_ipv6(host)
    else:
        host, colon, rest = authority.partition(":")
        tail = colon + rest
        is_host = is_domain_or_ipv4(host)
    if not is_host:
        return None
    if tail == "":
        return Origin(scheme, host, "")
    port = tail[1:]
    if tail[0] != ":" or not 1 <= len(port) <= 5 or any(each not in DIGITS for each in port):
        return None
    if port[0] == "0" or int(port) > 65535:
        return None
    if (scheme, port) in (("http", "80"), ("https", "443"), ("ws", "80"), ("wss", "443"), ("ftp", "21")):
        return None
    return Origin(scheme, host, port)


def is_domain_or_ipv4(host: str) -> bool:
    name = host[:-1] if host.endswith(".") else host
    labels = name.split(".")
    if len(name) > 253 or not all(1 <= len(label) <= 63 for label in labels):
        return False
    if any(each not in LOWER + DIGITS + "-_" for label in labels for each in label):
        return False
    # url#ends-in-a-number-checker
    last = labels[-1]
    is_hexadecimal = last[:2] == "0x" and all(each in DIGITS + "abcdef" for each in last[2:])
    if not is_hexadecimal and not all(each in DIGITS for each in last):
        return True
    return (
        not host.endswith(".")
        and len(labels) == 4
        and all(
            all(each in DIGITS for each in label) and str(int(label)) == label and int(label) <= 255 for label in labels
        )
    )


def is_ipv6(host: str) -> bool:
    """Tell whether ``host`` is an IPv6 address just as url#concept-ipv6-serializer writes it."""
    if not (host.startswith("[") and host.endswith("]")):
        return False
    head, double, tail = host[1:-1].partition("::")
    left, right = (side.split(":") if side else [] for side in (head, tail))
    for piece in left + right:
        if not 1 <= len(piece) <= 4 or (len(piece) > 1 and piece[0] == "0"):
            return False
        if any(each not in DIGITS + "abcdef" for each in piece):
            return False
    gap = 8 - len(left) - len(right)
    if not double:
        return gap == 0 and not any(pair == ("0", "0") for pair in pairwise(left))
    # The gap is the first of the longest runs of zeros, and at least two long.
    if gap < 2:
        return False
    pieces = left + ["0"] * gap + right
    runs = []
    for start in range(8):
        length = 0
        while start + length < 8 and pieces[start + length] == "0":
            length += 1
        runs.append(length)
    return gap == max(runs) and runs.index(max(runs)) == len(left)


def allows(options: Options, origin: str) -> bool:
    """Tell whether a policy allows the value of ``Origin``; of a callable, what it would say to any request."""
    entries = options["allow_origins"]
    if callable(entries):
        return origin_of(origin) is not None and entries(origin, None)
    entries = [entries] if isinstance(entries, str) or hasattr(entries, "fullmatch") else entries
    is_careful = bool(options.get("allow_credentials")) and "insecure-origins" not in names_of(
        options, "dangerously_allow"
    )
    return any(entry == "*" or matches(entry, origin, is_careful) for entry in entries)


def is_insecure(origin: Origin) -> bool:
    """Tell whether anyone on the way can speak for an origin: http, but not of this machine."""
    name = origin.host[:-1] if origin.host.endswith(".") else origin.host
    is_loopback = name == "localhost" or name.endswith(".localhost") or name == "[::1]"
    if is_domain_or_ipv4(origin.host) and all(each in DIGITS + "." for each in origin.host):
        is_loopback = origin.host.startswith("127.")
    return origin.scheme == "http" and not is_loopback


def matches(entry: Any, origin: str, is_careful: bool = False) -> bool:
    """Tell whether one entry of ``allow_origins`` means this origin.

    :param is_careful: whether an expression allows no insecure origin, even if it matches one.
    """
    if isinstance(entry, str) and "*" not in entry:
        return entry == origin
    found = origin_of(origin)
    if found is None:
        return False
    if not isinstance(entry, str):
        return entry.fullmatch(origin) is not None and not (is_careful and is_insecure(found))
    scheme, _, rest = entry.partition("://")
    any_port = rest.endswith(":*")
    rest = rest[:-2] if any_port else rest
    meant = origin_of(f"{scheme}://{rest[2:]}" if rest.startswith("*.") else f"{scheme}://{rest}")
    assert meant is not None, entry
    if found.scheme != scheme or not (any_port or found.port == meant.port):
        return False
    return found.host.endswith(f".{meant.host}") if rest.startswith("*.") else found.host == meant.host


def is_any(options: Options) -> bool:
    entries = options["allow_origins"]
    return not callable(entries) and "*" in ([entries] if isinstance(entries, str) else list(_listed(entries)))


def only_origin(options: Options) -> str | None:
    """Return the one exact origin of a policy that has no other; its headers are the same on every response."""
    entries = options["allow_origins"]
    if callable(entries):
        return None
    names = {entries} if isinstance(entries, str) else set(_listed(entries))
    (name,) = names if len(names) == 1 else ("null",)
    return None if not isinstance(name, str) or name == "null" or "*" in name else name


def _listed(entries: Any) -> Iterable[Any]:
    return [entries] if hasattr(entries, "fullmatch") else entries


# The server


@dataclass(frozen=True)
class Sent:
    """What a server sends: the status where the layer answers by itself, ``None`` where the application does.

    :ivar lines: of ``Access-Control-*``, ``Timing-Allow-Origin`` and ``Vary``, sorted; the application has none.
    :ivar times: whether the policy has the last word in ``Timing-Allow-Origin``.
    """

    status: int | None
    lines: list[tuple[str, str]]
    times: bool = False


def sent(options: Options, method: str, headers: Mapping[str, str], is_same_origin: bool = False) -> Sent:
    """Return what answers a request.

    :param headers: names in lower case.
    :param is_same_origin: whether the request comes from the server's own pages; matters to ``enforce``.
    """
    origin, asked = headers.get("origin"), headers.get("access-control-request-method")
    constant = "*" if is_any(options) else only_origin(options)
    vary = unique([*([] if constant else ["Origin"]), *names_of(options, "vary")])
    vary_line = [("Vary", ", ".join(vary))] if vary else []
    allowed = origin is not None and allows(options, origin)
    if origin is not None and asked is not None and method == "OPTIONS":
        on_preflights = [] if constant else vary_line
        granted = grants(options, asked, headers.get("access-control-request-headers")) if allowed else None
        if granted is None:
            return Sent(403, on_preflights)
        lines = [("Access-Control-Allow-Origin", constant or origin), *credentials_line(options), *granted]
        return Sent(options.get("preflight_status", 204), sorted(lines + on_preflights))
    if options.get("enforce") and origin is not None and not allowed and not is_same_origin:
        return Sent(403, vary_line)
    times = bool(options.get("allow_timing"))
    if not allowed and constant is None:
        return Sent(None, vary_line, times)
    exposed = ",".join(unique(names_of(options, "expose_headers")))
    lines = [("Access-Control-Allow-Origin", constant or str(origin)), *credentials_line(options)]
    lines += [("Access-Control-Expose-Headers", exposed)] if exposed else []
    lines += [("Timing-Allow-Origin", constant or str(origin))] if times else []
    return Sent(None, sorted(lines + vary_line), times)


def credentials_line(options: Options) -> list[tuple[str, str]]:
    return [("Access-Control-Allow-Credentials", "true")] if options.get("allow_credentials") else []


def grants(options: Options, method: str, names: str | None) -> list[tuple[str, str]] | None:
    """Return the lines that permit methods and headers to an allowed origin; ``None`` for what is not echoed."""
    methods = list(dict.fromkeys(map(normalized, names_of(options, "allow_methods"))))
    headers = unique(names_of(options, "allow_headers"))
    has_authorization = "authorization" in map(str.lower, headers)
    if "*" in methods:
        methods = ["*"]
        if options.get("allow_credentials"):
            methods = [method]
            if len(method) > LONGEST_METHOD or not is_token(method):
                return None
    if "*" in headers:
        headers = ["*", "authorization"] if has_authorization else ["*"]
        if options.get("allow_credentials"):
            headers = unique(name.lower() for name in elements(names or ""))
            if len(names or "") > MOST_BYTES or len(headers) > MOST_NAMES or not all(map(is_token, headers)):
                return None
            headers = [name for name in headers if has_authorization or name != "authorization"]
    age = options.get("max_age", 600)
    lines = [("Access-Control-Allow-Methods", ",".join(methods)), ("Access-Control-Allow-Headers", ",".join(headers))]
    return [line for line in lines if line[1]] + ([] if age is None else [("Access-Control-Max-Age", str(age))])


def names_of(options: Options, name: str) -> list[str]:
    value = options.get(name, ())
    return [value] if isinstance(value, str) else list(value)


def unique(names: Iterable[str]) -> list[str]:
    """Return names without those that came before, in upper or lower case."""
    kept: dict[str, str] = {}
    for name in names:
        if name.lower() not in kept:
            kept[name.lower()] = name
    return list(kept.values())


def normalized(method: str) -> str:
    """fetch#concept-method-normalize"""
    return method.upper() if method.upper() in "DELETE GET HEAD OPTIONS POST PUT".split() else method


def decorated(own: Pairs, added: Pairs, times: bool = False) -> list[tuple[str, str]]:
    """Return an application's headers with a policy's, sorted: ``Access-Control-*`` replaced, ``Vary`` merged.

    :param times: whether ``Timing-Allow-Origin`` is replaced too.
    """
    kept = [(name, value) for name, value in own if not name.lower().startswith("access-control-")]
    kept = [(name, value) for name, value in kept if not (times and name.lower() == "timing-allow-origin")]
    policy_vary = [name for header, value in added if header == "Vary" for name in elements(value)]
    if not policy_vary:
        return sorted([*kept, *added])
    present = unique(name for header, value in kept if header.lower() == "vary" for name in elements(value))
    merged = present if "*" in present else unique([*present, *policy_vary])
    kept = [pair for pair in kept if pair[0].lower() != "vary"]
    return sorted([*kept, *(pair for pair in added if pair[0] != "Vary"), ("Vary", ", ".join(merged))])


# The browser


@dataclass(frozen=True)
class Script:
    """What a script of a page does: ``fetch()`` with a method, headers and a credentials mode."""

    page: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: str


@dataclass(frozen=True)
class Gets:
    """What comes of it.

    :ivar asks: whether a preflight is sent.
    :ivar reaches: whether the application sees the request itself.
    :ivar blocked: ``""`` where the script can read the response; ``"throws"`` where fetch() does, before anything is
        sent; otherwise what was missing: ``"origin"``, ``"credentials"``, ``"method"``, ``"authorization"`` or
        ``"header"``.
    :ivar readable: the names of the headers that the script can read, of those that there may be.
    """

    asks: bool
    reaches: bool
    blocked: str
    readable: frozenset[str] = frozenset()


def gets(options: Options, script: Script, server: str, response_headers: Iterable[str]) -> Gets:
    """Return what a script gets from a server under a policy, and from an application behind it.

    :param server: the server's origin, which is trustworthy.
    :param response_headers: the names of the application's, in lower case.
    """
    method = normalized(script.method)
    if not is_token(method) or method.upper() in ("CONNECT", "TRACE", "TRACK"):
        return Gets(False, False, "throws")
    if script.page == server:
        open_to_scripts = frozenset(response_headers) - {"set-cookie", "set-cookie2"}
        return Gets(False, True, "", open_to_scripts)
    headers = [header for header in script.headers if not is_dropped(*header)]
    unsafe = unsafe_names(headers)
    asks = method not in ("GET", "HEAD", "POST") or bool(unsafe)
    reason = wants_of_origin(options, script)
    if asks:
        permitted_methods = names_of(options, "allow_methods")
        permitted = [name.lower() for name in names_of(options, "allow_headers")]
        if not reason and is_unechoable(options, unsafe):
            reason = "origin"
        elif reason:
            pass
        elif not (
            method in ("GET", "HEAD", "POST")
            or method in map(normalized, permitted_methods)
            or "*" in permitted_methods  # a wildcard without credentials, and echoed with
        ):
            reason = "method"
        elif "authorization" in unsafe and "authorization" not in permitted:
            reason = "authorization"
        elif not set(unsafe) <= set(permitted) and "*" not in permitted:
            reason = "header"
    if reason:
        return Gets(asks, not asks and not is_enforced(options, script.page), reason)
    exposed = [name.lower() for name in names_of(options, "expose_headers")]
    if "*" in exposed and script.credentials != "include":
        return Gets(asks, True, "", frozenset(response_headers) - {"set-cookie", "set-cookie2"})
    return Gets(asks, True, "", frozenset(response_headers) & {*SAFELISTED_RESPONSE_HEADERS, *exposed})


def wants_of_origin(options: Options, script: Script) -> str:
    """Return what keeps the origin out (fetch#cors-check), or nothing."""
    includes = script.credentials == "include"
    if not allows(options, script.page) or (includes and is_any(options)):
        return "origin"
    return "credentials" if includes and not options.get("allow_credentials") else ""


def is_enforced(options: Options, page: str) -> bool:
    return bool(options.get("enforce")) and not allows(options, page)


def is_unechoable(options: Options, names: list[str]) -> bool:
    echoes = options.get("allow_credentials") and "*" in names_of(options, "allow_headers")
    return bool(echoes) and (len(names) > MOST_NAMES or len(",".join(names)) > MOST_BYTES)


def is_dropped(name: str, value: str) -> bool:
    """fetch#forbidden-request-header; values hold no quotes."""
    lower = name.lower()
    if lower in FORBIDDEN_HEADERS or lower.startswith(("proxy-", "sec-")):
        return True
    overrides = lower in ("x-http-method", "x-http-method-override", "x-method-override")
    return overrides and any(part.upper() in ("CONNECT", "TRACE", "TRACK") for part in elements(value))


def unsafe_names(headers: Pairs) -> list[str]:
    """Return what a preflight asks for (fetch#cors-unsafe-request-header-names); two headers join the script's."""
    given = {name.lower() for name, _ in headers}
    both = [("accept", "*/*"), ("accept-language", "en")]
    everything = [*headers, *(pair for pair in both if pair[0] not in given)]
    safe = [(name, value) for name, value in everything if is_safelisted(name.lower(), value)]
    unsafe = [name for name, value in everything if (name, value) not in safe]
    if sum(len(value) for _, value in safe) > 1024:
        unsafe += [name for name, _ in safe]
    return sorted({name.lower() for name in unsafe})


def is_safelisted(name: str, value: str) -> bool:
    """fetch#cors-safelisted-request-header"""
    if len(value) > 128:
        return False
    has_unsafe_byte = any((each < " " and each != "\t") or each in '"():<>?@[\\]{}\x7f' for each in value)
    if name == "accept":
        return not has_unsafe_byte
    if name in ("accept-language", "content-language"):
        return all(each in LOWER + UPPER + DIGITS + " *,-.;=" for each in value)
    if name == "content-type":
        essence = value.split(";")[0].strip(" \t\r\n").lower()
        known = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
        return not has_unsafe_byte and essence in known
    if name == "range":
        start, dash, end = value.removeprefix("bytes=").partition("-")
        if not value.startswith("bytes=") or not dash or any(each not in DIGITS for each in start + end):
            return False
        return start != "" and (end == "" or int(start) <= int(end))
    return False


def is_remembered(options: Options, first: Script, second: Script, seconds: float, cap: float) -> bool:
    """Tell whether ``second``, the same fetch apart from credentials, needs no preflight so long after ``first``.

    fetch#concept-cache-match: what was permitted without credentials permits nothing with them.
    """
    age = options.get("max_age", 600)
    lasts = min(5 if age is None else age, cap)
    return seconds < lasts and (first.credentials == "include" or second.credentials != "include")
