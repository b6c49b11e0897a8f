"""What ``audit`` finds in the CORS layers of others, as a matter of record, and that it finds none of it in ours.

Each is configured as its documentation shows. The versions are flask-cors 6.0.5, django-cors-headers 4.9.0, wsgicors
0.7.0, oslo.middleware 8.2.0 and Falcon 4.4.0; the advisories are those of ``test_advisories``.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import falcon
import flask
import flask_cors
import pytest
import wsgicors
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django_site import configure
from test_advisories import ADVISORIES
from test_audit import APP, HIGH, INFO, LOW, SHOP, found, listening, wsgi_server

from corswsgi import CORSMiddleware, Policy, PolicyError
from corswsgi.checker.audit import audit
from corswsgi.checker.findings import Severity
from corswsgi.checker.target import new_session

with warnings.catch_warnings():
    # oslo's own imports: some of what they pull in announces the end of something, on this Python or that.
    warnings.simplefilter("ignore", DeprecationWarning)
    from oslo_middleware.cors import CORS as OsloCORS

ROOT = "http://localhost/"
BOTH = [APP, SHOP]

Pairs = Iterable[tuple[str, str]]


class Oops(Exception):
    """What an application raises at /boom."""


# Applications, each in a layer


def plain(*headers: tuple[str, str]) -> Any:
    """Return a WSGI application of no framework."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/boom":
            raise Oops
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b"OK"]

    return app


def in_flask_cors(*headers: tuple[str, str], **options: Any) -> Any:
    app = flask.Flask("peer")

    @app.route("/", defaults={"rest": ""})
    @app.route("/<path:rest>")
    def view(rest: str) -> flask.Response:
        if rest == "boom":
            raise Oops
        response = flask.Response("OK")
        for name, value in headers:
            response.headers.add(name, value)
        return response

    flask_cors.CORS(app, **options)
    return app


def in_wsgicors(*headers: tuple[str, str], **options: str) -> Any:
    return wsgicors.CORS(plain(*headers), **options)


def in_oslo(*headers: tuple[str, str], **options: str) -> Any:
    return OsloCORS.factory({}, **options)(plain(*headers))


class Resource:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        if request.path == "/boom":
            raise Oops
        response.text = "OK"


def in_falcon(**options: Any) -> Any:
    app = falcon.App(middleware=falcon.CORSMiddleware(**options))
    app.add_route("/", Resource())
    app.add_route("/boom", Resource())
    return app


def _boom(request: HttpRequest) -> HttpResponse:
    raise Oops


urlpatterns = [path("", lambda request: HttpResponse("OK")), path("boom", _boom)]


class InDjango:
    """A WSGI application whose settings hold while it is called."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        configure()
        with override_settings(
            ROOT_URLCONF=sys.modules[__name__],
            MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"],
            **self.options,
        ):
            return get_wsgi_application()(environ, start_response)


# The record


class Row(NamedTuple):
    """A fault that a layer still has.

    :ivar ours: the same configuration for our layer: options, or policies by path.
    """

    layer: str
    configuration: str
    peer: Callable[[], Any]
    code: str
    severity: Severity
    advisory: str
    ours: Any
    url: str = ROOT


ANYONE_WITH_CREDENTIALS = {"allow_origins": "*", "allow_credentials": True}
ANY_H = {"allow_origins": "h*", "allow_credentials": True}
LIST = {"allow_origins": BOTH, "allow_credentials": True}

STILL: list[Row] = [
    Row(
        "flask-cors",
        "supports_credentials=True",
        lambda: in_flask_cors(supports_credentials=True),
        "any-origin-with-credentials",
        HIGH,
        "CVE-2018-20744 CVE-2023-49803 CVE-2026-54290 CVE-2024-25124 GHSA-972r-f3fv-whm3",
        ANYONE_WITH_CREDENTIALS,
    ),
    Row(
        "flask-cors",
        r'origins=r"https://app\.example\.com", supports_credentials=True',
        lambda: in_flask_cors(origins=r"https://app\.example\.com", supports_credentials=True),
        "origin-suffix",
        HIGH,
        "CVE-2026-37737 flask-cors#209",
        {"allow_origins": re.compile(r"https://app\.example\.com"), "allow_credentials": True},
    ),
    Row(
        "flask-cors",
        r'origins=r"https://.*\.example\.com"',
        lambda: in_flask_cors(origins=r"https://.*\.example\.com"),
        "origin-suffix",
        LOW,
        "CVE-2026-37737 flask-cors#209",
        {"allow_origins": "https://*.example.com"},
    ),
    Row(
        "flask-cors",
        'origins="https://app.example.com(:8443)?", supports_credentials=True',
        lambda: in_flask_cors(origins="https://app.example.com(:8443)?", supports_credentials=True),
        "origin-dot",
        HIGH,
        "CVE-2026-25478",
        {"allow_origins": [APP, f"{APP}:9443"], "allow_credentials": True},
    ),
    Row(
        "flask-cors",
        "origins=[two], supports_credentials=True",
        lambda: in_flask_cors(origins=BOTH, supports_credentials=True),
        "origin-case",
        INFO,
        "CVE-2024-27302 CVE-2023-28109 CVE-2022-1996",
        LIST,
    ),
    Row(
        "flask-cors",
        "origins=[two], supports_credentials=True",
        lambda: in_flask_cors(origins=BOTH, supports_credentials=True),
        "vary-missing-without-cors",
        LOW,
        "starlette#3516 rs/cors#10",
        LIST,
    ),
    Row(
        "flask-cors",
        "origins=one",
        lambda: in_flask_cors(origins=APP),
        "vary-missing",
        LOW,
        "starlette#3516 rs/cors#10",
        {"allow_origins": APP},
    ),
    Row(
        "flask-cors",
        "methods=[DELETE, PUT]",
        lambda: in_flask_cors(origins=BOTH, methods=["DELETE", "PUT"]),
        "method-substring",
        INFO,
        "flask-cors-substring",
        {"allow_origins": BOTH, "allow_methods": ["DELETE", "PUT"]},
    ),
    Row(
        "flask-cors",
        'origins="h*", supports_credentials=True',
        lambda: in_flask_cors(origins="h*", supports_credentials=True),
        "any-origin-with-credentials",
        HIGH,
        "rs/cors#197",
        ANY_H,
    ),
    # Rules are ordered by how many slashes they have, but by their length as text where that is equal.
    Row(
        "flask-cors",
        "resources: a longer rule for all beside a shorter one for one",
        lambda: in_flask_cors(resources={r"/api/[a-z]+/[a-z]+": {"origins": "*"}, r"/api/admin/.*": {"origins": APP}}),
        "any-origin-reflected",
        LOW,
        "CVE-2024-6839",
        {"/api": Policy("*"), "/api/admin": Policy(APP)},
        f"{ROOT}api/admin/data",
    ),
    # The path is percent-decoded before it is compared, but ".." is not resolved.
    Row(
        "flask-cors",
        "resources: /api/.* for all",
        lambda: in_flask_cors(resources={r"/api/.*": {"origins": "*"}}),
        "any-origin-reflected",
        LOW,
        "CVE-2020-25032 CVE-2019-18978",
        {"/api": Policy("*")},
        f"{ROOT}api/..%2fadmin",
    ),
    Row(
        "django-cors-headers",
        "CORS_ALLOW_ALL_ORIGINS, CORS_ALLOW_CREDENTIALS",
        lambda: InDjango(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True),
        "any-origin-with-credentials",
        HIGH,
        "CVE-2018-20744 CVE-2023-49803 CVE-2026-54290 CVE-2024-25124 GHSA-972r-f3fv-whm3",
        ANYONE_WITH_CREDENTIALS,
    ),
    Row(
        "django-cors-headers",
        "CORS_ALLOWED_ORIGIN_REGEXES without $, CORS_ALLOW_CREDENTIALS",
        lambda: InDjango(CORS_ALLOWED_ORIGIN_REGEXES=[r"^https://app\.example\.com"], CORS_ALLOW_CREDENTIALS=True),
        "origin-suffix",
        HIGH,
        "CVE-2026-37737 flask-cors#209",
        {"allow_origins": re.compile(r"^https://app\.example\.com"), "allow_credentials": True},
    ),
    # Scheme and host are compared, what else the header holds is not.
    Row(
        "django-cors-headers",
        "CORS_ALLOWED_ORIGINS=[two], CORS_ALLOW_CREDENTIALS",
        lambda: InDjango(CORS_ALLOWED_ORIGINS=BOTH, CORS_ALLOW_CREDENTIALS=True),
        "origin-trailing",
        LOW,
        "CVE-2017-20146",
        LIST,
    ),
    Row(
        "wsgicors",
        'origin="*", credentials="true"',
        lambda: in_wsgicors(origin="*", credentials="true"),
        "any-origin-with-credentials",
        HIGH,
        "CVE-2018-20744 CVE-2023-49803 CVE-2026-54290 CVE-2024-25124 GHSA-972r-f3fv-whm3",
        ANYONE_WITH_CREDENTIALS,
    ),
    Row(
        "wsgicors",
        'origin="copy"',
        lambda: in_wsgicors(origin="copy"),
        "any-origin-reflected",
        LOW,
        "CVE-2017-20146",
        {"allow_origins": "*"},
    ),
    Row(
        "wsgicors",
        'origin="https://*.example.com"',
        lambda: in_wsgicors(origin="https://*.example.com"),
        "origin-embedded",
        INFO,
        "wsgicors-fnmatch",
        {"allow_origins": "https://*.example.com"},
    ),
    Row(
        "wsgicors",
        'origin="two"',
        lambda: in_wsgicors(origin=" ".join(BOTH)),
        "origin-case",
        INFO,
        "CVE-2024-27302 CVE-2023-28109 CVE-2022-1996",
        LIST,
    ),
    Row(
        "wsgicors",
        "around an application that sets Access-Control-Allow-Origin",
        lambda: in_wsgicors(("Access-Control-Allow-Origin", APP), origin=APP),
        "allow-origin-several-lines",
        LOW,
        "wsgicors-twice flask-cors#215 express/cors#145",
        {"allow_origins": APP},
    ),
    Row(
        "wsgicors",
        'origin="two"',
        lambda: in_wsgicors(origin=" ".join(BOTH)),
        "vary-missing-without-cors",
        LOW,
        "starlette#3516 rs/cors#10",
        LIST,
    ),
    Row(
        "oslo.middleware",
        "around an application with two lines of Vary",
        lambda: in_oslo(("Vary", "Accept"), ("Vary", "Cookie"), allowed_origin=",".join(BOTH)),
        "vary-overwritten",
        LOW,
        "oslo.middleware",
        LIST,
    ),
    Row(
        "oslo.middleware",
        "allowed_origin=two",
        lambda: in_oslo(allowed_origin=",".join(BOTH)),
        "vary-missing-without-cors",
        LOW,
        "starlette#3516 rs/cors#10",
        LIST,
    ),
    Row(
        "oslo.middleware",
        "allowed_origin=*",
        lambda: in_oslo(allowed_origin="*"),
        "wildcard-with-credentials",
        LOW,
        "CVE-2018-20744 CVE-2023-49803 CVE-2026-54290 CVE-2024-25124 GHSA-972r-f3fv-whm3",
        ANYONE_WITH_CREDENTIALS,
    ),
    Row(
        "Falcon",
        'allow_origins="*", allow_credentials="*"',
        lambda: in_falcon(allow_origins="*", allow_credentials="*"),
        "any-origin-with-credentials",
        HIGH,
        "CVE-2018-20744 CVE-2023-49803 CVE-2026-54290 CVE-2024-25124 GHSA-972r-f3fv-whm3",
        ANYONE_WITH_CREDENTIALS,
    ),
    Row(
        "Falcon",
        'allow_origins=[two], allow_credentials="*"',
        lambda: in_falcon(allow_origins=BOTH, allow_credentials="*"),
        "vary-missing",
        LOW,
        "starlette#3516 rs/cors#10",
        LIST,
    ),
]


@pytest.mark.parametrize("row", STILL, ids=lambda row: f"{row.layer}-{row.code}-{row.advisory}")
def test_a_fault_that_a_layer_still_has_is_found(row: Row) -> None:
    assert found(audit(row.peer(), row.url, APP)).get(row.code) is row.severity


#: What our own layer may be told of in the same configurations: that it does what it was told, and that nobody can
#: read the refusal of a path that servers read differently.
AS_TOLD = {"any-origin", "origin-subdomain", "origin-not-allowed", "error-without-cors"}


@pytest.mark.parametrize("row", STILL, ids=lambda row: f"{row.layer}-{row.configuration}")
def test_our_own_layer_in_the_same_configuration_has_nothing_above_info(row: Row) -> None:
    if row.ours in (ANYONE_WITH_CREDENTIALS, ANY_H):
        with pytest.raises(PolicyError):
            Policy(**row.ours)
        return
    policy = row.ours if "allow_origins" not in row.ours else Policy(**row.ours)
    for app in (plain(), plain(("Vary", "Accept"), ("Vary", "Cookie")), plain(("Access-Control-Allow-Origin", APP))):
        findings = found(audit(CORSMiddleware(app, policy), row.url, APP))
        assert row.code not in findings
        assert set(findings) <= AS_TOLD
        assert set(findings.values()) <= {INFO}


class Fixed(NamedTuple):
    """A fault that a layer once had, or that its kind has, and that the installed version has not."""

    layer: str
    peer: Callable[[], Any]
    code: str
    advisory: str
    url: str = ROOT


FIXED = [
    Fixed("flask-cors", lambda: in_flask_cors(origins=BOTH), "private-network", "CVE-2024-6221"),
    Fixed(
        "flask-cors",
        lambda: in_flask_cors(resources={r"/api/.*": {"origins": "*"}, r"/api/admin/.*": {"origins": APP}}),
        "any-origin-reflected",
        "CVE-2024-6839",
        f"{ROOT}api/admin/data",
    ),
    Fixed(
        "flask-cors",
        lambda: in_flask_cors(resources={"/a b": {"origins": "*"}}),
        "any-origin-reflected",
        "CVE-2024-6844",
        f"{ROOT}a+b",
    ),
    Fixed(
        "flask-cors",
        lambda: in_flask_cors(resources={"/public/.*": {"origins": "*"}}),
        "any-origin-reflected",
        "CVE-2024-6866",
        f"{ROOT}PUBLIC/data",
    ),
    Fixed(
        "flask-cors",
        lambda: in_flask_cors(("Access-Control-Allow-Origin", APP), origins=BOTH),
        "allow-origin-several-lines",
        "wsgicors-twice flask-cors#215 express/cors#145",
    ),
    Fixed("flask-cors", lambda: in_flask_cors(origins=APP), "origin-dot", "CVE-2026-25478"),
    Fixed("flask-cors", lambda: in_flask_cors(origins=BOTH), "null-origin", "CVE-2019-9580"),
    Fixed(
        "flask-cors",
        lambda: in_flask_cors(origins=BOTH),
        "error-without-cors",
        "starlette#1116 falcon#713 bottle#664",
        f"{ROOT}boom",
    ),
    Fixed(
        "flask-cors",
        lambda: in_flask_cors(("Vary", "Accept"), ("Vary", "Cookie"), origins=BOTH),
        "vary-overwritten",
        "oslo.middleware",
    ),
    Fixed("django-cors-headers", lambda: InDjango(CORS_ALLOWED_ORIGINS=BOTH), "private-network", "CVE-2024-6221"),
    Fixed(
        "django-cors-headers",
        lambda: InDjango(CORS_ALLOWED_ORIGINS=BOTH),
        "vary-missing-without-cors",
        "starlette#3516 rs/cors#10",
    ),
    Fixed(
        "django-cors-headers",
        lambda: InDjango(CORS_ALLOWED_ORIGINS=BOTH),
        "error-without-cors",
        "starlette#1116 falcon#713 bottle#664",
        f"{ROOT}boom",
    ),
    Fixed("Falcon", lambda: in_falcon(allow_origins=BOTH), "private-network", "CVE-2024-6221"),
    Fixed(
        "Falcon",
        lambda: in_falcon(allow_origins=BOTH),
        "error-without-cors",
        "starlette#1116 falcon#713 bottle#664",
        f"{ROOT}boom",
    ),
    Fixed("oslo.middleware", lambda: in_oslo(allowed_origin=APP), "origin-case", "CVE-2022-1996"),
]


@pytest.mark.parametrize("row", FIXED, ids=lambda row: f"{row.layer}-{row.advisory}")
def test_a_fault_that_a_layer_does_not_have_is_not_found(row: Row) -> None:
    assert row.code not in found(audit(row.peer(), row.url, APP))


@pytest.mark.parametrize(
    ("layer", "hides"),
    [
        (lambda: in_wsgicors(origin=" ".join(BOTH)), True),
        (lambda: in_oslo(allowed_origin=",".join(BOTH)), True),
        (lambda: CORSMiddleware(plain(), Policy(BOTH)), False),
    ],
    ids=["wsgicors", "oslo.middleware", "corswsgi"],
)
def test_starlette_1116_falcon_713_bottle_664_an_error_hides_behind_the_layer(
    layer: Callable[[], Any], hides: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a real server, which answers for the application that raises."""
    with listening(wsgi_server(layer())) as url:
        findings = found(audit(new_session(), url.replace("/items", "/boom"), APP))
    assert ("error-without-cors" in findings) is hides
    assert hides or findings == {}


def test_the_record_is_of_known_layers_and_advisories() -> None:
    layers = {"flask-cors", "django-cors-headers", "wsgicors", "oslo.middleware", "Falcon"}
    assert {row.layer for row in STILL} == {row.layer for row in FIXED} | {"wsgicors"} == layers
    advisories = [*(row.advisory for row in STILL), *(row.advisory for row in FIXED)]
    assert set(" ".join(advisories).split()) <= set(ADVISORIES)
