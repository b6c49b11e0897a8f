"""CORSMiddleware for Django's MIDDLEWARE: a policy around the views, sync or async; ``protocol`` makes the answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from logging import INFO, WARNING
from typing import Any, NamedTuple

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpResponse

from corswsgi.django.csrf import is_refused_for_its_origin
from corswsgi.django.finding import Finder, find_policies, method_of, path_of, webob_request
from corswsgi.headers import is_ruled
from corswsgi.protocol import Answer, Grant, Rules, is_preflight, rules_of
from corswsgi.refusals import RefusalLog, is_logged

_CSRF = (
    "the policy allows it, but Django's CSRF protection does not: add the origin to CSRF_TRUSTED_ORIGINS, or make the "
    "view csrf_exempt if it takes no cookies"
)


class _Governed(NamedTuple):
    """What was decided about a request before the view runs.

    :ivar rules: ``None`` if no policy governs it.
    :ivar answer: the response that is sent in place of the view's, or ``None``.
    """

    rules: Rules | None = None
    origin: str | None = None
    grant: Grant | None = None
    answer: Any = None


class CORSMiddleware:
    """Answers preflights before all later middleware, and adds the policy's headers to all other responses.

    The policy is the setting ``CORSWSGI``: a :class:`~corswsgi.policy.Policy` or its options; or a mapping from paths
    to policies or their options; or a callable that gets a :class:`webob.Request`, without its body, and returns a
    policy or ``None``. It belongs first in ``MIDDLEWARE``, and adapts to WSGI and ASGI. Under ASGI, a callable of the
    settings is called in a thread, so that it may query the database; without one there is no thread.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        """Wrap what answers the request.

        :raises PolicyError: with every fault of the setting.
        """
        self.get_response = get_response
        self._refusals = RefusalLog()
        self._found: tuple[Finder, bool] | None = find_policies(settings)
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        setting_changed.connect(self._forget)  # sent by override_settings of tests; the receiver is held weakly

    def __call__(self, request: Any) -> Any:
        """Answer a request, or return what does so if it is awaited."""
        if self._is_async:
            return self._answer_async(request)
        governed = self._judge(request)
        if governed.answer is not None:
            return governed.answer
        return self._decorate(request, self.get_response(request), governed)

    async def _answer_async(self, request: Any) -> Any:
        _, asks = self._policies()
        governed = await sync_to_async(self._judge)(request) if asks else self._judge(request)
        if governed.answer is not None:
            return governed.answer
        return self._decorate(request, await self.get_response(request), governed)

    def _forget(self, *, setting: str, **kwargs: Any) -> None:
        # The setting is read at the next request: after a test it may be gone, and raising here would help nobody.
        if setting == "CORSWSGI":
            self._found = None

    def _policies(self) -> tuple[Finder, bool]:
        found = self._found
        if found is None:
            found = self._found = find_policies(settings)
        return found

    def _judge(self, request: Any) -> _Governed:
        """Decide what can be decided before the view runs, which may change the request."""
        find, _ = self._policies()
        policy = find(request)
        if policy is None:
            return _Governed()
        rules = rules_of(policy)
        field = request.META.get
        origin: str | None = field("HTTP_ORIGIN")
        if origin is None:
            return _Governed(rules)
        method = method_of(request)
        grant = rules.grant(origin, partial(webob_request, request))
        requested = field("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if is_preflight(method, origin, requested):
            names = field("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
            if is_logged(INFO) and (reason := rules.objection(origin, grant, requested, names)):
                self._refusals.note(origin, reason, method, path_of(request))
            return _Governed(rules, origin, grant, _response(rules.preflight(origin, grant, requested, names), method))
        if grant is None and (rules.enforce or self._refusals.is_new(origin, rules.refusal.refusal)):
            answer = rules.refuses(origin, field("HTTP_HOST"), field("HTTP_SEC_FETCH_SITE"))
            if answer is not None:
                self._refusals.note(origin, answer.refusal, method, path_of(request))
                if rules.enforce:
                    return _Governed(rules, origin, grant, _response(answer, method))
        return _Governed(rules, origin, grant)

    def _decorate(self, request: Any, response: Any, governed: _Governed) -> Any:
        """Add the policy's headers to a response of the view or of later middleware."""
        rules, origin, grant, _ = governed
        if rules is None:
            return response
        added = rules.otherwise if grant is None else grant.headers
        ruled = [(name, value) for name, value in response.items() if is_ruled(name)]
        for name, _ in ruled:
            del response[name]
        for name, value in rules.decorate(ruled, added):
            response[name] = value
        if origin is not None and grant is not None and is_refused_for_its_origin(request, response, origin):
            self._refusals.note(origin, _CSRF, method_of(request), path_of(request), level=WARNING)
        return response


def _response(answer: Answer, method: str) -> Any:
    code, _, phrase = answer.status.partition(" ")
    response = HttpResponse(answer.body if method != "HEAD" else b"", status=int(code), reason=phrase)
    del response["Content-Type"]  # the answer has its own
    for name, value in answer.headers:
        response[name] = value
    return response
