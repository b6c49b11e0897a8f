"""For your own tests: whether a page could read what your application answers; what decides is in ``browser``.

Needs the extra ``check``. Under pytest, the fixture ``cors_browser`` is there without an import.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from corswsgi.browser import ENGINES, Browser, Tape, Verdict
from corswsgi.browser.engines import PROFILES

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


def assert_allowed(
    app: WSGIApplication, url: str, *, origin: str, engine: str | Iterable[str] = ENGINES, **request: Any
) -> Verdict:
    """Assert that a script on a page of ``origin`` can read the response, and return the verdict.

    :param url: absolute, or a path, which is taken to be on :data:`BASE`.
    :param engine: in which it has to be so: one or several of ``"chromium"``, ``"firefox"`` and ``"webkit"``; by
        default in all three. The application sees a request once that all of them send alike. The verdict that is
        returned is that of the first.
    :param request: ``method``, ``headers``, ``body``, ``credentials``, ``mode`` and ``redirect``, as ``fetch()`` takes
        them; ``cookies``, ``referrer_policy`` and the other options of :class:`~corswsgi.browser.Browser`.
    :raises AssertionError: with what ``corswsgi check`` would say.
    :raises TypeError: if ``fetch()`` refuses the request itself.
    """
    __tracebackhide__ = True
    verdicts = _fetch(app, url, origin, engine, request)
    blocking = [each for each, verdict in verdicts.items() if not verdict.allowed]
    if blocking:
        message = f"a page of {origin} should read it, and cannot{_in_which(blocking, verdicts)}"
        raise AssertionError(_told(message, app, url, origin, verdicts, request))
    return next(iter(verdicts.values()))


def assert_blocked(
    app: WSGIApplication,
    url: str,
    *,
    origin: str,
    reason: str | None = None,
    engine: str | Iterable[str] = ENGINES,
    **request: Any,
) -> Verdict:
    """Assert that browsers keep the response from a script on a page of ``origin``, and return the verdict.

    :param reason: the :class:`~corswsgi.browser.Code` that must have decided, such as ``"allow-origin-missing"``.
    :param engine: in which it has to be so, and request: as for :func:`assert_allowed`.
    :raises AssertionError: with what ``corswsgi check`` would say.
    """
    __tracebackhide__ = True
    verdicts = _fetch(app, url, origin, engine, request)
    passing = {each: verdict for each, verdict in verdicts.items() if verdict.outcome != "blocked"}
    others = [verdict.reason.code for verdict in verdicts.values() if reason not in (None, verdict.reason.code)]
    if passing:
        outcome = next(iter(passing.values())).outcome
        message = f"a page of {origin} should be blocked, and is not ({outcome}){_in_which(passing, verdicts)}"
    elif others:
        message = f"a page of {origin} is blocked, but because of {others[0]}, not {reason}"
    else:
        return next(iter(verdicts.values()))
    raise AssertionError(_told(message, app, url, origin, verdicts, request))


def assert_readable_headers(
    app: WSGIApplication,
    url: str,
    names: Iterable[str],
    *,
    origin: str,
    engine: str | Iterable[str] = ENGINES,
    **request: Any,
) -> Verdict:
    """Assert that a script on a page of ``origin`` can read the response, and these headers of it.

    :param names: of response headers, in any case; one string is one name.
    :param engine: in which it has to be so, and request: as for :func:`assert_allowed`.
    :raises AssertionError: with what ``corswsgi check`` would say.
    """
    __tracebackhide__ = True
    engines = _names(engine)
    verdict = assert_allowed(app, url, origin=origin, engine=engines, **request)
    assert verdict.response is not None
    readable = {name.lower() for name, _ in verdict.response.headers}
    missing = [name for name in ([names] if isinstance(names, str) else names) if name.lower() not in readable]
    if missing:
        sent = {name.lower() for name, _ in verdict.hidden}
        states = ", ".join(f"{name} ({'hidden' if name.lower() in sent else 'not sent'})" for name in missing)
        message = f"a page of {origin} should read headers that it cannot: {states}"
        raise AssertionError(_told(message, app, url, origin, engines, request))
    return verdict


def _names(engine: str | Iterable[str]) -> tuple[str, ...]:
    return (engine,) if isinstance(engine, str) else tuple(engine)


def _fetch(
    app: WSGIApplication, url: str, origin: str, engine: str | Iterable[str], request: dict[str, Any]
) -> dict[str, Verdict]:
    """Return what each engine makes of a request; what they send alike is sent once."""
    options = {name: value for name, value in request.items() if name in _BROWSER_OPTIONS}
    init = {name: value for name, value in request.items() if name not in _BROWSER_OPTIONS}
    tape = Tape()
    return {
        each: open_browser(app, origin=origin, engine=each, tape=tape, **options).fetch(urljoin(BASE, url), **init)
        for each in _names(engine)
    }


def _in_which(engines: Iterable[str], asked: Iterable[str]) -> str:
    """Return in which browsers something is so; nothing, if in all that were asked about."""
    names = [PROFILES[each].browser for each in engines]
    return "" if len(names) == len(list(asked)) else f" in {' and '.join(names)}"


def _told(
    message: str, app: WSGIApplication, url: str, origin: str, engines: Iterable[str], request: dict[str, Any]
) -> str:
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
        engines=tuple(engines),
    )
    report = check(Target(app, parse_url(urljoin(BASE, url))), question)
    mask = Mask(url, question.headers)  # messages end up in the logs of CI
    return f"{message}\n\n{render.as_text(mask(report))}"
