"""System checks: the faults of the policy, and whether the middleware is placed so that it governs every response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # Django's name for it
from django.utils.module_loading import import_string

from corswsgi.django.finding import find_policies
from corswsgi.django.middleware import CORSMiddleware
from corswsgi.errors import PolicyError

#: Middleware that never answers a request itself; it only adds to requests and responses.
_PASSES_ON = frozenset(
    f"django.{name}"
    for name in (
        "contrib.auth.middleware.AuthenticationMiddleware",
        "contrib.messages.middleware.MessageMiddleware",
        "contrib.sessions.middleware.SessionMiddleware",
        "middleware.cache.UpdateCacheMiddleware",
        "middleware.clickjacking.XFrameOptionsMiddleware",
        "middleware.csp.ContentSecurityPolicyMiddleware",
        "middleware.gzip.GZipMiddleware",
    )
)
_OURS = "corswsgi.django.CORSMiddleware"
_SECURITY = "django.middleware.security.SecurityMiddleware"


def check_policy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for every fault of ``CORSWSGI``; its id is ``corswsgi.`` and the code of the fault."""
    try:
        find_policies(settings)
    except PolicyError as error:
        return [Error(str(problem), id=f"corswsgi.{problem.code}") for problem in error.problems]
    return []


def check_place(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return a warning if the middleware is missing, or comes after something that can answer without it."""
    paths = [*settings.MIDDLEWARE]
    place = paths.index(_OURS) if _OURS in paths else next((i for i, path in enumerate(paths) if _is_ours(path)), None)
    if place is None:
        if wrong := [path for path in paths if path.startswith("corswsgi.")]:
            message = f'"{wrong[0]}" in MIDDLEWARE is no middleware of Django, so no policy is in force'
            return [Warning(message, hint=f'Write "{_OURS}" in its place.', id="corswsgi.middleware-missing")]
        message = (
            '"corswsgi.django" is in INSTALLED_APPS, but MIDDLEWARE has no CORSMiddleware, so no policy is in force'
        )
        hint = (
            'Put "corswsgi.django.CORSMiddleware" first in MIDDLEWARE, or remove "corswsgi.django" from INSTALLED_APPS.'
        )
        return [Warning(message, hint=hint, id="corswsgi.middleware-missing")]
    return [
        Warning(
            f"{path} comes before CORSMiddleware in MIDDLEWARE, and can answer or redirect a request without it: such "
            "a response has no CORS headers, and a preflight fails",
            hint=f'Put "{settings.MIDDLEWARE[place]}" before it, ideally first.',
            id="corswsgi.middleware-order",
        )
        for path in settings.MIDDLEWARE[:place]
        if path not in _PASSES_ON and (path != _SECURITY or settings.SECURE_SSL_REDIRECT)
    ]


def _is_ours(path: str) -> bool:
    """Tell whether this is a subclass of CORSMiddleware."""
    try:
        middleware = import_string(path)
    except ImportError:  # Django says so itself when it loads it
        return False
    return isinstance(middleware, type) and issubclass(middleware, CORSMiddleware)
