"""Statements as configuration of Apache: variables by ``SetEnvIf``, headers by ``Header always``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corswsgi.errors import Fault, PolicyError, Problem
from corswsgi.export.configuration import Configuration, Server
from corswsgi.export.expressions import ILL_FORMED, INSECURE, any_of, guarded, literal, of_pattern
from corswsgi.export.paths import UNCLEAR
from corswsgi.export.place import Place
from corswsgi.export.statements import ORIGIN, Origins, Said, Site, Statement, cases_by_said, enforcing, number_of

_CASE = "reqenv('CORS_KIND') . ' ' . reqenv('CORS_RULE') . ' ' . reqenv('CORS_WHO')"

#: The statuses of preflights that Apache can answer: those that it knows.
_STATUSES = (*range(200, 209), 226)

#: The most characters of origins in one expression: PCRE compiles none to more than 64 KiB.
_MOST = 16_000

_HEAD = """\
# CORS for Apache {versions}, written by corswsgi. To change it, change the policy and export it again.
#
# Where to put it: the whole file as /etc/apache2/sites-available/cors.conf, with its modules:
#
#     a2enmod {modules} && a2ensite cors
#
# Leave out "Listen" if ports.conf has the same port. If you have a site already, put into its <VirtualHost> what is
# between "begin" and "end" below, before any other RewriteRule. Then: apachectl configtest && apachectl graceful.
#
# What it does: it answers preflights{enforcing}, and puts the headers of the policy
# on every response, including those that Apache makes itself (404, 413, 502, 504). The Access-Control-* headers of
# the application behind it are removed; its Vary stays.
#
# Remove "Header set" lines for CORS headers elsewhere: without "always" they would add a second line of the header.
"""


def write(site: Site, place: Place, file: str) -> Configuration:
    """Return the configuration; see :class:`~corswsgi.export.configuration.Server`.

    :raises PolicyError: if Apache does not know the status of preflights.
    """
    problems = [*_unsayable(site)]
    if problems:
        raise PolicyError(problems)
    return Configuration("\n".join([*_lines(site, place), ""]))


APACHE = Server("Apache", "2.4.13 and later", write)


def _unsayable(site: Site) -> Iterator[Problem]:
    for status in sorted({statement.granted.status for statement in site.statements} - {*_STATUSES}):
        message = (
            f"Apache cannot answer {status}, which it does not know; write 204, or any of 200 to 208, or let "
            "CORSMiddleware, behind Apache, answer"
        )
        yield Problem(Fault.SERVER_CANNOT, "preflight_status", status, message)


def _lines(site: Site, place: Place) -> Iterator[str]:
    modules = ["headers", "rewrite", "setenvif"]
    if place.upstream:
        modules += ["proxy", "proxy_http", *(["ssl"] if place.upstream.startswith("https:") else [])]
    head = _HEAD.format(versions=APACHE.versions, modules=" ".join(modules), enforcing=enforcing(site))
    yield from head.splitlines()
    yield f"Listen {place.listen}"
    yield ""
    yield f"<VirtualHost {place.address or '*'}:{place.port}>"
    yield "    # ServerName: the names of your site"
    yield "    # begin"
    yield from _indented(_inside(site))
    yield "    # end"
    yield ""
    if place.upstream:
        yield "    ProxyPreserveHost On"
        if place.upstream.startswith("https:"):
            yield "    SSLProxyEngine On"
        yield f"    ProxyPass / {place.upstream}/"
    else:
        yield f"    DocumentRoot {_quoted(place.root)}"
        yield f"    <Directory {_quoted(place.root)}>"
        yield "        Require all granted"
        yield "    </Directory>"
    yield "</VirtualHost>"


def _inside(site: Site) -> Iterator[str]:
    yield "# Which policy governs the path, as it was sent. One that servers read in different ways has one of its own."
    yield from _paths(site)
    yield ""
    yield "# Whether the origin is allowed."
    yield from _origins(site.statements)
    yield ""
    yield "# Who asks, and whether it is a preflight."
    yield from _who(site)
    yield ""
    yield "# The headers of responses, and what is answered here."
    yield "RewriteEngine On"
    for number, statement in enumerate(site.statements):
        for place, (said, cases) in enumerate(cases_by_said(site, number).items()):
            variable = f"CORS_{number}_{place}"
            listed = ", ".join(f"'{case}'" for case in cases)
            yield _set(f"{_CASE} in {{{listed}}}", variable, "1")
            yield from _said(variable, said, statement.removed)


# The path


def _paths(site: Site) -> Iterator[str]:
    # Without this, Apache answers 404 to %2F. With several policies, such a path is unclear, and closed.
    yield "AllowEncodedSlashes NoDecode"
    yield _set("true", "CORS_RULE", number_of(site.elsewhere))
    if not site.rules:
        return
    yield _set(r"%{THE_REQUEST} =~ m'\A\S+ (\S*)'", "CORS_TARGET", "$1")
    # The last one that matches wins, so more specific rules come later.
    for rule in reversed(site.rules):
        yield _set(
            rf"reqenv('CORS_TARGET') =~ m'\A{_as_sent(rule.path)}(?:[/?]|\z)'", "CORS_RULE", number_of(rule.statement)
        )
    for each in UNCLEAR:
        yield _set(rf"reqenv('CORS_TARGET') =~ m'\A{each}'i", "CORS_RULE", number_of(site.unclear))


def _as_sent(path: bytes) -> str:
    """Return the expression of a path in which any byte may be percent-encoded."""
    return "".join("/" if byte == 0x2F else f"(?:{literal(bytes([byte]))}|{_encoded(byte)})" for byte in path)


def _encoded(byte: int) -> str:
    return "%" + "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{byte:02x}")


# The origin


def _origins(statements: Iterable[Statement]) -> Iterator[str]:
    written: dict[Origins, str] = {}
    for number, statement in enumerate(statements):
        origins = statement.origins
        if not origins.everyone and origins not in written:
            written[origins] = f"CORS_ORIGIN_{number}"
            yield from (_matching(each, written[origins]) for each in _expressions(origins))
    yield _set("true", "CORS_WHO", "nobody")
    yield _set("-n req_novary('Origin')", "CORS_WHO", "stranger")
    for number, statement in enumerate(statements):
        rule = f"reqenv('CORS_RULE') == '{number}'"
        if statement.origins.everyone:
            yield _set(rule, "CORS_WHO", "allowed")
        else:
            yield _set(f"{rule} && reqenv('{written[statement.origins]}') == '1'", "CORS_WHO", "allowed")


def _expressions(origins: Origins) -> Iterator[str]:
    yield from map(any_of, _portions(origins.exact))
    yield from map(of_pattern, origins.patterns)
    exclusions = (*ILL_FORMED, INSECURE) if origins.secure else ILL_FORMED
    yield from (guarded(each, exclusions) for each in origins.expressions)


def _portions(origins: Iterable[str]) -> Iterator[list[str]]:
    """Yield origins by as many as one expression holds; sorted, so that a request can match one portion only."""
    portion: list[str] = []
    size = 0
    for origin in origins:
        if size > _MOST:
            yield portion
            portion, size = [], 0
        portion.append(origin)
        size += len(origin)
    if portion:
        yield portion


# Who, and what for


def _who(site: Site) -> Iterator[str]:
    if site.enforces:
        yield _matching(guarded("https?://.*", ILL_FORMED), "CORS_BY_NAME")
        yield _set(r"tolower(req_novary('Host')) =~ m'\A(.*?)(?::80|:443)?\z'", "CORS_HOST", "$1")
        same = " || ".join(
            f"req_novary('Origin') == '{scheme}://' . {host}"
            for scheme in ("http", "https")
            for host in ("req_novary('Host')", "reqenv('CORS_HOST')")
        )
        by_name = f"-z req_novary('Sec-Fetch-Site') && reqenv('CORS_BY_NAME') == '1' && ({same})"
        stranger = "reqenv('CORS_WHO') == 'stranger'"
        yield _set(f"{stranger} && {by_name}", "CORS_WHO", "own")
        yield _set(f"{stranger} && req_novary('Sec-Fetch-Site') in {{'same-origin', 'none'}}", "CORS_WHO", "own")
    yield _set("true", "CORS_KIND", "actual")
    asked = "-n req_novary('Origin') && -n req_novary('Access-Control-Request-Method')"
    yield _set(f"%{{REQUEST_METHOD}} == 'OPTIONS' && {asked}", "CORS_KIND", "preflight")


# What is said


def _said(variable: str, said: Said, removed: Iterable[str]) -> Iterator[str]:
    if not said.status:
        # Headers of the application are in Apache's table "onsuccess", those that are set here in "always".
        yield from (f"Header onsuccess unset {name} env={variable}" for name in removed)
    for name, value in said.headers:
        text = "expr=%{req_novary:Origin}" if value == ORIGIN else value.replace("%", "%%")
        yield f"Header always set {name} {_quoted(text)} env={variable}"
    if said.vary:
        yield f"Header always merge Vary {_quoted(said.vary.replace('%', '%%'))} env={variable}"
    if said.status:
        yield f"RewriteCond expr \"reqenv('{variable}') == '1'\""
        yield f"RewriteRule ^ - [R={said.status},L]"


# The form


def _set(condition: str, variable: str, value: str) -> str:
    return f"SetEnvIfExpr {_quoted(condition)} {variable}={value}"


def _matching(expression: str, variable: str) -> str:
    whole = _quoted(rf"\A(?:{expression})\z")
    return f"SetEnvIf Origin {whole} {variable}=1"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (line and f"    {line}" for line in lines)


def _quoted(text: str) -> str:
    """Quote a text as one word of the configuration."""
    assert re.fullmatch("[ -~]*", text), "expressions and values are written in printable ASCII"
    assert "${" not in text, "Apache would put in a variable"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
