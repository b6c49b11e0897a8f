"""Tells an ASGI application from a WSGI application before it is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial


def is_asgi(app: Callable[..., object]) -> bool:
    """Tell whether a callable is an ASGI application: asynchronous, or called with three arguments."""
    import inspect  # takes long to load, and every framework has loaded it

    called = app if inspect.isroutine(app) or isinstance(app, (type, partial)) else type(app).__call__
    is_async = inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)
    return is_async or (_takes(app, 3) and not _takes(app, 2))


def _takes(function: Callable[..., object], count: int) -> bool:
    """Tell whether a callable takes this number of positional arguments; ``False`` if its signature is not known."""
    from inspect import signature

    try:
        signature(function).bind(*range(count))
    except (TypeError, ValueError):  # ValueError: written in C, without a signature
        return False
    return True
