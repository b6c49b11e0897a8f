"""The limit on the time of each answer, and of all answers together."""

from __future__ import annotations

import math
import time

from corswsgi.browser.network import NoAnswer


class Limit:
    """The time that is left, counted from when this is created."""

    def __init__(self, each: float, whole: float | None = None) -> None:
        """Start the clock.

        :param each: seconds for each answer.
        :param whole: seconds for everything; ``None`` for no limit.
        """
        self._each = each
        self._whole = math.inf if whole is None else whole
        self._until = time.monotonic() + self._whole
        self._is_reached = False

    def seconds(self) -> float:
        """Return the seconds that the next answer may take.

        :raises NoAnswer: if there is no time for any.
        """
        if self.is_over():
            raise NoAnswer(f"out of time: the {round(self._whole, 2):g} s for everything are over")
        return max(0.0, min(self._each, self._until - time.monotonic()))

    def is_over(self) -> bool:
        """Tell whether the time for another answer is over; this counts as wanting one."""
        self._is_reached = self._is_reached or time.monotonic() >= self._until
        return self._is_reached

    def is_reached(self) -> bool:
        """Tell whether the time was over when another answer was wanted."""
        return self._is_reached

    @property
    def cut_short(self) -> str:
        """Why not everything was asked, as a sentence; empty if everything was."""
        if not self._is_reached:
            return ""
        return f"the {round(self._whole, 2):g} s for everything were over; --max-time allows more"
