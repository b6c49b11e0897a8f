"""Which policy governs which path."""

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.errors import Fault
from corswsgi.policy import CLOSED
from corswsgi.routes import Routes

ROOT, API, USERS, CAFE = (Policy(f"https://{name}.example") for name in ("root", "api", "users", "cafe"))
ROUTES = Routes({"/": ROOT, "/api": API, "/api/v1/users": USERS, "/private": None, "/café": CAFE})


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/", ROOT),
        ("/apis", ROOT),
        ("/API", ROOT),
        ("/api", API),
        ("/api/", API),
        ("/api/v1", API),
        ("/api/v1/usersx", API),
        ("/api/v1/users", USERS),
        ("/api/v1/users/", USERS),
        ("/api/v1/users/7/posts", USERS),
        ("/private", None),
        ("/private/x", None),
        ("/privates", ROOT),
        ("/café".encode().decode("latin-1"), CAFE),
        ("/a+b", ROOT),
        ("/api/..", CLOSED),
        ("/api/../x", CLOSED),
        ("/api/./x", CLOSED),
        ("/api/.", CLOSED),
        ("/api//x", CLOSED),
        ("//api", CLOSED),
        ("/api//", CLOSED),
        ("/api\\x", CLOSED),
        ("/api\0", CLOSED),
        ("/api/...", API),
        ("/api/..x", API),
        ("/api/.hidden", API),
        ("", CLOSED),
        ("*", CLOSED),
        ("http://h/api", CLOSED),
    ],
)
def test_the_most_specific_rule_of_whole_segments_governs(path, policy):
    assert ROUTES.policy_for(path) is policy


def test_without_a_rule_for_the_root_other_paths_have_no_policy():
    routes = Routes({"/api": API})
    assert routes.policy_for("/") is None
    assert routes.policy_for("/x") is None
    assert Routes({}).policy_for("/x") is None


UNCLEAR = ["/api/../x", "/x//y", "//x", "/x\\y", "/x\0", "", "*", "http://h/api"]


@pytest.mark.parametrize("path", UNCLEAR)
def test_where_no_reading_of_a_path_leads_elsewhere_there_is_nothing_to_close(path):
    assert Routes({"/": API}).policy_for(path) is API
    assert Routes({"/": API, "/api": API, "/x/y": Policy(API.allow_origins)}).policy_for(path) == API
    assert Routes({}).policy_for(path) is None
    assert Routes({"/": None, "/x": None}).policy_for(path) is None


@pytest.mark.parametrize("path", UNCLEAR)
def test_where_a_reading_of_a_path_leads_elsewhere_it_is_closed(path):
    assert Routes({"/api": API}).policy_for(path) is CLOSED, "without a rule for the root there may be no policy"
    assert Routes({"/": API, "/x": None}).policy_for(path) is CLOSED
    assert Routes({"/": API, "/x": ROOT}).policy_for(path) is CLOSED


def test_a_longer_text_is_not_a_more_specific_rule():
    deep, long = Policy("https://deep.example"), Policy("https://long.example")
    routes = Routes({"/a-very-long-segment-indeed": long, "/a-very-long-segment-indeed/b": deep, "/a/b/c": deep})
    assert routes.policy_for("/a-very-long-segment-indeed/b/c") is deep
    assert routes.policy_for("/a-very-long-segment-indeed/c") is long


class _Rules(dict):
    looked_up = 0

    def __contains__(self, path):
        self.looked_up += 1
        return super().__contains__(path)


def test_a_long_path_costs_no_more_than_the_deepest_rule():
    routes = Routes({"/api/v1": API})
    routes._policies = rules = _Rules(routes._policies)
    assert routes.policy_for("/x" * 100_000) is None
    assert rules.looked_up <= 3


FAULTS = [
    ("api", "/api"),
    ("", "/"),
    ("/api/", "/api"),
    ("/api/*", "/api"),
    ("/api*", "/api"),
    ("/*/users", None),
    ("/api?x=1", "/api"),
    ("/api#top", "/api"),
    ("/caf%C3%A9", "/café"),
    ("/a//b", None),
    ("/a/../b", None),
    ("/a\\b", None),
    ("/a\0", None),
]


@pytest.mark.parametrize(("path", "suggestion"), FAULTS)
def test_a_rule_whose_path_no_request_has_is_refused(path, suggestion):
    with pytest.raises(PolicyError) as caught:
        Routes({path: API})
    (problem,) = caught.value.problems
    assert (problem.code, problem.value, problem.suggestion) == (Fault.ROUTE_PATH, path, suggestion)
    if suggestion is not None:
        assert Routes({suggestion: API})


def test_options_in_the_place_of_a_path_are_told_as_one_fault():
    with pytest.raises(PolicyError) as caught:
        Routes({"allow_origins": "*"})
    assert str(caught.value) == (
        "allow_origins: this is an option, and the keys of this mapping are paths; write the options as Policy(...)."
    )


def test_options_in_the_place_of_a_policy():
    with pytest.raises(PolicyError, match=r"is neither a Policy nor None; write Policy\(allow_origins=\.\.\.\)\.$"):
        Routes({"/api": {"allow_origins": "*"}})


def test_all_faults_of_all_rules_are_told():
    with pytest.raises(PolicyError) as caught:
        Routes({"api": "https://a.example", 3: API, "/": API})
    assert [(problem.code, problem.option) for problem in caught.value.problems] == [
        (Fault.ROUTE_POLICY, "api"),
        (Fault.ROUTE_PATH, "api"),
        (Fault.ROUTE_PATH, "path"),
    ]
