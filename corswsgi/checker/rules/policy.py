"""What could be better in a valid policy: its origins, wildcards, regular expressions, names and max_age."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from corswsgi import fetch
from corswsgi.browser.engines import MAX_AGE_CAPS, PROFILES
from corswsgi.checker.findings import Finding, Severity
from corswsgi.checker.kinds import policy as kinds
from corswsgi.checker.kinds.origins import NULL_ORIGIN
from corswsgi.checker.kinds.permissions import ANY_HEADER, ANY_METHOD
from corswsgi.checker.lookalikes import lookalikes_of
from corswsgi.checker.strangers import SEVERITIES
from corswsgi.checker.words import listed
from corswsgi.errors import printable, quote
from corswsgi.options import ANY
from corswsgi.origins import OPAQUE, OriginMatcher, OriginPattern, is_this_machine
from corswsgi.policy import Policy
from corswsgi.public_suffixes import is_open_to_strangers

#: Safelisted with almost any value. Content-Type is not here: with JSON it has to be listed.
_NEEDLESS_REQUEST_HEADERS = frozenset({"accept", "accept-language", "content-language"})


class Advice(NamedTuple):
    """A finding about a policy, and the value that it is about.

    :ivar option: the option with that value.
    """

    finding: Finding
    option: str
    value: object


def advise(policy: Policy) -> Iterator[Advice]:
    """Yield what could be better in a policy, in the order of its options."""
    yield from _on_origins(policy)
    yield from _on_methods(policy)
    yield from _on_headers(policy)
    yield from _on_exposed(policy)
    yield from _on_max_age(policy)
    if policy.vary and not callable(policy.allow_origins):
        sentence = f"vary names {listed(policy.vary)}, but nothing in this policy depends on it"
        yield Advice(kinds.VARY_NEEDLESS_NAME.finding(sentence, "remove vary"), "vary", policy.vary[0])


# Origins


def _on_origins(policy: Policy) -> Iterator[Advice]:
    entries = policy.allow_origins
    if callable(entries):
        return
    everything = (entries,) if isinstance(entries, (str, re.Pattern)) else tuple(entries)
    texts = [entry for entry in everything if isinstance(entry, str)]
    yield from _covered(texts)
    for entry in everything:
        found = _on_expression(entry, policy) if isinstance(entry, re.Pattern) else _on_entry(entry, policy)
        for finding in found:
            yield Advice(finding, "allow_origins", entry)


def _covered(texts: list[str]) -> Iterator[Advice]:
    """Yield the entries that another one covers.

    An exact origin is looked up in the matcher, so that the time for each entry does not grow with the list.
    """
    parsed = {text: OriginPattern.parse(text) for text in texts}
    patterns = [pattern for pattern in parsed.values() if pattern is not None and "*" in str(pattern)]
    matcher = OriginMatcher(patterns=patterns)
    seen: set[str] = set()
    for text in texts:
        pattern = parsed[text]
        by = ANY if ANY in texts and text != ANY else None
        if text in seen:
            by = text
        elif by is None and pattern is not None:
            exact = "*" not in text
            if (text in matcher) if exact else any(_covers(other, pattern) for other in patterns if other != pattern):
                by = next(str(other) for other in patterns if other != pattern and _covers(other, pattern))
        seen.add(text)
        if by is not None:
            again = "is listed twice" if by == text else f"is already allowed by {quote(by)}"
            finding = kinds.ORIGIN_COVERED.finding(
                f"{quote(text)} {again}", f"remove {quote(text)}, or the other entry"
            )
            yield Advice(finding, "allow_origins", text)


def _covers(wide: OriginPattern, narrow: OriginPattern) -> bool:
    """Tell whether everything that one entry allows is allowed by another."""
    if wide.scheme != narrow.scheme or wide.port not in ("*", narrow.port):
        return False
    if wide.subdomains:
        return narrow.host.endswith(f".{wide.host}") or (narrow.subdomains and narrow.host == wide.host)
    return not narrow.subdomains and narrow.host == wide.host


def _on_entry(entry: str, policy: Policy) -> Iterator[Finding]:
    if entry == OPAQUE:
        sentence = '"null" is allowed, and any site can create a sandboxed frame, which has this origin'
        yield NULL_ORIGIN.finding(
            sentence, 'remove "null", and serve the page from an origin of its own', severity=Severity.LOW
        )
    pattern = OriginPattern.parse(entry)
    if pattern is None:  # "*" and "null"
        return
    if pattern.is_insecure:
        https = str(pattern._replace(scheme="https", port="" if pattern.port == "443" else pattern.port))
        sentence = f"{quote(entry)} is allowed, and anyone on the network can change a page on http:"
        severity = Severity.MEDIUM if policy.allow_credentials else Severity.LOW
        yield kinds.INSECURE_ORIGIN.finding(
            sentence, f"serve the page over https:, and list {quote(https)}", severity=severity
        )
    if pattern.subdomains and is_open_to_strangers(pattern.host.removesuffix(".")):
        sentence = f"{quote(entry)} allows every name below {pattern.host}, and anyone can register one"
        severity = Severity.HIGH if policy.allow_credentials else Severity.MEDIUM
        yield kinds.PATTERN_WIDE.finding(sentence, "list the names that belong to you", severity=severity)
    elif pattern.port == "*" and not is_this_machine(pattern.host):
        sentence = f"{quote(entry)} allows every port, so every program that serves pages on these hosts"
        fix = f"list the ports, or {quote(str(pattern._replace(port='')))} for the default port"
        yield kinds.PATTERN_WIDE.finding(sentence, fix)


def _on_expression(entry: re.Pattern[str], policy: Policy) -> Iterator[Finding]:
    """Yield the look-alikes that a regular expression allows: the worst of each kind."""
    told: set[str] = set()
    written = f'"re:{printable(entry.pattern)}"'
    for lookalike in lookalikes_of(entry):
        if lookalike.kind.code in told or lookalike.value not in OriginMatcher(
            regexes=[entry],
            secure_regexes=policy.allow_credentials and "insecure-origins" not in policy.dangerously_allow,
        ):
            continue
        told.add(lookalike.kind.code)
        sentence = f"{written} is meant for {quote(lookalike.meant)}, but also allows {quote(lookalike.value)}"
        if not lookalike.meant:
            sentence = f"{written} allows any site, such as {quote(lookalike.value)}"
        severity = SEVERITIES[lookalike.reach][0 if policy.allow_credentials else 1]
        yield lookalike.kind.finding(sentence, lookalike.fix, severity=max(severity, Severity.LOW))


# Names


def _on_methods(policy: Policy) -> Iterator[Advice]:
    for name in policy.allow_methods:
        if name == ANY:
            fix = 'list the methods that the application supports, such as ["PUT", "DELETE"]'
            finding = ANY_METHOD.finding("allow_methods is *, so pages may send any method", fix)
        elif name in (*sorted(fetch.CORS_SAFELISTED_METHODS), "OPTIONS"):
            why = "is the method of preflights themselves" if name == "OPTIONS" else "is always allowed"
            finding = kinds.NAME_NEEDLESS.finding(
                f"{name} {why}, and does not have to be listed", f"remove {quote(name)}"
            )
        elif name != name.upper() and name.upper() == name.swapcase():
            sentence = f"method names are case-sensitive: {quote(name)} does not permit {name.upper()}"
            finding = kinds.METHOD_LOWER_CASE.finding(sentence, f"write {quote(name.upper())}")
        else:
            continue
        yield Advice(finding, "allow_methods", name)


def _on_headers(policy: Policy) -> Iterator[Advice]:
    for name in policy.allow_headers:
        if name == ANY:
            sentence = "allow_headers is *, so pages may set any request header"
            finding = ANY_HEADER.finding(
                sentence, 'list the headers that the application reads, such as ["Content-Type"]'
            )
        elif name.lower() in _NEEDLESS_REQUEST_HEADERS:
            sentence = f"scripts may always set {name}, and it does not have to be listed"
            finding = kinds.NAME_NEEDLESS.finding(sentence, f"remove {quote(name)}")
        else:
            continue
        yield Advice(finding, "allow_headers", name)


def _on_exposed(policy: Policy) -> Iterator[Advice]:
    for name in policy.expose_headers:
        if name == ANY:
            fix = 'list the headers that pages need, such as ["X-Total-Count"]'
            finding = kinds.EXPOSE_ANY.finding("expose_headers is *, so pages can read every response header", fix)
        elif name.lower() in fetch.CORS_SAFELISTED_RESPONSE_HEADERS:
            sentence = f"scripts can always read {name}, and it does not have to be listed"
            finding = kinds.NAME_NEEDLESS.finding(sentence, f"remove {quote(name)}")
        else:
            continue
        yield Advice(finding, "expose_headers", name)


def _on_max_age(policy: Policy) -> Iterator[Advice]:
    seconds = policy.max_age
    if seconds is None:
        return
    cut = [f"{PROFILES[engine].browser} {cap}" for engine, cap in MAX_AGE_CAPS.items() if seconds > cap]
    if cut:
        sentence = (
            f"max_age is {seconds}, but some browsers remember the response for less time, in seconds: {', '.join(cut)}"
        )
        finding = kinds.MAX_AGE_CUT.finding(sentence, "leave it as it is, or use 600, which all browsers support")
        yield Advice(finding, "max_age", seconds)
