"""The playground's side of the page server: it applies policies, and explains the results of requests.

Everything that arrives here is typed by a visitor: it is bounded, it is never run, and it goes back as text only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from corswsgi.demo.judging import BadRequest, judge
from corswsgi.demo.prediction import SentRequest, predict
from corswsgi.demo.recorder import Exchange, Recorder
from corswsgi.demo.visits import Visits
from corswsgi.explanation import explain
from corswsgi.policy import Policy

#: The most bytes of JSON that are read.
MAX_JSON = 64 * 1024

#: The most characters in the URL, the method, all headers together and the body of a request; the most headers.
MAX_URL = 2000
MAX_METHOD = 100
MAX_HEADERS_LENGTH = 8 * 1024
MAX_BODY = 16 * 1024
MAX_HEADERS = 32

_CHOICES = {
    "credentials": ("same-origin", "include", "omit"),
    "mode": ("cors", "no-cors", "same-origin"),
    "redirect": ("follow", "error", "manual"),
}

#: The sentence for each mode that ``explain`` does not cover.
_OTHER_MODES = {
    "no-cors": 'In mode "no-cors" the browser sends the request without asking, but the script cannot read anything '
    "of the answer. That mode is for images and the like; it does not get around CORS (fetch#main-fetch).",
    "same-origin": 'In mode "same-origin" the browser sends nothing to another origin, even if the policy allows it '
    "(fetch#main-fetch).",
}

#: By redirect mode: the sentence on an answer that passes the CORS check, but is a redirect.
_REDIRECTS = {
    "follow": "The answer is a redirect, which the browser may follow (fetch#http-redirect-fetch).",
    "error": 'Blocked: the answer is a redirect, and redirect: "error" makes that a failure (fetch#http-fetch).',
    "manual": 'The answer is a redirect, and with redirect: "manual" the script cannot read anything of it '
    "(fetch#concept-filtered-response-opaque-redirect).",
}

_TAINTED = (
    "A redirect from one foreign origin to another makes the browser send Origin: null, from any page "
    "(fetch#concept-request-tainted-origin). Do not allow null for that; have the script ask that server directly."
)

#: Replaces the sentence of ``explain`` on the answer of the application.
_CRASHED = (
    "The application raised an exception. Because the origin is not allowed, the middleware left it to the server, "
    "which answered 500 by itself, without the policy's headers."
)


class Playground:
    """Answers the page's requests to its own server. Each method takes and returns a JSON object."""

    def __init__(
        self,
        visits: Visits,
        recorder: Recorder,
        senders: Mapping[str, str],
        servers: tuple[str, ...],
        referrer_policy: str,
    ) -> None:
        """Store what the methods need.

        :param senders: the origin of each page that requests can be sent from, by its name.
        :param servers: the origins that requests may go to.
        :param referrer_policy: of the pages.
        """
        self._visits = visits
        self._recorder = recorder
        self._senders = senders
        self._servers = servers
        self._referrer_policy = referrer_policy

    def check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Judge ``policy``: return its problems, or its text in each language.

        :raises BadRequest: as all methods do, if the page's script would not have sent this.
        """
        return judge(asked.get("policy"))[0]

    def put(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Apply ``policy`` to ``visit``, if it has no problem and ``request`` can be sent.

        :return: what :meth:`check` returns, and the name of the ``visit``: a new one if the old one has ended.
        """
        answer, policy = judge(asked.get("policy"))
        _request_in(asked, self._servers)
        if policy is not None:
            answer["visit"] = self._visits.put(str(asked.get("visit")), policy)
        return answer

    def look(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of ``request``, which the page has sent under ``visit`` and ``id`` from ``sender``.

        :return: ``ended``, whether the visit has ended; if not, also what the servers saw, the explanation in
            sentences, and the prediction of the browser in Python.
        """
        request = _request_in(asked, self._servers)
        origin = self._senders[_choice(asked, "sender", tuple(self._senders))]
        name = _text(asked, "visit", 64)
        visit = self._visits.get(name)
        if visit is None:
            return {"ended": True}
        exchanges = self._recorder.exchanges(_text(asked, "id", 64))
        separator = "&" if "?" in request.url else "?"
        prediction = predict(
            request,
            origin,
            lambda own: f"{request.url}{separator}visit={name}&id={own}",
            self._recorder,
            self._referrer_policy,
        )
        return {
            "ended": False,
            "exchanges": [each.as_dict(whole=True) for each in exchanges],
            "why": _why(visit.policy, origin, request, exchanges),
            "prediction": prediction,
        }


def parse(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in a body.

    :raises BadRequest: if there is none, or it cannot be sent back as JSON.
    """
    try:
        value = json.loads(body)
        # Refuses what cannot be sent back: NaN and infinite numbers, and lone surrogates.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise BadRequest("the text holds half of a character (a lone surrogate); delete it") from None
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(value, Mapping):
        raise BadRequest("the body is not a JSON object")
    return value


def why(policy: Policy, exchanges: list[Exchange], credentials: bool | None = None) -> list[str]:
    """Return the sentences that explain the result of a request, from what the server saw of it.

    :param credentials: whether the script set ``credentials: "include"``; ``None`` if that is not known.
    """
    if not exchanges:
        return []
    last = exchanges[-1]
    preflight = next((each for each in reversed(exchanges) if each.is_preflight and each.path == last.path), None)
    method, names = last.method, ""
    if preflight is not None:
        method = preflight.asked("Access-Control-Request-Method") or method
        names = preflight.asked("Access-Control-Request-Headers") or ""
    headers = [name for name in names.split(",") if name]
    return explain(
        policy, origin=last.asked("Origin"), method=method, request_headers=headers, credentials=credentials
    ).splitlines()


def _why(policy: Policy, origin: str, request: SentRequest, exchanges: list[Exchange]) -> list[str]:
    """Return the sentences that explain the result of a request, and of its redirect if there was one."""
    if request.mode in _OTHER_MODES:
        return [_OTHER_MODES[request.mode]]
    credentials = request.credentials == "include"
    sentences = explain(
        policy,
        origin=origin,
        method=request.method,
        request_headers=request.headers,
        credentials=credentials,
    ).splitlines()
    first = next((each for each in exchanges if not each.is_preflight), None)
    if first is not None and first.status.startswith("3"):  # from this API, always a redirect
        # explain() knows no redirects; one that the policy hides from the script is blocked as any other answer.
        sentences = [_REDIRECTS[request.redirect] if _is_readable(each) else each for each in sentences]
    elif first is not None and first.raised:
        sentences = [_CRASHED if each.startswith("The application answers") else each for each in sentences]
    places = [f"{each.asked('Host')}{each.path}" for each in exchanges]
    if len(set(places)) > 1:
        sentences.append(f"That was the first request. It was redirected to {places[-1]}, where it is checked again:")
        again = why(policy, exchanges, credentials)
        if exchanges[-1].asked("Origin") == "null" != origin:
            # The redirect is the reason, not a sandboxed page.
            again = [_TAINTED, *(each for each in again if not each.startswith('The origin "null" is refused'))]
        sentences += again
    return sentences


def _is_readable(sentence: str) -> bool:
    return sentence.startswith("Readable: ")


def _request_in(asked: Mapping[str, Any], servers: tuple[str, ...]) -> SentRequest:
    """Return the request that is asked about.

    :raises BadRequest: if there is none, or it does not go to one of ``servers``, or it is too large.
    """
    fields = asked.get("request")
    if not isinstance(fields, Mapping):
        raise BadRequest("the request is missing")
    url = _text(fields, "url", MAX_URL)
    if not url.startswith(tuple(f"{server}/" for server in servers)) or "#" in url:
        raise BadRequest("the request must go to one of the demo's own servers")
    return SentRequest(
        url,
        _text(fields, "method", MAX_METHOD),
        _headers_in(fields),
        None if fields.get("body") is None else _text(fields, "body", MAX_BODY),
        *(_choice(fields, name, choices) for name, choices in _CHOICES.items()),
    )


def _headers_in(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = fields.get("headers")
    if not isinstance(headers, list) or len(headers) > MAX_HEADERS:
        raise BadRequest(f"the headers must be a list of at most {MAX_HEADERS}")
    for pair in headers:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)):
            raise BadRequest("each header must be a list of a name and a value")
    if sum(len(each) for pair in headers for each in pair) > MAX_HEADERS_LENGTH:
        raise BadRequest(f"the headers are longer than {MAX_HEADERS_LENGTH} characters, the most that is allowed here")
    return tuple((name, value) for name, value in headers)


def _text(fields: Mapping[str, Any], name: str, longest: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not a string")
    if len(value) > longest:
        raise BadRequest(f"{name} is longer than {longest} characters, the most that is allowed here")
    return value


def _choice(fields: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = _text(fields, name, 100)
    if value not in choices:
        raise BadRequest(f"{name} must be one of {', '.join(choices)}")
    return value
