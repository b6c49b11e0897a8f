"""Where Chromium, Firefox and WebKit depart from the standard, in one table.

An algorithm that can depart asks for it: ``request.departs(Departure.X)``. No algorithm asks for the name of an engine.
``tests/engines`` runs every engine against its profile, and so measures what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, unique
from types import MappingProxyType

#: The version in which each engine was measured.
MEASURED = MappingProxyType({"chromium": "156", "firefox": "153 ESR", "webkit": "WebKitGTK 2.50"})

_CHROMIUM, _FIREFOX, _WEBKIT = ("chromium",), ("firefox",), ("webkit",)


@unique
class Departure(Enum):
    """One way in which at least one engine departs from the standard.

    Each is ``(anchor, engines, standard, does, advice)``: what the standard says, what these engines do, and what the
    author of a policy or of a script should do about it.
    """

    def __init__(self, anchor: str, engines: tuple[str, ...], standard: str, does: str, advice: str) -> None:
        self.anchor = anchor
        self.measured: Mapping[str, str] = MappingProxyType({engine: MEASURED[engine] for engine in engines})
        self.standard = standard
        self.does = does
        self.advice = advice

    @property
    def id(self) -> str:
        """The name as programs and documents write it."""
        return self.name.lower().replace("_", "-")

    # Before anything is sent

    MIXED_CONTENT_OF_LOCAL_PAGES = (
        "mixed-content#should-block-fetch",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A page that nobody can have tampered with may not fetch http: URLs from other machines. This includes pages "
        "of http://localhost.",
        "Only https: pages are restricted: a page of http://localhost may fetch http: URLs from any address.",
        "Test with an https: page: a fetch that works from http://localhost may be blocked there.",
    )
    MIXED_CONTENT_OF_LOCAL_NETWORK = (
        "mixed-content#should-block-fetch",
        _CHROMIUM,
        "An https: page may fetch http: URLs from this machine only.",
        "An https: page may also fetch http: URLs from private addresses such as 192.168.1.20 and from .local names, "
        "if the user agrees to Local Network Access.",
        "Give the server in the local network a certificate: Firefox and Safari block http: there.",
    )
    MIXED_CONTENT_ON_LOOPBACK = (
        "mixed-content#should-block-fetch",
        _WEBKIT,
        "An https: page may fetch http: URLs from localhost and 127.0.0.1, because nobody can tamper with them on the "
        "way.",
        "An https: page may not fetch any http: URLs, not even from localhost.",
        "During development, serve the page from http://localhost, or give the local server a certificate.",
    )
    LOCAL_NETWORK_ACCESS = (
        "local-network-access#check",
        _CHROMIUM,
        "Fetch does not tell networks apart: a public page may fetch from this machine and from private addresses.",
        "Before a public page fetches from this machine or from a private address, the browser asks the user, who may "
        "refuse. A public page without https: is blocked.",
        "Serve such pages over https:, and tell users why the browser asks. No header can answer for them.",
    )

    # Which request headers need permission

    WILDCARD_COVERS_AUTHORIZATION = (
        "fetch#cors-non-wildcard-request-header-name",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "* in Access-Control-Allow-Headers does not cover Authorization.",
        "* in Access-Control-Allow-Headers covers Authorization too.",
        "List Authorization as well as *, because engines may start to follow the standard. Do not rely on * to keep "
        "Authorization out.",
    )
    SAFELIST_JOINED = (
        "fetch#cors-safelisted-request-header",
        _CHROMIUM + _WEBKIT,
        "Each line of a header is checked by itself.",
        "Lines of the same name are joined before they are checked, so that two lines Content-Type: text/plain need "
        "permission.",
        "Set such a header only once.",
    )
    SAFELIST_SUM = (
        "fetch#cors-unsafe-request-header-names",
        _FIREFOX,
        "Safelisted headers need permission if their values have more than 1024 bytes together.",
        "The lengths of safelisted headers are never added up.",
        "No action is needed: a request with one line for each name does not reach that limit.",
    )
    CLIENT_HINTS = (
        "fetch#cors-safelisted-request-header",
        _CHROMIUM,
        "DPR, Save-Data and other client hints need permission.",
        "Client hints with valid values need no permission.",
        "Allow them anyway: the other engines ask for permission.",
    )
    ACCEPT_BYTES = (
        "fetch#cors-unsafe-request-header-byte",
        _FIREFOX,
        "Bytes from 0x80 up are safe in Accept.",
        "Accept needs permission if it contains bytes outside ASCII.",
        "Use only ASCII in header values.",
    )
    CONTENT_TYPE_PARAMETERS = (
        "fetch#cors-safelisted-request-header",
        _FIREFOX,
        "Only the essence of a media type counts, not its parameters.",
        "A Content-Type needs permission if its parameters contain a comma or a byte outside ASCII, or end with a "
        "semicolon.",
        "Write parameters as name=value.",
    )
    RANGE_CASE = (
        "fetch#simple-range-header-value",
        _WEBKIT,
        "Range is safelisted only if bytes= is in lower case.",
        "Range is safelisted even if bytes= is not in lower case.",
        "Write bytes= in lower case, as in bytes=0-5.",
    )
    RANGE_63_BITS = (
        "fetch#simple-range-header-value",
        _CHROMIUM,
        "Numbers in Range may be of any size.",
        "Range needs permission if it contains a number of 9223372036854775807 (2**63 - 1) or more.",
        "No action is needed: no file is that long.",
    )
    RANGE_64_BITS = (
        "fetch#simple-range-header-value",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "Numbers in Range may be of any size.",
        "Range needs permission if it contains a number of 18446744073709551616 (2**64) or more.",
        "No action is needed: no file is that long.",
    )
    HEADER_TWICE = (
        "fetch#cors-unsafe-request-header-names",
        _FIREFOX,
        "A preflight names each header once.",
        "A preflight names a header as often as the script sets it.",
        "No action is needed with corswsgi, which counts each name once. A server of your own should do so too.",
    )

    # Which headers are sent

    USER_AGENT = (
        "fetch#forbidden-request-header",
        _CHROMIUM,
        "A script may set User-Agent, with permission.",
        "If a script sets User-Agent, the header is dropped and needs no permission.",
        "Do not rely on a User-Agent that a script sets.",
    )
    RANGE_REWRITTEN = (
        "fetch#concept-http-network-or-cache-fetch",
        _CHROMIUM,
        "Range is sent as the script set it.",
        "In a GET, a Range header with a single range is rewritten: Bytes= 00-5 is sent as bytes=0-5.",
        "Write bytes= in lower case, without spaces and leading zeros, as in bytes=0-5.",
    )
    LAST_LINE_ONLY = (
        "fetch#concept-headers-append",
        _FIREFOX,
        "All lines of a header are sent.",
        "If a script sets a header several times that is not a list, such as Content-Type or Authorization, only the "
        "last line is sent.",
        "Set such a header only once.",
    )
    HEADERS_IN_UTF_8 = (
        "fetch#concept-header-value",
        _WEBKIT,
        "Each character of a header value is sent as one byte.",
        "In header values, characters outside ASCII are sent as UTF-8.",
        "Use only ASCII in header values.",
    )

    # Origin, Referer and Sec-Fetch-*

    ORIGIN_DESPITE_POLICY = (
        "fetch#append-a-request-origin-header",
        _CHROMIUM,
        "In modes other than cors, a referrer policy may turn Origin into null.",
        "In modes other than cors, Origin is the page's origin even if the referrer policy hides it.",
        "No action is needed in a policy. A server that checks Origin to prevent request forgery must treat null like "
        "any origin that it does not know.",
    )
    OPAQUE_ORIGIN = (
        "fetch#append-a-request-origin-header",
        _FIREFOX,
        "A GET in mode no-cors has no Origin.",
        "A GET in mode no-cors has Origin: null if it comes from a page with an opaque origin, such as a sandboxed "
        "frame, and includes credentials.",
        "No action is needed: null counts as an unknown origin.",
    )
    OPAQUE_ORIGIN_UNTIL_REDIRECT = (
        "fetch#append-a-request-origin-header",
        _FIREFOX,
        "A GET in mode no-cors has no Origin.",
        "A GET in mode no-cors that has Origin: null because of its page's opaque origin loses the header after a "
        "redirect to another origin.",
        "No action is needed: null counts as an unknown origin.",
    )
    ORIGIN_OF_ELEMENTS = (
        "fetch#append-a-request-origin-header",
        _CHROMIUM + _WEBKIT,
        "A GET to the page's own origin has no Origin.",
        "A GET to the page's own origin has Origin if it comes from an element with crossorigin, a module script or, "
        "in Chromium, a font.",
        "No action is needed: Origin is the page's own, and enforce=True lets it pass.",
    )
    OPAQUE_REFERER = (
        "referrer-policy#determine-requests-referrer",
        _WEBKIT,
        "A page with an opaque origin, such as a sandboxed frame, sends no Referer.",
        "A sandboxed frame sends Referer.",
        "Never use Referer in place of Origin.",
    )
    OPAQUE_REFERER_OF_ELEMENTS = (
        "referrer-policy#determine-requests-referrer",
        _FIREFOX,
        "A page with an opaque origin, such as a sandboxed frame, sends no Referer.",
        "The images, scripts, fonts and event sources of such a page send Referer; its calls of fetch() do not.",
        "Never use Referer in place of Origin.",
    )
    REFERRER_DOWNGRADE = (
        "referrer-policy#determine-requests-referrer",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A request is a downgrade if others on the way can tamper with it, but not with its page.",
        "A request is a downgrade if it goes from an https: page to an http: URL, even on localhost. A request from a "
        "page of http://localhost never is.",
        "Do not rely on Referer.",
    )
    LAX_REFERRER_POLICY = (
        "referrer-policy#determine-requests-referrer",
        _FIREFOX + _WEBKIT,
        "Under the referrer policies unsafe-url and no-referrer-when-downgrade, every origin is sent the page's whole "
        "address.",
        "Under these policies, other sites are sent the page's origin only.",
        "Do not rely on Referer.",
    )
    LOCAL_SCHEMES_SAME_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _FIREFOX,
        "A page of http://localhost and a server at https://localhost belong to different sites.",
        "They belong to the same site, although http: and https: are different sites elsewhere.",
        "No action is needed: enforce=True compares Origin with Host unless Sec-Fetch-Site is same-origin.",
    )
    PREFLIGHT_MODE = (
        "fetch-metadata#fetch-integration",
        _CHROMIUM,
        "Requests to URLs that others on the way can tamper with have no Sec-Fetch-* headers.",
        "Preflights to such URLs have Sec-Fetch-Mode.",
        "No action is needed.",
    )
    WEBSOCKET_NO_METADATA = (
        "fetch-metadata#fetch-integration",
        _CHROMIUM,
        "The handshake of a WebSocket has Sec-Fetch-* headers.",
        "The handshake of a WebSocket has no Sec-Fetch-* headers.",
        "Check its Origin, as enforce=True does.",
    )
    WEBSOCKET_DESTINATION = (
        "fetch-metadata#sec-fetch-dest-header",
        _WEBKIT,
        "In the handshake of a WebSocket, Sec-Fetch-Dest has the value empty.",
        "In the handshake of a WebSocket, Sec-Fetch-Dest has the value websocket.",
        "Check Sec-Fetch-Mode instead: its value is websocket in all engines that send it.",
    )

    # Redirects

    REDIRECT_DELETE = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "A redirect turns DELETE into GET only if its status is 303.",
        "Every redirect to another origin turns DELETE into GET.",
        "Do not redirect DELETE to another origin.",
    )
    REDIRECT_PREFLIGHTED = (
        "fetch#http-redirect-fetch",
        _FIREFOX + _WEBKIT,
        "After a redirect, the browser sends a preflight only if the new request needs one.",
        "If the first request needed a preflight, or had headers that need permission, the browser sends a preflight "
        "before every later request to another origin, even before a plain GET.",
        "Make the server at the end of a redirect answer preflights too.",
    )
    REDIRECT_FIRST_NAMES = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "After a redirect, a preflight names the headers that the new request still has.",
        "After a redirect, a preflight names the headers of the first request, even those that the redirect removed.",
        "On the server at the end of a redirect, allow the headers of the first request.",
    )
    REDIRECT_BODY_HEADERS_ASKED = (
        "fetch#http-redirect-fetch",
        _FIREFOX,
        "After a redirect, a preflight names the headers that the new request still has.",
        "If a redirect turned the request into a GET and removed Content-Type, the preflight after the next redirect "
        "names Content-Type again.",
        "On the server at the end of a redirect, allow the headers of the first request.",
    )
    REDIRECT_AUTHORIZATION_BACK = (
        "fetch#http-redirect-fetch",
        _FIREFOX,
        "A redirect to another origin removes Authorization for good.",
        "A redirect to another origin removes Authorization, but one more redirect within that origin brings it back.",
        "Do not redirect requests with Authorization to an origin that must not see it.",
    )
    REDIRECT_307_BODY_HEADERS_BACK = (
        "fetch#http-redirect-fetch",
        _FIREFOX,
        "A redirect that turns a request into a GET removes Content-Type and Content-Language for good.",
        "If a redirect turned the request into a GET, a later 307 or 308 brings Content-Type and Content-Language "
        "back, and any other redirect removes them again.",
        "Ignore these headers in a request without a body.",
    )
    REDIRECT_307_CONTENT_TYPE_BACK = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "A redirect that turns a request into a GET removes Content-Type for good.",
        "In mode no-cors, if a redirect turned the request into a GET, the next 307 or 308 brings Content-Type back.",
        "Ignore Content-Type in a request without a body.",
    )
    REDIRECT_ENCODING = (
        "fetch#concept-http-network-or-cache-fetch",
        _WEBKIT,
        "A request with Range has Accept-Encoding: identity.",
        "In mode cors, a request with Range accepts gzip right after a redirect to another origin.",
        "Answer requests with Range without a content coding.",
    )
    REDIRECT_BODY_HEADERS_BACK = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "A redirect that turns a request into a GET removes Content-Type and Content-Language for good.",
        "If a redirect turned the request into a GET, the next redirect brings Content-Type and Content-Language back.",
        "Ignore these headers in a request without a body.",
    )
    REDIRECT_CHECKED_WITH_CREDENTIALS = (
        "fetch#cors-check",
        _WEBKIT,
        "In credentials mode same-origin, responses of other origins are checked as if there were no credentials.",
        "In credentials mode same-origin, if the first request went to the page's own origin, a redirect of another "
        "origin is checked as if credentials were included.",
        "Do not redirect a script to another origin that redirects it again, or let that origin's redirect allow "
        "credentials.",
    )
    REDIRECT_NO_CORS_ORIGIN = (
        "fetch#append-a-request-origin-header",
        _CHROMIUM,
        "In mode no-cors, a POST that is redirected from the page's own origin to another has the page's origin in "
        "Origin.",
        "In mode no-cors, a POST that is redirected from the page's own origin to another has Origin: null.",
        "No action is needed in a policy. A server that checks Origin to prevent request forgery must treat null like "
        "any origin that it does not know.",
    )
    REDIRECT_PREFLIGHT_ORIGIN = (
        "fetch#concept-request-tainted-origin",
        _FIREFOX,
        "After a redirect from one foreign origin to another, the preflight and the request both have Origin: null.",
        "After a redirect from one foreign origin to another, the preflight has the page's origin, and the request has "
        "Origin: null.",
        "Do not redirect a request that needs a preflight across origins. If you must, the last server has to allow "
        "both the page's origin and null.",
    )
    REDIRECT_PREFLIGHT_AT_HOME = (
        "fetch#cors-preflight-fetch",
        _FIREFOX,
        "The response to a preflight must allow the origin of the request, even if a redirect leads back to the page's "
        "own origin.",
        "At the page's own origin, the response to a preflight need not allow the origin. It must still list methods "
        "and headers.",
        "Let the page's own server answer preflights like any other server.",
    )
    REDIRECT_PREFLIGHT_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _CHROMIUM + _FIREFOX,
        "Sec-Fetch-Site depends on every address on the way: a single cross-site address makes it cross-site.",
        "In preflights, only the last address counts.",
        "No action is needed: a preflight does nothing on the server.",
    )
    REDIRECT_PREFLIGHT_CROSS_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _WEBKIT,
        "Sec-Fetch-Site depends on every address on the way: a single cross-site address makes it cross-site.",
        "In preflights with Origin: null, Sec-Fetch-Site is always cross-site.",
        "No action is needed: a preflight does nothing on the server.",
    )
    REDIRECT_CROSS_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _FIREFOX,
        "Sec-Fetch-Site depends on every address on the way: a single cross-site address makes it cross-site.",
        "After a redirect, Sec-Fetch-Site is cross-site even if every address is same-site.",
        "No action is needed: enforce=True compares Origin with Host unless Sec-Fetch-Site is same-origin, and refuses "
        "origins that the policy does not allow.",
    )
    REDIRECT_NO_METADATA = (
        "fetch-metadata#fetch-integration",
        _WEBKIT,
        "Every request to a trustworthy URL has Sec-Fetch-* headers.",
        "In mode cors, the request right after a redirect to another origin has no Sec-Fetch-* headers; its preflight "
        "has them.",
        "Do not refuse a request because Sec-Fetch-Site is missing; enforce=True does not.",
    )
    REDIRECT_PREFLIGHT_REFERER = (
        "referrer-policy#determine-requests-referrer",
        _WEBKIT,
        "A preflight has the same Referer as its request.",
        "Within the page's site, a preflight after a redirect has the Referer of the first request, which may be the "
        "page's whole address.",
        "Keep secrets out of addresses, or set Referrer-Policy: no-referrer.",
    )
    REDIRECT_KEEPS_ORIGIN = (
        "fetch#append-a-request-origin-header",
        _WEBKIT,
        "A GET to the page's own origin, or in mode no-cors, has no Origin, even if it was a POST before a redirect.",
        "If a redirect turns a POST or PUT into a GET, the GET keeps its Origin as long as no redirect leads to "
        "another origin.",
        "No action is needed: Origin is the page's own.",
    )
    REDIRECT_USER_NAME = (
        "fetch#http-redirect-fetch",
        _CHROMIUM,
        "A redirect within the page's own origin may lead to a URL with a user name.",
        "In mode cors, a redirect to a URL with a user name is blocked, even within the page's own origin.",
        "Do not redirect to URLs with user names.",
    )

    # The preflight cache

    NEGATIVE_MAX_AGE = (
        "fetch#http-access-control-max-age",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "An Access-Control-Max-Age that is not all digits is ignored, and the default of 5 seconds applies.",
        "A negative Access-Control-Max-Age counts as 0.",
        "Send 0 if the preflight should not be remembered.",
    )
    MALFORMED_MAX_AGE = (
        "fetch#http-access-control-max-age",
        _FIREFOX,
        "If Access-Control-Max-Age is not all digits, or is sent twice, it is ignored, and the default of 5 seconds "
        "applies.",
        "If Access-Control-Max-Age is not all digits, or is sent twice, the preflight is not remembered at all.",
        "Make sure that only corswsgi sets the header.",
    )
    HUGE_MAX_AGE = (
        "fetch#http-access-control-max-age",
        _CHROMIUM + _WEBKIT,
        "An Access-Control-Max-Age of any size counts, up to the longest time for which the browser remembers a "
        "preflight.",
        "An Access-Control-Max-Age of 9223372036854775808 (2**63) or more is ignored, and the default of 5 seconds "
        "applies.",
        "No action is needed: corswsgi sends 86400 at most.",
    )
    WILDCARD_NOT_KEPT = (
        "fetch#concept-cache-create-entry",
        _FIREFOX,
        "* in the response to a preflight is remembered, and permits later requests without credentials.",
        "Only names are remembered, not *, so that the browser asks again.",
        "List methods and headers by name if you want fewer preflights.",
    )
    WILDCARD_KEPT_WITH_CREDENTIALS = (
        "fetch#concept-cache-create-entry",
        _WEBKIT,
        "The standard remembers * from a response with credentials, and later treats it as a wildcard. "
        "corswsgi.browser is stricter: it asks again.",
        "* from a response with credentials is remembered as a wildcard for later requests without credentials.",
        "No action is needed: corswsgi never sends * with credentials.",
    )
    KEPT_WILDCARD_COVERS_AUTHORIZATION = (
        "fetch#concept-cache-match-header",
        _WEBKIT,
        "A remembered * does not cover Authorization.",
        "A remembered * covers Authorization, and the browser does not ask.",
        "Do not rely on * to keep Authorization out.",
    )
    CREDENTIALS_KEPT_APART = (
        "fetch#concept-cache-match",
        _FIREFOX,
        "A preflight for a request with credentials also permits requests without them.",
        "Preflights for requests with and without credentials are remembered separately, so that the browser asks "
        "again.",
        "No action is needed: it only costs one more preflight.",
    )
    NULL_NOT_KEPT = (
        "fetch#concept-cache-create-entry",
        _CHROMIUM,
        "A preflight with Origin: null is remembered like any other.",
        "A preflight with Origin: null is not remembered.",
        "No action is needed: it only costs one more preflight.",
    )
    REDIRECT_NULL_NOT_KEPT = (
        "fetch#concept-cache-create-entry",
        _CHROMIUM + _WEBKIT,
        "A preflight with Origin: null is remembered like any other.",
        "A preflight is not remembered if its Origin is null because of a redirect.",
        "No action is needed: it only costs one more preflight.",
    )
    LAST_ANSWER_ONLY = (
        "fetch#concept-cache-create-entry",
        _CHROMIUM + _WEBKIT,
        "The browser remembers everything that several preflights for a URL have permitted.",
        "For each URL, only the last response to a preflight is remembered: if it does not permit a request, it is "
        "forgotten, and the browser asks again.",
        "Answer every preflight with the complete lists, as corswsgi does, and not only with what it asks for.",
    )
    KEPT_THOUGH_REFUSED = (
        "fetch#cors-preflight-fetch",
        _WEBKIT,
        "If the response to a preflight does not permit the request, nothing is remembered.",
        "If the response to a preflight does not permit the request, what it does permit is remembered.",
        "No action is needed.",
    )
    KEPT_AFTER_FAILURE = (
        "fetch#main-fetch",
        _CHROMIUM + _WEBKIT,
        "If a request fails after its preflight, the preflight is forgotten.",
        "A preflight is remembered even if the request after it fails.",
        "Before you test a policy that you have fixed, wait until max_age has passed, or restart the browser.",
    )
    KEPT_AFTER_REDIRECT_ERROR = (
        "fetch#main-fetch",
        _FIREFOX,
        "If a request fails after its preflight, the preflight is forgotten.",
        "A preflight is remembered if the request after it fails because of the redirect mode error.",
        "No action is needed.",
    )
    ASKED_AGAIN_UNCACHED = (
        "fetch#http-fetch",
        _CHROMIUM + _FIREFOX,
        "The cache mode of a request applies to the HTTP cache, not to remembered preflights.",
        "In the cache modes no-store and reload, or if a script sets If-None-Match or another conditional header, the "
        "browser asks again.",
        "Do not count preflights while the cache is disabled in the developer tools: that has the same effect.",
    )
    ASKED_AGAIN_NO_CACHE = (
        "fetch#http-fetch",
        _CHROMIUM,
        "The cache mode of a request applies to the HTTP cache, not to remembered preflights.",
        "In the cache mode no-cache, the browser asks again.",
        "No action is needed: it only costs one more preflight.",
    )

    # What the script gets

    PASSWORD_PROMPT = (
        "fetch#http-network-or-cache-fetch",
        _CHROMIUM + _FIREFOX,
        "The script gets a 401 of another origin like any other response, and the user is not asked for a password.",
        "If credentials are included, a 401 makes the browser ask the user for a password, and the script waits.",
        "Do not answer fetch() with WWW-Authenticate: Basic or Digest. Send Bearer, or no challenge.",
    )
    PASSWORD_PROMPT_ANYWHERE = (
        "fetch#http-network-or-cache-fetch",
        _FIREFOX,
        "The script gets a 401 of another origin like any other response, and the user is not asked for a password.",
        "The browser asks the user for a password even if Basic or Digest is not the first challenge of its line.",
        "Do not answer fetch() with WWW-Authenticate: Basic or Digest. Send Bearer, or no challenge.",
    )
    DATA_URL_LENGTH = (
        "fetch#data-url-processor",
        _FIREFOX,
        "The response to a data: URL has only a Content-Type.",
        "The response to a data: URL has a Content-Length as well.",
        "No action is needed.",
    )
    FONT_NO_CORS = (
        "css-fonts#font-fetching-requirements",
        _WEBKIT,
        "A font of another origin is loaded only if that origin allows it.",
        "A font of another origin is loaded in mode no-cors, without permission.",
        "Do not rely on CORS to keep a font to your own pages.",
    )
    SCRIPT_BACK_AT_HOME = (
        "html#muted-errors",
        _FIREFOX,
        "If another origin has redirected a script without crossorigin, its errors are hidden from the page.",
        "The errors are shown if the last redirect leads back to the page's own origin.",
        "No action is needed: the script is the page's own.",
    )

    # Cookies

    COOKIES_PARTITIONED = (
        "rfc6265bis#section-7.1",
        _FIREFOX,
        "In a page of another site, a third party has the same cookies as on its own pages.",
        "A third party has separate cookies in the pages of each site, and only these are sent from there.",
        "Do not rely on one login for several sites. Serve the page and the API from one site.",
    )
    COOKIES_BLOCKED = (
        "rfc6265bis#section-7.1",
        _WEBKIT,
        "Third parties may set cookies, and get them back.",
        "Third parties can neither set nor get cookies; nor can a server to which a third party redirects.",
        "Serve the page and the API from one site, or do without cookies.",
    )
    COOKIE_SITE_SCHEMELESS = (
        "rfc6265bis#section-5.2",
        _FIREFOX + _WEBKIT,
        "http: pages and https: servers belong to different sites, even on the same host.",
        "Only host names count, not schemes.",
        "Serve the page and the API over the same scheme.",
    )
    COOKIE_DEFAULT_NONE = (
        "rfc6265bis#section-5.6.7.1",
        _FIREFOX,
        "A cookie without SameSite counts as Lax.",
        "A cookie without SameSite counts as None. It does so in WebKit too, which then blocks it as a third party's.",
        "Always set SameSite.",
    )
    COOKIE_NONE_WITHOUT_SECURE = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "A cookie with SameSite=None and without Secure is refused.",
        "A cookie with SameSite=None and without Secure is kept.",
        "Write SameSite=None; Secure.",
    )
    COOKIE_AFTER_REDIRECT = (
        "rfc6265bis#section-5.2",
        _FIREFOX,
        "Only the last address decides whether a request is same-site.",
        "A request that was redirected from another site carries no cookies with SameSite=Lax or Strict.",
        "Do not redirect requests with cookies through other sites.",
    )
    COOKIE_SECURE_LOOPBACK = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "Cookies with Secure are kept for http://localhost too, because this machine is as trustworthy as https:.",
        "Cookies with Secure are kept for https: only.",
        "Leave Secure out on http://localhost, or use a certificate during development.",
    )
    COOKIE_TAB = (
        "rfc6265bis#section-5.6",
        _CHROMIUM,
        "A tab inside a cookie's value is kept.",
        "A cookie with a tab inside its value is refused.",
        "Use only printable ASCII in cookie values.",
    )
    COOKIE_NAME_ALONE = (
        "rfc6265bis#section-5.6",
        _FIREFOX,
        "A cookie without an equals sign is a value without a name.",
        "A cookie without an equals sign is a name with an empty value, and a value without a name is refused.",
        "Give every cookie a name.",
    )
    COOKIE_NOT_UTF_8 = (
        "rfc6265bis#section-5.6",
        _FIREFOX,
        "A cookie's value may contain any bytes except control characters.",
        "Bytes that are not UTF-8 are sent back as U+FFFD.",
        "Use only printable ASCII in cookie values.",
    )
    COOKIE_RENEWED = (
        "rfc6265bis#section-5.7",
        _CHROMIUM,
        "A cookie that is set again keeps its place among the others.",
        "A cookie that is set again with another value is sent after those that were set earlier.",
        "No action is needed: no server should depend on the order.",
    )
    COOKIE_DATE_LENIENT = (
        "rfc6265bis#section-5.1.1",
        _FIREFOX,
        "A date without a time, or one that does not exist, is ignored.",
        "February 30 counts as March 2, and the time of day may be missing.",
        "Write dates in the format of HTTP, or use Max-Age.",
    )
    COOKIE_EARLY_DATE = (
        "rfc6265bis#section-5.1.1",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A date before 1601 is ignored.",
        "A cookie with a date before 1601 has expired.",
        "Delete cookies with Max-Age=0.",
    )
    COOKIE_MAX_AGE_PLUS = (
        "rfc6265bis#section-5.6.2",
        _CHROMIUM + _WEBKIT,
        "A Max-Age with a plus sign is ignored.",
        "In Max-Age, a plus sign before the number is ignored.",
        "Write digits only.",
    )
    COOKIE_MAX_AGE_MINUS = (
        "rfc6265bis#section-5.6.2",
        _FIREFOX,
        "A Max-Age that is only a minus sign is ignored.",
        "A Max-Age that is only a minus sign deletes the cookie.",
        "Write Max-Age=0.",
    )
    COOKIE_MAX_AGE_UNDONE = (
        "rfc6265bis#section-5.6.2",
        _CHROMIUM + _FIREFOX,
        "A Max-Age that is not a number leaves an earlier one in force.",
        "A Max-Age that is not a number cancels an earlier one.",
        "Write Max-Age only once.",
    )
    COOKIE_EXPIRES_UNDONE = (
        "rfc6265bis#section-5.6.1",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "An Expires that is not a date leaves an earlier one in force.",
        "An Expires that is not a date cancels an earlier one.",
        "Write Expires only once.",
    )
    COOKIE_DOMAIN_DOT = (
        "rfc6265bis#section-5.6.3",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A Domain that is only a dot is ignored.",
        "A cookie with a Domain that is only a dot is refused.",
        "Leave Domain out.",
    )

    # Cookies in WebKitGTK, which keeps them with libsoup; Safari keeps its cookies with another library.

    COOKIE_PREFIXES_IGNORED = (
        "rfc6265bis#section-5.4",
        _WEBKIT,
        "A cookie whose name begins with __Host- or __Secure- is refused if it lacks the attributes that the prefix "
        "demands.",
        "WebKitGTK keeps it. Safari is said to follow the rule.",
        "Send the attributes.",
    )
    COOKIE_PARTITIONED_IGNORED = (
        "partitioned-cookies#section-2.1",
        _WEBKIT,
        "Partitioned needs Secure, and keeps a cookie to one first party.",
        "WebKitGTK ignores the attribute.",
        "Write Secure too.",
    )
    COOKIE_SIZE = (
        "rfc6265bis#section-5.6",
        _WEBKIT,
        "A cookie of more than 4096 bytes is refused, and an attribute of more than 1024 bytes is ignored.",
        "WebKitGTK has no such limits.",
        "Keep cookies small.",
    )
    COOKIE_CUT = (
        "rfc6265bis#section-5.6",
        _WEBKIT,
        "A cookie with control characters is refused, and other bytes are kept as they are.",
        "WebKitGTK cuts off the name and the value at the first byte that is not printable ASCII.",
        "Use only printable ASCII in cookie values.",
    )
    COOKIE_EMPTY_KEPT = (
        "rfc6265bis#section-5.6",
        _WEBKIT,
        "A cookie with neither a name nor a value is refused.",
        "WebKitGTK keeps it, and sends an empty Cookie header.",
        "Give every cookie a name.",
    )
    COOKIE_MAX_AGE_EMPTY = (
        "rfc6265bis#section-5.6.2",
        _WEBKIT,
        "An empty Max-Age is ignored.",
        "WebKitGTK deletes the cookie.",
        "Write Max-Age=0.",
    )
    COOKIE_EXPIRES_WINS = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "Max-Age takes precedence over Expires.",
        "In WebKitGTK, the last of the two counts.",
        "Give both the same time, or send only one of them.",
    )
    COOKIE_DATE_FORMATS = (
        "rfc6265bis#section-5.1.1",
        _WEBKIT,
        "The parts of a date may come in any order and with any separators.",
        "WebKitGTK reads only the date formats of HTTP.",
        "Write dates in the format of HTTP, or use Max-Age.",
    )
    COOKIE_DOMAIN_CASE = (
        "rfc6265bis#section-5.6.3",
        _WEBKIT,
        "Domain may be in capitals.",
        "WebKitGTK refuses a cookie with capitals in Domain, unless Domain is the host itself.",
        "Write Domain in lower case.",
    )
    COOKIE_DOMAIN_SUFFIX = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "A host that is a public suffix, such as localhost, may name itself in Domain.",
        "WebKitGTK refuses the cookie.",
        "Leave Domain out.",
    )
    COOKIE_DOMAIN_OF_ADDRESS = (
        "rfc6265bis#section-5.1.3",
        _WEBKIT,
        "If the host is an IP address, Domain must be that address.",
        "In WebKitGTK, Domain may be the end of the address, such as 0.0.1.",
        "Leave Domain out.",
    )
    COOKIE_OVERLAY_PATH = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "A cookie that is set over http: may not hide a cookie with Secure, at its path or below.",
        "WebKitGTK refuses such a cookie only at exactly the same path.",
        "Use __Host- and https: throughout.",
    )
    COOKIE_DOMAIN_ORDER = (
        "rfc6265bis#section-5.8.3",
        _WEBKIT,
        "Cookies with paths of the same length are sent in the order in which they were set.",
        "In WebKitGTK, those with longer domains come first, and those with Domain before those without.",
        "No action is needed: no server should depend on the order.",
    )

    # The HTTP cache, which Browser does not have; the one in tests/engines acts these out.

    FRAMES_CACHED_APART = (
        "fetch#cors-protocol-and-http-caches",
        _CHROMIUM,
        "Without Vary: Origin, a script may get a response that a navigation left in the HTTP cache.",
        "What frames load is cached separately from what scripts fetch.",
        "Send Vary, as corswsgi does: in every engine, a script may get a response that another page left in the "
        "cache.",
    )
    CREDENTIALS_CACHED_APART = (
        "fetch#cors-protocol-and-http-caches",
        _FIREFOX,
        "Without Vary: Origin, a script may get a response that a navigation left in the HTTP cache.",
        "Responses to requests with credentials, such as navigations, are cached separately from those without.",
        "Send Vary, as corswsgi does: in every engine, a script may get a response that another page left in the "
        "cache.",
    )


#: Tells whether an engine has a departure.
Departs = Callable[[Departure], bool]

#: What only WebKitGTK does, because libsoup keeps its cookies. Safari uses another library, which has not been measured
#: here, so that statements about Safari leave these out.
OF_LIBSOUP = frozenset(
    {
        Departure.COOKIE_PREFIXES_IGNORED,
        Departure.COOKIE_PARTITIONED_IGNORED,
        Departure.COOKIE_SIZE,
        Departure.COOKIE_CUT,
        Departure.COOKIE_EMPTY_KEPT,
        Departure.COOKIE_MAX_AGE_EMPTY,
        Departure.COOKIE_EXPIRES_WINS,
        Departure.COOKIE_DATE_FORMATS,
        Departure.COOKIE_DOMAIN_CASE,
        Departure.COOKIE_DOMAIN_SUFFIX,
        Departure.COOKIE_DOMAIN_OF_ADDRESS,
        Departure.COOKIE_OVERLAY_PATH,
        Departure.COOKIE_DOMAIN_ORDER,
    }
)
