"""Statements as configuration of Caddy: look-ups by ``map``, headers by ``header``, which also stand on errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.export.configuration import Configuration, Server
from corswsgi.export.expressions import ILL_FORMED, INSECURE, WELL_FORMED, any_of, characters, of_pattern
from corswsgi.export.paths import UNCLEAR
from corswsgi.export.place import Place
from corswsgi.export.statements import ORIGIN, Origins, Said, Site, Statement, cases_by_said, enforcing, number_of
from corswsgi.headers import ALLOW_TIMING

_ORIGIN = "{http.request.header.Origin}"
#: Flags that say whether an origin may be matched by expressions; "1" each if it may.
_FORM = "{cors_form},{cors_number},"
#: What Caddy's expressions see for a byte that is not UTF-8, so they cannot tell such paths apart.
_REPLACEMENT = "\ufffd"

_HEAD = """\
# CORS for Caddy {versions}, written by corswsgi. To change it, change the policy and export it again.
#
# Where to put it: the whole file as /etc/caddy/Caddyfile, or in a file of its own that the Caddyfile names in a line
# "import /etc/caddy/cors.caddyfile". Write the names of your site for "http://:PORT"; Caddy then gets certificates.
# If you have a site already, leave out the site of this file, and put this in yours, around everything that answers:
#
#     route {{
#         import cors
#         ...
#     }}
#
# Inside "route", directives run in the order in which they are written. Then: caddy validate && caddy reload.
#
# What it does: it answers preflights{enforcing}, and puts the headers of the policy
# on every response, including those that Caddy makes itself (404, 413, 502, 504). The Access-Control-* headers of
# the application behind it are removed; its Vary stays.
#
# If your site has "handle_errors", do not set CORS headers in it: they are already set.
"""


def write(site: Site, place: Place, file: str) -> Configuration:
    """Return the configuration; see :class:`~corswsgi.export.configuration.Server`.

    :raises PolicyError: if Caddy cannot tell a path from others.
    """
    problems = [*_unsayable(site)]
    if problems:
        raise PolicyError(problems)
    return Configuration("\n".join([*_lines(site, place), ""]))


CADDY = Server("Caddy", "2.6 and later", write)


def _unsayable(site: Site) -> Iterator[Problem]:
    for rule in site.rules:
        if _REPLACEMENT in rule.path.decode("utf-8", "replace"):
            message = (
                f"Caddy cannot tell the path {quote(rule.path)} from others that are not UTF-8; give it a path that "
                "is, or let CORSMiddleware, behind Caddy, answer"
            )
            yield Problem(Fault.SERVER_CANNOT, "path", rule.path, message)


def _lines(site: Site, place: Place) -> Iterator[str]:
    yield from _HEAD.format(versions=CADDY.versions, enforcing=enforcing(site)).splitlines()
    yield "(cors) {"
    yield from _indented(_snippet(site))
    yield "}"
    yield ""
    yield f"http://:{place.port} {{"
    if place.address:
        yield f"\tbind {place.address.strip('[]')}"
    yield "\troute {"
    yield "\t\timport cors"
    if place.upstream:
        yield f"\t\treverse_proxy {place.upstream}"
    else:
        yield f"\t\troot * {_quoted(place.root)}"
        yield "\t\tfile_server"
    yield "\t}"
    yield "}"


def _snippet(site: Site) -> Iterator[str]:
    yield "# Which policy governs the path. A path that servers read in different ways has one of its own."
    yield from _paths(site)
    yield ""
    yield "# Whether the origin is allowed."
    yield from _origins(site.statements)
    yield ""
    yield "# Who asks, and whether it is a preflight. Headers count if they are there, even if they are empty."
    yield from _who(site.enforces)
    yield ""
    yield "# The headers of responses, and what is answered here. With responses from behind they are set twice: first,"
    yield "# for errors of Caddy itself; then, when the response is there, in place of its own."
    for number, statement in enumerate(site.statements):
        for name, (said, cases) in enumerate(cases_by_said(site, number).items()):
            matcher = f"@cors_{number}_{name}"
            yield f"{matcher} vars {{http.vars.cors_case}} {' '.join(map(_quoted, cases))}"
            yield from _said(matcher, said, statement.has_timing)


# The path


def _paths(site: Site) -> Iterator[str]:
    unclear = {f"(?i)\\A{each}": number_of(site.unclear) for each in UNCLEAR} if site.rules else {}
    governing = {f"\\A{_covered(rule.path)}": number_of(rule.statement) for rule in site.rules}
    yield from _map("{http.request.uri.path}", "cors_rule_of_path", number_of(site.elsewhere), expressions=governing)
    yield from _map("{http.request.uri}", "cors_rule", "{cors_rule_of_path}", expressions=unclear)


def _covered(path: bytes) -> str:
    """Return the expression, for the beginning of a decoded path in characters, of ``path`` and all below it."""
    return rf"{characters(path.decode())}(?:/|\z)"


# The origin


def _origins(statements: Iterable[Statement]) -> Iterator[str]:
    chosen: dict[str, str] = {}
    written: dict[Origins, str] = {}
    # Expressions of RE2 cannot look ahead; so each condition is one look-up, and what is asked last sees what they say.
    yield from _map(
        _ORIGIN,
        "cors_form",
        expressions={
            **{rf"\A(?:{each.never})\z": "" for each in ILL_FORMED if not each.unless},
            rf"\A(?:{WELL_FORMED})\z": "1",
        },
    )
    (number,) = (each for each in ILL_FORMED if each.unless)
    for variable, exclusion in (("cors_number", number), ("cors_secure", INSECURE)):
        expressions = {rf"\A(?:{exclusion.unless})\z": "1", rf"\A(?:{exclusion.never})\z": ""}
        yield from _map(_ORIGIN, variable, "1", expressions=expressions)
    for place, statement in enumerate(statements):
        if statement.origins.everyone:
            chosen[str(place)] = "allowed"
            continue
        if statement.origins not in written:
            written[statement.origins] = f"cors_origin_{place}"
            yield from _allowing(written[statement.origins], statement.origins)
        chosen[str(place)] = f"{{{written[statement.origins]}}}"
    yield from _map("{cors_rule}", "cors_origin", exact=chosen)


def _allowing(variable: str, origins: Origins) -> Iterator[str]:
    """Yield the map from an origin to "allowed", if it is.

    ``map`` asks about one string after another; an expression in which all exact origins share their beginnings takes
    as many steps as the origin that asks has characters.
    """
    expressions: dict[str, str] = {}
    if origins.exact:
        expressions[rf"\A{any_of(origins.exact)}\z"] = "allowed"
    if origins.patterns:
        expressions[r"\A[^:]+://(?:[^:]{255}|[^:]{253}[^:.](?::|\z))"] = ""  # no host is so long
        expressions |= {rf"\A(?:{of_pattern(each, lookahead=False)})\z": "allowed" for each in origins.patterns}
    if not origins.expressions:
        yield from _map(_ORIGIN, variable, expressions=expressions)
        return
    flags, wanted = (_FORM + "{cors_secure},", "1,1,1,") if origins.secure else (_FORM, "1,1,")
    asked = {rf"\A{wanted}(?:{each})\z": "allowed" for each in origins.expressions}
    yield from _map(f"{flags}{_ORIGIN}", f"{variable}_by_expression", expressions=asked)
    yield from _map(_ORIGIN, variable, f"{{{variable}_by_expression}}", expressions=expressions)


# Who, and what for


def _who(enforces: bool) -> Iterator[str]:
    other = "stranger"
    if enforces:
        other = "{cors_stranger}"
        yield from _own()
    yield "@cors_origin header Origin *"
    yield "vars @cors_origin cors_asking 1"
    yield from _map("{http.vars.cors_asking}", "cors_other", "nobody", exact={"1": other})
    yield from _map("{cors_origin}", "cors_who", "{cors_other}", exact={"allowed": "allowed"})
    yield "vars cors_kind actual"
    yield "@cors_preflight {"
    yield "\tmethod OPTIONS"
    yield "\theader Origin *"
    yield "\theader Access-Control-Request-Method *"
    yield "}"
    yield "vars @cors_preflight cors_kind preflight"
    yield 'vars cors_case "{http.vars.cors_kind} {cors_rule} {cors_who}"'


def _own() -> Iterator[str]:
    """Yield how the server's own pages are told from those of others."""
    yield from _map("{http.request.hostport}", "cors_host", expressions={r"\A(.*?)(?::80|:443)?\z": "${1}"})
    yield "@cors_host {"
    yield "\texpression \"{cors_form} == '1' && {cors_number} == '1'\""
    whole = "{http.request.hostport}"
    same = " || ".join(
        f"{_ORIGIN} == {each}"
        for scheme in ("http", "https")
        for each in (f"'{scheme}://' + {whole}", f"'{scheme}://' + {{cors_host}}.lowerAscii()")
    )
    yield f'\texpression "{same}"'
    yield "}"
    yield "vars @cors_host cors_by_host own"
    yield "@cors_site header Sec-Fetch-Site *"
    yield "vars @cors_site cors_by_site 1"
    yield from _map(
        "{http.vars.cors_by_site}{http.vars.cors_by_host} {http.request.header.Sec-Fetch-Site}",
        "cors_stranger",
        "stranger",
        expressions={r"\A(?:own |1(?:own)? (?:same-origin|none)\z)": "own"},
    )


# What is said


def _said(matcher: str, said: Said, has_timing: bool) -> Iterator[str]:
    lines = [f"{name} {_ORIGIN if value == ORIGIN else _quoted(value)}" for name, value in said.headers]
    if not said.status:
        if lines:
            yield from _block(f"header {matcher}", [*lines, "defer"])
        yield from _block(f"header {matcher}", ["-Access-Control-*", *([f"-{ALLOW_TIMING}"] if has_timing else [])])
    if said.vary:
        lines.append(f"+Vary {_quoted(said.vary)}")
    if lines:
        yield from _block(f"header {matcher}", lines)
    if said.status:
        yield (
            f"respond {matcher} {_quoted(said.body)} {said.status}" if said.body else f"respond {matcher} {said.status}"
        )


# The form


def _map(
    source: str,
    variable: str,
    default: str = "",
    *,
    exact: dict[str, str] | None = None,
    expressions: dict[str, str] | None = None,
) -> list[str]:
    """Return the directive ``map``: from a source to a variable, by whole strings or else by expressions."""
    pairs = [*(exact or {}).items(), *((f"~{each}", value) for each, value in (expressions or {}).items())]
    lines = [f"{_quoted(key)} {_quoted(value)}" for key, value in pairs]
    return _block(f"map {_quoted(source)} {{{variable}}}", [*lines, f"default {_quoted(default)}"])


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *_indented(lines), "}"]


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (line and f"\t{line}" for line in lines)


def _quoted(text: str) -> str:
    """Quote a text as one word of the configuration.

    In quotation marks a backslash stands for itself, except before a quotation mark; and Caddy puts in a variable of
    its environment for what begins with ``{$``.
    """
    assert re.fullmatch(r"(?:[ !#-\[\]-~]|\\[ !#-~])*", text), "values and expressions hold no quotation marks"
    assert "{$" not in text, "braces are ours only"
    return f'"{text}"'
