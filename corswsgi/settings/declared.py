"""A policy, or policies by path, from settings of any kind; the callers say where each value is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.foreign_options import is_foreign, meant_by
from corswsgi.policy import OPTIONS, Policy
from corswsgi.routes import Routes
from corswsgi.settings.texts import NONE, UNREAD, value_of

#: What settings hold: one policy, or one for each path.
Policies = Policy | dict[str, Policy | None]

#: The keys of a value: the name of an option, or the path of a rule, or both.
Keys = tuple[str, ...]

#: Returns in words where the value with these keys is written; ``()`` means all of the settings.
Place = Callable[[Keys, object], str]


def policies_of(declared: Mapping[Any, Any], place: Place, beside: Iterable[str] = ()) -> Policies:
    """Return the declared policy or policies: rules by path inherit the options that they do not give themselves.

    Without rules, there is one policy. With rules, the options are the policy for all other paths; if they allow no
    origins, they are only inherited. A rule is a mapping of options, a policy, or ``None`` for a part without a policy.

    :param beside: other names that the caller accepts, to suggest in place of an unknown name.
    :raises PolicyError: with every fault, each with its place.
    """
    reading = _Reading(place, beside)
    policies = reading.read(declared)
    if reading.problems:
        raise PolicyError(reading.problems.values())
    assert policies is not None, "neither a policy nor a fault"
    return policies


class _Reading:
    """Reads settings, and collects the problems.

    :ivar problems: keyed by their text, so that a fault that several rules inherit is reported once.
    """

    def __init__(self, place: Place, beside: Iterable[str]) -> None:
        self.problems: dict[str, Problem] = {}
        self._place = place
        self._beside = tuple(beside)

    def read(self, declared: Mapping[Any, Any]) -> Policies | None:
        rules = {key: value for key, value in declared.items() if _is_rule(key, value)}
        shared = self._values((), {key: value for key, value in declared.items() if key not in rules})
        policy = self._policy((), {}, shared, is_complete=not rules)
        if not rules:
            return policy
        self._judge_paths(rules)
        inherited = {name: value for name, value in shared.items() if name in OPTIONS}
        policies = {} if policy is None else {"/": policy}
        return policies | {path: self._rule(path, rule, inherited) for path, rule in rules.items()}

    def _judge_paths(self, rules: Mapping[str, object]) -> None:
        try:
            Routes(dict.fromkeys(rules))
        except PolicyError as error:
            for problem in error.problems:
                self._note(problem, (problem.option,))

    def _rule(self, path: str, rule: object, inherited: Mapping[str, Any]) -> Policy | None:
        if rule is None or isinstance(rule, Policy):
            return rule
        if isinstance(rule, Mapping):
            return self._policy((path,), inherited, self._values((path,), rule), is_complete=True)
        if not isinstance(rule, str) or rule.strip().lower() != NONE:
            message = f'{quote(rule)} is neither the options of a policy nor "none"'
            self._note(Problem(Fault.ROUTE_POLICY, path, rule, message), (path,))
        return None

    def _values(self, keys: Keys, declared: Mapping[Any, Any]) -> dict[str, Any]:
        """Return the values of options as a policy takes them; unknown names are kept."""
        values = {}
        for name, value in declared.items():
            problems: list[Problem] = []
            if name in OPTIONS:
                values[name] = value_of(name, value, problems)
            elif isinstance(name, str):
                values[name] = value
            else:
                message = f"{quote(name)} is not the name of an option; leave it out"
                problems.append(Problem(Fault.UNKNOWN_OPTION, quote(name), value, message))
            for problem in problems:
                self._note(problem, (*keys, problem.option))
        return values

    def _policy(
        self, keys: Keys, inherited: Mapping[str, Any], own: Mapping[str, Any], *, is_complete: bool
    ) -> Policy | None:
        """Return the policy of these options; ``None`` if it has faults, or if it may and does allow no origins."""
        values = {**inherited, **own}
        try:
            known = {name: value for name, value in values.items() if value is not UNREAD}
            return Policy.from_options(known, beside=self._beside)
        except PolicyError as error:
            for problem in error.problems:
                name = problem.option
                is_told = name in values or name in meant_by(self.problems.values())
                if problem.code is Fault.MISSING_OPTION and (is_told or not is_complete):
                    continue  # given, but faulty or under another name, which is reported; or left to the rules
                if name in own or name not in inherited:
                    self._note(problem, (*keys, name))
                else:
                    self._note_inherited(problem, keys[0])
        return None

    def _note(self, problem: Problem, keys: Keys) -> None:
        placed = problem._replace(
            place=self._place(keys, problem.value), suggestion=_as_settings_say(problem.suggestion)
        )
        self.problems[str(placed)] = placed

    def _note_inherited(self, problem: Problem, path: str) -> None:
        """Note the problem of an option that the rule of ``path`` inherits, unless it has been reported already."""
        place = self._place((problem.option,), problem.value)
        if str(problem._replace(place=place)) not in self.problems:
            placed = problem._replace(place=f"{place} (for {quote(path)})")
            self.problems[str(placed)] = placed


def _as_settings_say(suggestion: Any) -> Any:
    """Return options and their values as settings can hold them: an expression as text."""
    if isinstance(suggestion, dict):
        return {name: _as_settings_say(value) for name, value in suggestion.items()}
    if isinstance(suggestion, list):
        return [_as_settings_say(entry) for entry in suggestion]
    return f"re:{suggestion.pattern}" if isinstance(suggestion, re.Pattern) else suggestion


def _is_rule(key: object, value: object) -> bool:
    if not isinstance(key, str) or key in OPTIONS or is_foreign(key):
        return False
    return key.startswith("/") or isinstance(value, (Mapping, Policy))
