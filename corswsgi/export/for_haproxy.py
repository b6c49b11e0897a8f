"""Statements as configuration of HAProxy: what a request is by ``set-var``, headers by ``http-after-response``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corswsgi.errors import UsageError, quote
from corswsgi.export.configuration import Configuration, Server
from corswsgi.export.expressions import ILL_FORMED, INSECURE, guarded, of_pattern
from corswsgi.export.paths import UNCLEAR, covered
from corswsgi.export.place import Place
from corswsgi.export.statements import ORIGIN, Origins, Site, enforcing, number_of, situations
from corswsgi.headers import ALLOW_TIMING

#: The most words of a list on one line; HAProxy takes lines of 64 words.
_LINE = 40
#: The most origins in the configuration itself; more are looked up in a file.
_FEW = 5 * _LINE
#: Bytes that HAProxy reserves for headers in addition to those of the application.
_ROOM = 1024
#: A path that needs no quoting for HAProxy, in an argument either.
_FILE = re.compile(r"/[A-Za-z0-9/._+@=~-]+")
_MAP = ".map"
#: Names of conditions: the origin is well-formed, and it is secure as well.
_WELL_FORMED, _SECURE = "cors_well_formed", "cors_secure"

_HEAD = """\
# CORS for HAProxy {versions} with PCRE, written by corswsgi. To change it, change the policy and export it again.
#
# Where to put it: at the end of /etc/haproxy/haproxy.cfg, or in a file of its own that HAProxy is started with as
# well: haproxy -f /etc/haproxy/haproxy.cfg -f FILE. If you have a frontend already, put into it what is between
# "begin" and "end" below, before any other "http-request", and leave out the frontend and the backend of this file.
# Then: haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy.
#
# What it does: it answers preflights{enforcing}, and puts the headers of the policy
# on every response, including those that HAProxy makes itself (403, 413, 502, 503, 504). The Access-Control-* headers
# of the application behind it are removed; its Vary stays. Only a request that HAProxy cannot read at all is answered,
# with 400 or 408, before this comes into play.
"""


def write(site: Site, place: Place, file: str) -> Configuration:
    """Return the configuration; see :class:`~corswsgi.export.configuration.Server`."""
    if not place.upstream:
        raise UsageError(
            "HAProxy serves no files: name the application behind it with --upstream, as http://127.0.0.1:8000"
        )
    writer = _Writer(site, f"{file}{_MAP}")
    text = "\n".join([*writer.lines(place), ""])
    if not writer.looked_up:
        return Configuration(text)
    if file and not _FILE.fullmatch(file):
        raise UsageError(
            f"--output {quote(file)}: HAProxy reads a second file next to it; its path may only have letters, "
            'digits and "/._+@=~-"'
        )
    return Configuration(text, {_MAP: "".join(f"{key} allowed\n" for key in writer.looked_up)})


HAPROXY = Server("HAProxy", "2.6 and later", write)


class _Writer:
    """Writes the configuration of a site.

    :ivar looked_up: the keys of the file of origins: the number of a statement, and an origin.
    """

    def __init__(self, site: Site, map_file: str) -> None:
        self._site = site
        self._map_file = map_file
        self.looked_up = [
            f"{number}|{origin}"
            for number, statement in enumerate(site.statements)
            if _is_long(statement.origins)
            for origin in statement.origins.exact
        ]

    def lines(self, place: Place) -> Iterator[str]:
        yield from _HEAD.format(versions=HAPROXY.versions, enforcing=enforcing(self._site)).splitlines()
        yield ""
        yield from self._room()
        yield "frontend cors"
        yield f"    bind {place.address or '*'}:{place.port}"
        yield "    mode http"
        yield "    timeout client 50s"
        yield ""
        yield "    # begin"
        for comment, lines in self._groups():
            yield f"    # {comment}"
            yield from (f"    {line}" for line in lines)
        yield "    # end"
        yield ""
        yield "    option forwardfor"
        yield "    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]"
        yield "    default_backend application"
        yield ""
        yield from _backend(place)

    def _groups(self) -> Iterator[tuple[str, Iterable[str]]]:
        yield (
            "Which policy governs the path. A path that servers read in different ways has one of its own.",
            self._paths(),
        )
        yield "Who asks: nobody in particular, a page of an origin that is allowed, or a stranger.", self._who()
        yield "Whether it is a preflight.", self._kinds()
        yield "What is answered here.", self._answers()
        yield "The headers of responses: those of what is behind go, those of the policy come.", self._headers()

    def _room(self) -> Iterator[str]:
        lengths = [
            sum(len(name) + len(value) + len(": \r\n") for name, value in (*said.headers, ("Vary", said.vary)))
            for _, said in situations(self._site)
        ]
        longest = max(lengths, default=0)
        if longest < _ROOM // 2:
            return
        room = 1 << (longest + _ROOM).bit_length()
        yield "# For headers that are longer than HAProxy has room for by itself."
        yield "global"
        yield f"    tune.maxrewrite {room}"
        yield f"    tune.bufsize {max(16384, 4 * room)}"
        yield ""

    # The path

    def _paths(self) -> Iterator[str]:
        site = self._site
        if site.rules:
            # A percent sign that encodes nothing is kept; url_dec alone would fail on it.
            fetch = 'path,regsub("%(?![0-9a-fA-F]{2})","%25",g),url_dec'
            yield f"http-request set-var(txn.cors_path) {_quoted(fetch)}"
            for expression in UNCLEAR[:-1]:
                yield _set("rule", number_of(site.unclear), f"{{ pathq -m reg -i {_whole(expression, end='')} }}")
            yield _set("rule", number_of(site.unclear), "!{ path -m found }")
        for rule in site.rules:
            yield _set(
                "rule",
                number_of(rule.statement),
                "!{ var(txn.cors_rule) -m found }",
                f"{{ var(txn.cors_path) -m reg {_whole(covered(rule.path), end='')} }}",
            )
        yield _set("rule", number_of(site.elsewhere), "!{ var(txn.cors_rule) -m found }")

    # The origin

    def _who(self) -> Iterator[str]:
        yield from _one_line_of("Origin", "origin")
        for name, exclusions in ((_WELL_FORMED, ILL_FORMED), (_SECURE, (*ILL_FORMED, INSECURE))):
            yield f"acl {name} var(txn.cors_origin) -m reg {_whole(guarded('.*', exclusions))}"
        yield _set("who", "nobody")
        yield _set("who", "stranger", "{ var(txn.cors_origin) -m found }")
        if self._site.enforces:
            yield from _own_pages()
        everyone = [str(number) for number, each in enumerate(self._site.statements) if each.origins.everyone]
        for some in _in_lines(everyone):
            yield _set("who", "allowed", f"{{ var(txn.cors_rule) -m str {some} }}")
        rules: dict[Origins, list[str]] = {}
        for number, statement in enumerate(self._site.statements):
            rules.setdefault(statement.origins, []).append(str(number))
        for origins, numbers in rules.items():
            for some in _in_lines(numbers):
                yield from _allowing(origins, f"{{ var(txn.cors_rule) -m str {some} }}")
        if self.looked_up:
            key = f"var(txn.cors_rule),concat(|,txn.cors_origin),map_str({self._map_file})"
            yield _set("who", "allowed", f"{{ {_quoted(key)} -m found }}")

    def _kinds(self) -> Iterator[str]:
        yield _set("kind", "actual")
        yield _set(
            "kind",
            "preflight",
            "{ method -m str OPTIONS }",
            "{ var(txn.cors_origin) -m found }",
            "{ req.fhdr(Access-Control-Request-Method) -m found }",
        )
        case = 'var(txn.cors_kind),concat(" ",txn.cors_rule),concat(" ",txn.cors_who)'
        yield f"http-request set-var(txn.cors_case) {_quoted(case)}"

    # What is answered

    def _answers(self) -> Iterator[str]:
        answers: dict[tuple[int, str], list[str]] = {}
        for case, said in situations(self._site):
            if said.status:
                answers.setdefault((said.status, said.body), []).append(case)
        for (status, body), cases in answers.items():
            text = f" content-type text/plain string {_quoted(body)}\\n" if body else ""
            for some in _in_lines(cases):
                yield f"http-request return status {status}{text} if {{ var(txn.cors_case) -m str {some} }}"

    def _headers(self) -> Iterator[str]:
        governed = {str(number): each for number, each in enumerate(self._site.statements)}
        for name, rules in (
            ("Access-Control- -m beg", [*governed]),
            (ALLOW_TIMING, [number for number, each in governed.items() if each.has_timing]),
        ):
            for some in _in_lines(rules):
                yield f"http-after-response del-header {name} if {{ var(txn.cors_rule) -m str {some} }}"
        headers: dict[tuple[str, str, str], list[str]] = {}
        for case, said in situations(self._site):
            for name, value in said.headers:
                headers.setdefault(("set-header", name, value), []).append(case)
            if said.vary:
                headers.setdefault(("add-header", "Vary", said.vary), []).append(case)
        for (action, name, value), cases in headers.items():
            for some in _in_lines(cases):
                condition = f"{{ var(txn.cors_case) -m str {some} }}"
                yield f"http-after-response {action} {name} {_value(value)} if {condition}"


def _one_line_of(header: str, variable: str) -> Iterator[str]:
    """Yield the lines that read a header. If it is sent twice, its value is one that matches nothing."""
    yield f"http-request set-var(txn.cors_{variable}) req.fhdr({header})"
    yield _set(variable, "several", f"{{ req.fhdr_cnt({header}) gt 1 }}")


def _own_pages() -> Iterator[str]:
    """Yield the lines that tell the server's own pages from strangers (:func:`corswsgi.protocol.is_same_origin`)."""
    stranger = "{ var(txn.cors_who) -m str stranger }"
    yield from _one_line_of("Sec-Fetch-Site", "site")
    pair = 'var(txn.cors_origin),concat(" ",txn.cors_host)'
    yield "http-request set-var(txn.cors_host) req.fhdr(Host)"
    yield f"http-request set-var(txn.cors_pair) {_quoted(pair)}"
    yield _set("who", "own", stranger, "{ var(txn.cors_site) -m str same-origin none }")
    for same in (
        # HAProxy captures named groups only.
        r"https?://(?<host>(?:\[[0-9a-f:]+\]|[a-z0-9_.-]+):[1-9][0-9]*) \k<host>",
        r"https?://(?<host>\[[0-9a-f:]+\]|[a-z0-9_.-]+) (?i:\k<host>(?::80|:443)?)",
    ):
        compared = f"{{ var(txn.cors_pair) -m reg {_whole(same)} }}"
        yield _set("who", "own", stranger, "!{ var(txn.cors_site) -m found }", _WELL_FORMED, compared)


def _allowing(origins: Origins, rule: str) -> Iterator[str]:
    if not _is_long(origins):
        for some in _in_lines(origins.exact):
            yield _set("who", "allowed", rule, f"{{ var(txn.cors_origin) -m str {some} }}")
    for pattern in origins.patterns:
        yield _set("who", "allowed", rule, f"{{ var(txn.cors_origin) -m reg {_whole(of_pattern(pattern))} }}")
    form = _SECURE if origins.secure else _WELL_FORMED
    for expression in origins.expressions:
        yield _set("who", "allowed", rule, form, f"{{ var(txn.cors_origin) -m reg {_whole(expression)} }}")


def _is_long(origins: Origins) -> bool:
    return len(origins.exact) > _FEW


def _backend(place: Place) -> Iterator[str]:
    yield "backend application"
    yield "    mode http"
    yield "    timeout connect 5s"
    yield "    timeout server 50s"
    tls = ""
    if place.upstream.startswith("https:"):
        name = place.upstream_address.rpartition(":")[0]
        tls = f" ssl verify required ca-file @system-ca sni str({name})"
    yield f"    server application {place.upstream_address}{tls}"


def _set(variable: str, value: str, *conditions: str) -> str:
    condition = f" if {' '.join(conditions)}" if conditions else ""
    return f"http-request set-var(txn.cors_{variable}) str({value}){condition}"


def _in_lines(words: Iterable[str]) -> Iterator[str]:
    """Yield words, quoted, as many at a time as a line takes."""
    listed = [*map(_quoted, words)]
    for start in range(0, len(listed), _LINE):
        yield " ".join(listed[start : start + _LINE])


def _whole(expression: str, end: str = r"\z") -> str:
    return _quoted(rf"\A(?:{expression}){end}")


def _value(text: str) -> str:
    """Quote the value of a header, so that HAProxy expands nothing in it."""
    return "'%[var(txn.cors_origin)]'" if text == ORIGIN else _quoted(text.replace("%", "%%"))


def _quoted(text: str) -> str:
    """Quote a text as one word of the configuration."""
    assert re.fullmatch("[ -~]*", text), "expressions and values are written in printable ASCII"
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"
