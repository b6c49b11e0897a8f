"""Kinds of finding about the value of Access-Control-Allow-Origin, and other headers that come twice."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

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
    "The origin is missing from the server's list, or the server sends the same origin to everyone.",
    _LIST,
    _ECHO,
)

ALLOW_ORIGIN_EMPTY = Kind(
    "allow-origin-empty",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is empty",
    "No page has an empty origin, so the header allows nobody.",
    "A map or a variable of the configuration has no entry for the origin that asks.",
    _LIST,
    "Add the origin to what the server allows, and send others no header at all.",
)

ALLOW_ORIGIN_UNSET = Kind(
    "allow-origin-unset",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is how a program writes that there is no value",
    "``(null)``, ``None``, ``undefined`` or ``true`` is no origin, and no page is allowed by it.",
    "In Apache, ``SetEnvIf Origin`` did not match, and the header is sent all the same. Or a setting is missing.",
    _LIST,
    "Set the value, and send others no header at all: in Apache, ``env=NAME`` after ``Header always set``.",
)

ALLOW_ORIGIN_NULL = Kind(
    "allow-origin-null",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is null",
    "``null`` is the origin of sandboxed frames and of files. Any site can make such a frame, and this page has "
    "another origin.",
    "Some libraries write ``null`` for an origin that they do not allow; some advice names it for local files.",
    _LIST,
    "Send the origin that asks, if it is on a list, no header to others, and never ``null``.",
)

ALLOW_ORIGIN_NO_SCHEME = Kind(
    "allow-origin-no-scheme",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a host without a scheme",
    "An origin is a scheme, a host and perhaps a port; without ``https://`` it equals no page's origin.",
    "A list of hosts is used as a list of origins.",
    'Write the scheme: ``Policy(allow_origins=["https://app.example.com"])``; a policy refuses a bare host.',
    "Write the origin with its scheme.",
)

ALLOW_ORIGIN_DEFAULT_PORT = Kind(
    "allow-origin-default-port",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin names the default port",
    "Browsers leave out ``:443`` after ``https:`` and ``:80`` after ``http:``, and compare every character.",
    "The origin was put together from scheme, host and port.",
    'Leave the port out: ``Policy(allow_origins=["https://app.example.com"])``; a policy refuses a default port.',
    "Leave the default port out.",
)

ALLOW_ORIGIN_UNICODE = Kind(
    "allow-origin-unicode",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin holds characters that are not ASCII",
    "Browsers write host names in ASCII, with ``xn--`` if they hold other letters.",
    "The origin was typed as people read it, or copied with a character that nobody sees.",
    'Write it as browsers do: ``Policy(allow_origins=["https://xn--bcher-kva.example"])``; a policy names that form.',
    "Write the host in ASCII, as browsers do.",
)

ALLOW_ORIGIN_EXTRA = Kind(
    "allow-origin-extra",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin holds something beside the origin",
    "Browsers compare the whole value, and it is no page's origin.",
    "A word or a mark of the configuration came into the value: ``always``, a semicolon, the name of the header.",
    _LIST,
    "Send the origin alone.",
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
    _PAGE,
    "A header that takes one value comes more than once",
    "Browsers join the lines, and the result counts as if the header were not there.",
    "Two parts of the server add it: the application and what stands in front of it.",
    "``CORSMiddleware`` replaces what the application sends; take the header out of the proxy.",
    "Let one part of the server add CORS headers.",
)
