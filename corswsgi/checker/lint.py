"""``lint``: the faults of a policy, and advice on it, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from corswsgi.checker.findings import Finding
from corswsgi.checker.kinds.policy import FAULT, RULE_REPEATED
from corswsgi.checker.rules.policy import advise
from corswsgi.errors import PolicyError, Problem, printable, quote
from corswsgi.policy import Policy
from corswsgi.routes import Routes
from corswsgi.sources import Source


def advice_on(source: Source) -> tuple[Finding, ...]:
    """Return advice on the policies of a source; advice that several rules inherit is given once."""
    found: dict[tuple[str, str], Finding] = {}
    for path, policy in source.policies.items():
        for finding in _on_rule(source, path, policy):
            found.setdefault((finding.place, finding.sentence), finding)
    return tuple(found.values())


def faults_of(error: PolicyError) -> tuple[Finding, ...]:
    """Return the faults of a policy as findings."""
    return tuple(map(_as_finding, error.problems))


def _as_finding(problem: Problem) -> Finding:
    text = str(problem._replace(place=""))
    finding = FAULT.finding(text.removesuffix("."))
    return replace(finding, code=str(problem.code), place=printable(problem.place))


def _on_rule(source: Source, path: str, policy: Policy | None) -> Iterator[Finding]:
    others = {other: each for other, each in source.policies.items() if other != path}
    if path != "/" and _would_have_anyway(others, path, policy):
        sentence = f"{quote(path)} would have the same policy without a rule of its own"
        finding = RULE_REPEATED.finding(sentence, f"remove the rule for {quote(path)}")
        yield replace(finding, place=source.place(path, "", None))
    if policy is None:
        return
    for advice in advise(policy):
        yield replace(advice.finding, place=source.place(path, advice.option, advice.value))


def _would_have_anyway(others: dict[str, Policy | None], path: str, policy: Policy | None) -> bool:
    above = Routes(others).policy_for(path.encode().decode("latin-1"))
    return above == policy
