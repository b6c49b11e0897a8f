"""Kinds of finding about the value of Access-Control-Allow-Origin, and other headers that come twice."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE, _SERVER = Concern.PAGE, Concern.SERVER

_ECHO = (
    "Keep a list of allowed origins. If the ``Origin`` of the request is on it, send it back as it came, and send "
    "``Vary: Origin`` with every answer."
)

_LIST = 'Name every origin: ``Policy(allow_origins=["https://app.example.com", "https://shop.example.com"])``.'

ALLOW_ORIGIN_MISSING = Kind(
    "allow-origin-missing",
    Severity.HIGH,
    _PAGE,
    "There is no Access-Control-Allow-Origin",
    "Without the header, browsers take it that pages of other origins may not read the answer. The request itself was "
    "sent, and may have changed something.",
    "Nothing on the server adds CORS headers, or not for this origin, this path or this status.",
    'Name the origin: ``Policy(allow_origins=["https://app.example.com"])``, for the whole application.',
    "Send ``Access-Control-Allow-Origin`` with the origin that asks, if it is on a list, and ``Vary: Origin``, with "
    "every answer, errors too.",
)

ALLOW_ORIGIN_TWICE = Kind(
    "allow-origin-several-lines",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin comes more than once",
    "Browsers join the lines with a comma, and the result is no origin: no page can read the answer.",
    "Two parts of the server add the header, often the application and a proxy in front of it, or two middlewares.",
    "``CORSMiddleware`` replaces what the application sends; take the header out of the proxy.",
    "Let one part of the server add CORS headers. In nginx, ``proxy_hide_header Access-Control-Allow-Origin`` drops "
    "what the application sent; in Apache, ``Header always unset`` before ``Header always set``.",
)

ALLOW_ORIGIN_LIST = Kind(
    "allow-origin-list",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a list",
    "The header takes one origin or ``*``. A browser compares the whole list with the page's origin, and they differ.",
    "A setting that takes a list is sent as it stands.",
    _LIST,
    _ECHO,
)

ALLOW_ORIGIN_CASE = Kind(
    "allow-origin-case",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin differs in upper and lower case",
    "Browsers compare every character, and write scheme and host in lower case.",
    "The origin was typed by hand, as the name of a company is written.",
    'Write it as browsers do: ``Policy(allow_origins=["https://app.example.com"])``; a policy refuses upper case.',
    "Write the origin in lower case.",
)

ALLOW_ORIGIN_SLASH = Kind(
    "allow-origin-slash",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin ends in a slash or a path",
    "An origin is scheme, host and port. With anything after it, even a slash, it equals no page's origin.",
    "The address of the page was copied from the browser.",
    'Leave the slash out: ``Policy(allow_origins=["https://app.example.com"])``; a policy refuses a slash.',
    "Take away what follows the host and the port.",
)

ALLOW_ORIGIN_QUOTED = Kind(
    "allow-origin-quoted",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is in quotation marks",
    "Browsers take the quotation marks for a part of the value, and no origin has any.",
    "Quotation marks of a configuration file or of an environment variable were sent along.",
    _LIST,
    "Take the quotation marks away.",
)

ALLOW_ORIGIN_SCHEME = Kind(
    "allow-origin-scheme",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin has another scheme than the page",
    "``http://app.example.com`` and ``https://app.example.com`` are two origins, and only the other one is allowed.",
    "The page moved to ``https:``, or is developed over ``http:``, and the list of origins did not follow.",
    'Name the origin of the page, with its scheme: ``Policy(allow_origins=["https://app.example.com"])``.',
    "Allow the origin that the page has, with its scheme.",
)

ALLOW_ORIGIN_PORT = Kind(
    "allow-origin-port",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin has another port than the page",
    "Each port is an origin of its own, and only another one is allowed.",
    "A development server took another port, or the port was left out.",
    'Name the port, or allow any of this machine: ``Policy(allow_origins=["http://localhost:*"])``.',
    "Allow the origin that the page has, with its port.",
)

ALLOW_ORIGIN_VARIABLE = Kind(
    "allow-origin-variable",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is the name of a variable",
    "The server sends the name of a variable where its value should be, and no page has that origin.",
    "The configuration does not know the variable, or does not replace any at that place.",
    _LIST,
    "Check how this server writes variables, or put a real origin there.",
)

ALLOW_ORIGIN_PATTERN = Kind(
    "allow-origin-pattern",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a pattern",
    "Browsers know no patterns: the header takes one origin, or a lone ``*``.",
    "A pattern that the server should match is sent as it stands.",
    'A policy takes patterns and sends the origin that matched: ``Policy(allow_origins=["https://*.example.com"])``.',
    "Match the pattern on the server; send the origin that asked, and ``Vary: Origin``.",
)

ALLOW_ORIGIN_OTHER = Kind(
    "allow-origin-other",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is another origin",
    "The server allows pages of another origin, and not those of this one.",
    "The origin is missing from the server's list, or the server sends the same origin whoever asks.",
    _LIST,
    _ECHO,
)

ALLOW_ORIGIN_INVALID = Kind(
    "allow-origin-invalid",
    Severity.LOW,
    _PAGE,
    "Access-Control-Allow-Origin is no origin",
    "No page has such an origin, so the header allows nobody.",
    "A setting is empty, misspelled, or sent as it stands although it is a list or a pattern.",
    _LIST,
    _ECHO,
)

DUPLICATE_HEADER = Kind(
    "duplicate-header",
    Severity.LOW,
    _SERVER,
    "A header that takes one value comes more than once",
    "Browsers join the lines, and the result counts as if the header were not there.",
    "Two parts of the server add it: the application and what stands in front of it.",
    "``CORSMiddleware`` replaces what the application sends; take the header out of the proxy.",
    "Let one part of the server add CORS headers.",
)
