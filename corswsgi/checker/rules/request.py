"""What is wrong with the request itself, and what was not sent."""

from __future__ import annotations

from collections.abc import Iterator

from corswsgi import fetch
from corswsgi.checker.evidence import Evidence, Question
from corswsgi.checker.findings import Finding
from corswsgi.checker.kinds import request as kinds
from corswsgi.checker.kinds.preflights import ONLY_PREFLIGHT_UNANSWERED
from corswsgi.checker.parts import Actual
from corswsgi.errors import quote


def mistakes(question: Question) -> Iterator[Finding]:
    """Yield what is wrong with the request itself, though a browser would send it."""
    for name, _ in question.headers:
        if name.lower().startswith("access-control-"):
            sentence = f"{name} is a header of responses: the server has to send it, and on a request it does only harm"
            fix = f"take {name} out of the script; it needs permission like any custom header"
            yield kinds.RESPONSE_HEADER_IN_REQUEST.finding(sentence, fix)
    method = question.method
    if fetch.normalize_method(method) == method != method.upper():
        sentence = (
            f"browsers send {quote(method)} as it is written, and servers take it for another than {method.upper()}"
        )
        yield kinds.METHOD_CASE.finding(sentence, f"write {method.upper()} in the script")
    names = {name.lower() for name, _ in question.headers}
    if isinstance(question.body, str) and "content-type" not in names and question.body.lstrip()[:1] in ("{", "["):
        sentence = "the body looks like JSON and goes as text/plain, since the script names no Content-Type"
        fix = "set -H 'Content-Type: application/json', which needs a preflight, as it would in the script"
        yield kinds.JSON_AS_TEXT.finding(sentence, fix)


def on_sending(evidence: Evidence, actual: Actual | None) -> Iterator[Finding]:
    """Yield what did not go out, and what that means for the verdict."""
    plain = evidence.probes.get("without-origin")
    if not evidence.is_answered and plain is not None and plain.status is not None:
        sentence = f"a {plain.method} of the same URL is answered ({plain.status}): something drops only OPTIONS"
        fix = "let OPTIONS requests through to what answers preflights"
        yield ONLY_PREFLIGHT_UNANSWERED.finding(sentence, fix)
    if evidence.verdict.outcome != "unsent":
        return
    method = evidence.question.sent_method
    instead = "; a GET of the same URL stands in its place" if actual is not None else ""
    sentence = f"the {method} was not sent, since it may change something{instead}"
    yield kinds.NOT_SENT.finding(sentence, "add --send to send it, and to be certain")
    if actual is None or actual.readable or actual.exchange.status is None:  # no answer has a diagnosis of its own
        return
    if evidence.stand_in is None:
        sentence = f"the preflight permits the {method}, but the answer to a GET of the same URL cannot be read"
        fix = f"add --send to see whether that to the {method} can be"
        yield kinds.STAND_IN_BLOCKED.finding(sentence, fix)
