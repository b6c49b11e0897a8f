"""The playground's side of the page server: policies are put in force, and what became of a request is told.

Everything that arrives here is somebody's typing: it is bounded, it is never run, and it goes back as text only.
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

#: Bytes of JSON that are read at all.
MAX_JSON = 64 * 1024

#: What a request may hold: characters of its URL, of its method, of all its headers, of its body; headers.
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

#: What ``explain``, which speaks of mode ``cors``, would say of the others.
_OTHER_MODES = {
    "no-cors": 'In mode "no-cors" the browser sends the request and asks nobody, but whatever comes back, the script '
    "can read nothing of it. That mode is for images and the like; it is no way around CORS (fetch#main-fetch).",
    "same-origin": 'In mode "same-origin" the browser sends nothing to another origin, whatever the policy says '
    "(fetch#main-fetch).",
}

#: By redirect mode: what is to be said of an answer that passes the CORS check, but is a redirect.
_REDIRECTS = {
    "follow": "The answer is a redirect, which the browser may follow (fetch#http-redirect-fetch).",
    "error": 'Blocked: the answer is a redirect, and redirect: "error" takes one for a failure (fetch#http-fetch).',
    "manual": 'The answer is a redirect, and with redirect: "manual" the script can read nothing of it '
    "(fetch#concept-filtered-response-opaque-redirect).",
}

_TAINTED = (
    "A redirect from one foreign origin to another makes the browser say Origin: null, whatever the page "
    "(fetch#concept-request-tainted-origin). Do not allow null for that; have the script ask that server directly."
)

#: What happened in the place of the answer that ``explain`` tells of.
_CRASHED = (
    "The application raised, and as the origin is not allowed, the middleware left it to the server, which answered "
    "500 by itself, without the policy's headers."
)


class Playground:
    """What the page asks of its own server. Each method takes a JSON object, and returns what becomes one."""

    def __init__(
        self,
        visits: Visits,
        recorder: Recorder,
        senders: Mapping[str, str],
        servers: tuple[str, ...],
        referrer_policy: str,
    ) -> None:
        """Declare what there is.

        :param senders: the pages that requests can be sent from, and the origin of each.
        :param servers: the origins that requests may go to.
        :param referrer_policy: that of the pages.
        """
        self._visits = visits
        self._recorder = recorder
        self._senders = senders
        self._servers = servers
        self._referrer_policy = referrer_policy

    def check(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Judge ``policy``: tell its problems, or what it is as text.

        :raises BadRequest: as all methods, where the page's script would not have sent this.
        """
        return judge(asked.get("policy"))[0]

    def put(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Put ``policy`` in force for ``visit``, if it has no problem and ``request`` is one that can be sent.

        :return: what :meth:`check` returns, and the name of the ``visit``: a new one if that one has ended.
        """
        answer, policy = judge(asked.get("policy"))
        _request_in(asked, self._servers)
        if policy is not None:
            answer["visit"] = self._visits.put(str(asked.get("visit")), policy)
        return answer

    def look(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Tell what became of ``request``, which the page has sent under ``visit`` and ``id`` from ``sender``.

        :return: ``ended``, if the visit has; else what the servers saw, what the policy says to it, in sentences,
            and what the browser in Python made of the same request.
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
    """Return the JSON object that a body is.

    :raises BadRequest: if it is none, or its strings are no text.
    """
    try:
        value = json.loads(body)
        # What could not be answered: NaN, and numbers so large that they are infinite; half of a surrogate pair.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise BadRequest("this holds half of a character (a lone surrogate), which is no text") from None
    except (ValueError, RecursionError):
        raise BadRequest("this is no JSON") from None
    if not isinstance(value, Mapping):
        raise BadRequest("this is no JSON object")
    return value


def why(policy: Policy, exchanges: list[Exchange], credentials: bool | None = None) -> list[str]:
    """Return the sentences that explain what a script was told, from what the server saw of it.

    :param credentials: whether it said ``credentials: "include"``, where that is known.
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
    """Return the sentences on a request, and on the one that a redirect made of it."""
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
    if first is not None and first.status.startswith("3"):  # the API has no status of that class but of redirects
        # explain() knows no redirects; one that the policy keeps from the script is blocked as any other answer.
        sentences = [_REDIRECTS[request.redirect] if _is_readable(each) else each for each in sentences]
    elif first is not None and first.raised:
        sentences = [_CRASHED if each.startswith("The application answers") else each for each in sentences]
    places = [f"{each.asked('Host')}{each.path}" for each in exchanges]
    if len(set(places)) > 1:
        sentences.append(f"So much for the first request. It was redirected to {places[-1]}, where all begins anew:")
        again = why(policy, exchanges, credentials)
        if exchanges[-1].asked("Origin") == "null" != origin:
            # The redirect is the reason, and not that the page was a sandboxed one.
            again = [_TAINTED, *(each for each in again if not each.startswith('The origin "null" is refused'))]
        sentences += again
    return sentences


def _is_readable(sentence: str) -> bool:
    return sentence.startswith("Readable: ")


def _request_in(asked: Mapping[str, Any], servers: tuple[str, ...]) -> SentRequest:
    """Return the request in what is asked.

    :raises BadRequest: if there is none, or it goes elsewhere than to ``servers``, or is larger than is taken.
    """
    fields = asked.get("request")
    if not isinstance(fields, Mapping):
        raise BadRequest("there is no request")
    url = _text(fields, "url", MAX_URL)
    if not url.startswith(tuple(f"{server}/" for server in servers)) or "#" in url:
        raise BadRequest("a request goes to one of this demo's own servers")
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
        raise BadRequest(f"a request has a list of at most {MAX_HEADERS} headers here")
    for pair in headers:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)):
            raise BadRequest("a header is a name and a value")
    if sum(len(each) for pair in headers for each in pair) > MAX_HEADERS_LENGTH:
        raise BadRequest(f"the headers are longer than {MAX_HEADERS_LENGTH} characters, the most that is taken here")
    return tuple((name, value) for name, value in headers)


def _text(fields: Mapping[str, Any], name: str, longest: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{name} is no text")
    if len(value) > longest:
        raise BadRequest(f"{name} is longer than {longest} characters, the most that is taken here")
    return value


def _choice(fields: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = _text(fields, name, 100)
    if value not in choices:
        raise BadRequest(f"{name} is one of {', '.join(choices)}")
    return value
