"""What Chromium, Firefox and WebKit do otherwise than the standard, in one table.

A departure is acted out by the algorithm that asks for it: ``request.departs(Departure.X)``. No algorithm asks which
engine it plays. What an engine does is measured by ``tests/engines``, which holds each engine against its profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from types import MappingProxyType

#: The version in which each engine was measured.
MEASURED = MappingProxyType({"chromium": "156", "firefox": "153 ESR", "webkit": "WebKitGTK 2.50"})

_CHROMIUM, _FIREFOX, _WEBKIT = ("chromium",), ("firefox",), ("webkit",)


@unique
class Departure(Enum):
    """One thing that at least one engine does otherwise.

    Each is ``(anchor, engines, standard, does, advice)``: what the standard wants, what happens in these engines, and
    what the author of a policy or of a script should do about it.
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
        "No page that nobody can have tampered with, not even one of http://localhost, may fetch http: from elsewhere.",
        "Only pages of https: are held to that; a page of http://localhost may fetch http: from any address.",
        "Do not take a fetch that works from http://localhost for one that works from an https: page.",
    )

    MIXED_CONTENT_OF_LOCAL_NETWORK = (
        "mixed-content#should-block-fetch",
        _CHROMIUM,
        "A page of https: may fetch http: from this machine only.",
        "A page of https: may also fetch http: from private addresses such as 192.168.1.20 and from .local names, if "
        "its user agrees to Local Network Access.",
        "Give the server in the local network a certificate; Firefox and Safari block http: there.",
    )
    MIXED_CONTENT_ON_LOOPBACK = (
        "mixed-content#should-block-fetch",
        _WEBKIT,
        "A page of https: may fetch http: from localhost and 127.0.0.1, which nobody can tamper with.",
        "A page of https: may fetch http: from nowhere, not even from localhost.",
        "Serve the page from http://localhost while you develop, or give the local server a certificate.",
    )

    LOCAL_NETWORK_ACCESS = (
        "local-network-access#check",
        _CHROMIUM,
        "Fetch knows nothing of networks: a public page may fetch from this machine and from private addresses.",
        "The user is asked, who may deny it; a public page without https: may not.",
        "Serve such pages over https:, and tell users why they are asked. No header answers for them.",
    )

    # Which request headers need permission

    WILDCARD_COVERS_AUTHORIZATION = (
        "fetch#cors-non-wildcard-request-header-name",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "* in Access-Control-Allow-Headers does not cover Authorization.",
        "* covers Authorization too.",
        "List Authorization beside *: engines may follow the standard any day. Do not count on * to keep it out.",
    )
    SAFELIST_JOINED = (
        "fetch#cors-safelisted-request-header",
        _CHROMIUM + _WEBKIT,
        "Each line of a header is checked by itself.",
        "The lines of a name are joined first, so that two lines Content-Type: text/plain need permission.",
        "Set such a header once.",
    )
    SAFELIST_SUM = (
        "fetch#cors-unsafe-request-header-names",
        _FIREFOX,
        "Safelisted headers of more than 1024 bytes together need permission.",
        "They are never added up.",
        "Nothing: a request with one line for each name does not get there.",
    )
    CLIENT_HINTS = (
        "fetch#cors-safelisted-request-header",
        _CHROMIUM,
        "DPR, Save-Data and other client hints need permission.",
        "Client hints need no permission if their values make sense.",
        "List them anyway, for the other engines.",
    )
    ACCEPT_BYTES = (
        "fetch#cors-unsafe-request-header-byte",
        _FIREFOX,
        "Bytes from 0x80 are safe in Accept.",
        "Bytes outside ASCII in Accept need permission.",
        "Keep header values to ASCII.",
    )
    CONTENT_TYPE_PARAMETERS = (
        "fetch#cors-safelisted-request-header",
        _FIREFOX,
        "A type counts by its essence, whatever its parameters look like.",
        "A type with a comma, a byte outside ASCII or a last semicolon among its parameters needs permission.",
        "Write parameters as name=value.",
    )
    RANGE_CASE = (
        "fetch#simple-range-header-value",
        _WEBKIT,
        "Range is safelisted with bytes= in lower case only.",
        "bytes= may be in any case.",
        "Write bytes=0-5.",
    )
    RANGE_63_BITS = (
        "fetch#simple-range-header-value",
        _CHROMIUM,
        "Numbers in Range may be of any length.",
        "A number from 9223372036854775807, which is 2**63 - 1, needs permission.",
        "Nothing: no file is that long.",
    )
    RANGE_64_BITS = (
        "fetch#simple-range-header-value",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "Numbers in Range may be of any length.",
        "A number from 18446744073709551616, which is 2**64, needs permission.",
        "Nothing: no file is that long.",
    )
    HEADER_TWICE = (
        "fetch#cors-unsafe-request-header-names",
        _FIREFOX,
        "A preflight names each header once.",
        "A preflight names a header as often as the script sets it.",
        "Nothing: corswsgi counts a name once. A server of your own should, too.",
    )

    # What is sent

    USER_AGENT = (
        "fetch#forbidden-request-header",
        _CHROMIUM,
        "A script may set User-Agent, with permission.",
        "A User-Agent that a script sets is dropped, and so is not asked for.",
        "Do not rely on a User-Agent of the script's own.",
    )
    RANGE_REWRITTEN = (
        "fetch#concept-http-network-or-cache-fetch",
        _CHROMIUM,
        "Range is sent as the script set it.",
        "A single range of a GET is rewritten: Bytes= 00-5 is sent as bytes=0-5.",
        "Write bytes=0-5.",
    )
    LAST_LINE_ONLY = (
        "fetch#concept-headers-append",
        _FIREFOX,
        "All lines of a header are sent.",
        "Only the last line of a header that is no list, such as Content-Type and Authorization, is sent.",
        "Set such a header once.",
    )
    HEADERS_IN_UTF_8 = (
        "fetch#concept-header-value",
        _WEBKIT,
        "A character of a header value is one byte.",
        "Characters outside ASCII are sent as UTF-8.",
        "Keep header values to ASCII.",
    )
    ORIGIN_DESPITE_POLICY = (
        "fetch#append-a-request-origin-header",
        _CHROMIUM,
        "In modes other than cors a referrer policy may turn Origin into null.",
        "The page's origin is sent all the same.",
        "Nothing in a policy. A server that checks Origin against forgery must treat null as a stranger.",
    )
    OPAQUE_ORIGIN = (
        "fetch#append-a-request-origin-header",
        _FIREFOX,
        "A GET in mode no-cors has no Origin.",
        "From a page with an opaque origin, as in a sandboxed frame, it has null if credentials are included.",
        "Nothing: null is a stranger.",
    )
    OPAQUE_ORIGIN_UNTIL_REDIRECT = (
        "fetch#append-a-request-origin-header",
        _FIREFOX,
        "A GET in mode no-cors has no Origin.",
        "The null that it has from a page with an opaque origin is gone after a redirect to another origin.",
        "Nothing: null is a stranger.",
    )
    LOCAL_SCHEMES_SAME_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _FIREFOX,
        "Pages of http://localhost and servers of https://localhost are of two sites.",
        "They are of one, though elsewhere http: and https: are not.",
        "Nothing: enforce=True checks Origin against Host where Sec-Fetch-Site is not same-origin.",
    )
    OPAQUE_REFERER = (
        "referrer-policy#determine-requests-referrer",
        _WEBKIT,
        "A page with an opaque origin, as in a sandboxed frame, sends no Referer.",
        "A sandboxed frame sends Referer.",
        "Never let Referer stand in for Origin.",
    )

    OPAQUE_REFERER_OF_ELEMENTS = (
        "referrer-policy#determine-requests-referrer",
        _FIREFOX,
        "A page with an opaque origin, as in a sandboxed frame, sends no Referer.",
        "Its images, scripts, fonts and event sources do; its fetch() does not.",
        "Never let Referer stand in for Origin.",
    )
    ORIGIN_OF_ELEMENTS = (
        "fetch#append-a-request-origin-header",
        _CHROMIUM + _WEBKIT,
        "A GET to the page's own origin has no Origin.",
        "It has Origin if an element with crossorigin, a module script or, in Chromium, a font asks.",
        "Nothing: Origin is the page's, and enforce=True lets it pass.",
    )
    FONT_NO_CORS = (
        "css-fonts#font-fetching-requirements",
        _WEBKIT,
        "Fonts of other origins are loaded only if these allow it.",
        "They are loaded in mode no-cors, without anybody's permission.",
        "Do not count on CORS to keep a font to your own pages.",
    )
    REFERRER_DOWNGRADE = (
        "referrer-policy#determine-requests-referrer",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A request counts as less secure than its page if others on the way can tamper with it, but not with the page.",
        "It does if it is http: and the page https:, even on localhost; from a page of http://localhost nothing does.",
        "Nothing: do not rely on Referer.",
    )
    LAX_REFERRER_POLICY = (
        "referrer-policy#determine-requests-referrer",
        _FIREFOX + _WEBKIT,
        "Under unsafe-url and no-referrer-when-downgrade every origin is shown the whole address.",
        "Other sites are shown the origin only.",
        "Nothing: do not rely on Referer.",
    )

    # Redirects

    REDIRECT_DELETE = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "A redirect turns DELETE into GET if its status is 303.",
        "Every redirect to another origin does, whatever its status.",
        "Do not redirect DELETE across origins.",
    )
    REDIRECT_PREFLIGHTED = (
        "fetch#http-redirect-fetch",
        _FIREFOX + _WEBKIT,
        "After a redirect, a preflight is sent only if the new request needs one.",
        "The browser asks before every later request to another origin, even a plain GET, if the first request had to "
        "ask or had headers to ask for.",
        "Let the server at the end of a redirect answer preflights as well.",
    )
    REDIRECT_FIRST_NAMES = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "After a redirect, a preflight names the headers that the new request still has.",
        "It names the headers of the first request, even those that the redirect removed.",
        "Let the server at the end of a redirect list the headers of the first request.",
    )
    REDIRECT_BODY_HEADERS_ASKED = (
        "fetch#http-redirect-fetch",
        _FIREFOX,
        "After a redirect, a preflight names the headers that the new request still has.",
        "Content-Type is named again one redirect after the one that turned the request into a GET without it.",
        "Let the server at the end of a redirect list the headers of the first request.",
    )
    REDIRECT_AUTHORIZATION_BACK = (
        "fetch#http-redirect-fetch",
        _FIREFOX,
        "A redirect to another origin removes Authorization for good.",
        "It is sent again after one more redirect within that other origin.",
        "Do not redirect requests with Authorization to an origin that must not see it.",
    )
    REDIRECT_307_BODY_HEADERS_BACK = (
        "fetch#http-redirect-fetch",
        _FIREFOX,
        "A redirect that turns a request into a GET removes Content-Type and Content-Language for good.",
        "They are sent again after a 307 or 308, and removed again after any other redirect.",
        "Ignore what a request without a body says of its content.",
    )
    REDIRECT_307_CONTENT_TYPE_BACK = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "A redirect that turns a request into a GET removes Content-Type for good.",
        "In mode no-cors it is sent again from the next 307 or 308 on.",
        "Ignore what a request without a body says of its content.",
    )
    REDIRECT_ENCODING = (
        "fetch#concept-http-network-or-cache-fetch",
        _WEBKIT,
        "A request with Range accepts no content coding.",
        "In mode cors it accepts gzip right after a redirect to another origin.",
        "Answer Range requests without a content coding.",
    )
    REDIRECT_BODY_HEADERS_BACK = (
        "fetch#http-redirect-fetch",
        _WEBKIT,
        "A redirect that turns a request into a GET removes Content-Type and Content-Language for good.",
        "They are sent again after one more redirect.",
        "Ignore what a request without a body says of its content.",
    )
    REDIRECT_CHECKED_WITH_CREDENTIALS = (
        "fetch#cors-check",
        _WEBKIT,
        "With credentials same-origin, answers of other origins are checked as without credentials.",
        "A redirect that another origin answers is checked as if credentials were included, if the first request went "
        "to the page's own origin.",
        "Do not send a script to another origin that redirects it on, or let that answer allow credentials.",
    )
    REDIRECT_NO_CORS_ORIGIN = (
        "fetch#append-a-request-origin-header",
        _CHROMIUM,
        "In mode no-cors, a POST that is redirected from the page's own origin to another has the page's Origin.",
        "It has null.",
        "Nothing in a policy. A server that checks Origin against forgery must treat null as a stranger.",
    )
    REDIRECT_PREFLIGHT_ORIGIN = (
        "fetch#concept-request-tainted-origin",
        _FIREFOX,
        "After a redirect from one foreign origin to another, preflight and request both carry Origin: null.",
        "The preflight carries the page's origin, and the request null.",
        "Do not redirect across origins what needs a preflight. If you must, the last server has to allow both.",
    )
    REDIRECT_PREFLIGHT_AT_HOME = (
        "fetch#cors-preflight-fetch",
        _FIREFOX,
        "A preflight has to allow the origin of the request, even if a redirect leads back to the page's own origin.",
        "At the page's own origin it does not; methods and headers have to be listed all the same.",
        "Let the page's own server answer preflights like any other.",
    )
    REDIRECT_PREFLIGHT_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _CHROMIUM + _FIREFOX,
        "Sec-Fetch-Site tells the farthest that a request has come.",
        "In preflights only the last address counts.",
        "Nothing: a preflight does nothing on the server.",
    )
    REDIRECT_PREFLIGHT_CROSS_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _WEBKIT,
        "Sec-Fetch-Site tells the farthest that a request has come.",
        "Preflights with Origin: null say cross-site.",
        "Nothing: a preflight does nothing on the server.",
    )
    REDIRECT_CROSS_SITE = (
        "fetch-metadata#sec-fetch-site-header",
        _FIREFOX,
        "Sec-Fetch-Site tells the farthest that a request has come.",
        "After a redirect it is cross-site, even if same-site is right.",
        "enforce=True checks Origin against Host where Sec-Fetch-Site is not same-origin, and lets no stranger in.",
    )
    REDIRECT_NO_METADATA = (
        "fetch-metadata#fetch-integration",
        _WEBKIT,
        "Every request to a trustworthy address has Sec-Fetch-* headers.",
        "In mode cors there are none right after a redirect to another origin, preflights excepted.",
        "Do not refuse a request because Sec-Fetch-Site is missing; enforce=True does not.",
    )
    REDIRECT_PREFLIGHT_REFERER = (
        "referrer-policy#determine-requests-referrer",
        _WEBKIT,
        "A preflight has the Referer that its request will have.",
        "Within the page's site, it has the Referer of the first request, which may be the page's whole address.",
        "Keep secrets out of addresses, or set Referrer-Policy: no-referrer.",
    )
    REDIRECT_KEEPS_ORIGIN = (
        "fetch#append-a-request-origin-header",
        _WEBKIT,
        "A GET to the page's own origin, or in mode no-cors, has no Origin, whatever it was before a redirect.",
        "It keeps the Origin of the POST or PUT that was redirected, as long as no redirect leads to another origin.",
        "Nothing: Origin is the page's.",
    )
    REDIRECT_USER_NAME = (
        "fetch#http-redirect-fetch",
        _CHROMIUM,
        "A redirect within the page's own origin may lead to an address with a user name.",
        "It is blocked in mode cors.",
        "Do not redirect to addresses with user names.",
    )

    # The preflight cache

    NEGATIVE_MAX_AGE = (
        "fetch#http-access-control-max-age",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A value that is not all digits counts as none, which is 5 seconds.",
        "A negative number counts as 0.",
        "Send 0 if nothing is to be remembered.",
    )
    MALFORMED_MAX_AGE = (
        "fetch#http-access-control-max-age",
        _FIREFOX,
        "A value that is not all digits, or comes twice, counts as none, which is 5 seconds.",
        "The preflight is not remembered at all.",
        "Make sure that only corswsgi writes the header.",
    )
    HUGE_MAX_AGE = (
        "fetch#http-access-control-max-age",
        _CHROMIUM + _WEBKIT,
        "A number of any length is kept as long as the browser keeps anything.",
        "A number from 9223372036854775808, which is 2**63, counts as none, which is 5 seconds.",
        "Nothing: corswsgi sends 86400 at most.",
    )
    WILDCARD_NOT_KEPT = (
        "fetch#concept-cache-create-entry",
        _FIREFOX,
        "* in the answer to a preflight is remembered, and permits later requests without credentials.",
        "Only names are remembered, and the browser asks again.",
        "List methods and headers by name if preflights cost you.",
    )
    WILDCARD_KEPT_WITH_CREDENTIALS = (
        "fetch#concept-cache-create-entry",
        _WEBKIT,
        "The standard remembers * that came with credentials, and later takes it for a wildcard. corswsgi.browser is "
        "stricter: it asks again.",
        "It is a wildcard for later requests without credentials.",
        "Nothing: corswsgi never sends * with credentials.",
    )
    KEPT_WILDCARD_COVERS_AUTHORIZATION = (
        "fetch#concept-cache-match-header",
        _WEBKIT,
        "A remembered * does not cover Authorization.",
        "A remembered * covers Authorization, and the browser does not ask.",
        "Do not count on * to keep Authorization out.",
    )
    CREDENTIALS_KEPT_APART = (
        "fetch#concept-cache-match",
        _FIREFOX,
        "What a preflight permits with credentials, it permits without them too.",
        "The two are kept apart, and the browser asks again.",
        "Nothing: it costs one more preflight.",
    )
    NULL_NOT_KEPT = (
        "fetch#concept-cache-create-entry",
        _CHROMIUM,
        "A preflight with Origin: null is remembered like any other.",
        "It is not remembered.",
        "Nothing: it costs one more preflight.",
    )
    REDIRECT_NULL_NOT_KEPT = (
        "fetch#concept-cache-create-entry",
        _CHROMIUM + _WEBKIT,
        "A preflight with Origin: null is remembered like any other.",
        "It is not remembered if the origin is null because of a redirect.",
        "Nothing: it costs one more preflight.",
    )
    LAST_ANSWER_ONLY = (
        "fetch#concept-cache-create-entry",
        _CHROMIUM + _WEBKIT,
        "What several preflights for an address permitted is remembered together.",
        "The last answer is remembered only; an earlier one is forgotten as soon as it does not suffice.",
        "Answer every preflight with the whole lists, as corswsgi does, instead of what was asked for.",
    )
    KEPT_THOUGH_REFUSED = (
        "fetch#cors-preflight-fetch",
        _WEBKIT,
        "A preflight whose answer does not permit the request is not remembered.",
        "What the answer does permit is remembered.",
        "Nothing.",
    )
    KEPT_AFTER_FAILURE = (
        "fetch#main-fetch",
        _CHROMIUM + _WEBKIT,
        "If the request fails after its preflight, the preflight is forgotten.",
        "The preflight is remembered even if the request after it failed.",
        "Wait for max_age to pass, or open a fresh browser, before you test a policy that you have fixed.",
    )
    KEPT_AFTER_REDIRECT_ERROR = (
        "fetch#main-fetch",
        _FIREFOX,
        "If the request fails after its preflight, the preflight is forgotten.",
        "It is remembered if the request failed because redirect mode error allows no redirect.",
        "Nothing.",
    )
    ASKED_AGAIN_UNCACHED = (
        "fetch#http-fetch",
        _CHROMIUM + _FIREFOX,
        "The cache mode of a request is for the HTTP cache, not for remembered preflights.",
        "The browser asks again in the cache modes no-store and reload, and if a script sets If-None-Match or its kin.",
        "Do not measure preflights with the cache of the developer tools disabled, which does the same.",
    )
    ASKED_AGAIN_NO_CACHE = (
        "fetch#http-fetch",
        _CHROMIUM,
        "The cache mode of a request is for the HTTP cache, not for remembered preflights.",
        "The browser asks again in the cache mode no-cache.",
        "Nothing: it costs one more preflight.",
    )

    # What the script gets

    PASSWORD_PROMPT = (
        "fetch#http-network-or-cache-fetch",
        _CHROMIUM + _FIREFOX,
        "A 401 of another origin is handed to the script; nobody is asked for a password.",
        "The user is asked for a password if credentials are included, and the script waits.",
        "Do not answer fetch() with WWW-Authenticate: Basic or Digest; say Bearer, or leave the challenge out.",
    )
    PASSWORD_PROMPT_ANYWHERE = (
        "fetch#http-network-or-cache-fetch",
        _FIREFOX,
        "A 401 of another origin is handed to the script; nobody is asked for a password.",
        "The user is asked for a password even if Basic or Digest is not the first challenge of its line.",
        "Do not answer fetch() with WWW-Authenticate: Basic or Digest; say Bearer, or leave the challenge out.",
    )
    DATA_URL_LENGTH = (
        "fetch#data-url-processor",
        _FIREFOX,
        "The answer of a data: URL has a Content-Type only.",
        "It has a Content-Length as well.",
        "Nothing.",
    )

    PREFLIGHT_MODE = (
        "fetch-metadata#fetch-integration",
        _CHROMIUM,
        "Requests to addresses that others on the way can tamper with have no Sec-Fetch-* headers.",
        "Preflights to them have Sec-Fetch-Mode.",
        "Nothing.",
    )
    WEBSOCKET_NO_METADATA = (
        "fetch-metadata#fetch-integration",
        _CHROMIUM,
        "The handshake of a WebSocket has Sec-Fetch-* headers.",
        "It has none.",
        "Check its Origin, as enforce=True does.",
    )
    WEBSOCKET_DESTINATION = (
        "fetch-metadata#sec-fetch-dest-header",
        _WEBKIT,
        "Sec-Fetch-Dest is empty in the handshake of a WebSocket.",
        "It is websocket.",
        "Look at Sec-Fetch-Mode, which is websocket in all engines that send it.",
    )
    SCRIPT_BACK_AT_HOME = (
        "html#muted-errors",
        _FIREFOX,
        "Errors of a script without crossorigin are hidden from the page once another origin has redirected it.",
        "They are shown if the last redirect leads back to the page's own origin.",
        "Nothing: the script is the page's own.",
    )

    # Cookies

    COOKIES_PARTITIONED = (
        "rfc6265bis#section-7.1",
        _FIREFOX,
        "The cookies of third parties are those that they have on their own pages.",
        "What a page of another site makes a server set is sent to pages of that site only, and nothing else is.",
        "Do not count on one login for several sites. Serve page and API from one site.",
    )
    COOKIES_BLOCKED = (
        "rfc6265bis#section-7.1",
        _WEBKIT,
        "Third parties may set cookies, and are sent them.",
        "They may not, and are sent none; nor is any server to which a third party redirects.",
        "Serve page and API from one site, or use no cookies.",
    )
    COOKIE_SITE_SCHEMELESS = (
        "rfc6265bis#section-5.2",
        _FIREFOX + _WEBKIT,
        "Pages of http: and servers of https: are of two sites, even on one host.",
        "Only names count.",
        "Serve page and API by one scheme.",
    )
    COOKIE_DEFAULT_NONE = (
        "rfc6265bis#section-5.6.7.1",
        _FIREFOX,
        "A cookie that says nothing of SameSite counts as Lax.",
        "It counts as None. So it does in WebKit, which then blocks it as a third party's.",
        "Always write SameSite.",
    )
    COOKIE_NONE_WITHOUT_SECURE = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "SameSite=None without Secure is refused.",
        "It is kept.",
        "Write SameSite=None; Secure.",
    )
    COOKIE_AFTER_REDIRECT = (
        "rfc6265bis#section-5.2",
        _FIREFOX,
        "Only the last address counts when a request is of the page's own site.",
        "A request that was redirected from another site carries no cookie with SameSite=Lax or Strict.",
        "Do not redirect requests with cookies through other sites.",
    )
    COOKIE_SECURE_LOOPBACK = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "Cookies with Secure are kept for http://localhost too, as this machine is as good as https:.",
        "They are for https: only.",
        "Leave Secure out on http://localhost, or develop with a certificate.",
    )
    COOKIE_TAB = (
        "rfc6265bis#section-5.6",
        _CHROMIUM,
        "A tab inside a cookie's value is kept.",
        "The cookie is refused.",
        "Keep values to printable ASCII.",
    )
    COOKIE_NAME_ALONE = (
        "rfc6265bis#section-5.6",
        _FIREFOX,
        "What has no equals sign is a value without a name.",
        "It is a name with an empty value, and a value without a name is refused.",
        "Give every cookie a name.",
    )
    COOKIE_NOT_UTF_8 = (
        "rfc6265bis#section-5.6",
        _FIREFOX,
        "Values are bytes.",
        "Bytes that are not UTF-8 are sent back as U+FFFD.",
        "Keep values to printable ASCII.",
    )
    COOKIE_RENEWED = (
        "rfc6265bis#section-5.7",
        _CHROMIUM,
        "A cookie that is set anew keeps its place among the others.",
        "With another value it is sent after those that were set before.",
        "Nothing: no server should depend on the order.",
    )
    COOKIE_DATE_LENIENT = (
        "rfc6265bis#section-5.1.1",
        _FIREFOX,
        "A date without a time, or one that does not exist, counts as none.",
        "February 30 is March 2, and the time of day may be missing.",
        "Write dates as HTTP has them, or Max-Age.",
    )
    COOKIE_EARLY_DATE = (
        "rfc6265bis#section-5.1.1",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A date before 1601 counts as none.",
        "The cookie has expired.",
        "Delete cookies by Max-Age=0.",
    )
    COOKIE_MAX_AGE_PLUS = (
        "rfc6265bis#section-5.6.2",
        _CHROMIUM + _WEBKIT,
        "Max-Age with a plus counts as none.",
        "The plus is ignored.",
        "Write digits only.",
    )
    COOKIE_MAX_AGE_MINUS = (
        "rfc6265bis#section-5.6.2",
        _FIREFOX,
        "Max-Age with a minus alone counts as none.",
        "The cookie is deleted.",
        "Write Max-Age=0.",
    )
    COOKIE_MAX_AGE_UNDONE = (
        "rfc6265bis#section-5.6.2",
        _CHROMIUM + _FIREFOX,
        "A Max-Age that is no number leaves the one before it in force.",
        "Then none counts.",
        "Write Max-Age once.",
    )
    COOKIE_EXPIRES_UNDONE = (
        "rfc6265bis#section-5.6.1",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "An Expires that is no date leaves the one before it in force.",
        "Then none counts.",
        "Write Expires once.",
    )
    COOKIE_DOMAIN_DOT = (
        "rfc6265bis#section-5.6.3",
        _CHROMIUM + _FIREFOX + _WEBKIT,
        "A Domain that is a dot counts as none.",
        "The cookie is refused.",
        "Leave Domain out.",
    )

    # Cookies as libsoup keeps them, for WebKitGTK; Safari's are kept by a library of its own.

    COOKIE_PREFIXES_IGNORED = (
        "rfc6265bis#section-5.4",
        _WEBKIT,
        "A name that begins with __Host- or __Secure- is refused without the attributes that it promises.",
        "WebKitGTK keeps it. Safari is said to follow the rule.",
        "Send the attributes.",
    )
    COOKIE_PARTITIONED_IGNORED = (
        "partitioned-cookies#section-2.1",
        _WEBKIT,
        "Partitioned needs Secure, and keeps a cookie to one first party.",
        "WebKitGTK ignores the attribute.",
        "Write Secure beside it.",
    )
    COOKIE_SIZE = (
        "rfc6265bis#section-5.6",
        _WEBKIT,
        "A cookie of more than 4096 bytes is refused, and an attribute of more than 1024 ignored.",
        "WebKitGTK has no such limits.",
        "Keep cookies small.",
    )
    COOKIE_CUT = (
        "rfc6265bis#section-5.6",
        _WEBKIT,
        "A cookie with control characters is refused, and other bytes are kept as they are.",
        "WebKitGTK cuts name and value at the first byte that is not printable ASCII.",
        "Keep values to printable ASCII.",
    )
    COOKIE_EMPTY_KEPT = (
        "rfc6265bis#section-5.6",
        _WEBKIT,
        "A cookie with neither name nor value is refused.",
        "WebKitGTK keeps it, and sends an empty Cookie header.",
        "Give every cookie a name.",
    )
    COOKIE_MAX_AGE_EMPTY = (
        "rfc6265bis#section-5.6.2",
        _WEBKIT,
        "An empty Max-Age counts as none.",
        "WebKitGTK deletes the cookie.",
        "Write Max-Age=0.",
    )
    COOKIE_EXPIRES_WINS = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "Max-Age counts more than Expires.",
        "In WebKitGTK the last of them counts.",
        "Write both alike, or one of them.",
    )
    COOKIE_DATE_FORMATS = (
        "rfc6265bis#section-5.1.1",
        _WEBKIT,
        "The parts of a date may come in any order and between any signs.",
        "WebKitGTK reads the formats of HTTP only.",
        "Write dates as HTTP has them, or Max-Age.",
    )
    COOKIE_DOMAIN_CASE = (
        "rfc6265bis#section-5.6.3",
        _WEBKIT,
        "Domain may be in capitals.",
        "WebKitGTK then refuses it, unless it is the host itself.",
        "Write it in lower case.",
    )
    COOKIE_DOMAIN_SUFFIX = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "A host that is a public suffix, as localhost is, may name itself in Domain.",
        "WebKitGTK refuses the cookie.",
        "Leave Domain out.",
    )
    COOKIE_DOMAIN_OF_ADDRESS = (
        "rfc6265bis#section-5.1.3",
        _WEBKIT,
        "The Domain of an address is that address.",
        "In WebKitGTK it may be the end of it, such as 0.0.1.",
        "Leave Domain out.",
    )
    COOKIE_OVERLAY_PATH = (
        "rfc6265bis#section-5.7",
        _WEBKIT,
        "What comes over http: may not hide a cookie with Secure, at its path or below.",
        "WebKitGTK refuses it at the very path only.",
        "Use __Host- and https: throughout.",
    )
    COOKIE_DOMAIN_ORDER = (
        "rfc6265bis#section-5.8.3",
        _WEBKIT,
        "Cookies of paths of one length are sent in the order in which they were set.",
        "In WebKitGTK those of longer domains come first, and those with Domain before those without.",
        "Nothing: no server should depend on the order.",
    )

    # The HTTP cache, which Browser does not have: acted out by the one in tests/engines.

    FRAMES_CACHED_APART = (
        "fetch#cors-protocol-and-http-caches",
        _CHROMIUM,
        "Without Vary: Origin, a script may be handed what a navigation left in the HTTP cache.",
        "What frames show is kept apart from what scripts fetch.",
        "Send Vary, as corswsgi does. What one page left behind is handed to the next in all engines.",
    )
    CREDENTIALS_CACHED_APART = (
        "fetch#cors-protocol-and-http-caches",
        _FIREFOX,
        "Without Vary: Origin, a script may be handed what a navigation left in the HTTP cache.",
        "What came with credentials, as for navigations, is kept apart from what came without them.",
        "Send Vary, as corswsgi does. What one page left behind is handed to the next in all engines.",
    )


#: What only WebKitGTK does, because libsoup keeps its cookies. Safari's are kept by a library of its own, which nobody
#: has measured here; what is said of Safari leaves these out.
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
