"""The Referer of a request under each referrer policy, and how a redirect changes the policy."""

from __future__ import annotations

from collections.abc import Iterable

from corswsgi import fetch
from corswsgi.browser.departures import Departure
from corswsgi.browser.request import Request
from corswsgi.browser.urls import URL, is_potentially_trustworthy_url, same_origin, strip_for_referrer

#: referrer-policy#default-referrer-policy
DEFAULT_POLICY = "strict-origin-when-cross-origin"

#: A longer referrer is cut to its origin (referrer-policy#determine-requests-referrer, step 6).
_LONGEST = 4096

#: What each policy shows: (on the same origin, across origins, from a trustworthy URL to one that is not).
_SHOWS = {
    "no-referrer": ("nothing", "nothing", "nothing"),
    "no-referrer-when-downgrade": ("url", "url", "nothing"),
    "same-origin": ("url", "nothing", "nothing"),
    "origin": ("origin", "origin", "origin"),
    "strict-origin": ("origin", "origin", "nothing"),
    "origin-when-cross-origin": ("url", "origin", "origin"),
    "strict-origin-when-cross-origin": ("url", "origin", "nothing"),
    "unsafe-url": ("url", "url", "url"),
}

POLICIES = frozenset(_SHOWS)


def check_policy(policy: str) -> str:
    """Return a referrer policy; for an empty string, the default one.

    :raises ValueError: if there is no such policy.
    """
    if policy and policy not in POLICIES:
        raise ValueError(f"{policy!r} is not a referrer policy; choose one of {', '.join(sorted(POLICIES))}")
    return policy or DEFAULT_POLICY


def determine_referrer(request: Request) -> str | None:
    """Return the value of ``Referer``, or ``None`` for no header (referrer-policy#determine-requests-referrer)."""
    if request.referrer is None:
        return None
    if request.origin.is_opaque and not _shows_opaque_referrer(request):
        return None
    whole = strip_for_referrer(request.referrer)
    origin = strip_for_referrer(request.referrer, origin_only=True)
    if whole is None:
        return None
    if len(whole) > _LONGEST:
        whole = origin
    source, target = request.referrer, request.current_url
    same, cross, downgrade = _SHOWS[request.referrer_policy]
    if same_origin(source.origin, target.origin):
        shown = same
    elif _is_downgrade(request, source, target, matters=cross != downgrade):
        shown = downgrade
    else:
        shown = cross
    values: dict[str, str | None] = {"nothing": None, "origin": origin, "url": whole}
    return values[shown]


def _is_downgrade(request: Request, source: URL, target: URL, matters: bool) -> bool:
    is_less = is_potentially_trustworthy_url(source) and not is_potentially_trustworthy_url(target)
    is_less_by_scheme = source.scheme == "https" and target.scheme == "http"
    if matters and is_less != is_less_by_scheme and request.departs(Departure.REFERRER_DOWNGRADE):
        return is_less_by_scheme
    return is_less


def _shows_opaque_referrer(request: Request) -> bool:
    is_embedding = request.initiator != "fetch" and request.departs(Departure.OPAQUE_REFERER_OF_ELEMENTS)
    return is_embedding or request.departs(Departure.OPAQUE_REFERER)


def set_referrer_policy_on_redirect(request: Request, lines: Iterable[str]) -> None:
    """Apply the ``Referrer-Policy`` of a redirect to the requests after it; the last known policy counts.

    referrer-policy#set-requests-referrer-policy-on-redirect, referrer-policy#parse-referrer-policy-from-header
    """
    for line in lines:
        for token in fetch.split_list(line):
            if token in POLICIES:
                request.referrer_policy = token
