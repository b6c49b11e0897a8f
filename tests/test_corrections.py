"""What is wrong with a string that is neither an origin nor a pattern, and what was probably meant."""

import re

import pytest

from corswsgi import Policy
from corswsgi.corrections import problems_of, serialize_ipv4, to_a_labels
from corswsgi.errors import Fault
from corswsgi.origins import parse_origin

LABEL63 = "a" * 63
HOST253 = ".".join([LABEL63] * 3 + ["b" * 61])


@pytest.mark.parametrize(
    ("text", "serialized"),
    [
        ("127.1", "127.0.0.1"),
        ("1", "0.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("0x7F.1", "127.0.0.1"),
        ("0x", "0.0.0.0"),
        ("4294967295", "255.255.255.255"),
        ("127.0.0.1.", "127.0.0.1"),
        ("1.2.65535", "1.2.255.255"),
        ("4294967296", None),
        ("1.300.1", None),
        ("00000000000000000000.1", "0.0.0.1"),
        ("9" * 5000, None),
        ("0x" + "f" * 5000, None),
        ("256.1", None),
        ("1.2.3.4.5", None),
        ("1.2.3.256", None),
        ("08.1", None),
        ("a.1", None),
        ("0xg", None),
        ("1..2", None),
        ("", None),
    ],
)
def test_ipv4_addresses_are_serialized_as_browsers_do(text, serialized):
    assert serialize_ipv4(text) == serialized


@pytest.mark.parametrize(
    ("host", "a_labels"),
    [
        ("faß.de", "xn--fa-hia.de"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("ﬁ.com", "fi.com"),
        ("☃.net", None),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("\u03d2.example", "xn--6xa.example"),
        ("\u115f.example", None),
        ("ΑΣ.example", None),
        ("ας.example", "xn--mxa8a.example"),
        ("\u1d2c.example", "a.example"),
        ("a\u0345.example", None),
        ("a\u05d0b.example", None),
        ("\u0301a.example", None),
        ("\uab70.example", None),
    ],
)
def test_non_ascii_hosts_have_a_labels(host, a_labels):
    assert to_a_labels(host) == a_labels


FAULTS = [
    ("", [Fault.ORIGIN_EMPTY], None),
    (" \n", [Fault.ORIGIN_EMPTY], None),
    ("https://example.com/", [Fault.ORIGIN_TRAILING_SLASH], "https://example.com"),
    ("https://example.com/a/", [Fault.ORIGIN_PATH], "https://example.com"),
    ("https://example.com\\a", [Fault.ORIGIN_PATH], "https://example.com"),
    ("https://example.com?", [Fault.ORIGIN_QUERY], "https://example.com"),
    ("https://example.com#a", [Fault.ORIGIN_FRAGMENT], "https://example.com"),
    ("https://example.com/#?", [Fault.ORIGIN_TRAILING_SLASH, Fault.ORIGIN_FRAGMENT], "https://example.com"),
    ("https://Example.com", [Fault.ORIGIN_UPPER_CASE], "https://example.com"),
    ("HTTPS://example.com", [Fault.ORIGIN_UPPER_CASE], "https://example.com"),
    (f"https://{LABEL63}.Com", [Fault.ORIGIN_UPPER_CASE], f"https://{LABEL63}.com"),
    ("https://example.com:443", [Fault.ORIGIN_PORT_DEFAULT], "https://example.com"),
    ("http://example.com:080", [Fault.ORIGIN_PORT_INVALID, Fault.ORIGIN_PORT_DEFAULT], "http://example.com"),
    ("https://example.com:08443", [Fault.ORIGIN_PORT_INVALID], "https://example.com:8443"),
    ("https://example.com:", [Fault.ORIGIN_PORT_INVALID], "https://example.com"),
    ("https://example.com:0", [Fault.ORIGIN_PORT_INVALID], None),
    ("https://example.com:65536", [Fault.ORIGIN_PORT_INVALID], None),
    ("https://example.com:123456", [Fault.ORIGIN_PORT_INVALID], None),
    ("https://example.com:http", [Fault.ORIGIN_PORT_INVALID], None),
    ("https://example.com:8*", [Fault.ORIGIN_PORT_INVALID], None),
    ("https://example.com:٣", [Fault.ORIGIN_PORT_INVALID], None),
    ("example.com", [Fault.ORIGIN_SCHEME_MISSING], "https://example.com"),
    ("//example.com", [Fault.ORIGIN_SCHEME_MISSING], "https://example.com"),
    ("*.example.com", [Fault.ORIGIN_SCHEME_MISSING], "https://*.example.com"),
    ("localhost:3000", [Fault.ORIGIN_SCHEME_MISSING], "http://localhost:3000"),
    ("127.0.0.1", [Fault.ORIGIN_SCHEME_MISSING], "http://127.0.0.1"),
    ("Example.com/", [Fault.ORIGIN_SCHEME_MISSING, Fault.ORIGIN_UPPER_CASE, Fault.ORIGIN_TRAILING_SLASH],
     "https://example.com"),
    ("https:example.com", [Fault.ORIGIN_MALFORMED], "https://example.com"),
    ("http:/example.com", [Fault.ORIGIN_MALFORMED], "http://example.com"),
    ("http//localhost:3000", [Fault.ORIGIN_MALFORMED], "http://localhost:3000"),
    ("https://https://a.example", [Fault.ORIGIN_MALFORMED], "https://a.example"),
    ("all", [Fault.ORIGIN_SCHEME_MISSING], None),
    ("self/", [Fault.ORIGIN_SCHEME_MISSING, Fault.ORIGIN_TRAILING_SLASH], None),
    ("https://::]", [Fault.ORIGIN_IPV6], None),
    (" https://example.com", [Fault.ORIGIN_WHITESPACE], "https://example.com"),
    ("https://a.example, https://b.example", [Fault.ORIGIN_LIST], ["https://a.example", "https://b.example"]),
    ("https://a.example https://B.example/", [Fault.ORIGIN_LIST], ["https://a.example", "https://b.example"]),
    ("a.example;b.example", [Fault.ORIGIN_LIST], ["https://a.example", "https://b.example"]),
    ("https://a.example,", [Fault.ORIGIN_LIST], ["https://a.example"]),
    ("https://exa mple.com", [Fault.ORIGIN_LIST], None),
    ("https://a.example, https://b:x", [Fault.ORIGIN_LIST], None),
    (",", [Fault.ORIGIN_LIST], None),
    ("NULL", [Fault.ORIGIN_NULL_CASE], "null"),
    (" null", [Fault.ORIGIN_WHITESPACE], "null"),
    ("file:///home", [Fault.ORIGIN_OPAQUE], None),
    ("FILE://", [Fault.ORIGIN_OPAQUE], None),
    ("data:text/html,x", [Fault.ORIGIN_OPAQUE], None),
    ("https://user:pw@example.com", [Fault.ORIGIN_USERINFO], "https://example.com"),
    ("2https://example.com", [Fault.ORIGIN_SCHEME_INVALID], None),
    ("https://faß.de", [Fault.ORIGIN_HOST_NON_ASCII], "https://xn--fa-hia.de"),
    ("https://*.faß.de:8443", [Fault.ORIGIN_HOST_NON_ASCII], "https://*.xn--fa-hia.de:8443"),
    ("https://☃.net", [Fault.ORIGIN_HOST_NON_ASCII], None),
    ("https://h\u212a.example", [Fault.ORIGIN_HOST_NON_ASCII], "https://hk.example"),  # lower() makes it ASCII
    ("https://xn--f", [Fault.ORIGIN_PUNYCODE_INVALID], None),
    ("https://a.xn--abc-", [Fault.ORIGIN_PUNYCODE_INVALID], None),
    ("https://a..b", [Fault.ORIGIN_HOST_INVALID], None),
    ("https://", [Fault.ORIGIN_HOST_INVALID], None),
    ("https://a^b", [Fault.ORIGIN_HOST_INVALID], None),
    (f"https://{LABEL63}a.com", [Fault.ORIGIN_HOST_TOO_LONG], None),
    (f"https://{HOST253}c", [Fault.ORIGIN_HOST_TOO_LONG], None),
    (f"https://*.{HOST253[1:]}", [Fault.ORIGIN_HOST_TOO_LONG], None),
    ("http://0177.0.0.1", [Fault.ORIGIN_IPV4], "http://127.0.0.1"),
    ("http://127.1:3999", [Fault.ORIGIN_IPV4], "http://127.0.0.1:3999"),
    ("http://127.0.0.1.", [Fault.ORIGIN_IPV4], "http://127.0.0.1"),
    ("http://foo.255", [Fault.ORIGIN_IPV4], None),
    ("http://[2001:4860:4860:0000:0000:0000:0000:8888]:90", [Fault.ORIGIN_IPV6], "http://[2001:4860:4860::8888]:90"),
    ("http://[::FFFF]", [Fault.ORIGIN_UPPER_CASE], "http://[::ffff]"),
    ("http://::1:90", [Fault.ORIGIN_IPV6], "http://[::1]:90"),
    ("http://[::1:90", [Fault.ORIGIN_IPV6], "http://[::1]:90"),
    ("http://[fe80::1%eth2]", [Fault.ORIGIN_IPV6], None),
    ("http://[example]", [Fault.ORIGIN_IPV6], None),
    ("https://*", [Fault.ORIGIN_WILDCARD], None),
    ("https://**.example.com", [Fault.ORIGIN_WILDCARD], "https://*.example.com"),
    ("https://*example.com", [Fault.ORIGIN_WILDCARD], None),
    ("*://example.com", [Fault.ORIGIN_WILDCARD], None),
    ("h*", [Fault.ORIGIN_SCHEME_MISSING, Fault.ORIGIN_WILDCARD], None),
    ("https://*.127.0.0.1", [Fault.ORIGIN_WILDCARD], None),
    ("https://*.[::1]", [Fault.ORIGIN_WILDCARD], None),
    ("https://*.example.com:443", [Fault.ORIGIN_PORT_DEFAULT], "https://*.example.com"),
    (
        "https://u:p@Example.com:443/a?b#c",
        [
            Fault.ORIGIN_USERINFO,
            Fault.ORIGIN_UPPER_CASE,
            Fault.ORIGIN_PORT_DEFAULT,
            Fault.ORIGIN_PATH,
            Fault.ORIGIN_QUERY,
            Fault.ORIGIN_FRAGMENT,
        ],
        "https://example.com",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "faults", "suggestion"), FAULTS)
def test_every_fault_is_found_and_corrected(text, faults, suggestion):
    problems = problems_of("allow_origins", text)
    assert [problem.code for problem in problems] == faults
    for problem in problems:
        assert problem.option == "allow_origins"
        assert problem.value == text
        assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://a.examplehttps://b.example", ["https://a.example", "https://b.example"]),
        ("http://localhost:3000https://b.example", ["http://localhost:3000", "https://b.example"]),
        ("https://a.examplehttp://localhost:*https://*.c.example",
         ["https://a.example", "http://localhost:*", "https://*.c.example"]),
        ("https://a.examplechrome-extension://abc", ["https://a.example", "chrome-extension://abc"]),
        ("moz-extension://abccapacitor://localhost", ["moz-extension://abc", "capacitor://localhost"]),
    ],
)  # fmt: skip
def test_two_strings_without_a_comma_between_them(text, origins):
    (problem,) = problems_of("allow_origins", text)
    assert problem.code == Fault.ORIGIN_LIST
    assert "a comma between two strings is missing" in problem.message
    assert problem.suggestion == origins


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("https://a.example/?next=https://b.example", [Fault.ORIGIN_PATH, Fault.ORIGIN_QUERY]),
        ("https://a.example?https://b.example", [Fault.ORIGIN_QUERY]),
        ("https://a.example#https://b.example", [Fault.ORIGIN_FRAGMENT]),
        ("https://a.example/https://b.example", [Fault.ORIGIN_PATH]),
    ],
)
def test_another_url_in_a_path_or_a_query_is_no_second_origin(text, faults):
    problems = problems_of("allow_origins", text)
    assert {problem.code for problem in problems} >= {faults[-1]}
    assert {problem.suggestion for problem in problems} == {"https://a.example"}


@pytest.mark.parametrize(
    ("text", "expression", "allowed", "refused"),
    [
        ("https://pr-*.example.com", r"https://pr-[a-z0-9-]+\.example\.com",
         ["https://pr-17.example.com"], ["https://pr-.example.com", "https://pr-1.x.example.com"]),
        ("https://*-team.vercel.app:*", r"https://[a-z0-9-]+-team\.vercel\.app(?::[0-9]+)?",
         ["https://x-y-team.vercel.app", "https://x-team.vercel.app:3000"], ["https://-team.vercel.app"]),
        ("https://a.*.Example.com:8443", r"https://a\.[a-z0-9-]+\.example\.com:8443",
         ["https://a.b.example.com:8443"], ["https://a.b.example.com", "https://a.b.c.example.com:8443"]),
        ("chrome-extension://*", "chrome-extension://[a-p]{32}",
         ["chrome-extension://" + "abcdefgh" * 4], ["chrome-extension://abc"]),
        ("moz-extension://*", "moz-extension://[0-9a-f-]{36}",
         ["moz-extension://0bd9f1c8-55a5-4d3b-a9c7-6f3b1c2d4e5f"], ["moz-extension://x"]),
    ],
)  # fmt: skip
def test_a_wildcard_inside_a_host_is_meant_as_an_expression(text, expression, allowed, refused):
    problem = problems_of("allow_origins", text)[-1]
    assert problem.code == Fault.ORIGIN_WILDCARD
    assert problem.suggestion == re.compile(expression)
    policy = Policy(problem.suggestion)
    assert [origin in policy.matcher for origin in allowed] == [True] * len(allowed)
    assert [origin in policy.matcher for origin in refused] == [False] * len(refused)


@pytest.mark.parametrize(
    "text",
    ["https://example.*", "https://pr-*.com", "https://*", "https://*example.com", "http*://a.*.example.com",
     "https://a.*.example.com:0", "https://a.*.ex^ample.com", "file://a.*.example.com", "x://*"],
)  # fmt: skip
def test_a_wildcard_that_would_let_strangers_in_is_not_made_an_expression(text):
    assert {problem.suggestion for problem in problems_of("allow_origins", text)} == {None}


def test_a_correction_is_an_origin_of_the_browser():
    for text, _, suggestion in FAULTS:
        for each in suggestion if isinstance(suggestion, list) else [suggestion]:
            if each not in (None, "null"):
                assert parse_origin(each.replace("://*.", "://a.").removesuffix(":*")), text
