"""A way to make each kind of fault, in the order of ``docs/policy-errors.rst``: Python, or a settings file."""

from __future__ import annotations

from typing import NamedTuple

from corswsgi.errors import Fault


class File(NamedTuple):
    """A settings file."""

    name: str
    text: str


#: The headings of the page, and for each kind of fault what has it: an expression in Python, or a settings file.
SECTIONS: dict[str, dict[Fault, str | File]] = {
    "Options": {
        Fault.MISSING_OPTION: 'CORSMiddleware(app, allow_methods=["PUT"])',
        Fault.UNKNOWN_OPTION: 'CORSMiddleware(app, allow_origin="https://app.example.com")',
        Fault.FOREIGN_OPTION: 'CORSMiddleware(app, supports_credentials=True, allow_origins="https://app.example.com")',
        Fault.NO_PRIVATE_NETWORK: 'CORSMiddleware(app, allow_origins="*", allow_private_network=True)',
        Fault.POLICY_AND_OPTIONS: 'CORSMiddleware(app, Policy("*"), max_age=60)',
        Fault.WRONG_TYPE: 'Policy("https://app.example.com", enforce="true")',
    },
    "Origins": {
        Fault.NO_ORIGINS: "Policy(allow_origins=[])",
        Fault.ORIGIN_EMPTY: 'Policy(allow_origins=[""])',
        Fault.ORIGIN_LIST: 'Policy(allow_origins=["https://a.example.com" "https://b.example.com"])',
        Fault.ORIGIN_MALFORMED: 'Policy(allow_origins="http:/localhost:3000")',
        Fault.ORIGIN_WHITESPACE: 'Policy(allow_origins=" https://app.example.com")',
        Fault.ORIGIN_SCHEME_MISSING: 'Policy(allow_origins="app.example.com")',
        Fault.ORIGIN_SCHEME_INVALID: 'Policy(allow_origins="2https://app.example.com")',
        Fault.ORIGIN_UPPER_CASE: 'Policy(allow_origins="https://App.Example.com")',
        Fault.ORIGIN_TRAILING_SLASH: 'Policy(allow_origins="https://app.example.com/")',
        Fault.ORIGIN_PATH: 'Policy(allow_origins="https://app.example.com/items")',
        Fault.ORIGIN_QUERY: 'Policy(allow_origins="https://app.example.com?x=1")',
        Fault.ORIGIN_FRAGMENT: 'Policy(allow_origins="https://app.example.com#top")',
        Fault.ORIGIN_USERINFO: 'Policy(allow_origins="https://me:secret@app.example.com")',
        Fault.ORIGIN_PORT_DEFAULT: 'Policy(allow_origins="https://app.example.com:443")',
        Fault.ORIGIN_PORT_INVALID: 'Policy(allow_origins="https://app.example.com:99999")',
        Fault.ORIGIN_HOST_INVALID: 'Policy(allow_origins="https://app..example.com")',
        Fault.ORIGIN_HOST_TOO_LONG: "Policy(allow_origins=f\"https://{64 * 'a'}.example.com\")",
        Fault.ORIGIN_HOST_NON_ASCII: 'Policy(allow_origins="https://b\u00fccher.example")',
        Fault.ORIGIN_PUNYCODE_INVALID: 'Policy(allow_origins="https://xn--f.example")',
        Fault.ORIGIN_IPV4: 'Policy(allow_origins="http://192.168.1:8000")',
        Fault.ORIGIN_IPV6: 'Policy(allow_origins="http://[0:0:0:0:0:0:0:1]:8000")',
        Fault.ORIGIN_WILDCARD: 'Policy(allow_origins="https://app-*.example.com")',
        Fault.ORIGIN_OPAQUE: 'Policy(allow_origins="file:///home/me/page.html")',
        Fault.ORIGIN_NULL_CASE: 'Policy(allow_origins="NULL")',
        Fault.ORIGIN_REGEX_BYTES: 'Policy(allow_origins=re.compile(rb"https://pr-[0-9]+\\.example\\.com"))',
        Fault.ORIGIN_REGEX_INVALID: File("cors.toml", '[cors]\nallow_origins = ["re:https://("]'),
    },
    "Credentials": {
        Fault.ANY_ORIGIN_WITH_CREDENTIALS: 'Policy(allow_origins="*", allow_credentials=True)',
        Fault.NULL_WITH_CREDENTIALS: 'Policy(allow_origins="null", allow_credentials=True)',
        Fault.INSECURE_ORIGIN_WITH_CREDENTIALS: 'Policy("http://app.example.com", allow_credentials=True)',
        Fault.PUBLIC_SUFFIX_WITH_CREDENTIALS: 'Policy(allow_origins="https://*.github.io", allow_credentials=True)',
        Fault.REGEX_WITH_CREDENTIALS: 'Policy(allow_origins=re.compile("https://.*"), allow_credentials=True)',
        Fault.EXPOSE_ANY_WITH_CREDENTIALS: (
            'Policy("https://app.example.com", allow_credentials=True, expose_headers="*")'
        ),
    },
    "Methods and headers": {
        Fault.NAME_LIST: 'Policy("*", allow_methods="PUT,DELETE")',
        Fault.METHOD_INVALID: 'Policy("*", allow_methods=["PUT "])',
        Fault.METHOD_FORBIDDEN: 'Policy("*", allow_methods=["TRACE"])',
        Fault.HEADER_INVALID: 'Policy("*", allow_headers=["X-Api-Key:"])',
        Fault.REQUEST_HEADER_FORBIDDEN: 'Policy("*", allow_headers=["Cookie"])',
        Fault.REQUEST_HEADER_OF_RESPONSES: 'Policy("*", allow_headers=["Access-Control-Allow-Origin"])',
        Fault.RESPONSE_HEADER_FORBIDDEN: 'Policy("*", expose_headers=["Set-Cookie"])',
        Fault.RESPONSE_HEADER_OF_REQUESTS: 'Policy("*", expose_headers=["Origin"])',
        Fault.VARY_ANY: 'Policy("*", vary="*")',
    },
    "Numbers and names": {
        Fault.MAX_AGE_NEGATIVE: 'Policy("*", max_age=-1)',
        Fault.MAX_AGE_TOO_LONG: 'Policy("*", max_age=timedelta(days=7))',
        Fault.MAX_AGE_FRACTION: 'Policy("*", max_age=0.5)',
        Fault.PREFLIGHT_STATUS_RANGE: 'Policy("*", preflight_status=302)',
        Fault.DANGER_UNKNOWN: 'Policy("*", dangerously_allow="http")',
    },
    "A policy for each path": {
        Fault.ROUTE_PATH: 'CORSMiddleware(app, {"api": Policy("*")})',
        Fault.ROUTE_POLICY: 'CORSMiddleware(app, {"/api": "*"})',
    },
    "Settings files": {
        Fault.FILE_UNREADABLE: 'CORSMiddleware.from_file(app, "missing.toml")',
        Fault.FILE_SYNTAX: File("cors.toml", '[cors]\nallow_origins = "https://app.example.com'),
        Fault.SECTION_MISSING: File("cors.toml", '[app]\nallow_origins = "https://app.example.com"'),
        Fault.SECTION_UNKNOWN: File(
            "cors.toml", '[cors]\nallow_origins = "https://app.example.com"\n\n["/public"]\nallow_origins = "*"'
        ),
        Fault.GIVEN_TWICE: File("cors.ini", "[cors]\nallow_origins = *\nallow_origins = https://app.example.com"),
    },
    "Export": {
        Fault.SERVER_CANNOT: 'apache(Policy("*", preflight_status=299))',
    },
}
