"""Policy: what can be declared, what cannot, and what is said about it."""

import copy
import enum
import http
import logging
import pickle
import re
from datetime import timedelta
from http import HTTPStatus

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.errors import Fault, Problem, quote
from corswsgi.policy import OPTIONS

ORIGIN = "https://app.example.com"


def allow(origin, request):
    return origin == ORIGIN


class Allow:
    def __call__(self, origin, request):
        return True


class AllowLater:
    async def __call__(self, origin, request):
        return True


async def allow_later(origin, request):
    return True


def problems_of(**options):
    with pytest.raises(PolicyError) as caught:
        Policy(**options)
    return caught.value.problems


def test_the_defaults_are_those_of_the_documentation():
    assert Policy(ORIGIN).as_dict() == {
        "allow_origins": (ORIGIN,),
        "allow_methods": (),
        "allow_headers": (),
        "allow_credentials": False,
        "expose_headers": (),
        "max_age": 600,
        "enforce": False,
        "allow_timing": False,
        "preflight_status": 204,
        "vary": (),
        "dangerously_allow": (),
    }


@pytest.mark.parametrize(
    ("option", "value", "held"),
    [
        ("allow_origins", "*", "*"),
        ("allow_origins", ["*"], "*"),
        ("allow_origins", ["*", ORIGIN], ("*", ORIGIN)),
        ("allow_origins", ORIGIN, (ORIGIN,)),
        ("allow_origins", "null", ("null",)),
        ("allow_origins", [ORIGIN, ORIGIN], (ORIGIN, ORIGIN)),
        ("allow_origins", (each for each in [ORIGIN]), (ORIGIN,)),
        ("allow_origins", {"https://b.example", "https://a.example"}, ("https://a.example", "https://b.example")),
        ("allow_origins", re.compile("x"), (re.compile("x"),)),
        ("allow_origins", ["https://xn--fa-hia.de"], ("https://xn--fa-hia.de",)),
        ("allow_origins", allow, allow),
        ("allow_methods", "*", "*"),
        ("allow_methods", ["*"], "*"),
        ("allow_methods", "put", ("PUT",)),
        ("allow_methods", ["delete", "Custom"], ("DELETE", "Custom")),
        ("allow_methods", frozenset({"B", "A"}), ("A", "B")),
        ("allow_headers", "X-Api-Key", ("X-Api-Key",)),
        ("allow_headers", ["*", "Authorization"], ("*", "Authorization")),
        ("allow_headers", ("content-type", "User-Agent"), ("content-type", "User-Agent")),
        ("expose_headers", "*", "*"),
        ("expose_headers", ["X-Total", "ETag"], ("X-Total", "ETag")),
        ("max_age", 0, 0),
        ("max_age", 86400, 86400),
        ("max_age", None, None),
        ("max_age", timedelta(minutes=10), 600),
        ("preflight_status", HTTPStatus.OK, 200),
        ("preflight_status", 299, 299),
        ("vary", "X-Tenant", ("X-Tenant",)),
        ("dangerously_allow", "public-suffixes", ("public-suffixes",)),
        ("enforce", True, True),
    ],
)
def test_what_can_be_declared(option, value, held):
    policy = Policy(**{"allow_origins": ORIGIN, option: value})
    assert getattr(policy, option) == held


FAULTS = [
    ("allow_origins", [], [], Fault.NO_ORIGINS, None),
    ("allow_origins", None, None, Fault.WRONG_TYPE, None),
    ("allow_origins", 3, 3, Fault.WRONG_TYPE, None),
    ("allow_origins", b"*", b"*", Fault.WRONG_TYPE, None),
    ("allow_origins", {ORIGIN: True}, {ORIGIN: True}, Fault.WRONG_TYPE, None),
    ("allow_origins", [3], 3, Fault.WRONG_TYPE, None),
    ("allow_origins", [allow], allow, Fault.WRONG_TYPE, None),
    ("allow_origins", re.compile(b"x"), re.compile(b"x"), Fault.ORIGIN_REGEX_BYTES, None),
    ("allow_origins", str.lower, str.lower, Fault.WRONG_TYPE, None),
    ("allow_origins", allow_later, allow_later, Fault.WRONG_TYPE, None),
    ("allow_origins", "https://Example.com/", "https://Example.com/", Fault.ORIGIN_UPPER_CASE, "https://example.com"),
    ("allow_methods", "GET,POST", "GET,POST", Fault.NAME_LIST, ["GET", "POST"]),
    ("allow_methods", ["GET, POST"], "GET, POST", Fault.NAME_LIST, ["GET", "POST"]),
    ("allow_methods", "GET POST|PUT", "GET POST|PUT", Fault.NAME_LIST, ["GET", "POST", "PUT"]),
    ("allow_methods", " GET", " GET", Fault.METHOD_INVALID, "GET"),
    ("allow_methods", "TRACE,", "TRACE,", Fault.METHOD_INVALID, None),
    ("allow_methods", "GET,TRACE", "GET,TRACE", Fault.NAME_LIST, None),
    ("allow_methods", "", "", Fault.METHOD_INVALID, None),
    ("allow_methods", ["a(b"], "a(b", Fault.METHOD_INVALID, None),
    ("allow_methods", ["trace"], "trace", Fault.METHOD_FORBIDDEN, None),
    ("allow_methods", ["CONNECT"], "CONNECT", Fault.METHOD_FORBIDDEN, None),
    ("allow_methods", ["Track"], "Track", Fault.METHOD_FORBIDDEN, None),
    ("allow_methods", None, None, Fault.WRONG_TYPE, None),
    ("allow_methods", [b"GET"], b"GET", Fault.WRONG_TYPE, None),
    ("allow_headers", "X-A,X-B", "X-A,X-B", Fault.NAME_LIST, ["X-A", "X-B"]),
    ("allow_headers", ["X-A:"], "X-A:", Fault.HEADER_INVALID, "X-A"),
    ("allow_headers", ["X A(", "X-B"], "X A(", Fault.HEADER_INVALID, None),
    ("allow_headers", ["Cookie"], "Cookie", Fault.REQUEST_HEADER_FORBIDDEN, None),
    ("allow_headers", ["Sec-Fetch-Site"], "Sec-Fetch-Site", Fault.REQUEST_HEADER_FORBIDDEN, None),
    ("allow_headers", ["Proxy-X"], "Proxy-X", Fault.REQUEST_HEADER_FORBIDDEN, None),
    ("allow_headers", ["Access-Control-Request-Method"], "Access-Control-Request-Method",
     Fault.REQUEST_HEADER_FORBIDDEN, None),
    ("allow_headers", ["Access-Control-Allow-Origin"], "Access-Control-Allow-Origin",
     Fault.REQUEST_HEADER_OF_RESPONSES, None),
    ("expose_headers", ["Set-Cookie"], "Set-Cookie", Fault.RESPONSE_HEADER_FORBIDDEN, None),
    ("expose_headers", ["set-cookie2"], "set-cookie2", Fault.RESPONSE_HEADER_FORBIDDEN, None),
    ("expose_headers", ["Origin"], "Origin", Fault.RESPONSE_HEADER_OF_REQUESTS, None),
    ("expose_headers", ["Access-Control-Request-Headers"], "Access-Control-Request-Headers",
     Fault.RESPONSE_HEADER_OF_REQUESTS, None),
    ("expose_headers", ["é"], "é", Fault.HEADER_INVALID, None),
    ("allow_credentials", "true", "true", Fault.WRONG_TYPE, True),
    ("allow_credentials", 0, 0, Fault.WRONG_TYPE, False),
    ("enforce", None, None, Fault.WRONG_TYPE, None),
    ("max_age", -1, -1, Fault.MAX_AGE_NEGATIVE, 0),
    ("max_age", 86401, 86401, Fault.MAX_AGE_TOO_LONG, 86400),
    ("max_age", timedelta(days=2), timedelta(days=2), Fault.MAX_AGE_TOO_LONG, 86400),
    ("max_age", 600.0, 600.0, Fault.MAX_AGE_FRACTION, 600),
    ("max_age", timedelta(seconds=1.5), timedelta(seconds=1.5), Fault.MAX_AGE_FRACTION, 1),
    ("max_age", "600", "600", Fault.WRONG_TYPE, 600),
    ("max_age", "ten", "ten", Fault.WRONG_TYPE, None),
    ("max_age", True, True, Fault.WRONG_TYPE, None),
    ("max_age", float("inf"), float("inf"), Fault.MAX_AGE_TOO_LONG, 86400),
    ("max_age", 10**400, 10**400, Fault.MAX_AGE_TOO_LONG, 86400),
    ("max_age", "9" * 5000, "9" * 5000, Fault.WRONG_TYPE, 86400),
    ("max_age", "0100000", "0100000", Fault.WRONG_TYPE, 86400),
    ("allow_origins", "https://\U00017000.com", "https://\U00017000.com", Fault.ORIGIN_HOST_NON_ASCII, "https://xn--910f.com"),
    ("allow_origins", ["* "], "* ", Fault.ORIGIN_WHITESPACE, "*"),
    ("preflight_status", 302, 302, Fault.PREFLIGHT_STATUS_RANGE, 204),
    ("preflight_status", 199, 199, Fault.PREFLIGHT_STATUS_RANGE, 204),
    ("preflight_status", "204", "204", Fault.WRONG_TYPE, 204),
    ("preflight_status", True, True, Fault.WRONG_TYPE, 204),
    ("vary", "*", "*", Fault.VARY_ANY, None),
    ("vary", ["a b("], "a b(", Fault.HEADER_INVALID, None),
    ("dangerously_allow", "insecure", "insecure", Fault.DANGER_UNKNOWN, "insecure-origins"),
    ("dangerously_allow", ["xyz"], "xyz", Fault.DANGER_UNKNOWN, None),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value", "named", "code", "suggestion"), FAULTS)
def test_what_cannot_be_declared(option, value, named, code, suggestion):
    problem, *others = problems_of(**{"allow_origins": ORIGIN, option: value})
    if others:  # one string may have several faults; they agree on the correction
        assert {each.suggestion for each in others} == {suggestion}
    assert (problem.option, problem.value, problem.code, problem.suggestion) == (option, named, code, suggestion)


@pytest.mark.parametrize(
    ("option", "value", "named", "code", "suggestion"), [row for row in FAULTS if row[4] is not None]
)
def test_every_correction_is_accepted(option, value, named, code, suggestion):
    Policy(**{"allow_origins": ORIGIN, option: suggestion})


CREDENTIALED_FAULTS = [
    ({"allow_origins": "*"}, Fault.ANY_ORIGIN_WITH_CREDENTIALS),
    ({"allow_origins": [ORIGIN, "*"]}, Fault.ANY_ORIGIN_WITH_CREDENTIALS),
    ({"allow_origins": ["null", ORIGIN]}, Fault.NULL_WITH_CREDENTIALS),
    ({"allow_origins": re.compile(".*")}, Fault.REGEX_WITH_CREDENTIALS),
    ({"allow_origins": re.compile(r"https://[a-z]+\.com")}, Fault.REGEX_WITH_CREDENTIALS),
    ({"allow_origins": "https://*.amazonaws.com"}, Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS),
    ({"allow_origins": re.compile(r"https?://[^/]+")}, Fault.REGEX_WITH_CREDENTIALS),
    ({"allow_origins": "http://example.com"}, Fault.INSECURE_ORIGIN_WITH_CREDENTIALS),
    ({"allow_origins": "http://*.example.com:*"}, Fault.INSECURE_ORIGIN_WITH_CREDENTIALS),
    ({"allow_origins": "https://*.github.io"}, Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS),
    ({"allow_origins": "https://*.com"}, Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS),
    ({"allow_origins": ORIGIN, "expose_headers": "*"}, Fault.EXPOSE_ANY_WITH_CREDENTIALS),
    ({"allow_origins": ORIGIN, "expose_headers": ["X-A", "*"]}, Fault.EXPOSE_ANY_WITH_CREDENTIALS),
]


@pytest.mark.parametrize(("options", "code"), CREDENTIALED_FAULTS)
def test_what_must_not_get_credentials(options, code):
    assert [problem.code for problem in problems_of(**options, allow_credentials=True)] == [code]
    assert Policy(**options), "without credentials it is a policy like others"


@pytest.mark.parametrize(
    ("origin", "danger"),
    [("http://example.com", "insecure-origins"), ("https://*.github.io", "public-suffixes")],
)
def test_some_dangers_can_be_accepted_by_name(origin, danger):
    assert Policy(origin, allow_credentials=True, dangerously_allow=[danger])
    other = {"insecure-origins": "public-suffixes", "public-suffixes": "insecure-origins"}[danger]
    assert problems_of(allow_origins=origin, allow_credentials=True, dangerously_allow=[other])


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:*", "http://127.0.0.1", "http://[::1]:8000", "ws://example.com", "capacitor://localhost",
     re.compile(r"https://pr-\d+\.example\.com"), "https://*.example.com", "http://*.localhost"],
)  # fmt: skip
def test_what_may_get_credentials(origin):
    assert Policy(origin, allow_credentials=True, allow_methods="*", allow_headers="*")


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"allow_origins": "*", "allow_credentials": "true"}, ["any-origin-with-credentials", "wrong-type"]),
        (
            {"allow_origins": "http://Example.com", "allow_credentials": True},
            ["origin-upper-case", "insecure-origin-with-credentials"],
        ),
        ({"allow_origins": "NULL", "allow_credentials": True}, ["origin-null-case", "null-with-credentials"]),
        (
            {"allow_origins": "https://*.Com", "allow_credentials": True},
            ["origin-upper-case", "public-suffix-with-credentials"],
        ),
    ],
)
def test_a_correction_does_not_lead_to_the_next_fault(options, codes):
    assert [problem.code for problem in problems_of(**options)] == codes


class Site(enum.StrEnum):
    APP = "https://app.example.com"
    SHOP = "https://shop.example.com"


def test_enumerations_of_strings_are_strings():
    policy = Policy(Site, allow_methods=[http.HTTPMethod.PATCH])
    assert policy == Policy(["https://app.example.com", "https://shop.example.com"], allow_methods=["PATCH"])
    assert eval(repr(policy)) == policy
    assert [problem.code for problem in problems_of(allow_origins=Policy)] == [Fault.WRONG_TYPE]


def test_all_faults_are_told_at_once_in_the_order_of_the_options():
    problems = problems_of(
        allow_origins=["https://A.example/", "*", "http://b.example"],
        allow_methods=["TRACE"],
        allow_headers="a,b",
        allow_credentials=True,
        expose_headers="*",
        max_age=-1,
        enforce=1,
        preflight_status=0,
        vary="*",
        dangerously_allow="none",
    )
    assert [problem.code for problem in problems] == [
        Fault.ORIGIN_UPPER_CASE,
        Fault.ORIGIN_TRAILING_SLASH,
        Fault.ANY_ORIGIN_WITH_CREDENTIALS,
        Fault.INSECURE_ORIGIN_WITH_CREDENTIALS,
        Fault.METHOD_FORBIDDEN,
        Fault.NAME_LIST,
        Fault.EXPOSE_ANY_WITH_CREDENTIALS,
        Fault.MAX_AGE_NEGATIVE,
        Fault.WRONG_TYPE,
        Fault.PREFLIGHT_STATUS_RANGE,
        Fault.VARY_ANY,
        Fault.DANGER_UNKNOWN,
    ]


def test_the_error_names_option_value_and_correction():
    error = PolicyError(problems_of(allow_origins="https://Example.com", max_age=-1))
    assert str(error).splitlines() == [
        'allow_origins: "https://Example.com" is not an origin as browsers write it: '
        'scheme and host are written in lower case; did you mean "https://example.com"?',
        "max_age: a negative age is invalid; 0 keeps browsers from caching; did you mean 0?",
    ]
    assert isinstance(error, ValueError)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", '"a"'),
        ('"\r\n\u2028é', '"\\"\\r\\n\\u2028\\u00e9"'),
        (["a", 1], '["a", 1]'),
        (None, "None"),
        ("x" * 1000, '"' + "x" * 199 + "..."),
        ({"é": 1}, "{'\\xe9': 1}"),
    ],
)
def test_values_are_quoted_on_one_short_line(value, shown):
    assert quote(value) == shown


def test_the_codes_of_faults_are_unique_and_stable_in_form():
    codes = [fault.value for fault in Fault]
    assert len(set(codes)) == len(codes) == len(Fault.__members__)
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)


def test_a_string_is_one_origin_and_never_a_list_of_letters():
    assert Policy("https://a").allow_origins == ("https://a",)
    assert [problem.value for problem in problems_of(allow_origins="abc")] == ["abc"]


@pytest.mark.parametrize(
    ("options", "code", "suggestion"),
    [
        ({"allow_origin": "*"}, Fault.UNKNOWN_OPTION, "allow_origins"),
        ({"allow-methods": "*"}, Fault.UNKNOWN_OPTION, "allow_methods"),
        ({"expose": "*"}, Fault.UNKNOWN_OPTION, "expose_headers"),
        ({"xyz": True}, Fault.UNKNOWN_OPTION, None),
        ({"allow_private_network": True}, Fault.NO_PRIVATE_NETWORK, None),
        ({"Allow-Private-Network": True}, Fault.NO_PRIVATE_NETWORK, None),
    ],
)
def test_an_unknown_option_names_the_nearest_known_one(options, code, suggestion):
    with pytest.raises(PolicyError) as caught:
        Policy.from_options({"allow_origins": "*", **options})
    (problem,) = caught.value.problems
    assert (problem.code, problem.suggestion) == (code, suggestion)


def test_unknown_missing_and_faulty_options_are_told_together():
    with pytest.raises(PolicyError) as caught:
        Policy.from_options({"orgins": "*", "max_age": -1})
    assert [problem.code for problem in caught.value.problems] == [
        Fault.UNKNOWN_OPTION,
        Fault.MISSING_OPTION,
        Fault.MAX_AGE_NEGATIVE,
    ]


def test_private_network_is_refused_in_words():
    with pytest.raises(PolicyError, match="Local Network Access, asks the user and reads no header"):
        Policy.from_options({"allow_origins": "*", "allow_private_network": True})


def test_policy_itself_has_the_signature_of_python():
    with pytest.raises(TypeError, match="allow_origin"):
        Policy(allow_origin="*")
    with pytest.raises(TypeError, match="allow_origins"):
        Policy()
    with pytest.raises(TypeError, match="positional"):
        Policy("*", "GET")


POLICIES = [
    Policy("*"),
    Policy([ORIGIN, "https://*.example.com:*", "null"], allow_methods=["put", "X"], allow_headers="*", max_age=None),
    Policy(
        [re.compile("a" * 300 + "é'\""), re.compile("(?s)x", re.IGNORECASE | re.VERBOSE)],
        allow_credentials=True,
        expose_headers=["X-A"],
        max_age=timedelta(hours=1),
        enforce=True,
        preflight_status=200,
        vary=["X-B"],
        dangerously_allow=["insecure-origins"],
    ),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_a_value(policy):
    again = Policy(**policy.as_dict())
    assert again == policy
    assert hash(again) == hash(policy)
    assert eval(repr(policy)) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert copy.deepcopy(policy) == policy
    assert policy.__replace__(max_age=7).max_age == 7
    assert policy != policy.__replace__(max_age=7)
    assert policy != policy.as_dict()
    assert Policy.from_options(policy.as_dict()) == policy


def test_a_policy_cannot_be_changed():
    with pytest.raises(AttributeError, match=r"make another: Policy\(\*\*policy.as_dict\(\) | {'max_age': ...}\)"):
        POLICIES[0].max_age = 1
    with pytest.raises(AttributeError, match="a policy cannot be changed"):
        del POLICIES[0].max_age
    assert POLICIES[0].max_age == 600
    assert not hasattr(POLICIES[0], "__dict__")


def test_the_repr_of_a_policy_says_what_is_not_the_default():
    assert repr(Policy("*")) == "Policy(allow_origins='*')"
    assert repr(Policy([ORIGIN], max_age=0)) == f"Policy(allow_origins=['{ORIGIN}'], max_age=0)"


def test_the_table_of_options_is_the_signature():
    assert list(OPTIONS) == list(Policy("*").as_dict())


@pytest.mark.parametrize("predicate", [allow, Allow(), lambda *arguments: True, max])
def test_callables_that_can_be_asked(predicate):
    assert Policy(predicate).allow_origins is predicate


@pytest.mark.parametrize("predicate", [lambda origin: True, lambda: True, allow_later, AllowLater()])
def test_callables_that_cannot(predicate):
    assert {problem.code for problem in problems_of(allow_origins=predicate)} == {Fault.WRONG_TYPE}


def test_callables_without_a_signature_are_taken_on_trust(monkeypatch):
    def no_signature(predicate):
        raise ValueError("no signature found")

    monkeypatch.setattr("inspect.signature", no_signature)
    assert Policy(allow).allow_origins is allow


@pytest.mark.parametrize(
    ("methods", "warned"),
    [(["patch"], True), (["Patch", "PUT"], True), (["patch", "PATCH"], False), (["PATCH"], False)],
)
def test_a_patch_that_is_not_PATCH_is_warned_of(methods, warned, caplog):
    with caplog.at_level(logging.WARNING, "corswsgi"):
        assert Policy("*", allow_methods=methods).allow_methods == tuple(methods)
    assert bool(caplog.records) is warned


def test_a_problem_is_plain_to_read():
    problem = Problem(Fault.ORIGIN_EMPTY, "allow_origins", "", "it is empty")
    assert str(problem) == "allow_origins: it is empty."
    assert problem.code == "origin-empty"


HUGE = 10**5000


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no")


ENDLESS = []
ENDLESS.append(ENDLESS)


VALUES = {
    "a huge number": HUGE,
    "a huge negative number": -HUGE,
    "a list of one": [HUGE],
    "a set of one": {HUGE},
    "a tuple with one": (HUGE, "PUT"),
    "without a repr": Unprintable(),
    "a list of such": [Unprintable()],
    "a list of itself": ENDLESS,
    "digits": "9" * 5000,
    "a host of digits": "https://" + "9" * 5000,
    "a port of digits": "https://a:" + "9" * 5000,
    "a hexadecimal host": "https://0x" + "f" * 5000,
    "bytes": b"9",
    "a class": object,
    "infinity": float("inf"),
    "no number": float("nan"),
    "a complex number": 1j,
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("option", OPTIONS)
def test_every_value_is_taken_or_a_fault_of_its_option(option, value):
    options = {"allow_origins": "*", option: VALUES[value]}
    try:
        policy = Policy(**options)
    except PolicyError as error:
        problems = error.problems
        told = str(error)
    else:
        assert (option, value) in TAKEN
        assert eval(repr(policy)) == policy
        return
    assert {problem.option for problem in problems} == {option}
    assert told.isascii()
    assert len(told) < 5000


#: What is a token, however long, is a method or a header.
TAKEN = {(option, "digits") for option in ("allow_methods", "allow_headers", "expose_headers", "vary")}


@pytest.mark.parametrize("origin", ["https://xn--f", "https://a.xn--abc-.example", "http://*.xn--f:*"])
def test_an_origin_that_is_no_punycode_is_a_fault(origin):
    assert [problem.code for problem in problems_of(allow_origins=origin)] == [Fault.ORIGIN_PUNYCODE_INVALID]


def test_what_a_policy_keeps_cannot_be_changed():
    with pytest.raises(TypeError):
        Policy("*").kept["enforce"] = True  # type: ignore[index]  # the fault under test


def test_an_option_is_declared_by_its_check():
    assert Policy.max_age.name == "max_age"
    problems = []
    assert Policy.max_age.check("max_age", -1, problems) == 0
    assert [problem.code for problem in problems] == [Fault.MAX_AGE_NEGATIVE]
