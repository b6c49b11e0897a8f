"""Keeps what Authorization says from other hosts than the one that it was for, whatever a browser would send there."""

from __future__ import annotations

from corswsgi.browser import Tape
from corswsgi.browser.network import Network, NetworkReply
from corswsgi.browser.urls import URL, is_as_private
from corswsgi.browser.verdict import Header

#: Stands for the value: a server still sees that there is one.
WITHHELD = "withheld"


class WithholdingTape(Tape):
    """A tape for browsers that follow redirects anywhere.

    Firefox sends Authorization to another host, if that redirects to itself
    (:attr:`~corswsgi.browser.engines.Departure.REDIRECT_AUTHORIZATION_BACK`). The exchanges say so, and the server gets
    another value.
    """

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._url = url

    def before(self, network: Network) -> Network:
        """Return a network for one more browser; see :meth:`Tape.before`."""

        def withhold(method: str, url: URL, headers: list[Header], body: bytes | None, streamed: bool) -> NetworkReply:
            if not is_as_private(url, self._url):
                headers = [(name, WITHHELD if name.lower() == "authorization" else value) for name, value in headers]
            return network(method, url, headers, body, streamed)

        return super().before(withhold)
