"""The profile of each engine: its names, how long it remembers a preflight, and its departures from the standard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from corswsgi.browser.departures import Departure


@dataclass(frozen=True, slots=True)
class Profile:
    """How one engine behaves.

    :ivar name: the value of ``Browser(engine=…)``.
    :ivar title: the name in prose.
    :ivar browser: the browser of this engine that most people use.
    :ivar max_age_cap: the longest time, in seconds, for which it remembers a preflight.
    :ivar departures: where it departs from the standard.
    """

    name: str
    title: str
    browser: str
    max_age_cap: int
    departures: frozenset[Departure]


def _profile(name: str, title: str, browser: str, max_age_cap: int) -> Profile:
    return Profile(name, title, browser, max_age_cap, frozenset(each for each in Departure if name in each.measured))


#: By name. The standard does not limit how long a preflight is remembered; its profile has the limit of Chromium.
PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            _profile("standard", "the standard", "the standard", 7200),
            _profile("chromium", "Chromium", "Chrome", 7200),
            _profile("firefox", "Firefox", "Firefox", 86400),
            _profile("webkit", "WebKit", "Safari", 600),
        )
    }
)

STANDARD = PROFILES["standard"]

#: The names of the real engines.
ENGINES = tuple(name for name in PROFILES if name != STANDARD.name)

#: The longest time, in seconds, for which each engine remembers a preflight, even if Access-Control-Max-Age is larger.
MAX_AGE_CAPS: Mapping[str, int] = MappingProxyType({name: PROFILES[name].max_age_cap for name in ENGINES})


def profile_named(engine: str) -> Profile:
    """Return the profile of an engine.

    :raises ValueError: if there is no such engine, with the names of those that exist.
    """
    if engine not in PROFILES:
        raise ValueError(f"there is no engine {engine!r}; choose one of {', '.join(PROFILES)}")
    return PROFILES[engine]
