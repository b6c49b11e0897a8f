"""The tables and the grammar of the Fetch Standard."""

import pytest

from corswsgi import fetch


@pytest.mark.parametrize("token", ["GET", "x-api-key", "!#$%&'*+-.^_`|~09azAZ"])
def test_tokens(token):
    assert fetch.is_token(token)


@pytest.mark.parametrize("text", ["", " ", "a b", "a,b", "a:", "é", "a\n", "\x7f", "(", "a/b", '"a"', "a\0"])
def test_what_is_no_token(text):
    assert not fetch.is_token(text)


@pytest.mark.parametrize(
    ("written", "sent"),
    [("get", "GET"), ("Put", "PUT"), ("oPTIONS", "OPTIONS"), ("patch", "patch"), ("Chicken", "Chicken"), ("", "")],
)
def test_methods_are_normalized_as_browsers_do(written, sent):
    assert fetch.normalize_method(written) == sent


@pytest.mark.parametrize(("method", "forbidden"), [("trace", True), ("TRACK", True), ("Connect", True), ("GET", False)])
def test_forbidden_methods(method, forbidden):
    assert fetch.is_forbidden_method(method) is forbidden


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [("Cookie", True), ("PROXY-x", True), ("sec-fetch-site", True), ("Second", False), ("X-Cookie", False)],
)
def test_forbidden_request_headers(name, forbidden):
    assert fetch.is_forbidden_request_header_name(name) is forbidden


def test_elements_of_a_list_come_without_white_space_and_empty_ones():
    assert fetch.split_list(" a,\tb , ,,c\t") == ["a", "b", "c"]
    assert fetch.split_list("") == []
    assert fetch.split_list("a\r\n ,b") == ["a\r\n", "b"], "only SP and HTAB are optional white space"


SAFELISTED = [
    ("Accept", "text/html, */*;q=0.8"),
    ("accept", "é\t"),
    ("Accept-Language", "de-AT, en;q=0.5, *"),
    ("Content-Language", ""),
    ("Content-Type", "text/plain"),
    ("content-type", " TEXT/Plain ; charset=utf-8"),
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"),
    ("Content-Type", "text/plain;;; =, /"),
    ("Range", "bytes=0-"),
    ("Range", "bytes=5-5"),
    ("Accept", "a" * 128),
]

NOT_SAFELISTED = [
    ("Accept", "a" * 129),
    ("Accept", "text/html (x)"),
    ("Accept", "\x01"),
    ("Accept", "\x7f"),
    ("Accept-Language", "de_AT"),
    ("Accept-Language", "é"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain, application/json"),
    ("Content-Type", "text/plain; charset=\x22utf-8\x22"),
    ("Content-Type", "text/"),
    ("Content-Type", ""),
    ("Content-Type", "text /plain"),
    ("Range", "bytes=-500"),
    ("Range", "bytes=5-4"),
    ("Range", "Bytes=0-5"),
    ("Range", "bytes= 0-5"),
    ("Range", "bytes=0-5,7-8"),
    ("Range", "bytes=0"),
    ("X-Api-Key", "1"),
    ("Authorization", "x"),
]


@pytest.mark.parametrize(("name", "value"), SAFELISTED)
def test_safelisted_request_headers(name, value):
    assert fetch.is_cors_safelisted_request_header(name, value)


@pytest.mark.parametrize(("name", "value"), NOT_SAFELISTED)
def test_request_headers_that_need_permission(name, value):
    assert not fetch.is_cors_safelisted_request_header(name, value)


def test_unsafe_names_are_lower_case_sorted_and_unique():
    headers = [("X-B", "1"), ("x-a", "1"), ("X-b", "2"), ("Accept", "*/*"), ("Content-Type", "application/json")]
    assert fetch.cors_unsafe_request_header_names(headers) == ["content-type", "x-a", "x-b"]


@pytest.mark.parametrize(("last", "names"), [(0, []), (1, ["accept"])])
def test_safelisted_values_of_more_than_1024_bytes_in_sum_are_all_unsafe(last, names):
    headers = [("Accept", "a" * 128)] * 8 + [("Accept", "a" * last)]
    assert fetch.cors_unsafe_request_header_names(headers) == names
