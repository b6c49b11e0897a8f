"""How much of what is random is tried: little and always the same, or more, as ``CORSWSGI_TIMES`` says."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

#: How many times as much as in a quick run; ``CORSWSGI_TIMES=100`` takes minutes.
TIMES = int(os.environ.get("CORSWSGI_TIMES", "1"))


def examples(number: int) -> settings:
    """Return the settings of a property: no examples are kept, nothing is timed, and a quick run is always the same."""
    return settings(
        max_examples=number * TIMES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
        derandomize=TIMES == 1,
    )
