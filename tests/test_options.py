"""Each option of a policy is in the tables, the naive evaluation, the generated policies, the seeds and the engines."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cors_tables import TABLES
from fuzz.seeds import seeds_of
from test_differential import OPTIONAL

from corswsgi.policy import OPTIONS

HERE = Path(__file__).parent

#: What an option is not asked about in one of the places, and why.
EXCEPTIONS = {
    ("dangerously_allow", "tables"): "it changes no answer but those of expressions; test_dangers.py has them",
    ("dangerously_allow", "differential"): "as_accepted adds it to what credentials would make a fault",
    ("allow_timing", "engines"): "what a page sees of it are numbers in performance, which differ each time",
    ("dangerously_allow", "engines"): "it changes no header",
    ("vary", "engines"): "caches look at it, not pages; tests/caching has them",
}


def _written(option: str, path: str) -> bool:
    """Tell whether a module of the tests names an option as the key of a policy."""
    return re.search(rf'"{option}"', (HERE / path).read_text("utf-8")) is not None


PLACES: dict[str, Callable[[str], bool]] = {
    "tables": lambda option: any(option in table.options for table in TABLES),
    "naive": lambda option: _written(option, "naive.py"),
    "differential": lambda option: option == "allow_origins" or option in OPTIONAL,
    "fuzz": lambda option: any(option.encode() in seed.split(b"\0\0") for seed in seeds_of("settings")),
    "engines": lambda option: _written(option, "engines/table.py"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_is_asked_about(option: str, place: str) -> None:
    assert PLACES[place](option) != ((option, place) in EXCEPTIONS)
