"""Kinds of finding about who may read: which origins the server takes for allowed ones."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_USERS, _SERVER = Concern.USERS, Concern.SERVER

_LIST = 'Name the origins: ``Policy(allow_origins=["https://app.example.com"])`` compares them whole.'
_WHOLE = "Compare the whole Origin with a list. End a regular expression with ``\\Z`` (``re.fullmatch``)."
_READS = "Pages of such an origin read the answer, with the user's cookies if credentials are allowed."

ANY_ORIGIN_CREDENTIALS = Kind(
    "any-origin-with-credentials",
    Severity.HIGH,
    _USERS,
    "Every website can read with the user's cookies",
    "Any page that a user visits can read, as that user, what the URL answers: messages, tokens, personal data.",
    "The server sends back any Origin that comes, and allows credentials.",
    'Name the origins: ``Policy(allow_origins=["https://app.example.com"], allow_credentials=True)``.',
    _WHOLE,
)

ANY_ORIGIN_REFLECTED = Kind(
    "any-origin-reflected",
    Severity.LOW,
    _SERVER,
    "Every website can read, without cookies",
    "The server sends back any Origin that comes. If credentials are ever switched on, every website reads with them.",
    "An Origin is sent back without a look at it.",
    f'If all may read: ``Policy(allow_origins="*")``, which can never go with credentials. Otherwise: {_LIST}',
    "If all may read, send ``*``. Otherwise compare the whole Origin with a list.",
)

ANY_ORIGIN = Kind(
    "any-origin",
    Severity.INFO,
    _SERVER,
    "Every website can read, without cookies (*)",
    "Every page gets what anyone gets with curl. That is right for public data, and wrong if only the network keeps "
    "others out.",
    "Access-Control-Allow-Origin is ``*``.",
    f"If it is not meant: {_LIST}",
    "If it is not meant, compare the whole Origin with a list.",
)

ANY_ORIGIN_MAY_SEND = Kind(
    "any-origin-may-send",
    Severity.HIGH,
    _USERS,
    "Every website can send requests with the user's cookies",
    "A page cannot read the answer, but what the request changes is changed, as the user.",
    "Preflights are granted to every Origin, regardless of what is decided about other requests.",
    "A policy decides about preflights by the same list of origins as about all other requests.",
    "Decide about preflights by the same list of origins as about all other requests.",
)

NULL_ORIGIN = Kind(
    "null-origin",
    Severity.HIGH,
    _USERS,
    'The origin "null" is allowed',
    "Any site can make a page whose origin is ``null`` (a sandboxed frame), and it reads with the user's cookies if "
    "credentials are allowed.",
    '"null" was put on the list for local files or for redirects, or every Origin is sent back.',
    '``"null"`` is allowed only by name, and never with credentials: leave it out.',
    "Never allow ``null``. Serve the page from an origin of its own.",
)

INSECURE_ORIGIN_WITH_CREDENTIALS = Kind(
    "insecure-origin-with-credentials",
    Severity.HIGH,
    _USERS,
    "A page of plain http: reads with the user's cookies",
    "Anyone on the way can put a script into that page, and it reads what only the user may.",
    "The page is served over ``http:``, and the server allows it with credentials.",
    "Name the ``https:`` origin; a policy refuses others with credentials, unless ``dangerously_allow`` says so.",
    "Serve the page over ``https:``, and allow that origin only.",
)

ORIGIN_SUFFIX = Kind(
    "origin-suffix",
    Severity.HIGH,
    _USERS,
    "Only the beginning of the Origin is compared",
    f"``https://app.example.com.evil.example`` is allowed too, and anyone can have that name. {_READS}",
    "``startswith``, or a regular expression without an end.",
    _LIST,
    _WHOLE,
)

ORIGIN_PREFIX = Kind(
    "origin-prefix",
    Severity.HIGH,
    _USERS,
    "Only the end of the Origin is compared",
    f"``https://evilexample.com`` is allowed too, and anyone can have that name. {_READS}",
    "``endswith``, or a regular expression without a beginning.",
    'For subdomains: ``Policy(allow_origins=["https://*.example.com"])``.',
    "Compare the whole Origin. If subdomains are meant, what stands before them must be ``://`` or a dot.",
)

ORIGIN_DOT = Kind(
    "origin-dot",
    Severity.HIGH,
    _USERS,
    "A dot in a regular expression stands for any character",
    f"``https://appxexample.com`` is allowed too, and anyone can have that name. {_READS}",
    "A regular expression was written without ``\\.``, or a plain string is taken for one.",
    f"{_LIST} A string is never taken for a regular expression.",
    "Write ``\\.``, or compare the whole Origin as a string.",
)

ORIGIN_SPECIAL_CHARACTER = Kind(
    "origin-special-character",
    Severity.HIGH,
    _USERS,
    "A special character is taken for the end of the host",
    f"``https://app.example.com_.evil.example`` is allowed too, and browsers go to such hosts. {_READS}",
    "A regular expression ends in ``\\b`` or in ``[^a-z]``.",
    _LIST,
    _WHOLE,
)

ORIGIN_HTTP = Kind(
    "origin-http",
    Severity.MEDIUM,
    _USERS,
    "The same host over plain http: is allowed",
    "Anyone who controls the network makes a page of ``http://app.example.com``, and it reads what only the user may.",
    "The scheme is not compared, or plain ``http:`` is on the list.",
    _LIST,
    "Allow origins of ``https:`` only.",
)

ORIGIN_PORT = Kind(
    "origin-port",
    Severity.LOW,
    _USERS,
    "Other ports of the same host are allowed",
    "Another service on the same machine can read what only the user may.",
    "The port is not compared, or any is allowed.",
    _LIST,
    "Compare the whole Origin with its port, unless every port of the host is meant.",
)

ORIGIN_SUBDOMAIN = Kind(
    "origin-subdomain",
    Severity.LOW,
    _USERS,
    "Subdomains are allowed",
    "One that falls into other hands (a forgotten DNS record, a hosted page) reads what only the user may.",
    "A pattern allows every subdomain.",
    _LIST,
    "List the hosts that need it, unless every subdomain is meant and none can fall into other hands.",
)

ORIGIN_CASE = Kind(
    "origin-case",
    Severity.INFO,
    _SERVER,
    "Upper and lower case are taken for the same",
    "No browser sends such an Origin. It shows how the server compares.",
    "The comparison ignores case.",
    _LIST,
    "Compare byte for byte: browsers always send scheme and host in lower case.",
)

ORIGIN_TRAILING = Kind(
    "origin-trailing",
    Severity.LOW,
    _USERS,
    "What follows the Origin is not looked at",
    "No browser sends such an Origin. It shows that the end is not compared, and that others may slip by.",
    "``startswith``, a regular expression without an end, or a URL parser.",
    _LIST,
    _WHOLE,
)

ORIGIN_EMBEDDED = Kind(
    "origin-embedded",
    Severity.LOW,
    _USERS,
    "The allowed name is searched for inside the Origin",
    "No browser sends such an Origin. It shows that a wildcard crosses the parts of an Origin, and that others may "
    "slip by.",
    "``in``, ``re.search``, or a wildcard that matches slashes.",
    'A wildcard of a policy stands for labels of the host only: ``Policy(allow_origins=["https://*.example.com"])``.',
    "Compare the whole Origin; a wildcard may stand for labels of the host only.",
)
