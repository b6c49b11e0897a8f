"""Kinds of advice about a policy that is without a fault, and could be better."""

from __future__ import annotations

from corswsgi.checker.findings import Concern, Kind, Severity

MAX_AGE_CUT = Kind(
    "max-age-cut-short",
    Severity.INFO,
    Concern.SERVER,
    "Some browsers keep the answer to a preflight for less time than max_age says",
    "Nothing breaks: the browser asks again sooner. A change of the policy takes longer to arrive in the others.",
    "Chrome keeps the answer two hours at most, and Safari ten minutes.",
    "Leave ``max_age`` at 600, which all of them keep, or accept the difference.",
    "Send ``Access-Control-Max-Age: 600``.",
)

METHOD_LOWER_CASE = Kind(
    "method-listed-in-lower-case",
    Severity.LOW,
    Concern.PAGE,
    "A method is listed in lower case",
    "Methods are compared letter by letter. Browsers send DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case "
    "even if a script does not, and every other method as the script writes it: ``patch`` is not ``PATCH``.",
    'A script says ``method: "patch"``, or the name was typed as other names are.',
    'List ``"PATCH"`` in ``allow_methods``, and write it in upper case in the script.',
    "List the method in upper case, and write it so in the script.",
)

NAME_NEEDLESS = Kind(
    "name-needs-no-listing",
    Severity.INFO,
    Concern.SERVER,
    "A name is listed that needs no listing",
    "Nothing breaks. The list says more than it means, and is sent with every preflight.",
    "Lists are copied from elsewhere. GET, HEAD and POST are always allowed, and some headers of requests and answers "
    "too; OPTIONS is the method of the preflight itself.",
    "Remove the name from the list.",
    "Remove the name from the list.",
)

ORIGIN_COVERED = Kind(
    "origin-covered-by-another",
    Severity.INFO,
    Concern.SERVER,
    "An origin is listed that another entry allows already",
    "If the entry is removed one day to shut an origin out, the other one still lets it in.",
    "A pattern was added, and the origins that it covers were left in the list.",
    "Remove the entry, or the pattern.",
    "Remove the entry, or the pattern.",
)

INSECURE_ORIGIN = Kind(
    "insecure-origin-allowed",
    Severity.LOW,
    Concern.USERS,
    "An origin of http: is allowed",
    "Anyone on the network between a user and that site can change its pages, and read with them what they may read. "
    "Without credentials that is what everyone could read, unless the server stands in a private network.",
    "The site has no TLS, or the entry is older than its certificate.",
    "Serve the page over https:, and list its https: origin.",
    "Serve the page over https:, and allow its https: origin.",
)

PATTERN_WIDE = Kind(
    "pattern-wider-than-needed",
    Severity.LOW,
    Concern.USERS,
    "A wildcard allows more origins than anyone meant",
    "Below a public suffix, such as ``github.io``, anyone can have a name. On another machine, any program that has "
    "a port of that host is let in.",
    "A wildcard is shorter to write than the origins that are meant.",
    "List the origins, or put the wildcard below a name of your own.",
    "Allow the origins by their names.",
)

EXPOSE_ANY = Kind(
    "any-header-exposed",
    Severity.INFO,
    Concern.SERVER,
    "Pages can read every header of an answer",
    "Headers that a server adds one day, for itself or for a proxy, can be read too.",
    "``expose_headers`` is ``*``.",
    'List the headers that pages need: ``Policy(..., expose_headers=["X-Total-Count"])``.',
    "List the headers in Access-Control-Expose-Headers.",
)

RULE_REPEATED = Kind(
    "rule-like-its-parent",
    Severity.INFO,
    Concern.SERVER,
    "A path has the policy that it would have anyway",
    "The rule changes nothing, and a change of the other one does not reach it.",
    "The rules were once different, or one was copied.",
    "Remove the rule of the path.",
    "Remove the rule of the path.",
)

VARY_NEEDLESS_NAME = Kind(
    "vary-without-callable",
    Severity.INFO,
    Concern.SERVER,
    "vary names headers that nothing looks at",
    "Caches keep a copy of each answer for each value of these headers, for nothing.",
    "``vary`` is for callables, which may look at more than ``Origin``. In a settings file there are none.",
    "Leave ``vary`` out.",
    "Name in ``Vary`` what the answer depends on.",
)

FAULT = Kind(
    "faulty-policy",
    Severity.HIGH,
    Concern.SERVER,
    "The policy has a fault",
    "The program stops with PolicyError where the policy is made; a file that is followed leaves the last good policy "
    "in force. Each fault is told with a code of its own, such as ``origin-trailing-slash``.",
    "A value is not what browsers would send, would be useless, or would let strangers act as the users.",
    "Do as the message says; most name the corrected value.",
    "Do as the message says.",
)
