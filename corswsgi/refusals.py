"""The log of refusals: one line for each origin and reason, however often clients repeat a request."""

from __future__ import annotations

import logging
import threading

from corswsgi.errors import quote

logger = logging.getLogger("corswsgi")

#: Tells whether the log of refusals, which is of level INFO, is written at all.
is_logged = logger.isEnabledFor


class RefusalLog:
    """Writes each refusal once to the logger ``corswsgi``, at level INFO by default.

    The newest ``bound`` refusals are remembered; one that is repeated after it was forgotten is written again.
    """

    _LONGEST_KEY = 400

    def __init__(self, bound: int = 1024) -> None:
        self._bound = bound
        self._seen: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def is_new(self, origin: str, reason: str, level: int = logging.INFO) -> bool:
        """Tell whether :meth:`note` would write this refusal. It takes no lock, so a known refusal costs little."""
        return is_logged(level) and (reason, origin[: self._LONGEST_KEY]) not in self._seen

    def note(self, origin: str, reason: str, method: str, path: str, level: int = logging.INFO) -> None:
        """Write a refusal, unless it is remembered.

        :param origin: the value of ``Origin`` as received; like ``method`` and ``path``, escaped, and cut if long.
        """
        with self._lock:
            if not self.is_new(origin, reason, level):
                return
            if len(self._seen) >= self._bound:
                del self._seen[next(iter(self._seen))]
            self._seen[reason, origin[: self._LONGEST_KEY]] = None
        logger.log(level, "refused origin %s on %s %s: %s", quote(origin), quote(method), quote(path), reason)
