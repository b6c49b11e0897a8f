"""Kinds of finding about the value of Access-Control-Allow-Origin, and about headers that are sent twice."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE = Concern.PAGE

_ECHO = (
    "Keep a list of allowed origins. If the ``Origin`` of the request is on the list, send it back unchanged, and send "
    "``Vary: Origin`` with every response."
)

_LIST = 'List every origin: ``Policy(allow_origins=["https://app.example.com", "https://shop.example.com"])``.'

ALLOW_ORIGIN_MISSING = Kind(
    "allow-origin-missing",
    Severity.HIGH,
    _PAGE,
    "There is no Access-Control-Allow-Origin",
    "Without this header, browsers do not let pages of other origins read the response. The request itself was sent, "
    "and may have changed something.",
    "Nothing on the server adds CORS headers, or nothing adds them for this origin, this path or this status.",
    'Allow the origin: ``Policy(allow_origins=["https://app.example.com"])``, for the whole application.',
    "If the origin of the request is on a list of allowed origins, send it in ``Access-Control-Allow-Origin``. Send "
    "``Vary: Origin`` with every response. Do both for errors too.",
)

ALLOW_ORIGIN_TWICE = Kind(
    "allow-origin-several-lines",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is sent more than once",
    "Browsers join the lines with a comma. The result is not an origin, so no page can read the response.",
    "Two parts of the server add the header, often the application and a proxy in front of it, or two middlewares.",
    "``CORSMiddleware`` replaces what the application sends. Remove the header from the proxy's configuration.",
    "Let only one part of the server add CORS headers. In nginx, ``proxy_hide_header Access-Control-Allow-Origin`` "
    "drops what the application sent; in Apache, use ``Header always unset`` before ``Header always set``.",
)

ALLOW_ORIGIN_LIST = Kind(
    "allow-origin-list",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a list",
    "The header takes one origin or ``*``. Browsers compare the whole list with the page's origin, and they differ.",
    "A setting that holds a list is sent as the value of the header.",
    _LIST,
    _ECHO,
)

ALLOW_ORIGIN_CASE = Kind(
    "allow-origin-case",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is not in lower case",
    "Browsers compare every character, and they write the scheme and the host in lower case.",
    "The origin was typed by hand, with the capitals of a company's name.",
    'Write it in lower case: ``Policy(allow_origins=["https://app.example.com"])``. A policy refuses upper case.',
    "Write the origin in lower case.",
)

ALLOW_ORIGIN_SLASH = Kind(
    "allow-origin-slash",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin ends in a slash or a path",
    "An origin is a scheme, a host and a port. With anything after them, even a slash, it matches no page.",
    "The address of the page was copied from the browser.",
    'Remove the slash: ``Policy(allow_origins=["https://app.example.com"])``. A policy refuses a slash.',
    "Remove everything after the host and the port.",
)

ALLOW_ORIGIN_QUOTED = Kind(
    "allow-origin-quoted",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is in quotation marks",
    "Browsers treat the quotation marks as part of the value, and no origin has any.",
    "The quotation marks around a value in a configuration file or an environment variable became part of the value.",
    _LIST,
    "Remove the quotation marks.",
)

ALLOW_ORIGIN_SCHEME = Kind(
    "allow-origin-scheme",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin has a different scheme from the page",
    "``http://app.example.com`` and ``https://app.example.com`` are two origins, and only the other one is allowed.",
    "The page moved to ``https:``, or is developed over ``http:``, and the list of origins was not updated.",
    'List the origin of the page with its scheme: ``Policy(allow_origins=["https://app.example.com"])``.',
    "Allow the origin of the page, with its scheme.",
)

ALLOW_ORIGIN_PORT = Kind(
    "allow-origin-port",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin has a different port from the page",
    "Each port is a separate origin, and only another one is allowed.",
    "A development server chose another port, or the port was left out.",
    'List the port, or allow any port of this machine: ``Policy(allow_origins=["http://localhost:*"])``.',
    "Allow the origin of the page, with its port.",
)

ALLOW_ORIGIN_VARIABLE = Kind(
    "allow-origin-variable",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is the name of a variable",
    "The server sends the name of a variable instead of its value, and no page has that origin.",
    "The variable is not defined, is written in the syntax of another server, or stands where the server does not "
    "replace variables.",
    _LIST,
    "Look up how this server writes variables, or put a real origin there.",
)

ALLOW_ORIGIN_PATTERN = Kind(
    "allow-origin-pattern",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a pattern",
    "Browsers do not match patterns: the header takes one origin, or ``*`` alone.",
    "A pattern that the server should match itself is sent as the value of the header.",
    'A policy takes patterns and sends the origin that matched: ``Policy(allow_origins=["https://*.example.com"])``.',
    "Match the pattern on the server. Send the origin of the request if it matches, and ``Vary: Origin``.",
)

ALLOW_ORIGIN_OTHER = Kind(
    "allow-origin-other",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is another origin",
    "The server allows pages of another origin, but not pages of this one.",
    "The origin is missing from the server's list, or the server sends the same origin to everyone.",
    _LIST,
    _ECHO,
)

ALLOW_ORIGIN_EMPTY = Kind(
    "allow-origin-empty",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is empty",
    "No page has an empty origin, so the header allows no page.",
    "A map or a variable in the configuration has no entry for the origin of the request.",
    _LIST,
    "Add the origin to the server's list. To origins that are not on the list, do not send the header at all.",
)

ALLOW_ORIGIN_UNSET = Kind(
    "allow-origin-unset",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a program's word for a missing value",
    "``(null)``, ``None``, ``undefined`` or ``true`` is not an origin, so the header allows no page.",
    "A setting is missing. Or, in Apache, ``SetEnvIf Origin`` did not match, and the header is sent anyway.",
    _LIST,
    "Set the value. To origins that are not allowed, do not send the header at all: in Apache, put ``env=NAME`` after "
    "``Header always set``.",
)

ALLOW_ORIGIN_NULL = Kind(
    "allow-origin-null",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is null",
    "``null`` is the origin of sandboxed frames and of files, and this page has another origin. Never allow ``null``: "
    "any site can create a sandboxed frame.",
    "Some libraries send ``null`` to origins that they do not allow, and some tutorials recommend it for local files.",
    _LIST,
    "Send the origin of the request if it is on a list of allowed origins. To other origins, do not send the header.",
)

ALLOW_ORIGIN_NO_SCHEME = Kind(
    "allow-origin-no-scheme",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is a host without a scheme",
    "An origin is a scheme, a host and perhaps a port. Without ``https://`` it matches no page.",
    "A list of hosts is used as a list of origins.",
    'Add the scheme: ``Policy(allow_origins=["https://app.example.com"])``. A policy refuses a bare host.',
    "Write the origin with its scheme.",
)

ALLOW_ORIGIN_DEFAULT_PORT = Kind(
    "allow-origin-default-port",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin includes the default port",
    "Browsers leave out ``:443`` after ``https:`` and ``:80`` after ``http:``, and compare every character.",
    "The origin was built from a scheme, a host and a port.",
    'Remove the port: ``Policy(allow_origins=["https://app.example.com"])``. A policy refuses a default port.',
    "Remove the default port.",
)

ALLOW_ORIGIN_UNICODE = Kind(
    "allow-origin-unicode",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin contains characters that are not ASCII",
    "Browsers write host names in ASCII: a name with other letters begins with ``xn--``.",
    "The origin was typed as people read it, or was copied together with an invisible character.",
    'Write it as browsers do: ``Policy(allow_origins=["https://xn--bcher-kva.example"])``. If you write it otherwise, '
    "the error message shows the right form.",
    "Write the host in ASCII, as browsers do.",
)

ALLOW_ORIGIN_EXTRA = Kind(
    "allow-origin-extra",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Origin contains more than an origin",
    "Browsers compare the whole value, and it is not the origin of any page.",
    "Something from the configuration became part of the value: ``always``, a semicolon, or the name of the header.",
    _LIST,
    "Send the origin alone.",
)

ALLOW_ORIGIN_INVALID = Kind(
    "allow-origin-invalid",
    Severity.LOW,
    _PAGE,
    "Access-Control-Allow-Origin is not an origin",
    "No page has this origin, so the header allows no page.",
    "A setting is empty or misspelled, or a list or a pattern is sent as the value of the header.",
    _LIST,
    _ECHO,
)

DUPLICATE_HEADER = Kind(
    "duplicate-header",
    Severity.LOW,
    _PAGE,
    "A header that takes one value is sent more than once",
    "Browsers join the lines. The result is invalid, and they ignore the header.",
    "Two parts of the server add the header: the application and something in front of it.",
    "``CORSMiddleware`` replaces what the application sends. Remove the header from the proxy's configuration.",
    "Let only one part of the server add CORS headers.",
)
