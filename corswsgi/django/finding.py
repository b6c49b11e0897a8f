"""The policy that the setting ``CORSWSGI`` gives a Django request, and the request that callables get."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from corswsgi.asking import ReadableRequest
from corswsgi.errors import PolicyError, quote
from corswsgi.options import complain_of_callable
from corswsgi.policy import Policy
from corswsgi.routes import Routes
from corswsgi.settings import read_django

#: Returns the policy of a request of Django's, or ``None`` for a request without one.
Finder = Callable[[Any], Policy | None]


def find_policies(settings: Any) -> tuple[Finder, bool]:
    """Return a function that finds the policy of a request, and whether it calls a callable from the settings.

    :param settings: ``django.conf.settings``, in which ``CORSWSGI`` is a policy, its options, a mapping from paths to
        policies or their options, or a callable ``(webob.Request) -> Policy | None``.
    :raises PolicyError: with every fault.
    """
    declared = getattr(settings, "CORSWSGI", None)
    if callable(declared):
        if problems := list(complain_of_callable("CORSWSGI", declared, "request")):
            raise PolicyError(problems)
        return lambda request: _chosen(declared, request), True
    policies = read_django(settings)
    if isinstance(policies, Policy):
        return lambda request: policies, callable(policies.allow_origins)
    policy_for = Routes(policies).policy_for
    asks = any(policy is not None and callable(policy.allow_origins) for policy in policies.values())
    return lambda request: policy_for(path_of(request)), asks


def _chosen(choose: Callable[[Any], Any], request: Any) -> Policy | None:
    policy = choose(webob_request(request))
    if policy is None or isinstance(policy, Policy):
        return policy
    raise TypeError(f"the callable CORSWSGI returned {quote(policy)}; it must return a Policy or None")


def method_of(request: Any) -> str:
    """Return the method as received: Django writes it in upper case, but ``options`` is not a preflight."""
    method: str = request.scope["method"] if hasattr(request, "scope") else request.META["REQUEST_METHOD"]
    return method


def path_of(request: Any) -> str:
    """Return the path by which Django routes, as WSGI has it: one character for each byte of UTF-8."""
    return _as_wsgi(request.META["SCRIPT_NAME"] + request.META["PATH_INFO"]) or "/"


def webob_request(request: Any) -> ReadableRequest:
    """Return a request of Django's as WebOb has it, without the body, which is left to the view."""
    environ: dict[str, Any] = {
        "SERVER_PROTOCOL": "HTTP/1.1",
        **{name: value for name, value in request.META.items() if isinstance(value, str)},
        "REQUEST_METHOD": method_of(request),
        "SCRIPT_NAME": _as_wsgi(request.META["SCRIPT_NAME"]),
        "PATH_INFO": _as_wsgi(request.META["PATH_INFO"]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    environ.pop("CONTENT_LENGTH", None)
    return ReadableRequest(environ)


def _as_wsgi(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")
