"""Makes the questions of ``check`` from its options, pasted text and files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from corswsgi.browser import ENGINES
from corswsgi.browser.engines import PROFILES
from corswsgi.browser.request import new_request
from corswsgi.browser.urls import is_as_private, parse_origin, parse_url
from corswsgi.checker.arguments import check_hosts, read_jars
from corswsgi.checker.behind import Behind
from corswsgi.checker.cases import Case, read_cases
from corswsgi.checker.console import read_console
from corswsgi.checker.curl_line import read_curl_line
from corswsgi.checker.evidence import Question
from corswsgi.checker.har import LONGEST, read_har
from corswsgi.checker.jar import GivenCookie, cookies_for
from corswsgi.checker.masking import Mask
from corswsgi.checker.pasted import Found, without_secrets
from corswsgi.checker.target import parse_page_origin, parse_target_url, require_parser
from corswsgi.errors import UsageError, quote

_LONGEST_TEXT = 1024 * 1024

_GOOD = "corswsgi check https://api.example.com/items --origin https://app.example.com"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the URL that it is about.

    :ivar told: sentences on what was taken from pasted text, and what was assumed.
    :ivar name: of the case; empty for none.
    :ivar expect: ``"allowed"`` or ``"blocked"``.
    """

    url: str
    question: Question
    told: tuple[str, ...] = ()
    name: str = ""
    expect: str = "allowed"

    @property
    def mask(self) -> Mask:
        """Masks the secrets in the question."""
        cookies = [("Cookie", f"{each.name}={each.value}") for each in self.question.cookies]
        return Mask(self.url, [*self.question.headers, *cookies])


def questions(options: argparse.Namespace) -> list[Asked]:
    """Return the questions; nothing is sent.

    :raises UsageError: if an option has a wrong value, or something is missing.
    """
    require_parser()
    if options.entry is not None and options.har is None:
        raise UsageError("--entry is the number of an entry in the file of --har; give --har too")
    jar = read_jars(options)
    asked = _asked_of_cases(options, jar) if options.cases is not None else _asked_of_urls(options, jar)
    check_hosts(options, [each.url for each in asked])
    return asked


def _asked_of_urls(options: argparse.Namespace, jar: tuple[GivenCookie, ...]) -> list[Asked]:
    """Return the questions of the URLs of the command line and of pasted text."""
    found = list(_found(options))
    if len(options.urls) > 1 and found != [Found()]:
        raise UsageError("pasted text goes with one URL only; give one, or none")
    asked: list[Asked] = []
    faults: dict[str, None] = {}
    for url in options.urls or [None]:
        for each in found:
            try:
                asked.append(_asked(options, url, each, jar))
            except UsageError as error:
                faults[str(error)] = None
    if faults:
        raise UsageError(*faults)
    return asked


def _asked_of_cases(options: argparse.Namespace, jar: tuple[GivenCookie, ...]) -> list[Asked]:
    if options.urls:
        raise UsageError("--cases FILE contains the URLs; leave the others out, or put them into the file")
    if options.data is not None:
        raise UsageError("--data is the body of one request and does not go with --cases; leave it out")
    # Tries the options on a good case first, so that their faults are not reported as faults of the file.
    _asked_of_case(options, Case(url="https://api.example.com/", origin="https://app.example.com"), jar)
    asked: list[Asked] = []
    read_cases(
        options.cases,
        "check",
        given={"origin"} if options.origin else (),
        judge=lambda case: asked.append(_asked_of_case(options, case, jar)),
        show_secrets=options.show_secrets,
    )
    return asked


def _asked_of_case(options: argparse.Namespace, case: Case, jar: tuple[GivenCookie, ...]) -> Asked:
    # Cookies on the command line are meant to be sent.
    unsaid = "" if options.cookies or options.cookie_jars else "same-origin"
    found = Found(case.url, case.origin, case.method, case.headers, credentials=case.credentials or unsaid)
    asked = _asked(options, None, found, jar)
    send = options.send if case.send is None else case.send
    expect = options.expect or case.expect or "allowed"
    return replace(asked, question=replace(asked.question, send=send), name=case.name, expect=expect)


def _found(options: argparse.Namespace) -> Iterator[Found]:
    if options.curl is not None:
        yield read_curl_line(_text("--curl", options.curl))
    elif options.console is not None:
        names = {name for name in ("method", "headers", "credentials", "origin") if getattr(options, name)}
        yield read_console(_text("--console", options.console), names)
    elif options.har is not None:
        yield from read_har(_file(options.har), options.entry, options.origin or "")
    else:
        yield Found()


def _text(option: str, given: str) -> str:
    """Return the value of an option, or standard input if the value is ``-``."""
    text = given
    if given == "-":
        text = sys.stdin.buffer.read(_LONGEST_TEXT + 1).decode("utf-8", "replace")
    if len(text) > _LONGEST_TEXT:
        raise UsageError(f"{option}: more than {_LONGEST_TEXT // 1024} KiB of text; paste one request")
    return text


def _file(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(f"--har {quote(name)}: {error.strerror}") from error


def _asked(options: argparse.Namespace, given_url: str | None, found: Found, jar: tuple[GivenCookie, ...]) -> Asked:
    """Complete what was found with the URL and the options of the command line, which take precedence."""
    url = found.url if given_url is None else given_url
    page = found.origin if options.origin is None else options.origin
    if given_url is None and not url:
        raise UsageError(_missing("URL", found))
    if options.origin is None and not page:
        raise UsageError(_missing("--origin", found))
    if "--method" in found.lacks and options.method is None:
        raise UsageError(_missing("--method", found))
    if given_url and found.url and not is_as_private(parse_target_url(given_url), parse_url(found.url)):
        found = without_secrets(found)
    told, headers = list(found.told), found.headers
    cookies = (*jar, *cookies_for(parse_target_url(url), _pairs(found.cookies, options.cookies)))
    given = {name.lower() for name, _ in options.headers}
    body, body_file = _body(options.data)
    if options.data is None:
        body = found.body
    origin = parse_page_origin(page)
    credentials = options.credentials or found.credentials
    if not credentials:
        with_cookies = bool(cookies or options.cookie_jars)
        credentials = "include" if with_cookies else "same-origin"
        told += _on_credentials(found, with_cookies) if not _is_own(url, origin) else []
    question = Question(
        origin=origin,
        method=options.method or (found.method if options.data is None else "") or ("GET" if body is None else "POST"),
        headers=(*(header for header in headers if header[0].lower() not in given), *options.headers),
        cookies=cookies,
        body=body,
        body_file=body_file,
        credentials=credentials,
        referrer_policy=options.referrer_policy,
        send=options.send,
        behind=_behind(options),
        engines=tuple(dict.fromkeys(options.engines or ENGINES)),
    )
    _refuse_what_no_script_sends(url, question)
    return Asked(url, question, tuple(told), expect=options.expect or "allowed")


def _refuse_what_no_script_sends(url: str, question: Question) -> None:
    """Refuse a request that ``fetch()`` refuses before it sends anything.

    :raises UsageError: with the reason.
    """
    target = parse_target_url(url)
    try:
        new_request(
            target.href,
            base=None,
            origin=parse_origin(question.origin),
            referrer=None,
            referrer_policy=question.referrer_policy,
            method=question.method,
            headers=question.headers,
            body=question.body,
            mode="cors",
            credentials=question.credentials,
            redirect="follow",
            cache="default",
            initiator="fetch",
            profile=PROFILES[question.engines[0]],
            notes=[],
        )
    except TypeError as error:
        raise UsageError(str(error)) from error


def _missing(option: str, found: Found) -> str:
    if found == Found():
        what = "the URL that the script fetches" if option == "URL" else "--origin, the origin of the page,"
        return f"{what} is missing; a good line: {_GOOD}"
    return f"the pasted text does not contain {_BESIDE[option]}"


_BESIDE = {
    "URL": "the URL; add it",
    "--origin": "the origin of the page; add it, such as --origin https://app.example.com",
    "--method": "the method; add it, such as --method PUT",
}


def _pairs(pasted: Iterable[tuple[str, str]], given: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the pasted and the given cookies; of two with the same name, the given one."""
    return tuple({**dict(pasted), **dict(given)}.items())


def _on_credentials(found: Found, with_cookies: bool) -> list[str]:
    if found == Found() and not with_cookies:
        return []
    why = "it carried no cookies"
    if with_cookies:
        why = "it carried cookies" if found.cookies else "cookies were given"
    credentials = "include" if with_cookies else "same-origin"
    return [f"credentials: {credentials} is assumed, because {why}; --credentials says otherwise"]


def _is_own(url: str, origin: str) -> bool:
    return parse_target_url(url).origin.serialized == origin


def _behind(options: argparse.Namespace) -> Behind | None:
    if options.behind is None:
        if options.behind_secrets:
            raise UsageError("--behind-secrets is about the application of --behind; give --behind too")
        return None
    if options.app:
        raise UsageError("--behind is for an application behind a proxy on the network; leave out --behind or --app")
    try:
        return Behind(parse_target_url(options.behind), options.behind_secrets)
    except UsageError as error:
        raise UsageError(f"--behind: {error}") from None


def _body(data: str | None) -> tuple[str | bytes | None, str]:
    """Return the body, and the name of the file that it was read from, if any."""
    if data is None or not data.startswith("@"):
        return data, ""
    name = data[1:]
    try:
        return Path(name).read_bytes(), name
    except OSError as error:
        raise UsageError(f"--data {quote(data)}: {error.strerror}") from error
