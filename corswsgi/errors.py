"""PolicyError, the Problems it carries, and the code of every kind of fault; other modules find the faults."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum, unique
from typing import NamedTuple


@unique
class Fault(StrEnum):
    """The kinds of fault. The values are stable: programs may compare them with :attr:`Problem.code`."""

    UNKNOWN_OPTION = "unknown-option"
    FOREIGN_OPTION = "foreign-option"
    MISSING_OPTION = "missing-option"
    WRONG_TYPE = "wrong-type"
    NO_PRIVATE_NETWORK = "no-private-network"
    POLICY_AND_OPTIONS = "policy-and-options"

    NO_ORIGINS = "no-origins"
    ORIGIN_EMPTY = "origin-empty"
    ORIGIN_LIST = "origin-list-in-one-string"
    ORIGIN_WHITESPACE = "origin-whitespace"
    ORIGIN_MALFORMED = "origin-malformed"
    ORIGIN_SCHEME_MISSING = "origin-scheme-missing"
    ORIGIN_SCHEME_INVALID = "origin-scheme-invalid"
    ORIGIN_OPAQUE = "origin-opaque"
    ORIGIN_UPPER_CASE = "origin-upper-case"
    ORIGIN_USERINFO = "origin-userinfo"
    ORIGIN_TRAILING_SLASH = "origin-trailing-slash"
    ORIGIN_PATH = "origin-path"
    ORIGIN_QUERY = "origin-query"
    ORIGIN_FRAGMENT = "origin-fragment"
    ORIGIN_PORT_INVALID = "origin-port-invalid"
    ORIGIN_PORT_DEFAULT = "origin-port-default"
    ORIGIN_HOST_INVALID = "origin-host-invalid"
    ORIGIN_HOST_TOO_LONG = "origin-host-too-long"
    ORIGIN_HOST_NON_ASCII = "origin-host-non-ascii"
    ORIGIN_PUNYCODE_INVALID = "origin-punycode-invalid"
    ORIGIN_IPV4 = "origin-ipv4"
    ORIGIN_IPV6 = "origin-ipv6"
    ORIGIN_WILDCARD = "origin-wildcard"
    ORIGIN_NULL_CASE = "origin-null-case"
    ORIGIN_REGEX_BYTES = "origin-regex-bytes"
    ORIGIN_REGEX_INVALID = "origin-regex-invalid"

    ANY_ORIGIN_WITH_CREDENTIALS = "any-origin-with-credentials"
    NULL_WITH_CREDENTIALS = "null-with-credentials"
    INSECURE_ORIGIN_WITH_CREDENTIALS = "insecure-origin-with-credentials"
    PUBLIC_SUFFIX_WITH_CREDENTIALS = "public-suffix-with-credentials"
    REGEX_WITH_CREDENTIALS = "regex-matches-strangers-with-credentials"
    EXPOSE_ANY_WITH_CREDENTIALS = "expose-any-with-credentials"

    NAME_LIST = "names-in-one-string"
    METHOD_INVALID = "method-invalid"
    METHOD_FORBIDDEN = "method-forbidden"
    HEADER_INVALID = "header-invalid"
    REQUEST_HEADER_FORBIDDEN = "request-header-forbidden"
    REQUEST_HEADER_OF_RESPONSES = "request-header-of-responses"
    RESPONSE_HEADER_FORBIDDEN = "response-header-forbidden"
    RESPONSE_HEADER_OF_REQUESTS = "response-header-of-requests"
    VARY_ANY = "vary-any"

    MAX_AGE_NEGATIVE = "max-age-negative"
    MAX_AGE_TOO_LONG = "max-age-too-long"
    MAX_AGE_FRACTION = "max-age-fraction"
    PREFLIGHT_STATUS_RANGE = "preflight-status-range"
    DANGER_UNKNOWN = "danger-unknown"

    ROUTE_PATH = "route-path"
    ROUTE_POLICY = "route-policy"

    SERVER_CANNOT = "server-cannot-say-it"

    FILE_UNREADABLE = "file-unreadable"
    FILE_SYNTAX = "file-syntax"
    SECTION_MISSING = "section-missing"
    SECTION_UNKNOWN = "section-unknown"
    GIVEN_TWICE = "given-twice"


class Problem(NamedTuple):
    """One fault of one option.

    :ivar code: the kind of fault, a value of :class:`Fault`; equal to its string.
    :ivar option: the name of the option, or the path of the rule, with the fault; empty if there is none.
    :ivar value: the value that was given.
    :ivar message: one clause that says what is wrong, without a full stop.
    :ivar suggestion: the value to give instead, or ``None`` if that cannot be known. For an option of another library,
        a dict of options with their values, or of paths with their options.
    :ivar place: where the value was read: a file and its line, or the name of a variable; empty if given in Python.
    """

    code: Fault
    option: str
    value: object
    message: str
    suggestion: object = None
    place: str = ""

    def __str__(self) -> str:
        hint = "" if self.suggestion is None else f"; did you mean {_offered(self.suggestion)}?"
        where = [printable(name) for name in dict.fromkeys((self.place, self.option)) if name]
        return f"{': '.join([*where, self.message])}{hint or '.'}"


def _offered(suggestion: object) -> str:
    if not isinstance(suggestion, dict):
        return quote(suggestion)
    return ", ".join(
        f"{name}={quote(value)}" if name.isidentifier() else f"{quote(name)}: {_rule(value)}"
        for name, value in suggestion.items()
    )


def _rule(options: dict[str, object]) -> str:
    return f"{{{', '.join(f'{quote(name)}: {quote(value)}' for name, value in options.items())}}}"


class PolicyError(ValueError):
    """A policy that would be refused, useless or dangerous.

    :ivar problems: every fault of the policy, in the order of its options; never empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        assert self.problems, "a refusal without a reason"
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class UsageError(Exception):
    """What a command was asked to do cannot be done.

    Its arguments are messages of one line each, which say why, and what to do: one, or one for each fault of a file.
    """

    def __str__(self) -> str:
        return "\n".join(self.args)


_LONGEST_QUOTE = 200


def nearest(name: str, known: Iterable[str], cutoff: float) -> str | None:
    """Return the known name that ``name`` most likely was meant to be.

    :param cutoff: how alike the two must be, from 0 to 1.
    """
    from difflib import get_close_matches  # imported only if there is something to correct

    return next(iter(get_close_matches(name, list(known), n=1, cutoff=cutoff)), None)


def printable(text: str) -> str:
    """Return ``text`` as it is if it can be printed on one line, and quoted if not."""
    return text if text.isprintable() else quote(text)


def quote(value: object) -> str:
    """Return ``value`` for use in a message: on one line, in ASCII, strings in double quotes, cut when very long."""
    try:
        if isinstance(value, list):
            text = f"[{', '.join(map(quote, value))}]"
        elif isinstance(value, str):
            # Only the part that is shown is escaped: a client may have sent a megabyte.
            text = json.dumps(value[: _LONGEST_QUOTE + 1])
        else:
            text = ascii(value)
    except Exception:  # a repr can raise anything, as that of an int with thousands of digits does
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
