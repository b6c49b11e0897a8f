"""The cookies of one browser, per host (rfc6265).

Modelled: name and value, ``Max-Age``, ``Expires`` in the past, ``Path``, ``Secure``, and ``SameSite`` where it says
``Strict`` or ``Lax``, which keeps a cookie from requests across sites. Not modelled: ``Domain`` (every cookie belongs
to the one host that set it), an ``Expires`` in the future (the cookie lasts as long as the browser), ``SameSite``
by default, ``Partitioned``, the ``__Host-`` prefixes, and the blocking of third-party cookies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from corswsgi.browser.urls import URL, Origin, is_potentially_trustworthy_url, same_site

#: rfc6265#section-5.2.2: whatever else stands there is ignored.
_MAX_AGE = re.compile("-?[0-9]+")


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that a response set.

    :ivar expires: on the browser's clock; ``None`` for as long as the browser lives.
    """

    name: str
    value: str
    path: str
    secure: bool
    same_site_only: bool
    expires: float | None


class CookieStore:
    """What is sent as ``Cookie``, and what ``Set-Cookie`` leaves behind.

    :ivar given: names and values that are sent to every host, until one sets or deletes them for itself.
    """

    def __init__(self, given: Mapping[str, str], clock: Callable[[], float]) -> None:
        self.given = dict(given)
        self._clock = clock
        self._hosts: dict[str, dict[tuple[str, str], Cookie]] = {}

    def header_for(self, url: URL, initiator: Origin) -> str | None:
        """Return the value of ``Cookie``, or ``None`` for none (fetch#append-a-request-cookie-header)."""
        pairs = dict(self.given)
        for cookie in self._hosts.get(url.host, {}).values():
            if self._has_expired(cookie):
                pairs.pop(cookie.name, None)
            elif _is_sent(cookie, url, initiator):
                pairs[cookie.name] = cookie.value
        return "; ".join(f"{name}={value}" for name, value in pairs.items()) or None

    def store(self, line: str, url: URL, initiator: Origin) -> None:
        """Keep, or forget, what one ``Set-Cookie`` says (fetch#parse-and-store-response-set-cookie-headers)."""
        cookie = self._parse(line, url)
        if cookie is None or (cookie.secure and not is_potentially_trustworthy_url(url)):
            return
        if cookie.same_site_only and not same_site(initiator, url.origin):
            return
        self._hosts.setdefault(url.host, {})[cookie.name, cookie.path] = cookie

    def _parse(self, line: str, url: URL) -> Cookie | None:
        pair, *rest = line.split(";")
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals):
            return None
        attributes = {}
        for attribute in rest:
            key, _, content = attribute.partition("=")
            attributes[key.strip().lower()] = content.strip()
        path = attributes.get("path", "")
        return Cookie(
            name=name,
            value=value,
            path=path if path.startswith("/") else _default_path(url),
            secure="secure" in attributes,
            same_site_only=attributes.get("samesite", "").lower() in ("strict", "lax"),
            expires=self._expiry(attributes),
        )

    def _expiry(self, attributes: Mapping[str, str]) -> float | None:
        seconds = attributes.get("max-age", "")
        if _MAX_AGE.fullmatch(seconds):  # rfc6265#section-5.3: it has precedence over Expires
            return self._clock() + float(seconds)  # however many digits there are
        return self._clock() if _is_past(attributes.get("expires", "")) else None

    def _has_expired(self, cookie: Cookie) -> bool:
        return cookie.expires is not None and cookie.expires <= self._clock()


def _is_sent(cookie: Cookie, url: URL, initiator: Origin) -> bool:
    """rfc6265#section-5.4"""
    inside = url.path == cookie.path or url.path.startswith(cookie.path.rstrip("/") + "/")
    return (
        inside
        and (not cookie.secure or is_potentially_trustworthy_url(url))
        and (not cookie.same_site_only or same_site(initiator, url.origin))
    )


def _default_path(url: URL) -> str:
    """rfc6265#section-5.1.4"""
    return url.path.rpartition("/")[0] or "/"


def _is_past(date: str) -> bool:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # the latter for numbers beyond those of C
        return False
    return moment.replace(tzinfo=moment.tzinfo or UTC) < datetime.now(UTC)
