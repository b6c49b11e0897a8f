"""The log of refusals: one line for each origin and reason, whatever clients send; nothing is decided here."""

from __future__ import annotations

import logging
import threading

from corswsgi.errors import quote

logger = logging.getLogger("corswsgi")

#: Tells whether the log of refusals, which is of level INFO, is written at all.
is_logged = logger.isEnabledFor


class RefusalLog:
    """Writes each refusal once to the logger ``corswsgi``, at INFO unless it is told otherwise.

    The newest refusals are remembered, up to ``bound`` of them; one that comes again after it was forgotten is
    written again.
    """

    _LONGEST_KEY = 400

    def __init__(self, bound: int = 1024) -> None:
        self._bound = bound
        self._seen: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def is_new(self, origin: str, reason: str, level: int = logging.INFO) -> bool:
        """Tell whether :meth:`note` would write this refusal; quick, so that what is known costs no more than this."""
        return is_logged(level) and (reason, origin[: self._LONGEST_KEY]) not in self._seen

    def note(self, origin: str, reason: str, method: str, path: str, level: int = logging.INFO) -> None:
        """Write a refusal, unless it is remembered.

        :param origin: the value of ``Origin`` as it came; like ``method`` and ``path`` it is escaped, and cut
            if it is long.
        """
        with self._lock:
            if not self.is_new(origin, reason, level):
                return
            if len(self._seen) >= self._bound:
                del self._seen[next(iter(self._seen))]
            self._seen[reason, origin[: self._LONGEST_KEY]] = None
        logger.log(level, "refused origin %s on %s %s: %s", quote(origin), quote(method), quote(path), reason)
