"""The target of a check: a URL, on the network or in a WSGI application of this process; and the origin of the page.

Anything wrong with them is a :class:`~corswsgi.errors.UsageError` of one line.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from corswsgi.applications import import_app
from corswsgi.browser.urls import URL, load_parser, parse_origin, parse_url
from corswsgi.errors import UsageError, quote

if TYPE_CHECKING:
    import requests

INSTALL = 'python -m pip install "corswsgi[check]"'

_GOOD_URL = 'an absolute one looks like "https://api.example.com/items"'

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Target:
    """The URL to check, and the application or network that answers.

    :ivar site: a WSGI application or a ``requests.Session``, as :class:`~corswsgi.browser.Browser` takes them.
    :ivar url: parsed, without a fragment.
    :ivar app: ``module:callable``; empty for the network.
    :ivar insecure: whether certificates are not verified.
    :ivar timeout: seconds for each answer.
    :ivar max_time: seconds for everything together; ``None`` for no limit.
    """

    site: Any
    url: URL
    app: str = ""
    insecure: bool = False
    timeout: float = 10.0
    max_time: float | None = None

    @property
    def address(self) -> str:
        """The URL as browsers write it."""
        return self.url.href


def open_target(
    app: str | None, url: str, *, insecure: bool = False, timeout: float = 10.0, max_time: float | None = None
) -> Target:
    """Return the target; nothing is sent yet.

    :param app: ``module:callable``, a WSGI application that answers for every host; ``None`` for the network.
    :param url: absolute, ``http:`` or ``https:``.
    :param insecure: accept any certificate.
    :param timeout: seconds for each answer.
    :param max_time: seconds for everything together.
    :raises UsageError: if there is no such application, the URL is not valid, or a package is missing.
    """
    parsed = parse_target_url(url)
    # It would log what it cannot parse of an answer, unescaped and with a traceback.
    logging.getLogger("urllib3").propagate = False
    site = import_app(app) if app else new_session(insecure=insecure)
    return Target(site, parsed, app or "", insecure, timeout, max_time)


def parse_target_url(text: str) -> URL:
    """Parse an absolute ``http:`` or ``https:`` URL as browsers do.

    :raises UsageError: if it is not one, with the correct one if that is known.
    """
    require_parser()
    try:
        url = parse_url(text)
    except ValueError:
        raise UsageError(_why_no_url(text)) from None
    if not url.is_http:
        if not url.netloc and _looks_like_host(text.partition("/")[0]):
            raise UsageError(_why_no_url(text))
        raise UsageError(f"the URL {quote(text)} has the scheme {quote(url.scheme)}; give one with http: or https:")
    if url.includes_credentials:
        raise UsageError(
            f"the URL of {url.netloc} has a user name or a password, which fetch() refuses; "
            "send them in an Authorization header"
        )
    return parse_url(url.without_fragment)


def _why_no_url(text: str) -> str:
    host = text.partition("/")[0]
    if text.startswith("//"):
        return f"the URL {quote(text)} is relative: it has no scheme; did you mean {quote(f'https:{text}')}?"
    if "://" not in text and _looks_like_host(host):
        return f"the URL {quote(text)} has no scheme; did you mean {quote(f'{_scheme_for(host)}://{text}')}?"
    if "://" not in text:
        return f"the URL {quote(text)} is relative; {_GOOD_URL}"
    host, colon, port = text.partition("://")[2].partition("/")[0].rpartition(":")
    if colon and parses(f"https://{host}/"):
        return f"the URL {quote(text)} does not parse: the port {quote(port)} is not a number from 0 to 65535"
    return f"the URL {quote(text)} does not parse; {_GOOD_URL}"


def _looks_like_host(text: str) -> bool:
    name, colon, port = text.rpartition(":")
    if not colon:
        name = text
    if colon and not port.isdigit():
        return False
    return (
        _is_local(name) or (bool(colon) and name.isalnum()) or ("." in name.strip(".") and parses(f"https://{text}/"))
    )


def parses(text: str) -> bool:
    """Tell whether a text is a valid URL."""
    try:
        parse_url(text)
    except ValueError:
        return False
    return True


def _scheme_for(host: str) -> str:
    return "http" if _is_local(host.rpartition(":")[0]) or _is_local(host) else "https"


def _is_local(name: str) -> bool:
    return name in _LOCAL_NAMES or name.endswith(".localhost")


def parse_page_origin(text: str) -> str:
    """Return the serialized origin of a page; ``"null"`` is one.

    :raises UsageError: if the text is not one, with the correct one if that is known.
    """
    require_parser()
    if text == "*":
        raise UsageError('the origin "*" is not that of a page; name one, such as "https://app.example.com"')
    if "://" not in text and _looks_like_host(text.partition("/")[0]):
        right = f"{_scheme_for(text.partition('/')[0])}://{text}"
        raise UsageError(
            f"the origin {quote(text)} has no scheme; did you mean {quote(parse_url(right).origin.serialized)}?"
        )
    try:
        return parse_origin(text).serialized
    except ValueError as error:
        raise UsageError(f"the origin {error}") from None


def require_parser() -> None:
    """Make sure that the URL parser is installed.

    :raises UsageError: if it is not, with the command that installs it.
    """
    try:
        load_parser()
    except ImportError as error:
        raise UsageError(f"ada-url is not installed; install it with: {INSTALL}") from error


# The network


def new_session(*, insecure: bool = False) -> requests.Session:
    """Return a session that, unless ``insecure``, verifies certificates.

    :raises UsageError: if requests is not installed.
    """
    try:
        import requests
        import urllib3
    except ImportError as error:
        raise UsageError(f"requests is not installed; install it with: {INSTALL}") from error
    if not insecure:
        return requests.Session()

    class Trusting(requests.Session):
        def merge_environment_settings(self, *args: Any) -> Any:
            # Here and not as session.verify, which REQUESTS_CA_BUNDLE overrules.
            return {**super().merge_environment_settings(*args), "verify": False}

    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return Trusting()
