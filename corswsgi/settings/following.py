"""Policies that follow their file: changes take effect without a restart, and a faulty file changes nothing."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from corswsgi.errors import PolicyError, quote
from corswsgi.policy import Policy
from corswsgi.routes import Routes
from corswsgi.settings.declared import Policies
from corswsgi.settings.files import read_file
from corswsgi.settings.reading import Path, version_of

_logger = logging.getLogger("corswsgi")

#: Seconds between two looks at the file.
_PAUSE = 1.0
#: Seconds since the last change before a file is read: it may still be being written.
_SETTLED = 0.25


class Followed:
    """The policies of a file, from its last version without faults.

    One thread looks at the file when a request comes, at most once a second; the others use the policies in force. Each
    process does this on its own.

    :param clock: returns seconds that never go back.
    :param now: returns seconds to compare the modification time of a file with.
    :raises PolicyError: with every fault of the file as it is now.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        self._path = os.path.abspath(path)  # the program may change its directory
        self._clock = clock
        self._now = now
        self._look = threading.Lock()
        self._next_look = clock() + _PAUSE
        self._version, _ = self._seen()
        self._put_in_force(read_file(path))

    @property
    def policies(self) -> Policies:
        """What is in force: one policy, or one for each path."""
        return self._policies

    def policy_for(self, path: str) -> Policy | None:
        """Return what :meth:`corswsgi.routes.Routes.policy_for` does, of the rules that are in force."""
        # If another thread is looking at the file, this one does not wait.
        if self._clock() >= self._next_look and self._look.acquire(blocking=False):
            try:
                if self._clock() >= self._next_look:
                    self._next_look = self._clock() + _PAUSE
                    self._follow()
            finally:
                self._look.release()
        return self._routes.policy_for(path)

    def _follow(self) -> None:
        version, written = self._seen()
        if version == self._version or 0 <= self._now() - written < _SETTLED:
            return
        policies: Policies | None = None
        fault: PolicyError | None = None
        try:
            policies = read_file(self._path)
        except PolicyError as error:
            fault = error
        if self._seen()[0] != version:
            return  # it has changed again, and is read at the next look
        self._version = version
        if policies is None:
            _logger.error("%s is not in force; the last policy without faults stays:\n%s", quote(self._path), fault)
        else:
            self._put_in_force(policies)
            _logger.info("%s has changed and is in force", quote(self._path))

    def _put_in_force(self, policies: Policies) -> None:
        self._policies = policies
        self._routes = Routes({"/": policies} if isinstance(policies, Policy) else policies)

    def _seen(self) -> tuple[tuple[int, ...] | int | None, float]:
        """Return the version of the file, or an error number if it cannot be found, and its modification time."""
        try:
            status = os.stat(self._path)
        except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
            return getattr(error, "errno", None), 0
        return version_of(status), status.st_mtime

    def __repr__(self) -> str:
        return f"<Followed {quote(self._path)}>"


def follow(path: Path) -> Followed:
    """Return the policies of a TOML or INI file, for ``CORSMiddleware`` or the mixin, that follow the file.

    :raises PolicyError: with every fault of the file as it is now.
    """
    return Followed(path)
