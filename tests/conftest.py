"""Fixtures that many tests share."""

from __future__ import annotations

import machine
import pytest
from front_ends import FRONT_ENDS, Ask


@pytest.fixture(params=list(FRONT_ENDS))
def ask(request: pytest.FixtureRequest) -> Ask:
    """Each front end in turn: ``ask(policy, method, path, headers, app)`` gives its Reply."""
    return FRONT_ENDS[request.param]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name what the environment demands but no test knows, so that a typing error cannot switch a demand off."""
    if unknown := machine.demanded() - set(machine.PROGRAMS):
        raise pytest.UsageError(
            f"CORSWSGI_REQUIRE names {', '.join(sorted(unknown))}; it may name: {', '.join(machine.PROGRAMS)}"
        )
