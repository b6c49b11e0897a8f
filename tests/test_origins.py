"""Serialized origins, origin patterns, and the matcher over many of them."""

import re

import pytest

from corswsgi.errors import Fault, PolicyError
from corswsgi.origins import (
    Origin,
    OriginMatcher,
    OriginPattern,
    is_this_machine,
    parse_origin,
    serialize_ipv4,
    serialize_ipv6,
    to_a_labels,
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
    assert not OriginPattern.parse(text).has_wildcard


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
    assert pattern.has_wildcard


#: What people write, the codes of its faults, and what they should have written.
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
    ("null", [Fault.ORIGIN_OPAQUE], None),  # a policy takes it by name
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
    ("https://**.example.com", [Fault.ORIGIN_WILDCARD], None),
    ("https://a.*.example.com", [Fault.ORIGIN_WILDCARD], None),
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
    with pytest.raises(PolicyError) as caught:
        OriginPattern.parse(text)
    assert [problem.code for problem in caught.value.problems] == faults
    for problem in caught.value.problems:
        assert problem.option == "allow_origins"
        assert problem.value == text
        assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "insecure", "public"),
    [
        ("https://example.com", False, False),
        ("http://example.com", True, False),
        ("http://localhost:*", False, False),
        ("http://*.localhost", False, False),
        ("http://127.0.0.2:8000", False, False),
        ("http://[::1]", False, False),
        ("ws://example.com", False, False),
        ("https://*.com", False, True),
        ("https://*.github.io", False, True),
        ("https://*.github.io.", False, True),
        ("https://github.io", False, False),
        ("https://*.example.github.io", False, False),
        ("https://*.windows.net", False, True),
        ("https://*.ck", False, True),
        ("https://*.foo.ck", False, True),
        ("https://*.kawasaki.jp", False, True),
        ("https://*.xn--55qx5d.cn", False, True),
        ("https://*.internal", False, False),
        ("http://*.example.com:*", True, False),
    ],
)
def test_dangerous_patterns(text, insecure, public):
    pattern = OriginPattern.parse(text)
    assert pattern.is_insecure is insecure
    assert pattern.covers_public_suffix is public


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


def test_no_more_origins_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(OriginMatcher, "MAX_KNOWN", 3)
    matcher = OriginMatcher(patterns=[OriginPattern.parse("https://*.example.com")])
    for turn in range(2):
        for number in range(10):
            assert f"https://tenant-{number}.example.com" in matcher, turn
            assert f"https://tenant-{number}.example.org" not in matcher
            assert len(matcher._known) <= 3
