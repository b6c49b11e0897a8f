"""For your own tests: asserts whether a page could read the answers of your application; ``browser`` decides.

Needs the extra ``check``. Under pytest, the fixture ``cors_browser`` is there without an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from corswsgi.browser import ENGINES, Browser, Tape, Verdict
from corswsgi.browser.engines import PROFILES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Page", "assert_allowed", "assert_blocked", "assert_readable_headers", "open_browser"]

#: The base of a URL without a host; https, because a page on https may not fetch plain http.
BASE = "https://localhost"

_BROWSER_OPTIONS = ("page", "referrer_policy", "cookies", "clock", "max_age_cap", "max_body")


class Page:
    """A page that is open in one browser or several; a request that they send alike reaches the application once.

    :ivar origin: the serialized origin of the page.
    """

    def __init__(self, app: WSGIApplication, origin: str, engines: Iterable[str], options: Mapping[str, Any]) -> None:
        tape = Tape()
        self._browsers = {each: Browser(app, origin, engine=each, tape=tape, **options) for each in engines}
        self.origin = origin

    def fetch_in_each(self, url: str, **init: Any) -> dict[str, Verdict]:
        """Call ``fetch()`` in each browser, and return the verdicts by the names of the engines."""
        return {each: browser.fetch(url, **init) for each, browser in self._browsers.items()}

    def fetch(self, url: str, **init: Any) -> Verdict:
        """Call ``fetch()`` in each browser, and return the verdict of the first that blocks, or else of the first.

        If others do not block, the reason says which do.

        :param init: as :meth:`corswsgi.browser.Browser.fetch` takes it.
        """
        verdicts = self.fetch_in_each(url, **init)
        blocking = [each for each, verdict in verdicts.items() if not verdict.allowed]
        verdict = verdicts[blocking[0]] if blocking else next(iter(verdicts.values()))
        if not blocking or len(blocking) == len(verdicts):
            return verdict
        sentence = f"{verdict.reason.sentence} (blocked{_in_which(blocking, verdicts)})"
        return replace(verdict, reason=replace(verdict.reason, sentence=sentence))


def open_browser(app: WSGIApplication, *, origin: str, engine: str | Iterable[str] = ENGINES, **options: Any) -> Page:
    """Return a page of ``origin``; ``app`` answers for every host.

    :param engine: the engines in which it is open: one or several of ``"chromium"``, ``"firefox"`` and ``"webkit"``,
        or ``"standard"``; by default, the three browsers.
    :param options: as :class:`~corswsgi.browser.Browser` takes them.
    """
    return Page(app, origin, _names(engine), options)


def assert_allowed(
    app: WSGIApplication,
    url: str,
    *,
    origin: str,
    status: int | None = None,
    engine: str | Iterable[str] = ENGINES,
    **request: Any,
) -> Verdict:
    """Assert that a script on a page of ``origin`` can read the response, and return the verdict.

    :param url: absolute, or a path below :data:`BASE`.
    :param status: the status that the response must have; without it, any below 500. An application that raises has
        not answered, even if a page can read the error.
    :param engine: the engines in which this must hold: one or several of ``"chromium"``, ``"firefox"`` and
        ``"webkit"``; by default, all three. A request that they send alike reaches the application once. The first
        engine's verdict is returned.
    :param request: ``method``, ``headers``, ``body``, ``credentials``, ``mode`` and ``redirect``, as ``fetch()`` takes
        them; ``cookies``, ``referrer_policy`` and the other options of :class:`~corswsgi.browser.Browser`.
    :raises AssertionError: with the output of ``corswsgi check``.
    :raises TypeError: if ``fetch()`` refuses the request.
    """
    __tracebackhide__ = True
    verdicts = _fetch(app, url, origin, engine, request)
    blocking = [each for each, verdict in verdicts.items() if not verdict.allowed]
    if blocking:
        message = f"a page of {origin} cannot read the response{_in_which(blocking, verdicts)}, but should"
        raise AssertionError(_told(message, app, url, origin, verdicts, request))
    failures = [failure for verdict in verdicts.values() if (failure := _failure(verdict, status))]
    if failures:
        message = f"a page of {origin} can read the response, but {failures[0]}"
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
    """Assert that browsers hide the response from a script on a page of ``origin``, and return the verdict.

    :param reason: the :class:`~corswsgi.browser.Code` that must have decided, such as ``"allow-origin-missing"``.
    :param engine: as for :func:`assert_allowed`.
    :param request: as for :func:`assert_allowed`.
    :raises AssertionError: with the output of ``corswsgi check``.
    """
    __tracebackhide__ = True
    verdicts = _fetch(app, url, origin, engine, request)
    passing = {each: verdict for each, verdict in verdicts.items() if verdict.outcome != "blocked"}
    others = [verdict.reason.code for verdict in verdicts.values() if reason not in (None, verdict.reason.code)]
    if passing:
        outcome = next(iter(passing.values())).outcome
        message = f"a page of {origin} should be blocked, but is not ({outcome}){_in_which(passing, verdicts)}"
    elif others:
        message = f"a page of {origin} is blocked because of {others[0]}, not {reason}"
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

    :param names: of response headers, in upper or lower case; a string is one name.
    :param engine: as for :func:`assert_allowed`.
    :param request: ``status`` and the rest, as for :func:`assert_allowed`.
    :raises AssertionError: with the output of ``corswsgi check``.
    """
    __tracebackhide__ = True
    engines = _names(engine)
    verdict = assert_allowed(app, url, origin=origin, engine=engines, **request)
    request.pop("status", None)
    assert verdict.response is not None
    readable = {name.lower() for name, _ in verdict.response.headers}
    missing = [name for name in ([names] if isinstance(names, str) else names) if name.lower() not in readable]
    if missing:
        sent = {name.lower() for name, _ in verdict.hidden}
        states = ", ".join(f"{name} ({'hidden' if name.lower() in sent else 'not sent'})" for name in missing)
        message = f"a page of {origin} cannot read headers that it should: {states}"
        raise AssertionError(_told(message, app, url, origin, engines, request))
    return verdict


def _failure(verdict: Verdict, status: int | None) -> str:
    """Return what is wrong with a response although a page can read it; empty if nothing is."""
    last = verdict.exchanges[-1]
    if last.error:
        return last.error
    if status is not None and last.status != status:
        return f"its status is {last.status}, not {status}"
    if status is None and last.status is not None and last.status >= 500:
        return f"its status is {last.status}; pass status={last.status} if this is expected"
    return ""


def _names(engine: str | Iterable[str]) -> tuple[str, ...]:
    return (engine,) if isinstance(engine, str) else tuple(engine)


def _fetch(
    app: WSGIApplication, url: str, origin: str, engine: str | Iterable[str], request: dict[str, Any]
) -> dict[str, Verdict]:
    """Return the verdict of each engine on a request; what they send alike is sent once."""
    options = {name: value for name, value in request.items() if name in _BROWSER_OPTIONS}
    init = {name: value for name, value in request.items() if name not in _BROWSER_OPTIONS}
    return open_browser(app, origin=origin, engine=engine, **options).fetch_in_each(urljoin(BASE, url), **init)


def _in_which(engines: Iterable[str], asked: Iterable[str]) -> str:
    """Return for example ``" in Chromium and Firefox"``; an empty string for all engines that were asked about."""
    names = [PROFILES[each].browser for each in engines]
    return "" if len(names) == len(list(asked)) else f" in {' and '.join(names)}"


def _told(
    message: str, app: WSGIApplication, url: str, origin: str, engines: Iterable[str], request: dict[str, Any]
) -> str:
    """Return the message of a failure: what is wrong, and below it the output of ``corswsgi check``, masked."""
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
    mask = Mask(url, question.headers)  # messages end up in logs of CI
    return f"{message}\n\n{render.as_text(mask(report), verbose=True)}"
