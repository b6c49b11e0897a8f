"""Policies, compiled by ``protocol``, as plain values: what the configuration of every server has to express."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.export.translation import portable
from corswsgi.headers import ALLOW_TIMING, Header, Headers
from corswsgi.origins import OriginPattern
from corswsgi.policy import Policy
from corswsgi.protocol import rules_of
from corswsgi.routes import Routes

Policies = Policy | Mapping[str, Policy | None]

#: As the value of a header: the requesting origin. No real value is equal, because no name or origin contains ``<``.
ORIGIN = "<origin>"

#: The headers to remove from responses of the application. Servers that can, remove everything that begins with
#: ``Access-Control-``; browsers read no others.
ACCESS_CONTROL = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Allow-Private-Network",
)

_OF_A_BODY = ("Content-Type", "Content-Length")


class Said(NamedTuple):
    """What the server says in one situation.

    :ivar headers: the headers to set, without ``Vary``; the value :data:`ORIGIN` stands for the requesting origin.
    :ivar vary: the names to add to ``Vary``; empty for none.
    :ivar status: the status of an answer that the server gives itself, or 0 if the application answers.
    :ivar body: the body of such an answer; one line of ASCII text, without its line break.
    """

    headers: Headers
    vary: str
    status: int = 0
    body: str = ""


class Origins(NamedTuple):
    """The origins that a policy allows.

    :ivar everyone: whether every origin is, malformed ones too; the rest is empty then.
    :ivar exact: whole origins, ``null`` perhaps among them, sorted; case-sensitive.
    :ivar patterns: the entries with a ``*``; :func:`corswsgi.export.expressions.of_pattern` gives their expressions.
    :ivar expressions: not anchored, each for a whole origin that is well-formed
        (:data:`corswsgi.export.expressions.WELL_FORMED` and what stands below it).
    :ivar secure: whether ``expressions`` allow no insecure origin (:data:`corswsgi.export.expressions.INSECURE`).
    """

    everyone: bool = False
    exact: tuple[str, ...] = ()
    patterns: tuple[OriginPattern, ...] = ()
    expressions: tuple[str, ...] = ()
    secure: bool = False


class Statement(NamedTuple):
    """One policy: which origins it allows, and what is said in each situation.

    A preflight is ``OPTIONS`` with ``Origin`` and ``Access-Control-Request-Method``; it never gets further than here.

    :ivar granted: the answer to a preflight from an allowed origin.
    :ivar refused: the answer to any other preflight.
    :ivar allowed: for responses to other requests from an allowed origin.
    :ivar otherwise: for responses to requests from another origin, or without one.
    :ivar enforced: in place of ``otherwise``, the answer to requests with an ``Origin`` that is not allowed, except
        those of the server's own pages: requests with ``Sec-Fetch-Site: same-origin`` or ``none``, or without that
        header and with an ``Origin`` that names the server as ``Host`` does
        (:func:`corswsgi.protocol.is_same_origin`). ``None`` if nothing is enforced.
    :ivar has_timing: whether ``Timing-Allow-Origin`` of the application is removed as well.
    """

    origins: Origins
    granted: Said
    refused: Said
    allowed: Said
    otherwise: Said
    enforced: Said | None
    has_timing: bool

    @property
    def removed(self) -> tuple[str, ...]:
        """The headers to remove from responses of the application."""
        return (*ACCESS_CONTROL, ALLOW_TIMING) if self.has_timing else ACCESS_CONTROL


class Rule(NamedTuple):
    """What governs a path and everything below it.

    :ivar path: with a slash before each segment and none at its end, in bytes, percent-decoded.
    :ivar statement: its index in :attr:`Site.statements`, or ``None``: requests and responses pass untouched.
    """

    path: bytes
    statement: int | None


class Site(NamedTuple):
    """Everything that a server has to say.

    :ivar statements: the different policies, each once.
    :ivar rules: the paths that have a rule of their own, those with more segments first; the first that covers a path
        governs it.
    :ivar elsewhere: the statement that governs all other paths, or ``None``.
    :ivar unclear: the statement that governs paths that servers read in different ways, or ``None``
        (:data:`corswsgi.export.paths.UNCLEAR`). Without rules, as for one policy, it is :attr:`elsewhere`.
    """

    statements: tuple[Statement, ...]
    rules: tuple[Rule, ...]
    elsewhere: int | None
    unclear: int | None

    @property
    def enforces(self) -> bool:
        """Whether any statement refuses requests of origins that are not allowed."""
        return any(statement.enforced for statement in self.statements)


#: Who asks. The server's own pages are told from strangers only if a policy enforces.
WHO = ("allowed", "stranger", "nobody", "own")


def situations(site: Site) -> Iterator[tuple[str, Said]]:
    """Yield each case and what is said in it. The name of a case: preflight or actual, the statement, and who asks."""
    for number in range(len(site.statements)):
        yield from _situations_of(site, number)


def cases_by_said(site: Site, number: int) -> dict[Said, list[str]]:
    """Return the different things that a statement says, each with the cases in which it is said."""
    cases: dict[Said, list[str]] = {}
    for case, said in _situations_of(site, number):
        cases.setdefault(said, []).append(case)
    return cases


def _situations_of(site: Site, number: int) -> Iterator[tuple[str, Said]]:
    statement = site.statements[number]
    for who in WHO[:1] if statement.origins.everyone else WHO if site.enforces else WHO[:3]:
        if who != "nobody":
            yield f"preflight {number} {who}", statement.granted if who == "allowed" else statement.refused
        yield f"actual {number} {who}", _with_a_response(statement, who)


def _with_a_response(statement: Statement, who: str) -> Said:
    if who == "allowed":
        return statement.allowed
    return statement.enforced if who == "stranger" and statement.enforced else statement.otherwise


def number_of(statement: int | None) -> str:
    """Return what stands for a statement in the name of a case; ``none`` if requests pass untouched."""
    return "none" if statement is None else str(statement)


def enforcing(site: Site) -> str:
    """Return what the comment at the top of a configuration adds if the site refuses requests."""
    return " and refuses origins that are not allowed" if site.enforces else ""


def site_of(policies: Policies, server: str) -> Site:
    """Return what ``server`` has to say.

    :raises PolicyError: with every fault of a mapping, and every option that the server cannot express.
    """
    by_path = policies if isinstance(policies, Mapping) else {"/": policies}
    routes = Routes(by_path)
    problems = [
        problem
        for path, policy in by_path.items()
        if policy is not None
        for problem in _unsayable(policy, server, path if policies is by_path else "")
    ]
    if problems:
        raise PolicyError(problems)
    governing = dict(routes.most_specific_first)
    elsewhere = governing.pop("", None)
    places: dict[Policy, int] = {}
    for policy in (elsewhere, routes.unclear, *governing.values()):
        if policy is not None:
            places.setdefault(policy, len(places))
    return Site(
        tuple(map(_statement_of, places)),
        tuple(Rule(path.encode("latin-1"), _place(policy, places)) for path, policy in governing.items()),
        _place(elsewhere, places),
        _place(routes.unclear, places),
    )


def _place(policy: Policy | None, places: Mapping[Policy, int]) -> int | None:
    return None if policy is None else places[policy]


def _unsayable(policy: Policy, server: str, path: str) -> Iterator[Problem]:
    """Yield a problem for each option that the server cannot express."""
    where = f" under {quote(path)}" if path else ""
    instead = f"let CORSMiddleware, behind {server}, answer{where}"
    if callable(policy.allow_origins):
        message = f"{server} cannot call {quote(policy.allow_origins)}; list the origins, or {instead}"
        yield Problem(Fault.SERVER_CANNOT, "allow_origins", policy.allow_origins, message)
    for regex in policy.matcher.regexes if policy.matcher else ():
        try:
            portable(regex)
        except ValueError as error:
            message = (
                f"{server} reads {quote(regex.pattern)} in another way than Python: {error}; write it with characters, "
                f"sets, groups, | and repetitions only, or as patterns such as https://*.example.com, or {instead}"
            )
            yield Problem(Fault.SERVER_CANNOT, "allow_origins", regex, message)
    if not rules_of(policy).grant_of(ORIGIN).preflight:
        for option in ("allow_methods", "allow_headers"):
            if "*" in policy.kept[option]:
                message = (
                    f'with credentials, "*" is answered with the names that a preflight asks for, and {server} cannot '
                    f"check them; list the names, or {instead}"
                )
                yield Problem(Fault.SERVER_CANNOT, option, policy.kept[option], message)


def _statement_of(policy: Policy) -> Statement:
    rules = rules_of(policy)
    # A header that is the same on every response names the one origin itself.
    constant = dict(rules.otherwise).get("Access-Control-Allow-Origin")
    grant = rules.grant_of(constant or ORIGIN)
    assert grant.preflight is not None, "an echo is refused earlier"
    refusal, refused = rules.refusal, rules.refused_preflight
    return Statement(
        _origins_of(policy),
        _said(grant.preflight, rules.granted_status),
        _said(refused.headers, refused.status, refused.body),
        _said(grant.headers),
        _said(rules.otherwise),
        _said(refusal.headers, refusal.status, refusal.body) if rules.enforce else None,
        rules.has_timing,
    )


def _origins_of(policy: Policy) -> Origins:
    matcher = policy.matcher
    if matcher is None:
        return Origins(everyone=True)
    return Origins(
        exact=tuple(sorted(matcher.exact)),
        patterns=tuple(matcher.patterns),
        expressions=tuple(map(portable, matcher.regexes)),
        secure=matcher.secure_regexes,
    )


def _said(headers: Headers | list[Header], status: str = "0", body: bytes = b"") -> Said:
    return Said(
        tuple(pair for pair in headers if pair[0] not in ("Vary", *_OF_A_BODY)),
        dict(headers).get("Vary", ""),
        int(status[:3]),
        body.decode("ascii").rstrip("\n"),
    )
