"""Kinds of advice about a policy that is valid, but could be better; and the kind for a policy that is not valid."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

MAX_AGE_CUT = Kind(
    "max-age-cut-short",
    Severity.INFO,
    Concern.SERVER,
    "Some browsers remember the response to a preflight for less time than max_age",
    "Nothing breaks: these browsers ask again sooner. In the others, a change of the policy takes longer to have an "
    "effect.",
    "Chrome remembers the response for two hours at most, and Safari for ten minutes.",
    "Leave ``max_age`` at 600, which all of them support, or accept the difference.",
    "Send ``Access-Control-Max-Age: 600``.",
)

METHOD_LOWER_CASE = Kind(
    "method-listed-in-lower-case",
    Severity.LOW,
    Concern.PAGE,
    "A method is listed in lower case",
    "Method names are case-sensitive. Browsers send DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case, however "
    "the script writes them. They send every other method as the script writes it: ``patch`` is not ``PATCH``.",
    'A script says ``method: "patch"``, or the list was typed in lower case.',
    'List ``"PATCH"`` in ``allow_methods``, and write it in upper case in the script.',
    "List the method in upper case, and write it in upper case in the script.",
)

NAME_NEEDLESS = Kind(
    "name-needs-no-listing",
    Severity.INFO,
    Concern.SERVER,
    "A name is listed that does not have to be",
    "Nothing breaks, but the name has no effect, and the list is sent with every preflight.",
    "The list was copied. GET, HEAD and POST are always allowed, and so are some request and response headers. "
    "OPTIONS is the method of the preflight itself.",
    "Remove the name from the list.",
    "Remove the name from the list.",
)

ORIGIN_COVERED = Kind(
    "origin-covered-by-another",
    Severity.INFO,
    Concern.SERVER,
    "An origin is listed that another entry already allows",
    "If you remove the entry one day to block an origin, the other entry still allows it.",
    "A pattern was added, and the origins that it covers were left in the list.",
    "Remove the entry, or the pattern.",
    "Remove the entry, or the pattern.",
)

INSECURE_ORIGIN = Kind(
    "insecure-origin-allowed",
    Severity.LOW,
    Concern.USERS,
    "An http: origin is allowed",
    "Anyone on the network between a user and that site can change its pages, and read through them what they may "
    "read. Without credentials everyone can read that anyway, unless the server is in a private network.",
    "The site has no TLS, or the entry is older than its certificate.",
    "Serve the page over ``https:``, and list its ``https:`` origin.",
    "Serve the page over ``https:``, and allow its ``https:`` origin.",
)

PATTERN_WIDE = Kind(
    "pattern-wider-than-needed",
    Severity.LOW,
    Concern.USERS,
    "A wildcard allows more origins than intended",
    "Below a public suffix, such as ``github.io``, anyone can have a name. With any port of another machine, every "
    "program that serves pages there is allowed.",
    "A wildcard is shorter to write than a list of origins.",
    "List the origins, or use the wildcard below a domain of your own.",
    "List the origins.",
)

EXPOSE_ANY = Kind(
    "any-header-exposed",
    Severity.INFO,
    Concern.SERVER,
    "Pages can read every response header",
    "Pages can also read headers that the server adds in the future, for itself or for a proxy.",
    "``expose_headers`` is ``*``.",
    'List the headers that pages need: ``Policy(..., expose_headers=["X-Total-Count"])``.',
    "List the headers in ``Access-Control-Expose-Headers``.",
)

RULE_REPEATED = Kind(
    "rule-like-its-parent",
    Severity.INFO,
    Concern.SERVER,
    "A path has the policy that it would have anyway",
    "The rule changes nothing now. But if the rule for the parent path changes, this path keeps the old policy.",
    "The two rules were once different, or one was copied.",
    "Remove the rule for the path.",
    "Remove the rule for the path.",
)

VARY_NEEDLESS_NAME = Kind(
    "vary-without-callable",
    Severity.INFO,
    Concern.SERVER,
    "vary names headers that the policy does not use",
    "Caches store a copy of each response for each value of these headers, for nothing.",
    "``vary`` is for callables, which may use other headers than ``Origin``. A settings file cannot contain callables.",
    "Remove ``vary``.",
    "List in ``Vary`` only the headers that the response depends on.",
)

FAULT = Kind(
    "faulty-policy",
    Severity.HIGH,
    Concern.SERVER,
    "The policy has a fault",
    "Creating the policy raises ``PolicyError``. If a settings file is followed, the last good policy stays in force. "
    "Each fault has a code of its own, such as ``origin-trailing-slash``.",
    "An option has a value that browsers never send, that has no effect, or that would let other sites act as the "
    "users.",
    "Follow the message. Most messages include the corrected value.",
    "Follow the message.",
)
