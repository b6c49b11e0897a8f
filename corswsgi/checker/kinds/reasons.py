"""Kinds of what a browser checks and finds missing; the codes are those of :class:`corswsgi.browser.Code`."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_HIGH, _PAGE = Severity.HIGH, Concern.PAGE

SEVERAL_ORIGINS = Kind(
    "allow-origin-multiple",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Origin holds more than one value",
    "Browsers accept one origin or ``*``, never a list, and never two lines.",
    "The application and a server in front of it both add the header, or a list of origins was written into it.",
    "Let the middleware add the headers, and nothing else: it replaces what the application says. A list of "
    'origins belongs into the policy: ``Policy(allow_origins=["https://a.example", "https://b.example"])``.',
    "Let one part of the server add the header: the origin that asks, if it is on the list, and ``Vary: Origin``. "
    "``corswsgi check --behind`` shows who adds the second one.",
)

ANOTHER_ORIGIN = Kind(
    "allow-origin-mismatch",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Origin does not name the origin of the page",
    "Origins are compared letter by letter: scheme, host and port. Another page is allowed, and this one is not. "
    "Safari says so if the header is missing, too.",
    "The list has ``http:`` for ``https:``, another port, ``www.``, a slash at the end, or only the origin of "
    "production; or a cache kept the answer to another page.",
    'List the origin as the browser writes it: ``Policy(allow_origins=["https://app.example.com", '
    '"http://localhost:*"])``.',
    "Send the origin that asks, if it is on the list, and ``Vary: Origin``.",
)

STAR_WITH_CREDENTIALS = Kind(
    "allow-origin-wildcard-with-credentials",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Origin is *, and the script includes credentials",
    'With ``credentials: "include"``, or ``withCredentials``, ``*`` does not count: otherwise every site could '
    "read with the user's cookies.",
    "The server allows everyone, and the script, or its library, asks for cookies to be sent.",
    'If cookies are needed: ``Policy(allow_origins=["https://app.example.com"], allow_credentials=True)``. If '
    "not, leave credentials out of the script.",
    "Name the origin in place of ``*``, with ``Access-Control-Allow-Credentials: true`` and ``Vary: Origin``; or "
    "leave credentials out of the script.",
)

METHODS_NOT_PARSED = Kind(
    "allow-methods-invalid",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Methods is no list of methods",
    "The browser cannot read the header, and takes it for a no.",
    "Names are separated by semicolons or blanks, or stand in quotation marks.",
    'A policy writes the list: ``Policy(..., allow_methods=["PUT", "DELETE"])``.',
    "Separate names by commas: ``Access-Control-Allow-Methods: PUT, DELETE``.",
)

HEADERS_NOT_PARSED = Kind(
    "allow-headers-invalid",
    _HIGH,
    _PAGE,
    "Access-Control-Allow-Headers is no list of header names",
    "The browser cannot read the header, and takes it for a no.",
    "Names are separated by semicolons or blanks, or stand in quotation marks.",
    'A policy writes the list: ``Policy(..., allow_headers=["Content-Type", "Authorization"])``.',
    "Separate names by commas: ``Access-Control-Allow-Headers: Content-Type, Authorization``.",
)

AUTHORIZATION_NOT_LISTED = Kind(
    "authorization-not-listed",
    _HIGH,
    _PAGE,
    "* in Access-Control-Allow-Headers does not cover Authorization",
    "By the standard, ``Authorization`` has to be listed by its name. Today browsers are more lenient; Firefox "
    "warns that it will not stay so.",
    "The server allows all headers with ``*``.",
    '``Policy(..., allow_headers=["*", "Authorization"])``.',
    "Write ``Access-Control-Allow-Headers: *, Authorization``.",
)

USERINFO_IN_LOCATION = Kind(
    "location-credentials",
    _HIGH,
    _PAGE,
    "A redirect leads to a URL with a user name or a password",
    "Browsers do not follow such a redirect to another origin.",
    "The server builds the address from a setting that holds a password.",
    "",
    "Redirect to an address without ``user:password@``.",
)

LOCATION_SCHEME = Kind(
    "location-not-http",
    _HIGH,
    _PAGE,
    "A redirect leads to something else than http: or https:",
    "A script's request can go nowhere else.",
    "A redirect is meant for people who click, such as one to an app.",
    "",
    "Answer the script with an address in the body, and let it navigate there.",
)

URL_SCHEME = Kind(
    "scheme-not-http",
    _HIGH,
    _PAGE,
    "The script asks for something else than http: or https:",
    "There is no server to ask. For a page that was opened as a file, its own files are of another origin too.",
    "The page was opened as a file (``file:``), or the address has a typing error, such as ``localhost:8000`` "
    "without ``http://``.",
    "",
    "Serve the page over HTTP, for example with ``corswsgi serve``, and write the whole address.",
)

MODE_FORBIDS = Kind(
    "mode-same-origin",
    _HIGH,
    _PAGE,
    "The script itself forbids requests to other origins",
    'With ``mode: "same-origin"`` the browser sends nothing to another origin.',
    "The option was copied, or set by a library.",
    "",
    "Leave ``mode`` out of the script.",
)

LOCAL_NETWORK = Kind(
    "local-network-access",
    Severity.MEDIUM,
    _PAGE,
    "The page asks for an address in a more private network",
    "Chrome asks the user whether a public page may reach this machine or the local network. No header of the "
    "server changes the answer, and pages of plain http: are not asked at all.",
    "The page is on the web, and the API on ``localhost`` or an address such as ``192.168.1.20``.",
    "",
    "Serve the page over https:, and let the user allow it; or serve the page from the same network.",
)
