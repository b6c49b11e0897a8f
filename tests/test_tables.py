"""The tables of ``cors_tables``, row by row, over all front ends; one header too many fails as one too few does.

A test is a table, not a row: there are thousands of rows, and a test of its own costs more than what a row does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from cors_tables import ORIGINS, TABLES, Case, Pair, Table
from front_ends import App, Ask, Reply, joined

from corswsgi import Policy

# The checker of PEP 3333 knows eight methods by name.
pytestmark = pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")


def assert_headers(got: Iterable[Pair], want: Iterable[Pair]) -> None:
    assert sorted(got) == sorted(want)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_table(ask: Ask, table: Table) -> None:
    """Ask each row of the same policy, and report all rows that fail, by their ids."""
    policy = Policy(**table.options)
    failures = []
    for case in table.cases:
        try:
            assert_row(ask, policy, case)
        except Exception as failure:
            failure.add_note(f"the row {case.id!r}")
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(table.cases)} rows", failures)


def assert_row(ask: Ask, policy: Policy, case: Case) -> None:
    app = App(*case.given)
    reply = ask(policy, case.method, "/path", case.headers, app)
    assert reply.status == case.status
    # Django keeps one line of each header.
    in_one_line = [(name, ", ".join(values)) for name, values in joined(case.cors).items()]
    assert_headers(reply.cors, in_one_line if "django" in ask.__name__ else case.cors)
    if case.passes:
        assert_passed(case, app, reply)
    else:
        assert app.seen == []
        assert_answered(case, reply)


def assert_passed(case: Case, app: App, reply: Reply) -> None:
    """Check that the application saw the request, and that all it said but its CORS headers has come through."""
    assert app.seen == [(case.method, "/path")]
    assert reply.body == (b"" if case.method == "HEAD" else case.given.body)
    said = Reply(reply.status, case.given.headers, b"")
    assert [pair for pair in reply.headers if pair not in reply.cors] == [
        pair for pair in said.headers if pair not in said.cors
    ]


def assert_answered(case: Case, reply: Reply) -> None:
    """Check the headers of an answer that are not CORS's own, and its body."""
    others = [pair for pair in reply.headers if pair not in reply.cors]
    if case.status == 204:
        assert others == []
        assert reply.body == b""
    elif case.status < 300:
        assert others == [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")]
        assert reply.body == b""
    else:
        length = dict(others)["Content-Length"]
        kept_from_caches = [] if is_preflight(case) else [("Cache-Control", "no-store")]
        assert others == [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", length),
            *kept_from_caches,
        ]
        assert b"example" not in reply.body, "a refusal gives nothing of the policy away"
        assert case.method == "HEAD" or len(reply.body) == int(length) > 0
        assert len(reply.body.splitlines()) == (case.method != "HEAD")


def is_preflight(case: Case) -> bool:
    return case.method == "OPTIONS" and {"Origin", "Access-Control-Request-Method"} <= dict(case.headers).keys()


def test_ids_are_unique() -> None:
    tables = Counter(table.id for table in TABLES)
    cases = Counter((table.id, case.id) for table in TABLES for case in table.cases)
    assert {*tables.values(), *cases.values()} == {1}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_options_of_the_policy_make_the_same_policy_again(table: Table) -> None:
    policy = Policy(**table.options)
    assert Policy(**policy.as_dict()) == policy


PAGE = "https://app.example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"allow_origins": PAGE}, {"allow_origins": [PAGE]}),
        ({"allow_origins": "*"}, {"allow_origins": ("*",)}),
        ({"allow_origins": [PAGE, "null"]}, {"allow_origins": (PAGE, "null")}),
        ({"allow_origins": re.compile("https://a")}, {"allow_origins": [re.compile("https://a")]}),
        ({"allow_methods": "put"}, {"allow_methods": ["PUT"]}),
        ({"allow_headers": "X-A"}, {"allow_headers": ("X-A",)}),
        ({"expose_headers": "*"}, {"expose_headers": {"*"}}),
        ({"max_age": timedelta(minutes=2)}, {"max_age": 120}),
        ({"vary": "Cookie"}, {"vary": ["Cookie"]}),
        ({"enforce": True, "max_age": 60}, {"max_age": 60, "enforce": True}),
        ({"max_age": 600, "allow_credentials": False, "preflight_status": 204}, {}),
    ],
)
def test_a_policy_written_otherwise_is_the_same_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    policy, again = (Policy(**{"allow_origins": PAGE} | options) for options in (one, other))
    assert {policy: "found"}.get(again) == "found"
    assert policy.__replace__(max_age=7) not in {policy}


@pytest.mark.parametrize("kind", ["any", "static", "dynamic"])
def test_every_kind_of_policy_is_among_the_origins(kind: str) -> None:
    kinds = {"*": "any", "": "dynamic"}
    assert kind in {kinds.get(row.constant, "static") for row in ORIGINS}
