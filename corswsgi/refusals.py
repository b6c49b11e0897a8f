"""The log of refusals: one line for each origin and reason, whatever clients send; nothing is decided here."""

from __future__ import annotations

import logging
import threading

from corswsgi.errors import quote

logger = logging.getLogger("corswsgi")

#: Tells whether the log of refusals, which is of level INFO, is written at all.
is_logged = logger.isEnabledFor


class RefusalLog:
    """Writes each refusal once, at INFO, to the logger ``corswsgi``.

    The newest refusals are remembered, up to ``bound`` of them; one that comes again after it was forgotten is
    written again.
    """

    _LONGEST_KEY = 400

    def __init__(self, bound: int = 1024) -> None:
        self._bound = bound
        self._seen: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def is_new(self, origin: str, reason: str) -> bool:
        """Tell whether :meth:`note` would write this refusal; quick, so that what is known costs no more than this."""
        return is_logged(logging.INFO) and (reason, origin[: self._LONGEST_KEY]) not in self._seen

    def note(self, origin: str, reason: str, method: str, path: str) -> None:
        """Write a refusal, unless it is remembered.

        :param origin: the value of ``Origin`` as it came; like ``method`` and ``path`` it is escaped, and cut
            if it is long.
        """
        with self._lock:
            if not self.is_new(origin, reason):
                return
            if len(self._seen) >= self._bound:
                del self._seen[next(iter(self._seen))]
            self._seen[reason, origin[: self._LONGEST_KEY]] = None
        logger.info("refused origin %s on %s %s: %s", quote(origin), quote(method), quote(path), reason)
