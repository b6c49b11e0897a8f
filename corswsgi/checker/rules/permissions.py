"""What the responses to preflights permit, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi import fetch
from corswsgi.browser import MAX_AGE_CAPS, Exchange
from corswsgi.checker.findings import Finding, Severity, shown
from corswsgi.checker.granting import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    MAX_AGE,
    listed_names,
)
from corswsgi.checker.kinds import permissions as kinds
from corswsgi.checker.observations import INVENTED_HEADER, INVENTED_METHOD, Observations
from corswsgi.errors import quote

ALLOW_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"

_ENGINES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}


def any_method(seen: Observations) -> Iterator[Finding]:
    """Yield that any method is permitted."""
    if seen.invented_method.allowed:
        sentence = f"pages of {seen.origin} may send any method, even an invented one ({INVENTED_METHOD})"
        fix = (
            'list the methods that the URL supports: allow_methods=["PUT"]; GET, HEAD and POST do not have to be listed'
        )
        yield kinds.ANY_METHOD.finding(sentence, fix, seen=[seen.invented_method.exchange])


def wide_methods(seen: Observations) -> Iterator[Finding]:
    """Yield that methods are permitted that the URL does not support."""
    listed = listed_names(seen.put.exchange, ALLOW_METHODS)
    taken = listed_names(seen.options, "Allow")
    wide = [name for name in listed if name not in {*taken, *fetch.CORS_SAFELISTED_METHODS, "OPTIONS", "*"}]
    wide = [name for name in wide if not fetch.is_forbidden_method(name)]
    if taken and wide and not seen.invented_method.allowed:
        sentence = (
            f"{ALLOW_METHODS} permits {shown(', '.join(wide))}, which this URL does not support: its Allow header is "
            f"{quote(', '.join(seen.options.response_lines('Allow')))}"
        )
        exchanges = [seen.put.exchange, seen.options]
        yield kinds.METHODS_WIDE.finding(sentence, "permit only the methods that the URL supports", seen=exchanges)


def forbidden_methods(seen: Observations) -> Iterator[Finding]:
    """Yield that methods are permitted that no page can send."""
    listed = [name for name in listed_names(seen.put.exchange, ALLOW_METHODS) if fetch.is_forbidden_method(name)]
    if listed:
        names = shown(", ".join(listed))
        sentence = f"{ALLOW_METHODS} permits {names}, which browsers never send for a page"
        yield kinds.METHOD_FORBIDDEN.finding(sentence, f"remove {names} from the list", seen=[seen.put.exchange])


def method_substring(seen: Observations) -> Iterator[Finding]:
    """Yield that the server accepts part of a method's name."""
    exchange = seen.fragment.exchange
    invented = seen.invented_method.exchange
    method = exchange.request_lines("Access-Control-Request-Method")[0]
    granted = listed_names(exchange, ALLOW_METHODS)
    if granted and not {method, "*"} & set(granted) and not listed_names(invented, ALLOW_METHODS):
        sentence = (
            f"the server grants a preflight for {shown(method)}, but not one for {INVENTED_METHOD}: it searches for "
            "the method inside the text of its list. Browsers compare the whole name again, and refuse"
        )
        fix = "send the whole list and let the browser compare, or compare whole names"
        yield kinds.METHOD_SUBSTRING.finding(sentence, fix, seen=[exchange, invented])


def any_header(seen: Observations) -> Iterator[Finding]:
    """Yield that any request header is permitted."""
    if seen.invented_header.allowed:
        sentence = (
            f"pages of {seen.origin} may set any request header, even an invented one ({INVENTED_HEADER}). With *, "
            "browsers permit Authorization too, although the standard says otherwise"
        )
        fix = 'list the headers that the application reads: allow_headers=["Content-Type"]'
        yield kinds.ANY_HEADER.finding(sentence, fix, seen=[seen.invented_header.exchange])


def forbidden_headers(seen: Observations) -> Iterator[Finding]:
    """Yield that headers are permitted that no page can set."""
    exchange = seen.invented_header.exchange
    names = [*listed_names(exchange, ALLOW_HEADERS), *listed_names(seen.put.exchange, ALLOW_HEADERS)]
    listed = sorted({name.lower() for name in names if fetch.is_forbidden_request_header_name(name)})
    if listed:
        sentence = f"{ALLOW_HEADERS} permits {shown(', '.join(listed))}, which only the browser itself sets"
        fix = f"remove {shown(', '.join(listed))} from the list"
        evidence = [each for each in (seen.put.exchange, exchange) if listed_names(each, ALLOW_HEADERS)]
        yield kinds.HEADER_FORBIDDEN.finding(sentence, fix, seen=evidence)


def private_network(seen: Observations) -> Iterator[Finding]:
    """Yield that pages are allowed to reach a private network."""
    granted = {True: "any website", False: f"pages of {seen.origin}"}
    for anyone, exchange in ((True, seen.private_unrelated), (False, seen.private)):
        if "true" in exchange.response_lines(ALLOW_PRIVATE_NETWORK):
            sentence = (
                f"{ALLOW_PRIVATE_NETWORK} would let {granted[anyone]} reach a private network. It was never enforced: "
                "browsers ask the user instead"
            )
            severity = Severity.LOW if anyone else Severity.INFO
            yield kinds.PRIVATE_NETWORK.finding(sentence, "do not send the header", seen=[exchange], severity=severity)
            return


def invalid_max_age(preflight: Exchange) -> Iterator[Finding]:
    """Yield that Access-Control-Max-Age is not a number."""
    lines = preflight.response_lines(MAX_AGE)
    if len(lines) == 1 and fetch.extract_max_age(lines) is None:
        sentence = f"{MAX_AGE} is {quote(lines[0])}, not a number of seconds, so browsers ignore it and use 5"
        yield kinds.MAX_AGE_INVALID.finding(sentence, "send digits only, such as 600", seen=[preflight])


def max_age(seen: Observations) -> Iterator[Finding]:
    """Yield that Access-Control-Max-Age is not a number, or is longer than any browser remembers."""
    for exchange in seen.preflights:
        lines = exchange.response_lines(MAX_AGE)
        if len(lines) != 1:
            continue
        yield from invalid_max_age(exchange)
        if (fetch.extract_max_age(lines) or 0) > max(MAX_AGE_CAPS.values()):
            caps = ", ".join(f"{_ENGINES[engine]} {cap} s" for engine, cap in sorted(MAX_AGE_CAPS.items()))
            sentence = (
                f"{MAX_AGE} is {quote(lines[0])}, which is longer than any browser remembers; the limits are {caps}"
            )
            fix = "send at most 86400; all engines support 600, and with it a changed policy soon takes effect"
            yield kinds.MAX_AGE_ABOVE_CAPS.finding(sentence, fix, seen=[exchange])
        return
