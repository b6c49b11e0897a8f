"""What must not be allowed to send credentials, and what may."""

import re

import pytest

from corswsgi import Policy, PolicyError
from corswsgi.errors import Fault
from corswsgi.public_suffixes import is_open_to_strangers

ANYONE = "with credentials, such a site could act as its visitors"


@pytest.mark.parametrize(
    ("name", "is_open"),
    [
        ("com", True),
        ("github.io", True),
        ("example.github.io", False),
        ("windows.net", True),
        ("amazonaws.com", True),
        ("ck", True),
        ("foo.ck", True),
        ("kawasaki.jp", True),
        ("xn--55qx5d.cn", True),
        ("internal", False),
        ("example.com", False),
    ],
)
def test_below_a_public_suffix_anyone_can_get_a_name(name, is_open):
    assert is_open_to_strangers(name) is is_open


def problems_of(origins, **options):
    """Return code, option, value and suggestion of what is wrong with origins that may send credentials."""
    try:
        Policy(origins, allow_credentials=True, **options)
    except PolicyError as error:
        return [(problem.code, problem.option, problem.value, problem.suggestion) for problem in error.problems]
    return []


INSECURE, SUFFIX = Fault.INSECURE_ORIGIN_WITH_CREDENTIALS, Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS


@pytest.mark.parametrize(
    ("origin", "code", "suggestion"),
    [
        ("http://app.example.com", INSECURE, "https://app.example.com"),
        ("http://app.example.com:8080", INSECURE, "https://app.example.com:8080"),
        ("http://app.example.com:443", INSECURE, "https://app.example.com"),
        ("http://*.example.com:*", INSECURE, "https://*.example.com:*"),
        ("http://8.8.8.8", INSECURE, "https://8.8.8.8"),
        ("https://*.github.io", SUFFIX, None),
        ("https://*.github.io.", SUFFIX, None),
        ("https://*.com:*", SUFFIX, None),
    ],
)
def test_a_dangerous_string_has_to_be_named(origin, code, suggestion):
    assert problems_of(origin) == [(code, "allow_origins", origin, suggestion)]
    assert problems_of(origin, dangerously_allow=["insecure-origins", "public-suffixes"]) == []


@pytest.mark.parametrize(
    "origin",
    ["http://192.168.1.20:8000", "http://10.0.0.1", "http://[fd00::1]:3000", "http://nas", "http://nas.local",
     "http://*.lan", "http://host.docker.internal:8080"],
)  # fmt: skip
def test_in_a_local_network_https_is_no_help_and_the_way_out_is_said(origin):
    assert problems_of(origin) == [(INSECURE, "allow_origins", origin, None)]
    with pytest.raises(PolicyError, match='to accept the risk, set dangerously_allow="insecure-origins"'):
        Policy(origin, allow_credentials=True)


@pytest.mark.parametrize(
    ("expression", "code", "shown"),
    [
        (r"https?://([a-z]+\.)?example\.com", INSECURE, "http://example.com"),
        (r"https?://[a-z]+\.example\.com", INSECURE, "http://a.example.com"),
        (r"[a-z]+://app\.example\.com", INSECURE, "http://app.example.com"),
        (r"http://192\.168\.1\.[0-9]+:8080", INSECURE, "http://192.168.1.1:8080"),
        (r"http://[a-z]+\.local(:[0-9]+)?", INSECURE, "http://local.local"),
        (r"https://[a-z0-9-]+\.herokuapp\.com", SUFFIX, "https://stranger.herokuapp.com"),
        (r"https://[a-z0-9-]+[.]herokuapp[.]com", SUFFIX, "https://stranger.herokuapp.com"),
        (r"https://myapp-[a-z0-9]+\.vercel\.app", SUFFIX, "https://myapp-stranger.vercel.app"),
        (r"https://[a-z]+\.(vercel|netlify)\.app", SUFFIX, "https://stranger.netlify.app"),
        (r"https://pr[0-9]+\.github\.io", None, ""),
        (r"https://.*example\.com", SUFFIX, "https://strangerexample.com"),
        (r"(?i)HTTPS://[A-Z]+\.HEROKUAPP\.COM", SUFFIX, "https://stranger.herokuapp.com"),
        (r"http[s]?://[a-z]+\.example\.com", INSECURE, "http://a.example.com"),
        (r"(http|https)://x\.example\.com:8080", INSECURE, "http://x.example.com:8080"),
        (r"https://[\w-]+\.web\.app", SUFFIX, "https://stranger.web.app"),
        (r"https?://.*", Fault.REGEX_WITH_CREDENTIALS, ""),
    ],
)
def test_an_expression_is_tried_with_likely_origins(expression, code, shown):
    regex = re.compile(expression)
    if code is None:
        assert problems_of(regex) == []
        return
    with pytest.raises(PolicyError) as caught:
        Policy(regex, allow_credentials=True)
    (problem,) = caught.value.problems
    assert (problem.code, problem.option, problem.value, problem.suggestion) == (code, "allow_origins", regex, None)
    assert f'"{shown}"' in problem.message or not shown
    assert Policy(regex), "without credentials it is no danger"


@pytest.mark.parametrize(
    "expression",
    [
        r"https://([a-z0-9-]+\.)?example\.com",
        r"https://(www|shop)\.example\.co\.uk",
        r"https://pr-[0-9]+\.example\.com(:[0-9]+)?",
        r"https://myapp\.herokuapp\.com",
        r"http://localhost:[0-9]+",
        r"http://127\.0\.0\.[0-9]+",
        "chrome-extension://[a-p]{32}",
    ],
)
def test_an_expression_that_lets_no_stranger_in_is_accepted(expression):
    assert problems_of(re.compile(expression)) == []


def test_a_danger_that_is_named_is_accepted():
    herokuapp, http = re.compile(r"https://[a-z0-9-]+\.herokuapp\.com"), re.compile(r"https?://a\.example\.com")
    assert problems_of(herokuapp, dangerously_allow="public-suffixes") == []
    assert problems_of(http, dangerously_allow="insecure-origins") == []
    assert problems_of([herokuapp, http], dangerously_allow="insecure-origins")[0][0] == SUFFIX
    assert problems_of([herokuapp, http], dangerously_allow="public-suffixes")[0][0] == INSECURE
    allowed = Policy(http, allow_credentials=True, dangerously_allow="insecure-origins").matcher
    assert "http://a.example.com" in allowed


def test_an_insecure_origin_that_only_an_expression_allows_is_refused_when_it_is_asked_about():
    # What no trial finds: hosts that are spelled in no piece of the expression.
    regex = re.compile("https?://[b-y]{4}")
    policy = Policy(regex, allow_credentials=True)
    assert [origin in policy.matcher for origin in ("https://bbbb", "http://bbbb")] == [True, False]
    assert "http://bbbb" in Policy(regex).matcher
    assert "http://bbbb" in Policy(regex, allow_credentials=True, dangerously_allow="insecure-origins").matcher
