"""A record of what servers answered to one browser, so that the browsers of other engines need not ask them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from corswsgi.browser.network import Network, NetworkReply, NoAnswer
from corswsgi.browser.urls import URL
from corswsgi.browser.verdict import Header

#: Requests with these methods change nothing, so that they are sent again even if only their headers differ.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Tape:
    """Answers to requests, in order.

    A request that may change something is sent once, even if engines send it with different headers. If a browser sends
    the same request a second time, it gets the second answer, which may be different.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, list[NetworkReply | NoAnswer]] = {}

    def before(self, network: Network) -> Network:
        """Return a network for one more browser: it plays the answers on the tape, and records others."""
        heard: Counter[Hashable] = Counter()

        def play(method: str, url: URL, headers: list[Header], body: bytes | None, streamed: bool) -> NetworkReply:
            key = (method, url.without_fragment, body, tuple(headers) if method in _SAFE_METHODS else ())
            answers = self._answers.setdefault(key, [])
            if heard[key] == len(answers):
                try:
                    answers.append(network(method, url, headers, body, streamed))
                except NoAnswer as error:
                    answers.append(error)
            answer = answers[heard[key]]
            heard[key] += 1
            if isinstance(answer, NoAnswer):
                raise NoAnswer(str(answer)) from answer
            return answer

        return play
