"""When a cookie expires, as ``Expires`` and ``Max-Age`` say it and as engines read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from corswsgi.browser.departures import Departs, Departure

#: rfc6265bis#section-5.6.2: digits, with or without a minus sign before them.
_SECONDS = re.compile("-?[0-9]+")

#: What else some engines accept as a number of seconds.
_MORE_SECONDS = (
    (Departure.COOKIE_MAX_AGE_PLUS, re.compile(r"\+[0-9]+")),
    (Departure.COOKIE_MAX_AGE_EMPTY, re.compile("")),
    (Departure.COOKIE_MAX_AGE_MINUS, re.compile("-")),
)

#: rfc6265bis#section-5.1.1
_DELIMITERS = re.compile("[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile("([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_SHORT_TIME = re.compile("([0-9]{1,2}):([0-9]{1,2})()(?![0-9:])")
_DAY = re.compile("([0-9]{1,2})(?![0-9])")
_MONTH = re.compile("(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)
_YEAR = re.compile("([0-9]{2,4})(?![0-9])")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FIRST_YEAR = 1601

#: rfc9110#section-5.6.7: the three formats of HTTP, which libsoup reads a little more leniently.
_HTTP_DATE = re.compile(
    r"([a-z]+, *)?[0-9]{1,2}[ -][a-z]{3}[ -][0-9]{2,4} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}( .*)?"
    r"|[a-z]{3} [a-z]{3} +[0-9]{1,2} [0-9:]{8} [0-9]{4}",
    re.IGNORECASE,
)


def seconds_of(max_age: str, departs: Departs) -> float | None:
    """Return the seconds that a cookie has left; ``None`` if the value does not count (rfc6265bis#section-5.6.2)."""
    if _SECONDS.fullmatch(max_age):
        return float(max_age)  # not int(), which limits the number of digits
    if any(form.fullmatch(max_age) and departs(departure) for departure, form in _MORE_SECONDS):
        return float(max_age.strip("-") or 0)
    return None


def moment_of(expires: str, departs: Departs) -> datetime | None:
    """Return when a cookie expires; ``None`` if the date does not count (rfc6265bis#section-5.6.1)."""
    moment = _parsed(expires, departs)
    if moment is None or _HTTP_DATE.fullmatch(expires) or not departs(Departure.COOKIE_DATE_FORMATS):
        return moment
    return None


def _parsed(text: str, departs: Departs) -> datetime | None:
    """rfc6265bis#section-5.1.1"""
    found: dict[re.Pattern[str], tuple[str, ...]] = {}
    for token in _DELIMITERS.split(text):
        for field in (_TIME, _DAY, _MONTH, _YEAR):
            match = field.match(token)
            if field not in found and match:
                found[field] = match.groups()
                break
    if not all(field in found for field in (_DAY, _MONTH, _YEAR)):
        return None
    time = found.get(_TIME)
    if time is None:
        if not departs(Departure.COOKIE_DATE_LENIENT):
            return None
        short = next(filter(None, map(_SHORT_TIME.fullmatch, text.split())), None)
        time = short.groups() if short else ()
    return _moment(found[_YEAR][0], found[_MONTH][0], int(found[_DAY][0]), time, departs)


def _moment(digits: str, month: str, day: int, time: tuple[str, ...], departs: Departs) -> datetime | None:
    hour, minute, second = (int(each or 0) for each in time) if time else (0, 0, 0)
    year = int(digits)
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if not (1 <= day <= 31 and hour <= 24 and minute <= 59 and second <= 59):
        return None
    if year < _FIRST_YEAR:
        return datetime.min.replace(tzinfo=UTC) if departs(Departure.COOKIE_EARLY_DATE) else None
    first = datetime(year, _MONTHS.index(month.lower()) + 1, 1, tzinfo=UTC)
    try:
        moment = first + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)
    except OverflowError:  # December 31 of the year 9999, at 24:00
        return None
    exists = hour < 24 and moment.month == first.month
    return moment if exists or departs(Departure.COOKIE_DATE_LENIENT) else None
