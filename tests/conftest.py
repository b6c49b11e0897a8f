"""Fixtures that many tests share."""

from __future__ import annotations

import hypothesis
import machine
import pytest
from amounts import TIMES
from front_ends import ALL_FRONT_ENDS, Ask

# No test measures time: on a busy machine, any example may take longer than the library permits by default.
hypothesis.settings.register_profile("corswsgi", deadline=None)
hypothesis.settings.load_profile("corswsgi")


@pytest.fixture(params=list(ALL_FRONT_ENDS))
def ask(request: pytest.FixtureRequest) -> Ask:
    """Each front end in turn: ``ask(policy, method, path, headers, app)`` gives its Reply."""
    return ALL_FRONT_ENDS[request.param]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Share the quick tests among the processors; run single files, and what needs a whole machine, in one process."""
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return None if is_whole and "not once" in config.option.markexpr else 0


#: Of so many tables, one is asked over Django's ASGI handler in a quick run; the others are marked once.
ASGI_SHARE = 4


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse names in ``CORSWSGI_REQUIRE`` that no test knows; mark tests; give them more time if they try more."""
    if complaint := machine.complaint():
        raise pytest.UsageError(complaint)
    tables = [each for each in items if getattr(each, "originalname", "") == "test_table"]
    for number, item in enumerate(each for each in tables if "django asgi" in each.name):
        if number % ASGI_SHARE:
            item.add_marker(pytest.mark.once)
    if TIMES > 1:
        longer = pytest.mark.timeout(TIMES * float(config.getini("timeout")))
        for item in items:
            item.add_marker(longer)
