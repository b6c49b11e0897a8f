"""WSGI applications by their names, ``module:callable``, and the applications that they wrap."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any

from corswsgi.asgi import is_asgi
from corswsgi.errors import UsageError, quote

#: The attributes in which frameworks and middlewares keep the application that they wrap.
_WRAPPED = ("wsgi_app", "app", "application", "wrapped", "_app", "_application", "_wsgi_app", "__wrapped__")

#: The most objects that are searched for a middleware.
_MOST_LOOKED_AT = 100


def import_app(name: str) -> Any:
    """Import a WSGI application, from the current directory too.

    :param name: ``module:callable``; the callable may be dotted.
    :raises UsageError: if it cannot be imported, or is not a WSGI application.
    """
    module_name, colon, path = name.partition(":")
    if not (colon and _is_dotted_name(module_name) and _is_dotted_name(path)):
        raise UsageError(f"--app {quote(name)}: write it as module:callable, such as myproject.wsgi:application")
    found: Any = _import_module(module_name, name)
    for attribute in path.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise UsageError(f"--app {quote(name)}: {module_name} has no {path}; name the application in it") from None
    if not callable(found):
        raise UsageError(f"--app {quote(name)}: it is a {type(found).__name__}; name the WSGI application")
    if is_asgi(found):
        raise UsageError(
            f"--app {quote(name)}: it is an ASGI application, but --app takes WSGI applications only; "
            "check and audit can ask it by URL while it runs on a server"
        )
    return found


def within(app: Any) -> Iterator[Any]:
    """Yield an application and those that it wraps, if they are kept in a known attribute or in a closure."""
    seen: set[int] = set()
    waiting = [app]
    while waiting and len(seen) < _MOST_LOOKED_AT:
        each = waiting.pop(0)
        if id(each) in seen or not callable(each):
            continue
        seen.add(id(each))
        yield each
        # Only plain attributes: a property can run any code.
        kept = vars(each) if hasattr(each, "__dict__") else {}
        waiting += [kept[name] for name in _WRAPPED if name in kept]
        function = getattr(each, "__func__", each)
        waiting += [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _is_filled(cell)]
        waiting += [owner] if (owner := getattr(each, "__self__", None)) is not None else []


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # the cell is empty
        return False


def _is_dotted_name(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _import_module(module_name: str, name: str) -> Any:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise UsageError(
                f"--app {quote(name)}: there is no module {missing}, neither in {here} nor installed; "
                "run the command in the directory of the application"
            ) from error
        raise UsageError(f"--app {quote(name)}: importing it fails: {describe(error)}") from error
    except (Exception, SystemExit) as error:  # importing a module can raise anything
        raise UsageError(f"--app {quote(name)}: importing it fails: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """Return an exception on one line, without control characters."""
    text = quote(" ".join(str(error).split()))[1:-1].replace('\\"', '"')
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
