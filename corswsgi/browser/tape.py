"""What servers answered to one browser, to give the same answers to others: several engines ask at the cost of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from corswsgi.browser.network import Network, NetworkReply, NoAnswer
from corswsgi.browser.urls import URL
from corswsgi.browser.verdict import Header

#: Requests with these change nothing, so that one that differs in a header only is sent as well.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Tape:
    """Answers to requests, in order.

    A request that may change something is sent once, even if engines send it with different headers. The second time
    that a browser sends the same request it gets the second answer, because servers may change their mind.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, list[NetworkReply | NoAnswer]] = {}

    def before(self, network: Network) -> Network:
        """Return a network for one more browser: what is on the tape is played, what is not is asked and recorded."""
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
