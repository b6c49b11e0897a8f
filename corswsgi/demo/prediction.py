"""Predicts with the browser in Python the result of a request; the page compares it with the real browser's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from corswsgi.browser import ENGINES, Browser, Tape, Verdict
from corswsgi.checker.engines import differences
from corswsgi.demo.recorder import Recorder

#: Shown if the browser in Python cannot run.
MISSING = 'To see the prediction of corswsgi.browser, install what it needs: python -m pip install "corswsgi[check]"'

#: The prediction, without its sentence, if ``fetch()`` throws before it sends anything.
_REFUSED: dict[str, Any] = {
    "outcome": "refused",
    "status": None,
    "headers": [],
    "saw": [],
    "anchor": "fetch#dom-request",
    "differences": [],
}

#: Seconds to wait for an answer.
_TIMEOUT = 10.0


class SentRequest(NamedTuple):
    """What a script passes to ``fetch``, without what the playground adds to the URL."""

    url: str
    method: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    credentials: str
    mode: str
    redirect: str


def predict(
    request: SentRequest, origin: str, url_under: Callable[[str], str], recorder: Recorder, referrer_policy: str
) -> dict[str, Any]:
    """Send ``request`` once more, from the browser in Python to the same servers; return the result, for JSON.

    :param url_under: returns the URL of the request under a name of its own, which keeps the record of the real
        request as it is.
    :param referrer_policy: of the page.
    :return: ``missing``, a sentence, if the extra is not installed; or ``outcome``, ``status``, the names of the
        ``headers`` that a script could read, ``saw`` (each exchange on the wire), the ``sentence`` that decided, and
        ``differences`` from the standard that engines are known for.
    """
    try:
        import requests  # in the extra "check", as is what Browser needs
    except ImportError:
        return {"missing": MISSING}
    name = f"p-{secrets.token_urlsafe(16)}"
    url, tape = url_under(name), Tape()
    with requests.Session() as session:
        session.trust_env = False  # no proxy: the servers are on this machine

        def ask(engine: str) -> Verdict:
            browser = Browser(
                session, origin, engine=engine, referrer_policy=referrer_policy, timeout=_TIMEOUT, tape=tape
            )
            return browser.fetch(
                url,
                method=request.method,
                headers=request.headers,
                body=request.body,
                mode=request.mode,
                credentials=request.credentials,
                redirect=request.redirect,
            )

        try:
            verdict = ask("standard")
        except ImportError:
            return {"missing": MISSING}
        except TypeError as error:
            return _REFUSED | {"sentence": str(error)}
        saw = [each.as_line() for each in recorder.exchanges(name)]
        found = differences({engine: ask(engine) for engine in ENGINES})
    return {
        "outcome": verdict.outcome,
        "status": verdict.response.status if verdict.response else None,
        "headers": sorted({each for each, _ in verdict.response.headers}) if verdict.response else [],
        "saw": saw,
        "sentence": re.sub(f"[?&]visit=[^&]*&id={name}", "", verdict.reason.sentence),
        "anchor": verdict.reason.anchor,
        "differences": [f"{', '.join(each.engines)}: {each.sentence}" for each in found],
    }
