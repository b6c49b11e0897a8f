"""The messages about CORS that browsers print in their consoles: the engine, the words, and the cause.

Chromium's are in ``cors_error_string.cc`` of Blink, WebKit's in ``CrossOriginAccessControl.cpp``, and Firefox's in its
``security.properties``; MDN lists those of Firefox.
"""

# ruff: noqa: E501 - each message is on one line, as a browser prints it, so that a search finds it.

from __future__ import annotations

import re
from dataclasses import dataclass, field

from corswsgi.checker.findings import Kind
from corswsgi.checker.kinds import reasons
from corswsgi.checker.kinds.allow_origin import ALLOW_ORIGIN_MISSING
from corswsgi.checker.kinds.credentials import ALLOW_CREDENTIALS_INVALID, ALLOW_CREDENTIALS_MISSING
from corswsgi.checker.kinds.network import NO_ANSWER
from corswsgi.checker.kinds.permissions import HEADER_NOT_ALLOWED, METHOD_NOT_ALLOWED
from corswsgi.checker.kinds.preflights import PREFLIGHT_REDIRECT, PREFLIGHT_STATUS

#: The patterns for the parts of a message that differ from case to case. All are bounded.
_PARTS = {
    "{origin}": r"(?P<origin>[^\s'\"]{1,300}?)",
    "{method}": r"(?P<method>[^\s'\"]{1,100}?)",
    "{header}": r"(?P<header>[^\s'\"]{1,300}?)",
    "{value}": r".{0,2000}?",
}

_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019`"), "'")


def normalized(text: str) -> str:
    """Return a text with one kind of quotation mark and of white space, so that messages can be compared."""
    return " ".join(text.translate(_QUOTES).split())


@dataclass(frozen=True, slots=True)
class Message:
    """One message; for Chromium and Firefox, the part of it that gives the reason.

    :ivar template: its words, with ``{method}`` and the like for the parts that differ.
    :ivar cause: what is wrong, in one clause.
    :ivar finding: the kind of finding of ``check`` for the same cause.
    :ivar pattern: finds the message in a normalized text.
    """

    engine: str
    template: str
    cause: str
    finding: Kind
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = re.split(r"(\{[a-z]+\})", normalized(self.template))
        pattern = re.compile("".join(_PARTS.get(part) or re.escape(part) for part in parts))
        object.__setattr__(self, "pattern", pattern)


BROWSERS = {"chromium": "Chrome or Edge", "firefox": "Firefox", "webkit": "Safari"}

#: The part of a message that names the request, and stands before the reason.
ENVELOPES = {
    "chromium": re.compile(
        r"Access to [A-Za-z ]{1,40} at '(?P<url>\S{1,9000}?)' (?:\(redirected from '(?P<first>\S{1,9000}?)'\) )?"
        r"from origin '(?P<origin>\S{1,300}?)' has been blocked by CORS policy: ?"
        r"(?P<preflight>Response to preflight request doesn't pass access control check: ?)?"
    ),
    "firefox": re.compile(
        r"Cross-Origin Request (?:Blocked|Warning): The Same Origin Policy (?:will disallow|disallows) reading the "
        r"remote resource at '?(?P<url>\S{1,9000}?)'?(?: soon)?\. \(Reason: ?"
    ),
    "webkit": re.compile(
        r"(?:Fetch API|XMLHttpRequest|EventSource|Beacon API) cannot load (?P<url>\S{1,9000}?)"
        r"(?:\.(?= |$)| due to access control checks)"
    ),
}

_NO_ALLOW_ORIGIN = "the response has no Access-Control-Allow-Origin"
_TWO_ORIGINS = "Access-Control-Allow-Origin contains more than one value"
_OTHER_ORIGIN = "Access-Control-Allow-Origin is not the origin of the page"
_WILDCARD = "Access-Control-Allow-Origin is *, which does not allow requests with credentials"
_NO_CREDENTIALS = 'Access-Control-Allow-Credentials is not "true", and the script includes credentials'
_STATUS = "the status of the response to the preflight is not from 200 to 299"
_PREFLIGHT_REDIRECT = "the preflight was redirected"
_METHODS_INVALID = "Access-Control-Allow-Methods is not a list of methods"
_HEADERS_INVALID = "Access-Control-Allow-Headers is not a list of header names"
_METHOD = "Access-Control-Allow-Methods does not list the method"
_HEADER = "Access-Control-Allow-Headers does not list a header that the script sets"
_USERINFO = "a redirect leads to a URL with a user name or a password"
_SCHEME = "the URL is not an http: or https: URL"
_NETWORK = "the page fetches an address in a more private network, which needs the user's permission"
_NO_ANSWER = "there was no valid response"

_LOCAL = reasons.LOCAL_NETWORK

_CHROMIUM = (
    ("No 'Access-Control-Allow-Origin' header is present on the requested resource.", _NO_ALLOW_ORIGIN, ALLOW_ORIGIN_MISSING),
    ("The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed.", _TWO_ORIGINS, reasons.SEVERAL_ORIGINS),
    ("The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'.", _OTHER_ORIGIN, reasons.ANOTHER_ORIGIN),
    ("The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied origin.", _OTHER_ORIGIN, reasons.ANOTHER_ORIGIN),
    ("The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'.", _WILDCARD, reasons.STAR_WITH_CREDENTIALS),
    ("The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true' when the request's credentials mode is 'include'.", _NO_CREDENTIALS, ALLOW_CREDENTIALS_MISSING),
    ("The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be 'true' when the request's credentials mode is 'include'.", _NO_CREDENTIALS, ALLOW_CREDENTIALS_INVALID),
    ("It does not have HTTP ok status.", _STATUS, PREFLIGHT_STATUS),
    ("Redirect is not allowed for a preflight request.", _PREFLIGHT_REDIRECT, PREFLIGHT_REDIRECT),
    ("Cannot parse Access-Control-Allow-Methods response header field in preflight response.", _METHODS_INVALID, reasons.METHODS_NOT_PARSED),
    ("Cannot parse Access-Control-Allow-Headers response header field in preflight response.", _HEADERS_INVALID, reasons.HEADERS_NOT_PARSED),
    ("Method {method} is not allowed by Access-Control-Allow-Methods in preflight response.", _METHOD, METHOD_NOT_ALLOWED),
    ("Request header field {header} is not allowed by Access-Control-Allow-Headers in preflight response.", _HEADER, HEADER_NOT_ALLOWED),
    ("Redirect location '{value}' contains a username and password, which is disallowed for cross-origin requests.", _USERINFO, reasons.USERINFO_IN_LOCATION),
    ("Cross origin requests are only supported for protocol schemes: {value}.", _SCHEME, reasons.URL_SCHEME),
    ("Cross origin requests are not allowed by request mode.", "the script forbids it with mode: same-origin", reasons.MODE_FORBIDS),
    ("The response is invalid.", _NO_ANSWER, NO_ANSWER),
    ("The request client is not a secure context and the resource is in more-private address space '{value}'.", _NETWORK, _LOCAL),
    ("Request had a target IP address space of '{value}' yet the resource is in address space '{value}'.", _NETWORK, _LOCAL),
    ("Request had no target IP address space, yet the resource is in address space '{value}'.", _NETWORK, _LOCAL),
    ("No 'Access-Control-Allow-Private-Network' header was present in the preflight response for this private network request targeting the '{value}' address space.", _NETWORK, _LOCAL),
    ("The 'Access-Control-Allow-Private-Network' header in the preflight response for this private network request targeting the '{value}' address space had a value of '{value}', not 'true'.", _NETWORK, _LOCAL),
    ("No 'Private-Network-Access-Id' header was present in the preflight response for this private network request targeting the '{value}' address space.", _NETWORK, _LOCAL),
    ("No 'Private-Network-Access-Name' header was present in the preflight response for this private network request targeting the '{value}' address space.", _NETWORK, _LOCAL),
    ("Unable to ask for permission to access the '{value}' IP address space.", _NETWORK, _LOCAL),
    ("Permission was denied for this request to access the '{value}' address space.", _NETWORK, _LOCAL),
)  # fmt: skip

_FIREFOX = (
    ("CORS disabled)", "CORS is turned off in the settings of the browser (content.cors.disable)", NO_ANSWER),
    ("CORS request did not succeed)", _NO_ANSWER, NO_ANSWER),
    ("CORS header 'Origin' cannot be added)", "the browser could not send Origin", NO_ANSWER),
    ("CORS request external redirect not allowed)", "there was a redirect where none is allowed", PREFLIGHT_REDIRECT),
    ("CORS request not http)", _SCHEME, reasons.URL_SCHEME),
    ("CORS header 'Access-Control-Allow-Origin' missing)", _NO_ALLOW_ORIGIN, ALLOW_ORIGIN_MISSING),
    ("Multiple CORS header 'Access-Control-Allow-Origin' not allowed)", _TWO_ORIGINS, reasons.SEVERAL_ORIGINS),
    ("CORS header 'Access-Control-Allow-Origin' does not match '{value}')", _OTHER_ORIGIN, reasons.ANOTHER_ORIGIN),
    ("Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*')", _WILDCARD, reasons.STAR_WITH_CREDENTIALS),
    ("Did not find method in CORS header 'Access-Control-Allow-Methods')", _METHOD, METHOD_NOT_ALLOWED),
    ("expected 'true' in CORS header 'Access-Control-Allow-Credentials')", _NO_CREDENTIALS, ALLOW_CREDENTIALS_INVALID),
    ("CORS preflight response did not succeed)", _STATUS, PREFLIGHT_STATUS),
    ("CORS preflight channel did not succeed)", _STATUS, PREFLIGHT_STATUS),
    ("invalid token '{value}' in CORS header 'Access-Control-Allow-Methods')", _METHODS_INVALID, reasons.METHODS_NOT_PARSED),
    ("invalid token '{value}' in CORS header 'Access-Control-Allow-Headers')", _HEADERS_INVALID, reasons.HEADERS_NOT_PARSED),
    ("header '{header}' is not allowed according to header 'Access-Control-Allow-Headers' from CORS preflight response)", _HEADER, HEADER_NOT_ALLOWED),
    ("missing token '{header}' in CORS header 'Access-Control-Allow-Headers' from CORS preflight channel)", _HEADER, HEADER_NOT_ALLOWED),
    ("When the 'Access-Control-Allow-Headers' is '*', the '{header}' header is not covered.", "* in Access-Control-Allow-Headers does not cover Authorization", reasons.AUTHORIZATION_NOT_LISTED),
)  # fmt: skip

_WEBKIT = (
    ("Origin {origin} is not allowed by Access-Control-Allow-Origin.", _OTHER_ORIGIN, reasons.ANOTHER_ORIGIN),
    ("Access-Control-Allow-Origin cannot contain more than one origin.", _TWO_ORIGINS, reasons.SEVERAL_ORIGINS),
    ("Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.", _WILDCARD, reasons.STAR_WITH_CREDENTIALS),
    ('Credentials flag is true, but Access-Control-Allow-Credentials is not "true".', _NO_CREDENTIALS, ALLOW_CREDENTIALS_INVALID),
    ("Preflight response is not successful", _STATUS, PREFLIGHT_STATUS),
    ("Method {method} is not allowed by Access-Control-Allow-Methods.", _METHOD, METHOD_NOT_ALLOWED),
    ("Request header field {header} is not allowed by Access-Control-Allow-Headers.", _HEADER, HEADER_NOT_ALLOWED),
    ("Header Access-Control-Allow-Methods has an invalid value:", _METHODS_INVALID, reasons.METHODS_NOT_PARSED),
    ("Header Access-Control-Allow-Headers has an invalid value:", _HEADERS_INVALID, reasons.HEADERS_NOT_PARSED),
    ("denied by Cross-Origin Resource Sharing policy: redirection URL", _USERINFO, reasons.USERINFO_IN_LOCATION),
    ("denied by Cross-Origin Resource Sharing policy: not allowed to follow a cross-origin CORS redirection with non CORS scheme", _SCHEME, reasons.LOCATION_SCHEME),
    ("Cross origin requests are only supported for HTTP.", _SCHEME, reasons.URL_SCHEME),
)  # fmt: skip

MESSAGES = tuple(
    Message(engine, *row)
    for engine, rows in (("chromium", _CHROMIUM), ("firefox", _FIREFOX), ("webkit", _WEBKIT))
    for row in rows
)

#: The last line of WebKit's message, if the others were not pasted.
BARE = Message(
    "webkit", "due to access control checks", "CORS does not let the page read the response", reasons.ANOTHER_ORIGIN
)

#: Causes that only requests with credentials have.
WITH_CREDENTIALS = frozenset({reasons.STAR_WITH_CREDENTIALS, ALLOW_CREDENTIALS_MISSING, ALLOW_CREDENTIALS_INVALID})

#: Causes that are about the response to a preflight.
OF_PREFLIGHTS = frozenset(
    {
        PREFLIGHT_STATUS,
        PREFLIGHT_REDIRECT,
        reasons.METHODS_NOT_PARSED,
        reasons.HEADERS_NOT_PARSED,
        METHOD_NOT_ALLOWED,
        HEADER_NOT_ALLOWED,
        reasons.AUTHORIZATION_NOT_LISTED,
    }
)
