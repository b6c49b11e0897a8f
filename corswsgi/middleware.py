"""CORSMiddleware: a policy in front of any WSGI application; ``protocol`` makes the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from logging import INFO
from traceback import walk_stack
from typing import TYPE_CHECKING, Any, Self

import webob

from corswsgi.asgi import is_asgi
from corswsgi.asking import ReadableRequest
from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.headers import ORDINARY_HEADERS, RULED_INITIALS, Header
from corswsgi.options import complain_of_callable, flag
from corswsgi.policy import OPTIONS, Policy, unknown_option
from corswsgi.protocol import Answer, Grant, Rules, rules_of
from corswsgi.refusals import RefusalLog, is_logged, logger
from corswsgi.routes import PolicyByPath, Routes

if TYPE_CHECKING:
    from os import PathLike

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Chooses the policy of a request, or ``None`` for a request without one.
PolicyChooser = Callable[[webob.Request], Policy | None]

#: Keys of the environ that ask for exceptions to propagate.
_THROWING = ("paste.throw_errors", "x-wsgiorg.throw_errors", "werkzeug.debug.preserve_context")
#: The modules of the debugger and the test client of Werkzeug and Flask.
_DEVELOPERS_TOOLS = ("werkzeug.debug", "werkzeug.test")

#: What to do if this class is in MIDDLEWARE, or is expected to read the settings of Django.
_MEANT_FOR_DJANGO = (
    "a policy must say which origins it allows; list them, or write the policy as CORSWSGI in the settings of Django, "
    'and "corswsgi.django.CORSMiddleware" in MIDDLEWARE'
)

#: The arguments of CORSMiddleware that are not options of a policy.
_OWN_OPTIONS = ("readable_errors",)


class CORSMiddleware:
    """A WSGI application that answers preflights for another one, and adds a policy's headers to its other responses.

    The wrapped application never sees a preflight (fetch#cors-preflight-request). Its iterable is returned as it is.

    :ivar app: the wrapped application.
    :ivar readable_errors: as it was given; like :attr:`app` it does not change.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Policy | Mapping[str, Policy | None] | PolicyByPath | PolicyChooser | None = None,
        *,
        readable_errors: bool = True,
        **options: Any,
    ) -> None:
        """Wrap ``app``.

        :param policy: a :class:`~corswsgi.policy.Policy`; or a mapping from paths to policies, in which the path
            with the most segments governs; or the policies of a file that is followed
            (``corswsgi.settings.follow``); or a callable that gets a :class:`webob.Request` and returns a
            policy or ``None``. If no policy governs, requests and responses pass untouched. If a mapping leaves open
            which policy governs, no other origin is allowed (:class:`~corswsgi.routes.Routes`). What is not UTF-8 in
            the path and the query of the request arrives at the callable as U+FFFD.
        :param readable_errors: answer an exception of ``app``, on a request from an allowed origin, with a 500
            that the page can read, and log it; if false, or for a debugger or a test client
            (:func:`wants_exceptions`), it propagates.
        :param options: the options of a :class:`~corswsgi.policy.Policy`, in place of ``policy``.
        :raises PolicyError: with every fault of the policy.
        :raises TypeError: if ``app`` is not a WSGI application.
        """
        problems: list[Problem] = []
        flag("readable_errors", readable_errors, problems)
        if policy is not None:
            problems += _complain_of_both(options)
        self._app = app
        self._readable_errors = readable_errors
        self._refusals = RefusalLog()
        if policy is None and not options and _is_of_django(app):
            raise PolicyError([Problem(Fault.MISSING_OPTION, "allow_origins", None, _MEANT_FOR_DJANGO)])
        try:
            self.policy = Policy.from_options(options, beside=_OWN_OPTIONS) if policy is None else policy
        except PolicyError as error:
            problems += error.problems
        if problems:
            raise PolicyError(problems)
        if not callable(app):
            raise TypeError(f"the first argument of CORSMiddleware must be a WSGI application, not {quote(app)}")
        if is_asgi(app):
            raise TypeError(
                f"{quote(app)} is an ASGI application, and CORSMiddleware wraps WSGI applications. Use the CORS "
                'middleware of its framework, which for Django is "corswsgi.django.CORSMiddleware"; or make it a WSGI '
                "application with the package a2wsgi: CORSMiddleware(ASGIMiddleware(app), ...)"
            )

    @classmethod
    def from_file(
        cls, app: WSGIApplication, file: str | PathLike[str], *, reload: bool = False, readable_errors: bool = True
    ) -> Self:
        """Wrap ``app`` under the policy, or the policies by path, of a TOML or INI file.

        :param reload: whether changes to the file take effect without a restart, within two seconds. Each process looks
            at the file when a request comes, at most once a second. If the file is faulty or gone, the last policy
            stays in force, and the logger ``corswsgi`` gets one error with every fault.
        :param readable_errors: as in :class:`corswsgi.CORSMiddleware`.
        :raises PolicyError: with every fault of the file, each with its line.
        """
        from corswsgi.settings import follow, read_file  # what reads files takes long to load

        return cls(app, follow(file) if reload else read_file(file), readable_errors=readable_errors)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        # The hot path: everything is written out in place, because each call costs time. benchmarks/ compares it with
        # headers written by hand.
        rules = self._rules
        if rules is None and (rules := self._find(environ)) is None:
            return self._app(environ, start_response)
        # Everything is decided before the application runs, because it may change the environ.
        added = rules.otherwise
        started: list[str] | None = None  # the statuses, if an exception is to be made readable
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None:
            grant = rules.everyone or rules.known.get(origin)
            if grant is None and not rules.is_complete:
                grant = rules.grant(origin, partial(ReadableRequest, environ) if rules.predicate else None)
            # The same as protocol.is_preflight; see there.
            if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ and environ["REQUEST_METHOD"] == "OPTIONS":
                if is_logged(INFO):
                    self._log_preflight(rules, grant, environ)
                if grant is not None and grant.preflight is not None:
                    start_response(rules.granted_status, [*grant.preflight])
                    return []
                answer = rules.refused_preflight if grant is None else _preflight(rules, grant, environ)
                start_response(answer.status, [*answer.headers])
                return [answer.body] if answer.body else []
            if grant is not None:
                added = grant.headers
                if self._readable_errors:
                    started = []
            elif rules.enforce or (is_logged(INFO) and self._refusals.is_new(origin, rules.refusal.refusal)):
                refusal = rules.refuses(origin, environ.get("HTTP_HOST"), environ.get("HTTP_SEC_FETCH_SITE"))
                if refusal is not None:
                    self._refusals.note(origin, refusal.refusal, environ["REQUEST_METHOD"], _path(environ))
                    if rules.enforce:
                        start_response(refusal.status, [*refusal.headers])
                        return [refusal.body] if environ["REQUEST_METHOD"] != "HEAD" else []

        # The variables are passed as defaults of parameters: those of a closure would cost more.
        def start(
            status: str,
            headers: list[Header],
            exc_info: Any = None,
            respond: StartResponse = start_response,
            rules: Rules = rules,
            added: list[Header] = added,
            started: list[str] | None = started,
        ) -> Callable[[bytes], object]:
            if started is not None:
                started.append(status)
            try:
                decorated = headers + added
            except TypeError:  # a tuple, or a generator
                headers = list(headers)
                decorated = headers + added
            for name, _ in headers:
                if name not in ORDINARY_HEADERS and name[:1] in RULED_INITIALS:
                    decorated = rules.decorate(headers, added)
                    break
            if exc_info is None:
                return respond(status, decorated)
            try:
                return respond(status, decorated, exc_info)
            finally:
                exc_info = None  # PEP 3333: avoid a reference cycle through the traceback

        try:
            return self._app(environ, start)
        except Exception:
            if started is None or wants_exceptions(environ):
                raise
            return _answer_error(environ, start, bool(started))

    @property
    def app(self) -> WSGIApplication:
        return self._app

    @property
    def readable_errors(self) -> bool:
        return self._readable_errors

    @property
    def policy(self) -> Policy | Mapping[str, Policy | None] | PolicyByPath | PolicyChooser:
        """What was set: a policy, mapping or callable. A new one takes effect at once; a faulty one changes nothing."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy | Mapping[str, Policy | None] | PolicyByPath | PolicyChooser) -> None:
        # A request reads self._rules once, and self._find only if that is None, so it is answered either by the old
        # policy or by the new one.
        if isinstance(policy, Policy):
            self._rules: Rules | None = rules_of(policy)
        else:
            self._find = _finder(policy)
            self._rules = None
        self._policy = policy

    def _log_preflight(self, rules: Rules, grant: Grant | None, environ: WSGIEnvironment) -> None:
        origin = environ["HTTP_ORIGIN"]
        method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        reason = rules.objection(origin, grant, method, environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
        if reason:
            self._refusals.note(origin, reason, "OPTIONS", _path(environ))

    def __repr__(self) -> str:
        return f"<CORSMiddleware around {self._app!r}>"


def _is_of_django(app: object) -> bool:
    """Tell whether this is Django's own WSGI application, or what Django gives to the last class in MIDDLEWARE."""
    return str(getattr(app, "__module__", "")).startswith("django.")


def _finder(policy: object) -> Callable[[WSGIEnvironment], Rules | None]:
    """Return a function that finds the rules of a request; it returns ``None`` if no policy governs the request."""
    if isinstance(policy, Mapping):
        policy = Routes(policy)
    if isinstance(policy, PolicyByPath):
        policy_for = policy.policy_for

        def find_by_path(environ: WSGIEnvironment) -> Rules | None:
            found = policy_for(_path(environ))
            return None if found is None else rules_of(found)

        return find_by_path
    if callable(policy):
        if problems := list(complain_of_callable("policy", policy, "request")):
            raise PolicyError(problems)

        def find_by_choice(environ: WSGIEnvironment) -> Rules | None:
            chosen = _chosen(policy, environ)
            return None if chosen is None else rules_of(chosen)

        return find_by_choice
    message = (
        f"{quote(policy)} is neither a Policy, nor a mapping from paths to policies, nor a callable that chooses one; "
        "give origins as allow_origins=[...]"
    )
    raise PolicyError([Problem(Fault.WRONG_TYPE, "policy", policy, message)])


def _preflight(rules: Rules, grant: Grant | None, environ: WSGIEnvironment) -> Answer:
    method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
    return rules.preflight(environ["HTTP_ORIGIN"], grant, method, environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))


def _complain_of_both(options: Mapping[str, object]) -> Iterator[Problem]:
    """Yield a problem for each option that is given together with a policy."""
    message = "a policy is given as an object or as options, not as both; leave one of them out"
    for name, value in options.items():
        if name in OPTIONS:
            yield Problem(Fault.POLICY_AND_OPTIONS, name, value, message)
        else:
            yield unknown_option(name, value, _OWN_OPTIONS, options)


def _chosen(choose: PolicyChooser, environ: WSGIEnvironment) -> Policy | None:
    policy = choose(ReadableRequest(environ))
    if policy is None or isinstance(policy, Policy):
        return policy
    raise TypeError(f"the callable that chooses the policy returned {quote(policy)}; it must return a Policy or None")


def _path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path or "/"


def wants_exceptions(environ: WSGIEnvironment) -> bool:
    """Tell whether a debugger or a test client is in front, which shows exceptions better than any answer does.

    WebTest says so in the environ. Werkzeug's debugger does not always, and Flask's test client never does, so these
    two are looked for among the callers; no client can imitate that.
    """
    if any(map(environ.get, _THROWING)):
        return True
    return any(frame.f_globals.get("__name__") in _DEVELOPERS_TOOLS for frame, _ in walk_stack(None))


def _answer_error(environ: WSGIEnvironment, start: StartResponse, has_started: bool) -> Iterable[bytes]:
    """Answer the exception that is being handled.

    :param has_started: whether the application has called ``start``. Only then it must be called with the exception,
        which the server raises again if the headers have been sent (PEP 3333). Without a first call, WebOb and test
        clients would raise it.
    """
    logger.exception("the application raised on %s %s", quote(environ["REQUEST_METHOD"]), quote(_path(environ)))
    from webob.exc import HTTPInternalServerError  # takes long to load, and most programs never need it

    response = HTTPInternalServerError()
    if not has_started:
        return response(environ, start)
    return response(environ, lambda status, headers, _=None: start(status, headers, sys.exc_info()))
