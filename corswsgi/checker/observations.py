"""What an audit looks at: the responses to the origin that is meant, to strangers, and to preflights."""

from __future__ import annotations

from dataclasses import dataclass

from corswsgi import fetch
from corswsgi.browser import Exchange
from corswsgi.browser.urls import URL
from corswsgi.checker.gatherer import Answer
from corswsgi.checker.granting import (
    ALLOW_METHODS,
    listed_names,
)
from corswsgi.checker.strangers import Stranger

#: Invented names: a server that permits them permits all names.
INVENTED_METHOD = "CORSWSGI"

INVENTED_HEADER = "X-Corswsgi-Audit"

_LONGEST_METHOD = 40


@dataclass(frozen=True, slots=True)
class Pair:
    """The responses to one origin, without and with credentials."""

    omit: Answer
    include: Answer


@dataclass(frozen=True, slots=True)
class Sighting:
    """The responses to a stranger, without and with credentials."""

    stranger: Stranger
    omit: Answer
    include: Answer

    @property
    def sent(self) -> bool:
        """Whether browsers send such an Origin at all."""
        return self.stranger.origin is not None


@dataclass(frozen=True, slots=True)
class Observations:
    """All responses of an audit.

    :ivar bare: to a GET without an Origin.
    :ivar own: to GETs from the origin that is meant to read.
    :ivar unrelated: to GETs from a stranger that no server allows on purpose.
    :ivar sightings: to GETs from all strangers, the unrelated one first; fewer if the time ran out.
    :ivar put: to a preflight for PUT from the origin that is meant.
    :ivar invented_method: to a preflight from it for an invented method.
    :ivar fragment: to a preflight from it for a part of a method's name.
    :ivar invented_header: to a preflight from it for an invented header.
    :ivar sending: to a preflight from the unrelated stranger, with credentials.
    :ivar options: to an OPTIONS without an Origin.
    :ivar private: to a preflight from the origin that is meant, for a private network.
    :ivar private_unrelated: to the same from the unrelated stranger.
    """

    url: URL
    origin: str
    bare: Exchange
    own: Pair
    unrelated: Sighting
    sightings: tuple[Sighting, ...]
    put: Answer
    invented_method: Answer
    fragment: Answer
    invented_header: Answer
    sending: Answer
    options: Exchange
    private: Exchange
    private_unrelated: Exchange

    @property
    def plain_answers(self) -> tuple[Exchange, ...]:
        """The responses to GETs without an Origin, from the origin that is meant, and from the unrelated stranger."""
        pairs = (self.own, self.unrelated)
        return (self.bare, *(answer.exchange for pair in pairs for answer in (pair.omit, pair.include)))

    @property
    def preflights(self) -> tuple[Exchange, ...]:
        """The responses to preflights from the origin that is meant."""
        answers = (self.put, self.invented_header, self.invented_method, self.fragment)
        return tuple(answer.exchange for answer in answers)


def method_to_ask_for(preflight: Exchange) -> str:
    """Return a method that needs permission; one that the response to a preflight lists, if it lists any."""
    needing = [name for name in listed_names(preflight, ALLOW_METHODS) if name in ("PUT", "DELETE", "PATCH")]
    return needing[0] if needing else "PUT"


def fragment_of_a_method(preflight: Exchange) -> str:
    """Return a part of the name of a method that the response to a preflight lists; not a method of its own."""
    listed = listed_names(preflight, ALLOW_METHODS)
    fragments = [name[1:] for name in listed if 2 < len(name) <= _LONGEST_METHOD and name[1:] not in listed]
    strange = [name for name in fragments if name.upper() not in fetch.NORMALIZED_METHODS | fetch.FORBIDDEN_METHODS]
    return strange[0] if strange else "ET"
