"""Which Policy governs which path; closed if that is unclear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable
from urllib.parse import unquote

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.policy import CLOSED, OPTIONS, Policy


@runtime_checkable
class PolicyByPath(Protocol):
    """Tells at each request which policy governs its path, so that the answer may change, as with a file."""

    def policy_for(self, path: str) -> Policy | None:
        """Return what :meth:`Routes.policy_for` does."""


class Routes:
    """The policies of a mapping from paths to policies.

    A rule for ``/api`` governs ``/api`` and everything below it (``/api/``, ``/api/users``), but not ``/apis``.
    If several rules match, the one with the most segments governs; if none matches, there is no policy. Paths are
    case-sensitive.

    A path that servers read differently is :data:`~corswsgi.policy.CLOSED`, because it may lead to what another rule
    governs: one with ``.`` or ``..`` segments, an empty segment inside, a backslash or a NUL, and one that does not
    start with a slash. If every path has the same policy, that policy governs these paths too.

    :ivar unclear: what governs such a path.
    """

    def __init__(self, policies: Mapping[str, Policy | None]) -> None:
        """Check the rules and compile them.

        :param policies: for each path its policy, or ``None`` for a part of the tree that has none.
        :raises PolicyError: with the faults of all paths.
        """
        problems = [problem for path, policy in policies.items() for problem in _complain(path, policy)]
        if problems:
            raise PolicyError(problems)
        # Paths as WSGI gives them: percent-decoded, one character for each byte of UTF-8.
        self._policies = {path.rstrip("/").encode().decode("latin-1"): policy for path, policy in policies.items()}
        self._depth = max((path.count("/") for path in self._policies), default=0)
        # The possible outcomes for a path; without a rule for the root, one of them is no policy.
        outcomes = {*self._policies.values(), self._policies.get("")}
        self.unclear = outcomes.pop() if len(outcomes) == 1 else CLOSED

    @property
    def most_specific_first(self) -> list[tuple[str, Policy | None]]:
        """The rules, each with its path as :meth:`policy_for` takes it; that of the root is empty, and the last."""
        return sorted(self._policies.items(), key=lambda rule: (-rule[0].count("/"), rule[0]))

    def policy_for(self, path: str) -> Policy | None:
        """Return the policy that governs a path, ``CLOSED`` if that is unclear, or ``None`` if there is none.

        :param path: what the application sees: SCRIPT_NAME + PATH_INFO, percent-decoded, one character for each byte.
        """
        policies = self._policies
        if not path.startswith("/") or _is_ambiguous(path):
            return self.unclear
        if path.count("/") > self._depth:  # segments beyond the deepest rule cannot matter
            path = "/".join(path.split("/", self._depth + 1)[: self._depth + 1])
        while path not in policies:
            path, slash, _ = path.rpartition("/")
            if not slash:
                return None
        return policies[path]


def _is_ambiguous(path: str) -> bool:
    if "//" in path or "\\" in path or "\0" in path:
        return True
    if "/." not in path:  # as most paths
        return False
    closed = f"{path}/"
    return "/./" in closed or "/../" in closed


def _complain(path: object, policy: object) -> Iterator[Problem]:
    if not isinstance(path, str):
        yield Problem(Fault.ROUTE_PATH, "path", path, f"{quote(path)} is not a string; write the path as one")
        return
    if path in OPTIONS:  # CORSMiddleware(app, {"allow_origins": "*"})
        message = "this is an option, and the keys of this mapping are paths; write the options as Policy(...)"
        yield Problem(Fault.ROUTE_PATH, path, policy, message)
        return
    if policy is not None and not isinstance(policy, Policy):
        message = f"{quote(policy)} is neither a Policy nor None; write Policy(allow_origins=...)"
        yield Problem(Fault.ROUTE_POLICY, path, policy, message)
    if fault := _fault_of(path):
        corrected = _correct(path)
        yield Problem(Fault.ROUTE_PATH, path, path, fault, None if _fault_of(corrected) else corrected)


def _fault_of(path: str) -> str | None:
    """Return what is wrong with the path of a rule."""
    if not path.startswith("/"):
        return "a path must start with a slash"
    if path != "/" and path.endswith("/"):
        return "a rule governs its path and all below; it does not end in a slash"
    if _is_ambiguous(path):
        return 'servers read an empty, "." or ".." segment, a backslash and a NUL differently, so no rule is for them'
    if any("\ud800" <= character <= "\udfff" for character in path):
        return "half of a surrogate pair is not a character; remove it"
    if "*" in path:
        return (
            "a path has no wildcard; a rule governs its path and everything below it. To choose in another way, give a "
            "callable in place of the mapping: def choose(request): return policy"
        )
    if "?" in path or "#" in path:
        return "a path has no query and no fragment"
    if unquote(path) != path:
        return "a path is written decoded, as applications see it"
    return None


def _correct(path: str) -> str:
    bare = unquote(path.partition("?")[0].partition("#")[0])
    return "/" + bare.lstrip("/").rstrip("/*")
