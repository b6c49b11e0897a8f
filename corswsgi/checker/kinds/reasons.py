"""Kinds of finding about the checks of a browser that failed; the codes are those of :class:`corswsgi.browser.Code`."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_HIGH, _PAGE = Severity.HIGH, Concern.PAGE

_LIST_IGNORED = "The browser cannot read the header, and permits nothing."
_LIST_ARISES = "The names are separated by semicolons or spaces, or are in quotation marks."

SEVERAL_ORIGINS = Kind(
    "allow-origin-multiple",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Origin contains more than one value",
    "Browsers accept one origin or ``*``, never a list, and never two lines.",
    "The application and a server in front of it both add the header, or the header contains a list of origins.",
    "Let only the middleware add CORS headers: it replaces what the application sends. Put a list of origins into the "
    'policy: ``Policy(allow_origins=["https://a.example", "https://b.example"])``.',
    "Let only one part of the server add the header. Send the origin of the request, if it is on a list, and ``Vary: "
    "Origin``. ``corswsgi check --behind`` shows which part adds the second value.",
)

ANOTHER_ORIGIN = Kind(
    "allow-origin-mismatch",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is not the origin of the page",
    "Browsers compare every character: scheme, host and port. Another page is allowed, and this one is not. Safari "
    "prints the same message if the header is missing.",
    "The list has ``http:`` instead of ``https:``, another port, ``www.``, a slash at the end, or only the origin of "
    "the production site; or a cache stored the response to another page.",
    'List the origin as browsers write it: ``Policy(allow_origins=["https://app.example.com", '
    '"http://localhost:*"])``.',
    "Send the origin of the request, if it is on a list, and ``Vary: Origin``.",
)

STAR_WITH_CREDENTIALS = Kind(
    "allow-origin-wildcard-with-credentials",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is *, and the script includes credentials",
    'With ``credentials: "include"`` or ``withCredentials``, browsers do not accept ``*``. Otherwise every site could '
    "read with the user's cookies.",
    "The server allows everyone, and the script, or a library that it uses, asks for cookies to be sent.",
    'If cookies are needed: ``Policy(allow_origins=["https://app.example.com"], allow_credentials=True)``. If '
    "not, remove credentials from the script.",
    "Send the origin of the request instead of ``*``, with ``Access-Control-Allow-Credentials: true`` and ``Vary: "
    "Origin``; or remove credentials from the script.",
)

METHODS_NOT_PARSED = Kind(
    "allow-methods-invalid",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Methods is not a list of methods",
    _LIST_IGNORED,
    _LIST_ARISES,
    'A policy writes the list: ``Policy(..., allow_methods=["PUT", "DELETE"])``.',
    "Separate the names with commas: ``Access-Control-Allow-Methods: PUT, DELETE``.",
)

HEADERS_NOT_PARSED = Kind(
    "allow-headers-invalid",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Headers is not a list of header names",
    _LIST_IGNORED,
    _LIST_ARISES,
    'A policy writes the list: ``Policy(..., allow_headers=["Content-Type", "Authorization"])``.',
    "Separate the names with commas: ``Access-Control-Allow-Headers: Content-Type, Authorization``.",
)

AUTHORIZATION_NOT_LISTED = Kind(
    "authorization-not-listed",
    _HIGH,
    _PAGE,
    "* in Access-Control-Allow-Headers does not cover Authorization",
    "By the standard, ``Authorization`` has to be listed by name. Browsers are more lenient today; Firefox "
    "warns that this will change.",
    "The server allows all headers with ``*``.",
    'List it too: ``Policy(..., allow_headers=["*", "Authorization"])``.',
    "Send ``Access-Control-Allow-Headers: *, Authorization``.",
)

USERINFO_IN_LOCATION = Kind(
    "location-credentials",
    _HIGH,
    _PAGE,
    "A redirect leads to a URL with a user name or a password",
    "Browsers do not follow such a redirect to another origin.",
    "The server builds the address from a setting that contains a password.",
    "",
    "Redirect to an address without ``user:password@``.",
)

LOCATION_SCHEME = Kind(
    "location-not-http",
    _HIGH,
    _PAGE,
    "A redirect leads to an address that is not http: or https:",
    "Browsers do not follow such a redirect for a script.",
    "The redirect is meant for people who click a link, such as one that opens an app.",
    "",
    "Send the script the address in the body of the response, and let the script navigate there.",
)

URL_SCHEME = Kind(
    "scheme-not-http",
    _HIGH,
    _PAGE,
    "The script fetches an address that is not http: or https:",
    "There is no server to ask. If the page was opened as a file, even the files next to it have another origin.",
    "The page was opened as a file (``file:``), or the address is incomplete, such as ``localhost:8000`` "
    "without ``http://``, or a redirect leads to such an address.",
    "",
    "Serve the page over HTTP, for example with ``corswsgi serve``, and write the whole address.",
)

MODE_FORBIDS = Kind(
    "mode-same-origin",
    _HIGH,
    _PAGE,
    "The script itself forbids requests to other origins",
    'With ``mode: "same-origin"``, the browser sends nothing to another origin.',
    "The option was copied, or a library sets it.",
    "",
    "Remove ``mode`` from the script.",
)

LOCAL_NETWORK = Kind(
    "local-network-access",
    Severity.MEDIUM,
    _PAGE,
    "The page fetches an address in a more private network",
    "Chrome asks the user whether a public page may connect to this machine or to the local network. No header of the "
    "server changes that. Pages on plain http: are blocked without asking.",
    "The page is on the web, and the API is on ``localhost`` or an address such as ``192.168.1.20``.",
    "",
    "Serve the page over ``https:``, and ask the user to allow the access; or serve the page from the same network.",
)
