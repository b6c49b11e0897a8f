"""Kinds of finding about what the response to a preflight permits, and for how long."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE, _SERVER = Concern.PAGE, Concern.SERVER

METHOD_LISTED_IN_OTHER_CASE = Kind(
    "method-listed-in-other-case",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Methods lists the method in a different case",
    "Method names are case-sensitive: ``put`` does not permit PUT.",
    "The list was written in lower case.",
    'Write the method in upper case: ``Policy(..., allow_methods=["PUT"])``.',
    "Write the method as it is sent.",
)

LIST_INVALID = Kind(
    "list-invalid",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Methods or -Headers is not a list of names",
    "The list consists of names separated by commas. If one of them is not a valid name, browsers ignore the whole "
    "list.",
    "The names are separated by semicolons or spaces, or the list is in quotation marks or brackets.",
    'Give a list of names: ``Policy(..., allow_methods=["PUT", "DELETE"], allow_headers=["Content-Type"])``.',
    "Separate the names with commas, without quotation marks or brackets.",
)

METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Methods does not list the method",
    "The browser does not send the request.",
    "The method is missing from the server's list, is written in a different case, or is covered only by ``*``, which "
    "does not work with credentials. GET, HEAD and POST do not have to be listed.",
    'List the method: ``Policy(..., allow_methods=["PUT"])``.',
    "Add the method to ``Access-Control-Allow-Methods`` in the response to preflights.",
)

HEADER_NOT_ALLOWED = Kind(
    "header-not-allowed",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Headers does not list a header of the request",
    "The browser does not send the request.",
    "The script sets a header that is not on the server's list, often ``Authorization``, ``Content-Type`` or a custom "
    "header. ``*`` does not work with credentials.",
    'List the header: ``Policy(..., allow_headers=["Content-Type", "X-Api-Key"])``.',
    "Add the header to ``Access-Control-Allow-Headers`` in the response to preflights.",
)

ANY_METHOD = Kind(
    "any-method",
    Severity.INFO,
    _SERVER,
    "Allowed pages may send any method",
    "Any allowed page may send DELETE too, and every method that the application supports in the future.",
    "``Access-Control-Allow-Methods`` is ``*``, or repeats the method that the preflight asked for.",
    'List the methods that the URL supports: ``Policy(..., allow_methods=["PUT"])``. GET, HEAD and POST do not have to '
    "be listed.",
    "List the methods that the URL supports.",
)

METHODS_WIDE = Kind(
    "methods-wider-than-needed",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Methods permits methods that the URL does not support",
    "This is harmless today, but a new handler for such a method is open to allowed pages at once.",
    "One list is used for all addresses.",
    "Give each path its own policy, in a mapping of paths to policies.",
    "Permit only the methods that the URL supports.",
)

METHOD_FORBIDDEN = Kind(
    "forbidden-method-listed",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Methods permits methods that no page can send",
    "Browsers never send CONNECT, TRACE and TRACK for a page, even if a server permits them.",
    "A list of all methods was copied.",
    "Remove these names from ``allow_methods``: a policy refuses them.",
    "Remove these names from the list.",
)

METHOD_SUBSTRING = Kind(
    "method-substring",
    Severity.INFO,
    _SERVER,
    "The server accepts part of a method's name",
    "Browsers compare the whole name again and refuse, but other checks of this kind may let something through.",
    "``in`` is used with a string instead of a list.",
    "A policy sends its whole list, and the browser compares.",
    "Send the whole list, or compare whole names.",
)

ANY_HEADER = Kind(
    "any-header",
    Severity.INFO,
    _SERVER,
    "Allowed pages may set any request header",
    "Pages can set headers that only a proxy should set, such as ``X-Forwarded-For``. With ``*``, browsers permit "
    "``Authorization`` too, although the standard says otherwise.",
    "``Access-Control-Allow-Headers`` is ``*``, or repeats the headers that the preflight asked for.",
    'List the headers that the application reads: ``Policy(..., allow_headers=["Content-Type"])``.',
    "List the headers that the application reads.",
)

HEADER_FORBIDDEN = Kind(
    "forbidden-header-listed",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Headers permits headers that no page can set",
    "Only the browser itself sets ``Cookie``, ``Host``, ``Origin`` and some others.",
    "A list of headers was copied.",
    "Remove these names from ``allow_headers``: a policy refuses them.",
    "Remove these names from the list.",
)

PRIVATE_NETWORK = Kind(
    "private-network",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Private-Network is sent",
    "Private Network Access was never enforced. Browsers ask the user instead (Local Network Access), and read no "
    "header. If it were ever enforced, the header would let pages on the internet reach a private network.",
    "A library sends it by default, or it was copied from old instructions.",
    "A policy has no such option.",
    "Do not send the header.",
)

MAX_AGE_ABOVE_CAPS = Kind(
    "max-age-above-caps",
    Severity.INFO,
    _SERVER,
    "Access-Control-Max-Age is longer than any browser remembers",
    "Each engine has its own limit, and remembers the response for that time only.",
    "A day, a week or a year was set, to send fewer preflights.",
    "``Policy(..., max_age=600)``, which is also the default.",
    "Send at most 86400. All engines remember a response for 600 seconds, and with 600 a changed policy soon takes "
    "effect.",
)

MAX_AGE_INVALID = Kind(
    "max-age-invalid",
    Severity.INFO,
    _SERVER,
    "Access-Control-Max-Age is not a number of seconds",
    "Browsers ignore the header, and remember the response for 5 seconds.",
    "The value is text such as ``10m``, or a negative number.",
    "``Policy(..., max_age=600)``.",
    "Send digits only, such as ``600``.",
)
