"""The table of all kinds of finding, which the modules of this package declare by subject."""

from __future__ import annotations

from corswsgi.checker.findings import Kind
from corswsgi.checker.kinds import (
    allow_origin,
    behind,
    caches,
    cookies,
    credentials,
    errors,
    kept,
    names,
    network,
    origins,
    permissions,
    policy,
    preflights,
    reasons,
    redirects,
    request,
    visitor,
)

#: In the order of the documentation: first what makes the request of a page fail.
SUBJECTS = {
    "What browsers check": reasons,
    "The value of Access-Control-Allow-Origin": allow_origin,
    "The names of headers": names,
    "Credentials": credentials,
    "Preflights": preflights,
    "What preflights permit": permissions,
    "Redirects": redirects,
    "Errors": errors,
    "The network": network,
    "The request": request,
    "Who may read": origins,
    "Cookies": cookies,
    "A visitor who is logged in": visitor,
    "Caches": caches,
    "Policies": policy,
    "What a cache stores": kept,
    "A proxy in front of the application": behind,
}

#: By code.
KINDS: dict[str, Kind] = {
    kind.code: kind for subject in SUBJECTS.values() for kind in vars(subject).values() if isinstance(kind, Kind)
}
