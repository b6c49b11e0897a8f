"""For your own tests: whether a page could read what your application answers; what decides is in ``browser``.

Needs the extra ``check``. Under pytest, the fixture ``cors_browser`` is there without an import.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from corswsgi.browser import Browser, Verdict

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["assert_allowed", "assert_blocked", "assert_readable_headers", "open_browser"]

#: What a URL without a host is taken to be on. https, for no page of an https origin may fetch anything else.
BASE = "https://localhost"

_BROWSER_OPTIONS = ("page", "referrer_policy", "cookies", "clock", "max_age_cap", "max_body")


def open_browser(app: WSGIApplication, *, origin: str, **options: Any) -> Browser:
    """Return a browser with a page of ``origin``, for which ``app`` is every host there is.

    :param options: as :class:`~corswsgi.browser.Browser` takes them.
    """
    return Browser(app, origin, **options)


def assert_allowed(app: WSGIApplication, url: str, *, origin: str, **request: Any) -> Verdict:
    """Assert that a script on a page of ``origin`` can read the response, and return the verdict.

    :param url: absolute, or a path, which is taken to be on :data:`BASE`.
    :param request: ``method``, ``headers``, ``body``, ``credentials``, ``mode`` and ``redirect``, as ``fetch()`` takes
        them; ``cookies``, ``referrer_policy`` and the other options of :class:`~corswsgi.browser.Browser`.
    :raises AssertionError: with what ``corswsgi check`` would say.
    :raises TypeError: if ``fetch()`` refuses the request itself.
    """
    __tracebackhide__ = True
    verdict = _fetch(app, url, origin, request)
    if not verdict.allowed:
        raise AssertionError(_told(f"a page of {origin} should read it, and cannot", app, url, origin, request))
    return verdict


def assert_blocked(
    app: WSGIApplication, url: str, *, origin: str, reason: str | None = None, **request: Any
) -> Verdict:
    """Assert that a browser keeps the response from a script on a page of ``origin``, and return the verdict.

    :param reason: the :class:`~corswsgi.browser.Code` that must have decided, such as ``"allow-origin-missing"``.
    :param request: as for :func:`assert_allowed`.
    :raises AssertionError: with what ``corswsgi check`` would say.
    """
    __tracebackhide__ = True
    verdict = _fetch(app, url, origin, request)
    if verdict.outcome != "blocked":
        message = f"a page of {origin} should be blocked, and is not ({verdict.outcome})"
    elif reason not in (None, verdict.reason.code):
        message = f"a page of {origin} is blocked, but because of {verdict.reason.code}, not {reason}"
    else:
        return verdict
    raise AssertionError(_told(message, app, url, origin, request))


def assert_readable_headers(
    app: WSGIApplication, url: str, names: Iterable[str], *, origin: str, **request: Any
) -> Verdict:
    """Assert that a script on a page of ``origin`` can read the response, and these headers of it.

    :param names: of response headers, in any case; one string is one name.
    :param request: as for :func:`assert_allowed`.
    :raises AssertionError: with what ``corswsgi check`` would say.
    """
    __tracebackhide__ = True
    verdict = assert_allowed(app, url, origin=origin, **request)
    assert verdict.response is not None
    readable = {name.lower() for name, _ in verdict.response.headers}
    missing = [name for name in ([names] if isinstance(names, str) else names) if name.lower() not in readable]
    if missing:
        sent = {name.lower() for name, _ in verdict.hidden}
        states = ", ".join(f"{name} ({'hidden' if name.lower() in sent else 'not sent'})" for name in missing)
        message = f"a page of {origin} should read headers that it cannot: {states}"
        raise AssertionError(_told(message, app, url, origin, request))
    return verdict


def _fetch(app: WSGIApplication, url: str, origin: str, request: dict[str, Any]) -> Verdict:
    options = {name: value for name, value in request.items() if name in _BROWSER_OPTIONS}
    init = {name: value for name, value in request.items() if name not in _BROWSER_OPTIONS}
    return open_browser(app, origin=origin, **options).fetch(urljoin(BASE, url), **init)


def _told(message: str, app: WSGIApplication, url: str, origin: str, request: dict[str, Any]) -> str:
    """Return the message of a failure: what was wrong, and below it what ``corswsgi check`` would print, masked."""
    from corswsgi.browser.urls import parse_url
    from corswsgi.checker import render
    from corswsgi.checker.check import check
    from corswsgi.checker.evidence import Question
    from corswsgi.checker.masking import Mask
    from corswsgi.checker.target import Target

    headers = request.get("headers", ())
    question = Question(
        origin,
        method=request.get("method", "GET"),
        headers=tuple(headers.items() if hasattr(headers, "items") else headers),
        body=request.get("body"),
        credentials=request.get("credentials", "same-origin"),
        referrer_policy=request.get("referrer_policy", "strict-origin-when-cross-origin"),
        send=True,
    )
    report = check(Target(app, parse_url(urljoin(BASE, url))), question)
    mask = Mask(url, question.headers)  # messages end up in the logs of CI
    return f"{message}\n\n{render.as_text(mask(report))}"
