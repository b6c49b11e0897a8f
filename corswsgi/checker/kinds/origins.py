"""Kinds of finding about who may read: which origins the server allows."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_USERS, _SERVER = Concern.USERS, Concern.SERVER

_LIST = 'List the origins: ``Policy(allow_origins=["https://app.example.com"])`` compares the whole origin.'
_WHOLE = "Compare the whole ``Origin`` with a list. End a regular expression with ``\\Z`` (or use ``re.fullmatch``)."
_READS = "A page there can read the response, with the user's cookies if credentials are allowed."

ANY_ORIGIN_CREDENTIALS = Kind(
    "any-origin-with-credentials",
    Severity.HIGH,
    _USERS,
    "Every website can read with the user's cookies",
    "Any page that a user visits can read, as that user, what the URL returns: messages, tokens, personal data.",
    "The server sends back any ``Origin``, and allows credentials.",
    'List the origins: ``Policy(allow_origins=["https://app.example.com"], allow_credentials=True)``.',
    _WHOLE,
)

ANY_ORIGIN_REFLECTED = Kind(
    "any-origin-reflected",
    Severity.LOW,
    _SERVER,
    "Every website can read, without cookies",
    "If credentials are ever turned on, every website can read with the user's cookies.",
    "The server sends back any ``Origin`` without checking it.",
    f'If everyone may read: ``Policy(allow_origins="*")``, which never allows credentials. Otherwise: {_LIST}',
    "If everyone may read, send ``*``. Otherwise compare the whole ``Origin`` with a list.",
)

ANY_ORIGIN = Kind(
    "any-origin",
    Severity.INFO,
    _SERVER,
    "Every website can read, without cookies (*)",
    "Every page gets what anyone gets with curl. That is right for public data, but wrong if the data is protected "
    "only by being in a private network.",
    "``Access-Control-Allow-Origin`` is ``*``.",
    f"If this is not intended: {_LIST}",
    "If this is not intended, compare the whole ``Origin`` with a list.",
)

ANY_ORIGIN_MAY_SEND = Kind(
    "any-origin-may-send",
    Severity.HIGH,
    _USERS,
    "Every website can send requests with the user's cookies",
    "A page cannot read the response, but it can change data as the user.",
    "The server grants preflights from every ``Origin``, and checks the origin of other requests only.",
    "A policy uses one list of origins for preflights and for all other requests.",
    "Use one list of origins for preflights and for all other requests.",
)

NULL_ORIGIN = Kind(
    "null-origin",
    Severity.HIGH,
    _USERS,
    'The origin "null" is allowed',
    "Any site can create a page whose origin is ``null`` (a sandboxed frame). That page can read the response, with "
    "the user's cookies if credentials are allowed.",
    "``null`` was put on the list for local files or for redirects, or the server sends back any ``Origin``.",
    'Remove ``"null"`` from ``allow_origins``. A policy allows it only if it is listed, and never with credentials.',
    "Never allow ``null``. Serve the page from an origin of its own.",
)

INSECURE_ORIGIN_WITH_CREDENTIALS = Kind(
    "insecure-origin-with-credentials",
    Severity.HIGH,
    _USERS,
    "A page on plain http: can read with the user's cookies",
    "Anyone on the network between the user and that page can insert a script, which reads what only the user may "
    "read.",
    "The page is served over ``http:``, and the server allows it with credentials.",
    "List the ``https:`` origin. With credentials, a policy refuses ``http:`` origins, unless ``dangerously_allow`` "
    "permits them.",
    "Serve the page over ``https:``, and allow that origin only.",
)

ORIGIN_SUFFIX = Kind(
    "origin-suffix",
    Severity.HIGH,
    _USERS,
    "Only the beginning of the Origin is compared",
    f"``https://app.example.com.evil.example`` is allowed too, and anyone can register such a name. {_READS}",
    "The server uses ``startswith``, or a regular expression without an end.",
    _LIST,
    _WHOLE,
)

ORIGIN_PREFIX = Kind(
    "origin-prefix",
    Severity.HIGH,
    _USERS,
    "Only the end of the Origin is compared",
    f"``https://evilexample.com`` is allowed too, and anyone can register such a name. {_READS}",
    "The server uses ``endswith``, or a regular expression without a beginning.",
    'For subdomains: ``Policy(allow_origins=["https://*.example.com"])``.',
    "Compare the whole ``Origin``. If you allow subdomains, require ``://`` or a dot before the domain.",
)

ORIGIN_DOT = Kind(
    "origin-dot",
    Severity.HIGH,
    _USERS,
    "A dot in a regular expression matches any character",
    f"``https://appxexample.com`` is allowed too, and anyone can register such a name. {_READS}",
    "A regular expression was written without ``\\.``, or a plain string is used as one.",
    f"{_LIST} A string is never used as a regular expression.",
    "Write ``\\.``, or compare the whole ``Origin`` as a string.",
)

ORIGIN_SPECIAL_CHARACTER = Kind(
    "origin-special-character",
    Severity.HIGH,
    _USERS,
    "A special character is treated as the end of the host",
    f"``https://app.example.com_.evil.example`` is allowed too, and browsers do load pages from such hosts. {_READS}",
    "A regular expression ends in ``\\b`` or in ``[^a-z]``.",
    _LIST,
    _WHOLE,
)

ORIGIN_HTTP = Kind(
    "origin-http",
    Severity.MEDIUM,
    _USERS,
    "The same host is allowed over plain http:",
    "Anyone who controls the network can serve a page as ``http://app.example.com``. That page reads what only the "
    "user may read.",
    "The server does not compare the scheme, or plain ``http:`` is on its list.",
    _LIST,
    "Allow ``https:`` origins only.",
)

ORIGIN_PORT = Kind(
    "origin-port",
    Severity.LOW,
    _USERS,
    "Other ports of the same host are allowed",
    "Another service on the same machine can read what only the user may read.",
    "The server does not compare the port, or allows any port.",
    _LIST,
    "Compare the whole ``Origin`` with its port, unless you want to allow every port of the host.",
)

ORIGIN_SUBDOMAIN = Kind(
    "origin-subdomain",
    Severity.LOW,
    _USERS,
    "Subdomains are allowed",
    "If somebody takes over a subdomain (through a forgotten DNS record or a hosted page), they can read what only the "
    "user may read.",
    "A pattern allows every subdomain.",
    _LIST,
    "List the hosts that need access, unless you want to allow every subdomain and nobody can take one over.",
)

ORIGIN_CASE = Kind(
    "origin-case",
    Severity.INFO,
    _SERVER,
    "The comparison ignores upper and lower case",
    "No browser sends such an ``Origin``, so this is harmless. It shows how the server compares.",
    "The server compares without regard to case.",
    _LIST,
    "Compare every character: browsers always send the scheme and the host in lower case.",
)

ORIGIN_TRAILING = Kind(
    "origin-trailing",
    Severity.LOW,
    _USERS,
    "Text after the Origin is ignored",
    "No browser sends such an ``Origin``. It shows that the server does not compare the end, so that other values may "
    "be accepted too.",
    "The server uses ``startswith``, a regular expression without an end, or a URL parser.",
    _LIST,
    _WHOLE,
)

ORIGIN_EMBEDDED = Kind(
    "origin-embedded",
    Severity.LOW,
    _USERS,
    "The server searches for the allowed name inside the Origin",
    "No browser sends such an ``Origin``. It shows that a wildcard matches more than the host, so that other values "
    "may be accepted too.",
    "The server uses ``in``, ``re.search``, or a wildcard that matches slashes.",
    'A wildcard of a policy matches labels of the host only: ``Policy(allow_origins=["https://*.example.com"])``.',
    "Compare the whole ``Origin``. Let a wildcard match labels of the host only.",
)
