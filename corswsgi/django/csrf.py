"""Tells whether Django's CSRF protection refused a request because it does not trust its origin."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.http import is_same_domain
from django.utils.module_loading import import_string

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def is_refused_for_its_origin(request: Any, response: Any, origin: str) -> bool:
    """Tell whether ``CsrfViewMiddleware`` answered, and ``CSRF_TRUSTED_ORIGINS`` does not name the origin.

    It marks the requests that it accepts; it ignores requests to exempt views.
    """
    if response.status_code != 403 or request.method in _SAFE or request.resolver_match is None:
        return False
    if getattr(request, "csrf_processing_done", False) or getattr(request.resolver_match.func, "csrf_exempt", False):
        return False
    return not _is_trusted(origin) and any(map(_protects, settings.MIDDLEWARE))


def _is_trusted(origin: str) -> bool:
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    scheme, netloc, *_ = urlsplit(origin)
    wildcards = (urlsplit(each) for each in settings.CSRF_TRUSTED_ORIGINS if "*" in each)
    return any(each.scheme == scheme and is_same_domain(netloc, each.netloc.lstrip("*")) for each in wildcards)


def _protects(path: str) -> bool:
    middleware = import_string(path)
    return isinstance(middleware, type) and issubclass(middleware, CsrfViewMiddleware)
