"""CORSMiddleware: a policy in front of any WSGI application; answers are made in ``protocol``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from logging import INFO
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self, cast

import webob

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.policy import OPTIONS, Policy, check_flag, complain_of_callable, unknown_option
from corswsgi.protocol import (
    ORDINARY_HEADERS,
    ORIGIN_REFUSED,
    Answer,
    Header,
    Rules,
    decorate,
    is_readable,
    is_same_origin,
    rules_of,
)
from corswsgi.refusals import RefusalLog, logger
from corswsgi.routes import Routes

if TYPE_CHECKING:
    from inspect import Signature

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Chooses the policy of a request, or ``None`` for a request without one.
PolicyChooser = Callable[[webob.Request], Policy | None]

#: The arguments of CORSMiddleware that are no options of a policy.
_OWN_OPTIONS = ("readable_errors",)


class _Signature:
    """Says what parameters the class and its objects are called with, which :mod:`inspect` cannot tell of a partial."""

    def __get__(self, instance: Any, owner: type) -> Signature:
        from inspect import Signature, signature  # takes long to load, and few programs ask

        if instance is not None:
            return signature(instance.func)
        _, *parameters = signature(owner.__init__).parameters.values()  # type: ignore[misc]  # of a class, not an object
        return Signature(parameters)


class CORSMiddleware(partial[Iterable[bytes]]):
    """A WSGI application that answers preflights for another one, and puts a policy's headers on its other responses.

    The wrapped application never sees a preflight (fetch#cors-preflight-request). Its iterable is returned as it is.

    It is a :class:`functools.partial` of the function that answers, because Python calls that faster than a method.

    :ivar app: the wrapped application.
    :ivar readable_errors: as it was given; like :attr:`app` it does not change.
    """

    __signature__ = _Signature()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        return super().__new__(cls, _answer_nothing)  # until __init__ has found that all is well

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
        self._app = app
        self._readable_errors = readable_errors
        self._refusals = RefusalLog()
        try:
            self.policy = Policy.from_options(options, beside=_OWN_OPTIONS) if policy is None else policy
        except PolicyError as error:
            problems += error.problems
        if problems:
            raise PolicyError(problems)
        if not callable(app):
            raise TypeError(f"the first argument of CORSMiddleware is a WSGI application, and {quote(app)} is none")

    @property
    def app(self) -> WSGIApplication:
        return self._app

    @property
    def readable_errors(self) -> bool:
        return self._readable_errors

    @property
    def policy(self) -> Policy | Mapping[str, Policy | None] | PolicyChooser:
        """What decides, as it was set. Setting it takes effect at once and whole; a faulty one changes nothing."""
        return cast("_Serving", self.func).policy

    @policy.setter
    def policy(self, policy: Policy | Mapping[str, Policy | None] | PolicyChooser) -> None:
        serving = cast("_Serving", _serving(self._app, policy, self._refusals, self._readable_errors))
        serving.policy = policy
        # One assignment decides: each request is answered wholly by the old policy or wholly by the new one.
        self.__setstate__((serving, (), {}, vars(self)))  # type: ignore[attr-defined]  # typeshed leaves it out

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        return self  # in a class it is an attribute like any other; from Python 3.14 on, a partial would be a method

    def __repr__(self) -> str:
        return f"<CORSMiddleware around {self._app!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a CORSMiddleware cannot be copied; make another, of its app and its policy")


class _Serving(Protocol):
    """A function that answers requests, and the policy that it was made of."""

    policy: Policy | Mapping[str, Policy | None] | PolicyChooser

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...


def _answer_nothing(environ: WSGIEnvironment, start_response: StartResponse) -> NoReturn:
    raise RuntimeError("this CORSMiddleware has no policy: its __init__ did not run to its end")


def _serving(app: WSGIApplication, policy: Any, refusals: RefusalLog, readable_errors: bool) -> WSGIApplication:
    """Return a function that serves ``app`` under what ``policy`` says."""

    def govern(policy: Policy | None) -> WSGIApplication:
        return app if policy is None else _governed(app, rules_of(policy), refusals, readable_errors)

    if isinstance(policy, Policy):
        return govern(policy)
    if isinstance(policy, Mapping):
        routes = Routes(policy)
        governed = {id(each): govern(each) for each in (None, *routes)}
        return lambda environ, start_response: governed[id(routes.policy_for(_path(environ)))](environ, start_response)
    if callable(policy):
        if problems := list(complain_of_callable("policy", policy, "request")):
            raise PolicyError(problems)
        return lambda environ, start_response: govern(_choose(policy, environ))(environ, start_response)
    message = (
        f"{quote(policy)} is neither a Policy, nor a mapping from paths to policies, nor a callable that chooses one; "
        "origins are given as allow_origins=..."
    )
    raise PolicyError([Problem(Fault.WRONG_TYPE, "policy", policy, message)])


def _governed(app: WSGIApplication, rules: Rules, refusals: RefusalLog, readable_errors: bool) -> WSGIApplication:
    """Return ``app`` under the rules of one policy.

    What happens on every request stands in the functions here, and what they need of the policy is a local variable:
    the yardstick is a closure with the headers hard-coded (``benchmarks``).
    """
    exact, allows, predicate = rules.exact, rules.allows, rules.predicate
    granted, otherwise = rules.granted, list(rules.otherwise)
    preflight_status, preflight_granted = rules.preflight_status, rules.preflight_granted
    refused_status, refused_headers, refused_body, _ = rules.refused_preflight
    enforce = rules.enforce
    is_logged = logger.isEnabledFor

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # All that decides is read before the application runs, which may change the environ.
        added = otherwise
        started: list[str] | None = None  # the statuses, where an exception is to be made readable
        if "HTTP_ORIGIN" in environ:
            origin = environ["HTTP_ORIGIN"]
            if exact is not None:
                allowed = origin in exact
            elif predicate is None:
                allowed = allows is None or allows(origin)
            else:
                allowed = rules.asks(origin, partial(webob.Request, environ))
            # fetch#cors-preflight-request: exactly this method and these headers, each present, even if empty.
            if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ and environ["REQUEST_METHOD"] == "OPTIONS":
                if not allowed:
                    if is_logged(INFO):
                        refusals.note(origin, ORIGIN_REFUSED, "OPTIONS", _path(environ))
                    start_response(refused_status, [*refused_headers])
                    return [refused_body]
                if preflight_granted is not None:
                    start_response(preflight_status, preflight_granted(origin))
                    return []
                method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
                names = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
                return answer(rules.preflight(origin, allowed, method, names), environ, start_response)
            if allowed:
                if granted is not None:
                    added = granted(origin)
                if readable_errors:
                    started = []
            # Whose request it is matters to enforce, and to the log, which wants each refusal only once.
            elif (enforce or (is_logged(INFO) and refusals.is_new(origin, ORIGIN_REFUSED))) and not is_same_origin(
                origin, environ.get("HTTP_HOST"), environ.get("HTTP_SEC_FETCH_SITE")
            ):
                if enforce:
                    return answer(rules.refusal, environ, start_response)
                refusals.note(origin, ORIGIN_REFUSED, environ["REQUEST_METHOD"], _path(environ))

        # What the function needs is bound to its parameters: the cells of a closure would cost more.
        def start(
            status: str,
            headers: list[Header],
            exc_info: Any = None,
            respond: StartResponse = start_response,
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
                if name not in ORDINARY_HEADERS:
                    decorated = decorate(headers, added)
                    break
            if exc_info is None:
                return respond(status, decorated)
            try:
                return respond(status, decorated, exc_info)
            finally:
                exc_info = None  # PEP 3333: no circle through the traceback

        try:
            return app(environ, start)
        except Exception:
            if started is None or _wants_exceptions(environ):
                raise
            return _answer_error(environ, start, bool(started))

    def answer(given: Answer, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if given.refusal and is_logged(INFO):
            refusals.note(environ["HTTP_ORIGIN"], given.refusal, method, _path(environ))
        start_response(given.status, [*given.headers])
        return [given.body] if given.body and method != "HEAD" else []

    return serve


def _complain_of_both(options: Mapping[str, object]) -> Iterator[Problem]:
    """Yield a problem for each option that is given beside a policy."""
    message = "a policy is given as an object or as options, not as both"
    for name, value in options.items():
        if name in OPTIONS:
            yield Problem(Fault.POLICY_AND_OPTIONS, name, value, message)
        else:
            yield unknown_option(name, value, _OWN_OPTIONS)


def _choose(choose: PolicyChooser, environ: WSGIEnvironment) -> Policy | None:
    request = webob.Request(environ)
    policy = choose(request) if is_readable(request) else None
    if policy is None or isinstance(policy, Policy):
        return policy
    raise TypeError(f"the callable that chooses the policy returned {quote(policy)}; it must return a Policy or None")


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
    logger.exception("the application raised on %s %s", quote(environ["REQUEST_METHOD"]), quote(_path(environ)))
    from webob.exc import HTTPInternalServerError  # takes long to load, and most programs never need it

    response = HTTPInternalServerError()
    if not started:
        return response(environ, start)
    return response(environ, lambda status, headers, _=None: start(status, headers, sys.exc_info()))
