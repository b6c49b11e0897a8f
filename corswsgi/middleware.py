"""CORSMiddleware: a policy in front of any WSGI application; answers are made in ``protocol``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import webob
from webob.exc import HTTPInternalServerError

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.policy import OPTIONS, Policy, check_flag, complain_of_callable, unknown_option
from corswsgi.protocol import ORIGIN_REFUSED, Answer, Rules, decorate, is_readable, is_same_origin, rules_of
from corswsgi.refusals import RefusalLog
from corswsgi.routes import Routes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Chooses the policy of a request, or ``None`` for a request without one.
PolicyChooser = Callable[[webob.Request], Policy | None]

#: The arguments of CORSMiddleware that are no options of a policy.
_OWN_OPTIONS = ("readable_errors",)

_logger = logging.getLogger("corswsgi")


class CORSMiddleware:
    """A WSGI application that answers preflights for another one, and puts a policy's headers on its other responses.

    The wrapped application never sees a preflight (fetch#cors-preflight-request). Its iterable is returned as it is.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Policy | Mapping[str, Policy | None] | PolicyChooser | None = None,
        *,
        readable_errors: bool = True,
        **options: Any,
    ) -> None:
        """Wrap ``app``.

        :param policy: a :class:`~corswsgi.policy.Policy`; or a mapping from paths to policies, of which the one
            with the most segments governs; or a callable that gets a :class:`webob.Request` and returns a
            policy or ``None``. Where no policy governs, requests and responses pass untouched.
        :param readable_errors: answer an exception of ``app``, on a request from an allowed origin, with a 500
            that the page can read, and log it; if false, or if the environ says ``paste.throw_errors`` or
            ``x-wsgiorg.throw_errors``, it propagates.
        :param options: the options of a :class:`~corswsgi.policy.Policy`, in place of ``policy``.
        :raises PolicyError: with every fault of the policy.
        """
        problems: list[Problem] = []
        check_flag("readable_errors", readable_errors, problems)
        if policy is not None:
            problems += _complain_of_both(options)
        try:
            state = _compile(Policy.from_options(options, beside=_OWN_OPTIONS) if policy is None else policy)
        except PolicyError as error:
            problems += error.problems
        if problems:
            raise PolicyError(problems)
        if not callable(app):
            raise TypeError(f"the first argument of CORSMiddleware is a WSGI application, and {quote(app)} is none")
        self.app = app
        self.readable_errors = readable_errors
        self._refusals = RefusalLog()
        self._state = state

    @property
    def policy(self) -> Policy | Mapping[str, Policy | None] | PolicyChooser:
        """What decides, as it was set. Setting it takes effect at once and whole; a faulty one changes nothing."""
        policy: Policy | Mapping[str, Policy | None] | PolicyChooser = self._state[0]
        return policy

    @policy.setter
    def policy(self, policy: Policy | Mapping[str, Policy | None] | PolicyChooser) -> None:
        self._state = _compile(policy)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # One read of the state: each response follows wholly the old policy or wholly the new one. All that
        # decides is read before the application runs, which may change the environ.
        _, rules, choose = self._state
        if choose is not None:
            rules = choose(environ)
        if rules is None:
            return self.app(environ, start_response)
        origin = environ.get("HTTP_ORIGIN")
        allowed = False
        if origin is not None:
            allowed = (
                rules.allows(origin) if rules.predicate is None else rules.asks(origin, lambda: webob.Request(environ))
            )
            # fetch#cors-preflight-request: exactly this method and these headers, each present, even if empty.
            if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
                method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
                answer = rules.preflight(origin, allowed, method, environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
                return self._answer(answer, origin, environ, start_response)
            # Whose request it is matters to enforce, and to the log, which wants each refusal only once.
            if (
                not allowed
                and (rules.enforce or self._refusals.is_new(origin, ORIGIN_REFUSED))
                and not is_same_origin(origin, environ.get("HTTP_HOST"), environ.get("HTTP_SEC_FETCH_SITE"))
            ):
                if rules.enforce:
                    return self._answer(rules.refusal, origin, environ, start_response)
                self._refusals.note(origin, ORIGIN_REFUSED, environ["REQUEST_METHOD"], _path(environ))
        cors = rules.response_headers(origin, allowed)
        started = False

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            nonlocal started
            started = True
            decorated = decorate(headers, cors)
            if exc_info is None:
                return start_response(status, decorated)
            try:
                return start_response(status, decorated, exc_info)
            finally:
                exc_info = None  # PEP 3333: no circle through the traceback

        try:
            return self.app(environ, start)
        except Exception:
            if not allowed or not self.readable_errors or _wants_exceptions(environ):
                raise
            return _answer_error(environ, start, started)

    def _answer(
        self, answer: Answer, origin: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if answer.refusal and self._refusals.is_new(origin, answer.refusal):
            self._refusals.note(origin, answer.refusal, environ["REQUEST_METHOD"], _path(environ))
        start_response(answer.status, list(answer.headers))
        return [answer.body] if answer.body and environ["REQUEST_METHOD"] != "HEAD" else []


def _complain_of_both(options: Mapping[str, object]) -> Iterator[Problem]:
    """Yield a problem for each option that is given beside a policy."""
    message = "a policy is given as an object or as options, not as both"
    for name, value in options.items():
        if name in OPTIONS:
            yield Problem(Fault.POLICY_AND_OPTIONS, name, value, message)
        else:
            yield unknown_option(name, value, _OWN_OPTIONS)


def _compile(policy: Any) -> tuple[Any, Rules | None, Callable[[WSGIEnvironment], Rules | None] | None]:
    """Return ``policy`` with the rules of all requests, or with what finds those of one request."""
    if isinstance(policy, Policy):
        return policy, rules_of(policy), None
    if isinstance(policy, Mapping):
        routes = Routes(policy)
        for each in routes:
            rules_of(each)
        return policy, None, lambda environ: _rules_or_none(routes.policy_for(_path(environ)))
    if callable(policy):
        if problems := list(complain_of_callable("policy", policy, "request")):
            raise PolicyError(problems)
        return policy, None, lambda environ: _choose(policy, environ)
    message = (
        f"{quote(policy)} is neither a Policy, nor a mapping from paths to policies, nor a callable that chooses one; "
        "origins are given as allow_origins=..."
    )
    raise PolicyError([Problem(Fault.WRONG_TYPE, "policy", policy, message)])


def _choose(choose: PolicyChooser, environ: WSGIEnvironment) -> Rules | None:
    request = webob.Request(environ)
    return _rules_or_none(choose(request)) if is_readable(request) else None


def _rules_or_none(policy: Policy | None) -> Rules | None:
    if policy is None:
        return None
    if not isinstance(policy, Policy):
        raise TypeError(
            f"the callable that chooses the policy returned {quote(policy)}; it must return a Policy or None"
        )
    return rules_of(policy)


def _path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path or "/"


def _wants_exceptions(environ: WSGIEnvironment) -> bool:
    return bool(environ.get("paste.throw_errors") or environ.get("x-wsgiorg.throw_errors"))


def _answer_error(environ: WSGIEnvironment, start: StartResponse, started: bool) -> Iterable[bytes]:
    """Answer the exception that is being handled.

    :param started: whether the application has called ``start``. Then, and only then, it must be called with the
        exception, and the server raises that again if the headers are out already (PEP 3333). Before, WebOb and
        test clients would take it for a reason to raise.
    """
    _logger.exception("the application raised on %s %s", quote(environ["REQUEST_METHOD"]), quote(_path(environ)))
    response = HTTPInternalServerError()
    if not started:
        return response(environ, start)
    return response(environ, lambda status, headers, _=None: start(status, headers, sys.exc_info()))
