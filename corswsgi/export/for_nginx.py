"""Statements as configuration of nginx: look-ups by ``map``, headers by ``add_header ... always``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from corswsgi.export.configuration import Configuration, Server
from corswsgi.export.expressions import ILL_FORMED, INSECURE, guarded, of_pattern
from corswsgi.export.paths import UNCLEAR, covered
from corswsgi.export.place import Place
from corswsgi.export.statements import ACCESS_CONTROL, ORIGIN, Origins, Site, enforcing, number_of, situations
from corswsgi.headers import ALLOW_TIMING

#: Stands for "$" in values, because nginx cannot escape it.
_DOLLAR = "${cors_dollar}"

_HEAD = """\
# CORS for nginx {versions}, written by corswsgi. To change it, change the policy and export it again.
#
# Where to put it: the whole file at the level of http, as /etc/nginx/conf.d/cors.conf, which nginx.conf includes.
# If you have a server already, put into it what is between "begin" and "end" below, before any other "return",
# "rewrite" or "if", and leave out the server of this file. Then: nginx -t && nginx -s reload.
#
# What it does: it answers preflights{enforcing}, and puts the headers of the policy
# on every response, including those that nginx makes itself (404, 413, 502, 504). The Access-Control-* headers of
# the application behind it are removed; its Vary stays.
#
# A location with an add_header of its own loses all of these (nginx inherits them together or not at all), and one
# with a proxy_hide_header of its own loses those: repeat them in it. With uwsgi_pass or fastcgi_pass, write
# uwsgi_hide_header or fastcgi_hide_header instead of proxy_hide_header.
"""


def write(site: Site, place: Place, file: str) -> Configuration:
    """Return the configuration; see :class:`~corswsgi.export.configuration.Server`."""
    return Configuration("\n".join([*_Writer(site).lines(place), ""]))


NGINX = Server("nginx", "1.18 and later", write)


class _Map:
    """The directive ``map``: from a source to a variable, by whole strings and by expressions.

    :ivar exact: from a source, which nginx compares without regard to case, to the value.
    :ivar expressions: from an expression to the value, in the order in which nginx tries them.
    """

    def __init__(self, source: str, variable: str, default: str = "") -> None:
        self.source = source
        self.variable = variable
        self.default = default
        self.exact: dict[str, str] = {}
        self.expressions: dict[str, str] = {}

    def lines(self) -> Iterator[str]:
        yield f"map {_quoted(self.source)} ${self.variable} {{"
        yield f"    default {_quoted(self.default)};"
        for key, value in (*self.exact.items(), *self.expressions.items()):
            yield f"    {_quoted(key)} {_quoted(value)};"
        yield "}"


class _Writer:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._has_timing = any(statement.has_timing for statement in site.statements)
        self._governing = {rule.statement for rule in site.rules} | {site.elsewhere, site.unclear}
        self._case = "$cors_kind $cors_rule $cors_who"

    def lines(self, place: Place) -> Iterator[str]:
        groups = [*self._groups()]
        maps = [each for _, group in groups for each in group]
        yield from _HEAD.format(versions=NGINX.versions, enforcing=enforcing(self._site)).splitlines()
        yield from _sizes(maps)
        if any(_DOLLAR in value for each in maps for value in each.exact.values()):
            yield ""
            yield "# A dollar sign, which no value can hold otherwise."
            yield 'geo $cors_dollar { default "$"; }'
        for comment, group in groups:
            yield ""
            yield f"# {comment}"
            for each in group:
                yield from each.lines()
        yield ""
        yield from _server(place, self._inside([each.variable for each in maps]))

    def _groups(self) -> Iterator[tuple[str, list[_Map]]]:
        yield (
            "Which policy governs the path. A path that servers read in different ways has one of its own.",
            [*self._paths()],
        )
        yield (
            "Whether the origin is allowed. Origins are compared letter by letter; map itself would ignore case.",
            [*self._origins()],
        )
        yield "Who asks, and whether it is a preflight.", [*self._who()]
        yield "What is answered here, and what is said with it.", [*self._answers()]
        yield "The headers of responses.", [*self._headers()]

    # The path

    def _paths(self) -> Iterator[_Map]:
        site = self._site
        if not site.rules:
            yield _Map("$uri", "cors_rule", number_of(site.elsewhere))
            return
        rule = _Map("$uri", "cors_rule_of_path", number_of(site.elsewhere))
        rule.expressions = {f"~\\A{covered(each.path)}": number_of(each.statement) for each in site.rules}
        yield rule
        clear = _Map("$request_uri", "cors_rule", "$cors_rule_of_path")
        clear.exact = {"": number_of(site.unclear)}  # for a target that nginx itself cannot parse
        clear.expressions = {f"~*\\A{each}": number_of(site.unclear) for each in UNCLEAR}
        yield clear

    # The origin

    def _origins(self) -> Iterator[_Map]:
        lower = _Map("$http_origin", "cors_lower")
        lower.expressions = {r"~\A[^A-Z]+\z": "$http_origin"}
        yield lower
        chosen = _Map("$cors_rule", "cors_origin")
        variables: dict[Origins, str] = {}
        for number, statement in enumerate(self._site.statements):
            origins = statement.origins
            if origins.everyone:
                chosen.exact[str(number)] = "*"
                continue
            if origins not in variables:
                variables[origins] = f"cors_origin_{number}"
                yield _allowing(variables[origins], origins)
            chosen.exact[str(number)] = f"${variables[origins]}"
        yield chosen

    # Who, and what for

    def _who(self) -> Iterator[_Map]:
        if self._site.enforces:
            by_host = _Map("$http_origin $http_host", "cors_by_host", "stranger")
            by_host.expressions = {
                r"~\Ahttps?://(?:\[[0-9a-f:]+\]|[a-z0-9_.-]+):[1-9][0-9]* \S+\z": "$cors_by_port",
                r"~\Ahttps?://(?<cors_host>\[[0-9a-f:]+\]|[a-z0-9_.-]+) (?i:\k<cors_host>(?::80|:443)?)\z": "own",
            }
            by_port = _Map("$http_origin $http_host", "cors_by_port", "stranger")
            by_port.expressions = {r"~\Ahttps?://(?<cors_address>\S+) \k<cors_address>\z": "own"}
            by_site = _Map("$http_sec_fetch_site", "cors_stranger", "stranger")
            by_site.expressions = {r"~\A(?:same-origin|none)\z": "own"}
            by_site.exact = {"": "$cors_by_host"}
            yield from (by_port, by_host, by_site)
        other = _Map("$http_origin", "cors_other", "$cors_stranger" if self._site.enforces else "stranger")
        other.exact = {"": "nobody"}
        who = _Map("$cors_origin", "cors_who", "allowed")
        who.exact = {"": "$cors_other"}
        asking = _Map("$http_origin", "cors_asking", "$http_access_control_request_method")
        asking.exact = {"": ""}
        asked = _Map("$request_method", "cors_asked")
        asked.expressions = {r"~\AOPTIONS\z": "$cors_asking"}
        kind = _Map("$cors_asked", "cors_kind", "preflight")
        kind.exact = {"": "actual"}
        yield from (other, who, asking, asked, kind)

    # What is answered

    def _answers(self) -> Iterator[_Map]:
        status, reason = _Map(self._case, "cors_status"), _Map(self._case, "cors_reason")
        uncached = _Map(self._case, "cors_cache_control")
        for key, said in situations(self._site):
            if said.status:
                status.exact[key] = str(said.status)
            if said.body:
                reason.exact[key] = _value(said.body)
            if cache_control := dict(said.headers).get("Cache-Control"):
                uncached.exact[key] = _value(cache_control)
        yield status
        yield reason
        if uncached.exact:
            yield uncached

    def _headers(self) -> Iterator[_Map]:
        for name in (*ACCESS_CONTROL, *([ALLOW_TIMING] if self._has_timing else []), "Vary"):
            each = _Map(self._case, _variable(name))
            for key, said in situations(self._site):
                value = said.vary if name == "Vary" else dict(said.headers).get(name, "")
                if value:
                    each.exact[key] = "$cors_origin" if value == ORIGIN else _value(value)
            each.expressions = self._untouched(name)
            if each.exact or each.expressions:
                yield each

    def _untouched(self, name: str) -> dict[str, str]:
        """Return, for a header that is removed, the rules that restore the application's value."""
        if name == "Vary":
            return {}
        rules = ["none"] if None in self._governing else []
        if name == ALLOW_TIMING:
            rules += [str(number) for number, each in enumerate(self._site.statements) if not each.has_timing]
        return {f"~ {rule} ": f"$upstream_http_{name.lower().replace('-', '_')}" for rule in rules}

    # The server

    def _inside(self, variables: list[str]) -> Iterator[str]:
        statuses = {said.status: bool(said.body) for _, said in situations(self._site) if said.status}
        for status, has_reason in sorted(statuses.items()):
            body = ' "$cors_reason\\n"' if has_reason else "" if status == 204 else ' ""'
            yield f"if ($cors_status = {status}) {{ return {status}{body}; }}"
        names = [*ACCESS_CONTROL, ALLOW_TIMING, "Vary", "Cache-Control"]
        for name in names:
            if _variable(name) in variables:
                yield f"add_header {name} ${_variable(name)} always;"
        for name in (*ACCESS_CONTROL, *([ALLOW_TIMING] if self._has_timing else [])):
            yield f"proxy_hide_header {name};"


def _allowing(variable: str, origins: Origins) -> _Map:
    """Return the map from an origin to itself, if it is allowed."""
    found = _Map("$cors_lower", variable)
    found.exact = dict.fromkeys(origins.exact, "$http_origin")
    exclusions = (*ILL_FORMED, INSECURE) if origins.secure else ILL_FORMED
    expressions = (*map(of_pattern, origins.patterns), *(guarded(each, exclusions) for each in origins.expressions))
    found.expressions = {rf"~\A(?:{each})\z": "$http_origin" for each in expressions}
    return found


def _server(place: Place, inside: Iterable[str]) -> Iterator[str]:
    yield "server {"
    yield f"    listen {place.listen};"
    yield "    server_name _;  # the names of your site"
    yield ""
    yield "    # begin"
    yield from (f"    {line}" for line in inside)
    yield "    # end"
    yield ""
    yield "    location / {"
    if place.upstream:
        yield f"        proxy_pass {place.upstream};"
        yield "        proxy_set_header Host $http_host;"
        yield "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        yield "        proxy_set_header X-Forwarded-Proto $scheme;"
        if place.upstream.startswith("https:"):
            yield "        proxy_ssl_server_name on;"
    else:
        yield f"        root {_quoted(place.root)};"
    yield "    }"
    yield "}"


def _sizes(maps: list[_Map]) -> Iterator[str]:
    """Yield the sizes of hash tables for many or long strings; with smaller ones nginx refuses or warns."""
    longest = max(len(key) for each in maps for key in each.exact)
    most = max(len(each.exact) for each in maps)
    sizes = []
    if most > _FEW or longest > _SHORT:
        sizes += [
            f"map_hash_max_size {_power_of_two(max(4 * most, 2048))};",
            f"map_hash_bucket_size {_power_of_two(max(8 * (longest + 18), 512))};",
        ]
    if len(maps) > _FEW_MAPS:
        sizes += [
            f"variables_hash_max_size {_power_of_two(max(8 * len(maps), 2048))};",
            "variables_hash_bucket_size 512;",
        ]
    if sizes:
        yield ""
        yield "# For as many strings, and as long ones, as stand below. nginx takes each of these once: if nginx.conf"
        yield "# has it, write the larger value there, and leave the line out here."
        yield from sizes


#: Strings, characters of a string, and maps for which the default sizes of nginx are enough.
_FEW, _SHORT, _FEW_MAPS = 24, 40, 32


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


def _variable(header: str) -> str:
    return f"cors_{header.lower().replace('-', '_').removeprefix('access_control_')}"


def _value(text: str) -> str:
    """Return a text with nothing that nginx takes for a variable."""
    return text.replace("$", _DOLLAR)


def _quoted(text: str) -> str:
    """Quote a text as one word of the configuration."""
    assert re.fullmatch("[ -~]*", text), "expressions and values are written in printable ASCII"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
