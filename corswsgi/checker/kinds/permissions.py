"""Kinds of finding about what the answer to a preflight permits, and for how long."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

_PAGE, _SERVER = Concern.PAGE, Concern.SERVER

METHOD_LISTED_IN_OTHER_CASE = Kind(
    "method-listed-in-other-case",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Methods lists the method in other letters",
    "Methods differ in upper and lower case: ``put`` does not permit PUT.",
    "The list was written in lower case.",
    'Write the method in upper case: ``Policy(..., allow_methods=["PUT"])``.',
    "Write the method as it is sent.",
)

LIST_INVALID = Kind(
    "list-invalid",
    Severity.HIGH,
    _PAGE,
    "Access-Control-Allow-Methods or -Headers is no list of names",
    "Names are separated by commas. If one element is no name, browsers refuse the whole list.",
    "The names are separated by semicolons or spaces, or the list is in quotation marks or brackets.",
    'Give a list of names: ``Policy(..., allow_methods=["PUT", "DELETE"], allow_headers=["Content-Type"])``.',
    "Separate the names by commas, without quotation marks and brackets.",
)

METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    Severity.HIGH,
    Concern.PAGE,
    "Access-Control-Allow-Methods does not list the method",
    "The browser does not send the request.",
    "The method is missing from the server's list, differs in upper and lower case, or is left to ``*``, which does "
    "not count with credentials. GET, HEAD and POST need no listing.",
    '``Policy(..., allow_methods=["PUT"])``.',
    "Add the method to Access-Control-Allow-Methods in the answer to preflights.",
)

HEADER_NOT_ALLOWED = Kind(
    "header-not-allowed",
    Severity.HIGH,
    Concern.PAGE,
    "Access-Control-Allow-Headers does not list a header of the request",
    "The browser does not send the request.",
    "The script sets a header that the server's list does not hold, often Authorization, Content-Type or one of its "
    "own. ``*`` does not count with credentials.",
    '``Policy(..., allow_headers=["Content-Type", "X-Api-Key"])``.',
    "Add the header to Access-Control-Allow-Headers in the answer to preflights.",
)

ANY_METHOD = Kind(
    "any-method",
    Severity.INFO,
    _SERVER,
    "Allowed pages may send any method",
    "A page that is allowed at all may send DELETE too, and any method that the application learns later.",
    "Access-Control-Allow-Methods is ``*``, or sends back what was asked for.",
    'List the methods that the URL takes: ``Policy(..., allow_methods=["PUT"])``. GET, HEAD and POST need no listing.',
    "List the methods that the URL takes.",
)

METHODS_WIDE = Kind(
    "methods-wider-than-needed",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Methods permits methods that the URL does not take",
    "Nothing comes of it today, and a new handler for such a method is open at once.",
    "One list is used for all addresses.",
    "Give each path its own policy, in a mapping of paths to policies.",
    "Permit the methods that the URL takes.",
)

METHOD_FORBIDDEN = Kind(
    "forbidden-method-listed",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Methods permits what no page can send",
    "CONNECT, TRACE and TRACK are refused by every browser, even if a server permits them.",
    "A list of all methods was copied.",
    "A policy refuses these names; leave them out of ``allow_methods``.",
    "Take them off the list.",
)

METHOD_SUBSTRING = Kind(
    "method-substring",
    Severity.INFO,
    _SERVER,
    "The server looks for the method inside the text of its list",
    "Part of a name is taken for the name. Browsers compare again and refuse, but other checks of that kind may not.",
    "``in`` is used on a string where a list was meant.",
    "A policy sends its whole list, and the browser compares.",
    "Send the whole list, or compare whole names.",
)

ANY_HEADER = Kind(
    "any-header",
    Severity.INFO,
    _SERVER,
    "Allowed pages may set any request header",
    "Browsers take ``*`` for Authorization too, although the standard says otherwise; headers that only a proxy should "
    "set, such as ``X-Forwarded-For``, can be set by pages.",
    "Access-Control-Allow-Headers is ``*``, or sends back what was asked for.",
    'List the headers that the application reads: ``Policy(..., allow_headers=["Content-Type"])``.',
    "List the headers that the application reads.",
)

HEADER_FORBIDDEN = Kind(
    "forbidden-header-listed",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Headers permits what no page can set",
    "``Cookie``, ``Host``, ``Origin`` and others are written by the browser alone.",
    "A list of headers was copied.",
    "A policy refuses these names; leave them out of ``allow_headers``.",
    "Take them off the list.",
)

PRIVATE_NETWORK = Kind(
    "private-network",
    Severity.INFO,
    _SERVER,
    "Access-Control-Allow-Private-Network is sent",
    "Private Network Access never came into force; browsers ask the user instead (Local Network Access), and read no "
    "header. If it ever did, the header would let pages of the internet into a private network.",
    "A library sends it by default, or an old advice was followed.",
    "A policy has no such option.",
    "Do not send the header.",
)

MAX_AGE_ABOVE_CAPS = Kind(
    "max-age-above-caps",
    Severity.INFO,
    _SERVER,
    "Access-Control-Max-Age is more than any browser keeps",
    "Each engine has its own limit, and remembers the answer for that long only.",
    "A day, a week or a year was set, to send fewer preflights.",
    "``Policy(..., max_age=600)``, which is also the default.",
    "Send 86400 at most; 600 is the most that all engines keep, and a changed policy is in force soon.",
)

MAX_AGE_INVALID = Kind(
    "max-age-invalid",
    Severity.INFO,
    _SERVER,
    "Access-Control-Max-Age is not a number of seconds",
    "It counts as if it were not there: the answer is remembered for 5 seconds.",
    "A text such as ``10m``, or a negative number, is sent.",
    "``Policy(..., max_age=600)``.",
    "Send digits only, such as ``600``.",
)
