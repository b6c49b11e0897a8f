"""What is wrong with the request itself, and which requests were not sent."""

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
    """Yield what is wrong with the request itself, although a browser would send it."""
    for name, _ in question.headers:
        if name.lower().startswith("access-control-"):
            sentence = f"{name} is a response header: the server has to send it, and on a request it permits nothing"
            fix = f"remove {name} from the script; like any custom header it needs permission"
            yield kinds.RESPONSE_HEADER_IN_REQUEST.finding(sentence, fix)
    method = question.method
    if fetch.normalize_method(method) == method != method.upper():
        sentence = f"browsers send {quote(method)} as it is written, and it is not the same method as {method.upper()}"
        yield kinds.METHOD_CASE.finding(sentence, f"write {method.upper()} in the script")
    names = {name.lower() for name, _ in question.headers}
    if isinstance(question.body, str) and "content-type" not in names and question.body.lstrip()[:1] in ("{", "["):
        sentence = "the body looks like JSON but is sent as text/plain, because the script sets no Content-Type"
        fix = "set Content-Type: application/json in the script, and here with -H; it causes a preflight"
        yield kinds.JSON_AS_TEXT.finding(sentence, fix)


def on_sending(evidence: Evidence, actual: Actual | None) -> Iterator[Finding]:
    """Yield which requests were not sent, and what that means for the verdict."""
    plain = evidence.probes.get("without-origin")
    if not evidence.is_answered and plain is not None and plain.status is not None:
        sentence = (
            f"the server responds to a {plain.method} of the same URL ({plain.status}), so something drops OPTIONS only"
        )
        fix = "let OPTIONS requests through to the part of the server that answers preflights"
        yield ONLY_PREFLIGHT_UNANSWERED.finding(sentence, fix)
    if evidence.verdict.outcome != "unsent":
        return
    method = evidence.question.sent_method
    instead = "; a GET of the same URL was sent instead" if actual is not None else ""
    sentence = f"the {method} was not sent, because it may change something{instead}"
    yield kinds.NOT_SENT.finding(sentence, "add --send to send it")
    if actual is None or actual.readable or actual.exchange.status is None:  # no response is another finding
        return
    if evidence.stand_in is None:
        sentence = f"the preflight permits the {method}, but the response to a GET of the same URL cannot be read"
        fix = f"add --send to see whether the response to the {method} can be read"
        yield kinds.STAND_IN_BLOCKED.finding(sentence, fix)
