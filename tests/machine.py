"""What only a machine can give: programs and servers. Absent, a test is skipped, or fails where it is demanded."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import NoReturn

import pytest

#: For each name that ``CORSWSGI_REQUIRE`` may hold: where the program is looked for, the first that is there.
PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
    "webkit": (
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    ),
    "xvfb": ("Xvfb",),
    # Servers stand outside the PATH of users who are not root.
    "nginx": ("nginx", "/usr/sbin/nginx"),
    "caddy": ("caddy",),
    "haproxy": ("haproxy", "/usr/sbin/haproxy"),
    "varnish": ("varnishd", "/usr/sbin/varnishd"),
    "apache": ("apache2", "/usr/sbin/apache2", "httpd", "/usr/sbin/httpd"),
    "git": ("git",),
    "wrk": ("wrk",),
    "valgrind": ("valgrind",),
}

#: What else ``CORSWSGI_REQUIRE`` may hold: modules of Python, which a test needs as servers and not to be imported.
MODULES = ("waitress", "gunicorn", "gevent", "pyuwsgi", "cheroot")


def demanded() -> set[str]:
    """Return the names that the environment demands."""
    return set(filter(None, os.environ.get("CORSWSGI_REQUIRE", "").split(",")))


def complaint() -> str | None:
    """Return what is wrong with the names that the environment demands, in a sentence."""
    known = (*PROGRAMS, *MODULES)
    if unknown := demanded().difference(known):
        return f"CORSWSGI_REQUIRE names {', '.join(sorted(unknown))}; it may name: {', '.join(known)}"
    return None


def locate(name: str) -> str | None:
    """Return the path of a program, or ``None``; ``CORSWSGI_<NAME>`` may say where it is."""
    named = os.environ.get(f"CORSWSGI_{name.upper()}")
    return next(filter(None, map(shutil.which, [named] if named else PROGRAMS[name])), None)


def why_absent(name: str) -> str:
    """Return a sentence that says what was looked for, and how to say where it is."""
    variable = f"CORSWSGI_{name.upper()}"
    looked = os.environ.get(variable) or " or ".join(PROGRAMS[name])
    return f"{name}: {looked} is not there; {variable} may say where it is"


def find(name: str) -> str:
    """Return the path of a program. Without it the test is skipped, or fails where it is demanded."""
    return locate(name) or lacking(name, why_absent(name))


def has_module(name: str) -> bool:
    """Tell whether one of the modules of :data:`MODULES` is installed."""
    return importlib.util.find_spec(name) is not None


def need_module(name: str) -> None:
    """Skip the test, or fail it where it is demanded, if a module is not installed."""
    if not has_module(name):
        lacking(name, f"{name} is not installed: python -m pip install {name}")


def lacking(name: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where the environment demands ``name``."""
    if name in demanded():
        pytest.fail(reason)
    pytest.skip(reason)
