"""Serialized origins, origin patterns, and the matcher over many of them."""

import re

import pytest

from corswsgi.origins import (
    Origin,
    OriginMatcher,
    OriginPattern,
    is_this_machine,
    parse_origin,
    serialize_ipv6,
)

LABEL63 = "a" * 63
HOST253 = ".".join([LABEL63] * 3 + ["b" * 61])

WELL_FORMED = [
    ("https://example.com", Origin("https", "example.com", "")),
    ("https://example.com:8443", Origin("https", "example.com", "8443")),
    ("http://localhost:65535", Origin("http", "localhost", "65535")),
    ("http://example.com:443", Origin("http", "example.com", "443")),
    ("https://ex_am-ple.com", Origin("https", "ex_am-ple.com", "")),
    ("https://example.com.", Origin("https", "example.com.", "")),
    ("https://-a-.b", Origin("https", "-a-.b", "")),
    ("https://xn--fa-hia.de", Origin("https", "xn--fa-hia.de", "")),
    ("http://127.0.0.1:8000", Origin("http", "127.0.0.1", "8000")),
    ("https://255.255.255.255", Origin("https", "255.255.255.255", "")),
    ("https://1.2.3.4a", Origin("https", "1.2.3.4a", "")),
    ("https://[::1]", Origin("https", "[::1]", "")),
    ("https://[2001:db8::ff]:1", Origin("https", "[2001:db8::ff]", "1")),
    ("https://[::ffff:7f00:1]", Origin("https", "[::ffff:7f00:1]", "")),
    ("chrome-extension://abcdefgh", Origin("chrome-extension", "abcdefgh", "")),
    ("capacitor://localhost", Origin("capacitor", "localhost", "")),
    (f"https://{LABEL63}.com", Origin("https", f"{LABEL63}.com", "")),
    (f"https://{HOST253}", Origin("https", HOST253, "")),
]

MALFORMED = """
null|NULL||*|https|https:|https://|https:///|://example.com|example.com|//example.com|https:example.com
https://example.com/|https://example.com/a|https://example.com?|https://example.com#|https://example.com\\
HTTPS://example.com|https://Example.com|https://user@example.com|https://user:pw@example.com|https://@example.com
https://example.com:443|http://example.com:80|ws://example.com:80|wss://example.com:443|ftp://example.com:21
https://example.com:|https://example.com:0|https://example.com:08443|https://example.com:65536|https://example.com:-1
https://example.com:8443a|https://example.com:٣|https://a..b|https://.a|https://a.. |https://é.com|https://a b
 https://example.com|https://example.com |https://example.com,https://example.com|https://a.com, https://b.com
https://*.example.com|https://example.com:*|https://exa`mple.com|https://exa%6dple.com|https://[::1|https://::1]
https://[::1]x|https://[1:2]|https://[::FFFF]|https://[0:0:0:0:0:0:0:1]|https://[::127.0.0.1]|https://[fe80::1%25eth0]
https://127.1|https://0177.0.0.1|https://0x7f.0.0.1|https://256.0.0.1|https://1.2.3|https://1.2.3.4.5|https://127.0.0.1.
https://foo.255|https://foo.0x|2https://a|+a://b|h*ttp://b|file://|file:///|data:text/html,x
"""


@pytest.mark.parametrize(("text", "origin"), WELL_FORMED)
def test_well_formed_origins(text, origin):
    assert parse_origin(text) == origin
    assert str(OriginPattern.parse(text)) == text


@pytest.mark.parametrize("text", [*re.split(r"[|\n]", MALFORMED), "https://a\n", "https://a\r\n b", "https://a\0"])
def test_malformed_origins(text):
    assert parse_origin(text) is None


@pytest.mark.parametrize("host", [f"{LABEL63}a.com", f"{HOST253}c", f"{HOST253}c."])
def test_hosts_that_are_too_long(host):
    assert parse_origin(f"https://{host}") is None


def test_a_megabyte_is_refused_before_it_is_looked_at():
    assert parse_origin("https://" + "a." * 500_000) is None


@pytest.mark.parametrize(
    ("text", "serialized"),
    [
        ("::1", "[::1]"),
        ("0:0:0:0:0:0:0:0", "[::]"),
        ("1:0:0:2:0:0:0:3", "[1:0:0:2::3]"),
        ("1:0:0:2:0:0:3:4", "[1::2:0:0:3:4]"),
        ("1:0:2:3:4:5:6:7", "[1:0:2:3:4:5:6:7]"),
        ("::ffff:127.0.0.1", "[::ffff:7f00:1]"),
        ("2001:DB8::00FF", "[2001:db8::ff]"),
        ("1::", "[1::]"),
        ("fe80::1%eth0", None),
        ("1:2", None),
        ("", None),
    ],
)
def test_ipv6_addresses_are_serialized_as_browsers_do(text, serialized):
    assert serialize_ipv6(text) == serialized


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("a.localhost", True),
        ("127.8.9.1", True),
        ("[::1]", True),
        ("notlocalhost", False),
        ("localhost.com", False),
        ("127.example", False),
        ("128.0.0.1", False),
        ("[::2]", False),
    ],
)
def test_this_machine(host, is_loopback):
    assert is_this_machine(host) is is_loopback


PATTERNS = [
    ("https://*.example.com", OriginPattern("https", "example.com", "", True)),
    ("https://*.example.com:8443", OriginPattern("https", "example.com", "8443", True)),
    ("http://localhost:*", OriginPattern("http", "localhost", "*", False)),
    ("http://[::1]:*", OriginPattern("http", "[::1]", "*", False)),
    ("http://*.localhost:*", OriginPattern("http", "localhost", "*", True)),
    ("app://*.a", OriginPattern("app", "a", "", True)),
    (f"https://*.{HOST253[2:]}", OriginPattern("https", HOST253[2:], "", True)),
]


@pytest.mark.parametrize(("text", "pattern"), PATTERNS)
def test_patterns(text, pattern):
    assert OriginPattern.parse(text) == pattern
    assert str(pattern) == text


@pytest.mark.parametrize(
    ("text", "insecure"),
    [
        ("https://example.com", False),
        ("http://example.com", True),
        ("http://localhost:*", False),
        ("http://*.localhost", False),
        ("http://127.0.0.2:8000", False),
        ("http://[::1]", False),
        ("ws://example.com", False),
        ("http://*.example.com:*", True),
    ],
)
def test_insecure_patterns(text, insecure):
    assert OriginPattern.parse(text).is_insecure is insecure


@pytest.mark.parametrize("text", ["https://xn--f", "https://*.xn--f.example", "https://a.xn--abc-", "http://xn--f:*"])
def test_a_host_that_is_no_punycode_is_no_pattern(text):
    assert OriginPattern.parse(text) is None


MATCHER = OriginMatcher(
    exact=["https://a.example", "null"],
    patterns=[
        OriginPattern.parse(text)
        for text in ("https://*.b.example", "http://*.b.example:*", "http://localhost:*", "https://*.x.b.example:8443")
    ],
    regexes=[re.compile(r"https://pr-\d+\.c\.example"), re.compile(r"HTTPS://D\.EXAMPLE", re.IGNORECASE)],
)


@pytest.mark.parametrize(
    "origin",
    """https://a.example null https://1.b.example https://2.1.b.example http://x.b.example http://x.b.example:1
    http://localhost http://localhost:65535 https://y.x.b.example:8443 https://pr-7.c.example https://d.example""".split(),
)
def test_the_matcher_allows(origin):
    assert origin in MATCHER


@pytest.mark.parametrize(
    "origin",
    """https://b.example https://xb.example https://1.b.example:8443 https://.b.example https://1..b.example
    https://x.b.example. https://1.b.example.evil https://evil/1.b.example ws://1.b.example http://localhost:80
    http://localhost:0 https://localhost http://a.localhost https://pr-7.c.example.evil https://pr-.c.example
    https://D.example https://x.b.example:8443 Null https://a.example/ https://A.example https://a.example.b""".split(),
)
def test_the_matcher_refuses(origin):
    assert origin not in MATCHER


def test_regular_expressions_are_not_asked_about_what_is_no_origin():
    everything = OriginMatcher(regexes=[re.compile("(?s).*")])
    assert "https://a.example" in everything
    assert not [text for text in ("null", "", "https://a.example/", "https://A.example", "\n") if text in everything]


class _Counting(dict):
    looked_up = 0

    def get(self, key, default=None):
        type(self).looked_up += 1
        return super().get(key, default)


def test_subdomain_patterns_cost_at_most_a_look_up_for_each_label_of_the_host():
    matcher = OriginMatcher(patterns=[OriginPattern.parse(f"https://*.h{number}.example") for number in range(1000)])
    matcher._subdomains = _Counting(matcher._subdomains)
    assert "https://a.b.c.d.stranger.example" not in matcher
    assert _Counting.looked_up <= len("a.b.c.d.stranger.example".split("."))


def test_exact_origins_are_one_set_however_many():
    matcher = OriginMatcher(exact=(f"https://h{number}.example" for number in range(1000)))
    assert matcher.is_exact
    assert "https://h999.example" in matcher
    assert "https://h1000.example" not in matcher


def test_expressions_can_be_kept_from_insecure_origins():
    regex = re.compile(r"https?://([a-z]+\.)?example\.com(:[0-9]+)?|http://localhost:[0-9]+")
    asked = ["https://example.com", "http://example.com", "http://a.example.com:8080", "http://localhost:3000"]
    assert [origin in OriginMatcher(regexes=[regex]) for origin in asked] == [True] * 4
    careful = OriginMatcher(exact=["http://a.example.com:8080"], regexes=[regex], secure_regexes=True)
    assert [origin in careful for origin in asked] == [True, False, True, True]
