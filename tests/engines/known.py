"""Where an engine is known to do otherwise than the standard: the rule, what each does, what follows for an author.

A difference that the matrix finds is explained if what is listed here covers all its parts. What is not explained fails
the run. What is listed and does not occur any more is told, but fails nothing: engines of other versions may differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corswsgi import fetch

from .case import OPAQUE_PAGES, Case, Pairs
from .comparing import Difference
from .table import HEADERS, MAX_AGE, METHODS

_RANGE, _LIMIT = "range", 1024

_SAFELISTED = ("accept", "accept-language", "content-language", "content-type", _RANGE)

#: Client hints that Chromium safelists.
_HINTS = frozenset("device-memory downlink dpr ect rtt save-data viewport-width width".split())

#: Parts of a difference, as :class:`~.comparing.Difference` names them.
_ASKED = frozenset({"exchanges", "outcome", "sent access-control-request-headers"})
_METADATA = frozenset({"sent sec-fetch-dest", "sent sec-fetch-mode", "sent sec-fetch-site"})


@dataclass(frozen=True)
class Known:
    """Something that an engine does otherwise.

    :ivar rule: the statement of ``cors-rules``, as in :mod:`.statements`.
    :ivar anchor: where the Fetch Standard says so, unless another specification is named.
    :ivar standard: what the standard wants.
    :ivar engines: what each of the engines that differ does, by its name.
    :ivar advice: what the author of a policy should do about it.
    :ivar parts: which parts of a difference it explains.
    :ivar concerns: whether it plays a part in a case.
    """

    id: str
    rule: str
    anchor: str
    standard: str
    engines: Mapping[str, str]
    advice: str
    parts: frozenset[str]
    concerns: Callable[[Difference], bool]


def explaining(difference: Difference) -> list[Known]:
    """Return what together explains all of a difference; nothing, where a part of it is not known."""
    candidates = [
        known
        for known in KNOWN
        if difference.engine in known.engines and known.parts & difference.parts and known.concerns(difference)
    ]
    explained: set[str] = set().union(*(known.parts for known in candidates))
    return candidates if difference.parts <= explained else []


# What cases have to do with it


def _script_headers(case: Case) -> Iterator[Pairs]:
    return (fetch_.headers for fetch_ in case.fetches)


def _sets(difference: Difference, names: Iterable[str]) -> bool:
    wanted = set(names)
    return any(name.lower() in wanted for headers in _script_headers(difference.case) for name, _ in headers)


def _values(difference: Difference, name: str) -> list[str]:
    return [value for headers in _script_headers(difference.case) for each, value in headers if each.lower() == name]


def _answers(case: Case, name: str) -> list[str]:
    """Return what the servers of a case say in a header of a preflight's answer, our own front ends' lists too."""
    said = [
        value
        for says in case.says.values()
        for headers in (says.headers, says.preflight[1] if says.preflight else ())
        for each, value in headers
        if each == name
    ]
    options = {METHODS: "allow_methods", HEADERS: "allow_headers"}
    if case.policy is not None and name in options:
        listed: Any = case.policy.get(options[name], ())
        said += [listed] if isinstance(listed, str) else listed
    return said


def _lists_any(case: Case, *names: str) -> bool:
    return any("*" in fetch.split_list(value) for name in names for value in _answers(case, name))


def _authorization_under_wildcard(difference: Difference) -> bool:
    return _sets(difference, ["authorization"]) and _lists_any(difference.case, HEADERS)


def _joined_value_is_unsafe(difference: Difference) -> bool:
    for headers in _script_headers(difference.case):
        for name in _SAFELISTED:
            values = [value for each, value in headers if each.lower() == name]
            if len(values) > 1 and not fetch.is_cors_safelisted_request_header(name, ", ".join(values)):
                return True
    return False


def _sum_is_too_long(difference: Difference) -> bool:
    return any(
        sum(len(value) for name, value in headers if fetch.is_cors_safelisted_request_header(name, value)) > _LIMIT
        for headers in _script_headers(difference.case)
    )


def _sets_twice(difference: Difference) -> bool:
    names = [[name.lower() for name, _ in headers] for headers in _script_headers(difference.case)]
    return any(len(each) > len(set(each)) for each in names)


def _range_in_other_words(difference: Difference) -> bool:
    return any(
        fetch.is_cors_safelisted_request_header(_RANGE, value.lower().replace(" ", ""))
        and not fetch.is_cors_safelisted_request_header(_RANGE, value)
        for value in _values(difference, _RANGE)
    )


def _is_redirected(difference: Difference) -> bool:
    return any(300 <= says.status < 400 for says in difference.case.says.values())


def _is_preflighted_and_redirected(difference: Difference) -> bool:
    return _is_redirected(difference) and bool(difference.observed.preflights)


def _is_repeated(difference: Difference) -> bool:
    return len(difference.case.fetches) > 1


def _max_age(difference: Difference, pattern: str) -> bool:
    return any(re.fullmatch(pattern, value.strip()) for value in _answers(difference.case, MAX_AGE))


def _malformed_max_age(difference: Difference) -> bool:
    lines = _answers(difference.case, MAX_AGE)
    return bool(lines) and (len(lines) > 1 or not lines[0].strip().isdigit())


def _mixes_credentials(difference: Difference) -> bool:
    return len({fetch_.credentials == "include" for fetch_ in difference.case.fetches}) > 1


def _first_fails(difference: Difference) -> bool:
    return bool(difference.observed.told[0]["outcome"] == "blocked")


def _cache_mode(*modes: str) -> Callable[[Difference], bool]:
    return lambda difference: any(fetch_.cache in modes for fetch_ in difference.case.fetches)


def _is_asked_for_password(difference: Difference) -> bool:
    return difference.case.may_prompt and difference.observed.told[-1]["outcome"] == "no answer"


def _origin_by_referrer_policy(difference: Difference) -> bool:
    return any(fetch_.mode != "cors" and fetch_.referrer_policy for fetch_ in difference.case.fetches)


def _location_with_user(difference: Difference) -> bool:
    return any(
        "@" in value for says in difference.case.says.values() for name, value in says.headers if name == "Location"
    )


def _fetches_data(difference: Difference) -> bool:
    return any(fetch_.url.startswith("data:") for fetch_ in difference.case.fetches)


def _visited_without_vary(difference: Difference) -> bool:
    """Tell whether a navigation would have spoilt the cache for scripts, had both shared it."""
    case = difference.case
    return (
        case.uses_http_cache
        and case.policy is None
        and any(fetch_.navigate for fetch_ in case.fetches)
        and all(
            ours == theirs or (ours["outcome"], theirs["outcome"]) == ("blocked", "readable")
            for ours, theirs in zip(difference.predicted.told, difference.observed.told, strict=False)
        )
    )


KNOWN = (
    Known(
        "wildcard-covers-authorization",
        "A20",
        "cors-non-wildcard-request-header-name",
        "* in Access-Control-Allow-Headers does not cover Authorization.",
        {
            "chromium": "covers it.",
            "firefox": "covers it.",
            "webkit": "covers it, and a kept preflight with * does, too.",
        },
        "List Authorization beside *, as corswsgi asks you to: engines may follow the standard any day. Do not count "
        "on * to keep Authorization out.",
        _ASKED,
        _authorization_under_wildcard,
    ),
    Known(
        "negative-max-age",
        "A24",
        "http-access-control-max-age",
        "A value that is not all digits counts as none, which is 5 seconds.",
        dict.fromkeys(("chromium", "firefox", "webkit"), "takes a negative number for 0."),
        "Say 0 where nothing is to be kept; corswsgi sends no negative number.",
        frozenset({"exchanges"}),
        lambda difference: _max_age(difference, "-[0-9]+"),
    ),
    Known(
        "huge-max-age",
        "A24",
        "http-access-control-max-age",
        "A number of any length is kept as long as the browser keeps anything.",
        dict.fromkeys(("chromium", "webkit"), "takes a number that it cannot hold for none, which is 5 seconds."),
        "Nothing: corswsgi sends 86400 at most.",
        frozenset({"exchanges"}),
        lambda difference: _max_age(difference, "[0-9]{11,}"),
    ),
    Known(
        "malformed-max-age",
        "A24",
        "http-access-control-max-age",
        "A value that is not all digits, or comes twice, counts as none, which is 5 seconds.",
        {"firefox": "keeps nothing at all."},
        "Make sure that nothing beside corswsgi writes the header.",
        frozenset({"exchanges"}),
        _malformed_max_age,
    ),
    Known(
        "safelist-joined",
        "B6",
        "cors-safelisted-request-header",
        "Each line of a header is looked at by itself.",
        dict.fromkeys(
            ("chromium", "webkit"), "joins lines of one name first; two lines Content-Type: text/plain are preflighted."
        ),
        "Let scripts set such a header once.",
        _ASKED,
        _joined_value_is_unsafe,
    ),
    Known(
        "safelist-sum",
        "B8",
        "cors-unsafe-request-header-names",
        "Safelisted headers of more than 1024 bytes together need permission.",
        {"firefox": "never adds them up."},
        "Nothing: a request with one line for each name does not get there.",
        _ASKED,
        _sum_is_too_long,
    ),
    Known(
        "client-hints",
        "B6",
        "cors-safelisted-request-header",
        "DPR, Save-Data and other client hints need permission.",
        {"chromium": "safelists them with sensible values."},
        "List them all the same, for the other engines.",
        _ASKED,
        lambda difference: _sets(difference, _HINTS),
    ),
    Known(
        "user-agent",
        "B2",
        "forbidden-request-header",
        "A script may set User-Agent, with permission.",
        {"chromium": "drops it."},
        "Do not count on a User-Agent of a script's own.",
        _ASKED,
        lambda difference: _sets(difference, ["user-agent"]),
    ),
    Known(
        "accept-bytes",
        "B7",
        "cors-unsafe-request-header-byte",
        "Bytes from 0x80 are safe in Accept.",
        {"firefox": "asks for permission."},
        "Let scripts keep to ASCII.",
        _ASKED,
        lambda difference: any(not value.isascii() for value in _values(difference, "accept")),
    ),
    Known(
        "content-type-parameters",
        "B6",
        "cors-safelisted-request-header",
        "A type counts by its essence, whatever its parameters look like.",
        {"firefox": "does not read text/plain;;; =, / as a type, and asks for permission."},
        "Let scripts write parameters as name=value.",
        _ASKED,
        lambda difference: any(";;" in value or "; =" in value for value in _values(difference, "content-type")),
    ),
    Known(
        "range-case",
        "B6",
        "simple-range-header-value",
        "Range is safelisted with bytes= in lower case only.",
        {"webkit": "takes any case.", "chromium": "asks for permission, then sends the range rewritten (bytes=0-5)."},
        "Let scripts write bytes=0-5.",
        _ASKED | {"sent range"},
        _range_in_other_words,
    ),
    Known(
        "header-twice",
        "B8",
        "cors-unsafe-request-header-names",
        "A name is asked for once; lines of one name are all sent.",
        {"firefox": "asks for a name as often as it is set, and sends the last Content-Type only."},
        "Nothing: corswsgi counts a name once. Servers of your own should, too.",
        frozenset({"sent access-control-request-headers", "sent content-type"}),
        _sets_twice,
    ),
    Known(
        "redirect-preflighted",
        "B30",
        "http-redirect-fetch",
        "After a redirect permission is asked only for what the new request still needs.",
        {
            "firefox": "asks before every later hop to another origin once it has asked, a plain GET after 303, too.",
            "webkit": "does the same, and asks for the header names of the first request, dropped ones, too.",
        },
        "Let the server that is led to answer preflights as well, and list there what the first request needed.",
        _ASKED,
        lambda difference: _is_redirected(difference) and bool(difference.observed.preflights),
    ),
    Known(
        "redirect-preflight-origin",
        "B32",
        "concept-request-tainted-origin",
        "After a redirect through strangers preflight and request both carry Origin: null.",
        {"firefox": "puts the page's origin into the preflight, and null into the request."},
        "Do not redirect across origins what needs a preflight. Where you must, the last server allows both.",
        frozenset({"sent origin"}),
        _is_preflighted_and_redirected,
    ),
    Known(
        "redirect-sec-fetch",
        "B37",
        "fetch-metadata#sec-fetch-site-header",
        "Sec-Fetch-Site tells the farthest that a request has come.",
        {
            "chromium": "looks at the last address only, in preflights.",
            "firefox": "does so in preflights, and says cross-site of requests after any redirect to another origin.",
            "webkit": "sends no Sec-Fetch-* at all after a redirect to another origin, and cross-site in preflights.",
        },
        "enforce=True lets pass what says same-origin, and what does not is held against Origin and Host, so that none "
        "of this lets a stranger in. Do not refuse requests for a missing Sec-Fetch-Site.",
        _METADATA,
        _is_redirected,
    ),
    Known(
        "redirect-referer",
        "B35",
        "referrer-policy#determine-requests-referrer",
        "A preflight has the Referer that its request will have.",
        {"webkit": "shows the page's whole address in preflights after a redirect to another origin."},
        "Keep secrets out of addresses, or set Referrer-Policy: no-referrer.",
        frozenset({"sent referer"}),
        _is_redirected,
    ),
    Known(
        "redirect-own-origin",
        "B34",
        "append-a-request-origin-header",
        "A GET to the page's own origin has no Origin, whatever it was before a redirect.",
        {"webkit": "keeps the Origin of the POST or PUT that was redirected."},
        "Nothing: an Origin that is the server's own is no stranger's.",
        frozenset({"sent origin"}),
        _is_redirected,
    ),
    Known(
        "redirect-content-type",
        "B28",
        "http-redirect-fetch",
        "Where a redirect turns POST into GET, Content-Type goes with the body.",
        {"webkit": "drops it for one hop, and sends it again to the next origin."},
        "Do not read Content-Type of a request without a body.",
        frozenset({"sent content-type"}),
        _is_redirected,
    ),
    Known(
        "redirect-user-name",
        "B25",
        "http-redirect-fetch",
        "A redirect within the page's own origin may lead to an address with a user name.",
        {"chromium": "blocks it in mode cors."},
        "Do not redirect to addresses with user names.",
        frozenset({"outcome"}),
        _location_with_user,
    ),
    Known(
        "opaque-referer",
        "B35",
        "referrer-policy#determine-requests-referrer",
        "A page with an opaque origin, as in a sandboxed frame, sends no Referer.",
        {"webkit": "sends it."},
        "Never let Referer stand in for Origin.",
        frozenset({"sent referer"}),
        lambda difference: any(fetch_.page in OPAQUE_PAGES for fetch_ in difference.case.fetches),
    ),
    Known(
        "origin-by-referrer-policy",
        "B34",
        "append-a-request-origin-header",
        "In modes other than cors a referrer policy may turn Origin into null.",
        {"chromium": "sends the page's origin."},
        "Nothing for a policy. Servers that hold Origin against forgery must take null for a stranger.",
        frozenset({"sent origin"}),
        _origin_by_referrer_policy,
    ),
    Known(
        "wildcard-not-kept",
        "B15",
        "cors-preflight-cache",
        "* in the answer to a preflight is kept, and serves later requests without credentials.",
        {"firefox": "keeps names only."},
        "List methods and headers by name where preflights cost you.",
        frozenset({"exchanges"}),
        lambda difference: _is_repeated(difference) and _lists_any(difference.case, METHODS, HEADERS),
    ),
    Known(
        "wildcard-kept-with-credentials",
        "B16",
        "cors-preflight-cache",
        "* that came with credentials, where it is no wildcard, is kept, and serves later requests as one. "
        "corswsgi.browser is stricter, as most engines are: it asks again.",
        {"webkit": "keeps it for requests without credentials."},
        "Nothing: corswsgi never sends * with credentials.",
        frozenset({"exchanges"}),
        lambda difference: _mixes_credentials(difference) and _lists_any(difference.case, METHODS, HEADERS),
    ),
    Known(
        "preflight-kept-by-credentials",
        "B15",
        "cors-preflight-cache",
        "What a preflight with credentials permits, it permits without, too.",
        {"firefox": "keeps both apart, and asks again."},
        "Nothing but one more preflight.",
        frozenset({"exchanges"}),
        _mixes_credentials,
    ),
    Known(
        "preflight-kept-after-failure",
        "B9",
        "main-fetch",
        "Where the request fails after its preflight, the preflight is forgotten.",
        dict.fromkeys(("chromium", "webkit"), "keeps it."),
        "Wait for max_age, or open a fresh browser, before you test a policy that you have mended.",
        frozenset({"exchanges"}),
        lambda difference: _is_repeated(difference) and _first_fails(difference),
    ),
    Known(
        "preflight-by-cache-mode",
        "B11",
        "http-fetch",
        "The cache mode of a request is for the HTTP cache, and preflights are kept apart from it.",
        {
            "chromium": "asks again under no-store, reload and no-cache.",
            "firefox": "asks again under no-store and reload.",
        },
        "Do not measure preflights with the cache of the developer tools switched off, which does the same.",
        frozenset({"exchanges"}),
        lambda difference: (
            _cache_mode("no-store", "reload")(difference)
            or (difference.engine == "chromium" and _cache_mode("no-cache")(difference))
        ),
    ),
    Known(
        "password-prompt",
        "B33",
        "http-network-or-cache-fetch",
        "A 401 of another origin is handed to the script; nobody is asked for a password.",
        dict.fromkeys(("chromium", "firefox"), "asks the user, and the script waits, where credentials are included."),
        "Do not answer fetch() with WWW-Authenticate: Basic; say Bearer, or leave the challenge out.",
        frozenset({"outcome", "exchanges"}),
        _is_asked_for_password,
    ),
    Known(
        "http-cache-partition",
        "A30",
        "cors-protocol-and-http-caches",
        "Without Vary: Origin, what a navigation left in the HTTP cache may be handed to a script.",
        {
            "chromium": "keeps what frames show apart from what scripts fetch.",
            "firefox": "keeps what is asked for with credentials, as navigations are, apart from what is not.",
        },
        "Do not count on it: send Vary, as corswsgi does. What one page left is handed to the next in all engines.",
        frozenset({"outcome"}),
        _visited_without_vary,
    ),
    Known(
        "reset-content",
        "B20",
        "null-body-status",
        "An answer of status 205 has no body, and reading it gives nothing at once.",
        {"webkit": "waits for a body in vain, where the connection stays open."},
        "Answer 204 instead.",
        frozenset({"told body"}),
        lambda difference: any(says.status == 205 for says in difference.case.says.values()),
    ),
    Known(
        "data-url-length",
        "B18",
        "data-url-processor",
        "The answer of a data: URL has a Content-Type only.",
        {"firefox": "has a Content-Length as well."},
        "Nothing.",
        frozenset({"told headers"}),
        _fetches_data,
    ),
)
