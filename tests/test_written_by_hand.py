"""Configurations as people write them, on the real servers: what findings and docs/behind-a-proxy.rst say of each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import machine
import pytest
from caching.servers import free_ports, running, varnish
from cors_tables import APP, STRANGER, asks, origin
from exporting.behind import Application, Client
from exporting.fronts import FRONTS
from on_waitress import running_waitress

from corswsgi.checker import server_words
from corswsgi.checker.server_words import Words

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]

ORIGIN = "access-control-allow-origin"

NGINX = r"""
map $http_origin $allowed_origin {
    default "";
    https://app.example.com $http_origin;
}
server {
    listen 127.0.0.1:PORT;
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin $allowed_origin always;
            add_header Access-Control-Allow-Methods PUT;
            return 204;
        }
        # login
        add_header Access-Control-Allow-Origin $allowed_origin always;
        proxy_hide_header Access-Control-Allow-Origin;
        proxy_pass http://127.0.0.1:BEHIND;
    }
}
"""

APACHE = r"""
Listen 127.0.0.1:PORT
<VirtualHost *>
    SetEnvIf Origin "^https://app\.example\.com$" CORS=$0
    Header always set Access-Control-Allow-Origin %{CORS}e env=CORS
    Header always set Access-Control-Allow-Methods PUT
    Header onsuccess unset Access-Control-Allow-Origin
    RewriteEngine On
    RewriteCond %{REQUEST_METHOD} =OPTIONS
    RewriteRule ^ - [R=204,L]
    # login
    ProxyPass / http://127.0.0.1:BEHIND/
</VirtualHost>
"""

CADDY = r"""
{
	admin off
}
http://127.0.0.1:PORT {
	@allowed header Origin https://app.example.com
	header @allowed Access-Control-Allow-Origin {http.request.header.Origin}
	@preflight method OPTIONS
	header @preflight Access-Control-Allow-Methods PUT
	route {
		respond @preflight 204
		# login
		reverse_proxy 127.0.0.1:BEHIND {
			header_down -Access-Control-Allow-Origin
		}
	}
}
"""

HAPROXY = r"""
frontend site
    bind 127.0.0.1:PORT
    timeout client 50s
    http-request set-var(txn.origin) req.hdr(Origin)
    http-request return status 204 hdr Access-Control-Allow-Methods PUT if METH_OPTIONS
    # login
    acl listed var(txn.origin) -m str https://app.example.com
    http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if listed
    default_backend application
backend application
    timeout connect 5s
    timeout server 50s
    server application 127.0.0.1:BEHIND
"""

VARNISH = r"""
sub vcl_recv {
    if (req.method == "OPTIONS") { return (synth(204)); }
    # login
}
sub vcl_deliver {
    if (req.http.Origin == "https://app.example.com") {
        set resp.http.Access-Control-Allow-Origin = req.http.Origin;
    }
}
sub vcl_synth {
    if (req.http.Origin == "https://app.example.com") {
        set resp.http.Access-Control-Allow-Origin = req.http.Origin;
        set resp.http.Access-Control-Allow-Methods = "PUT";
    }
}
"""

#: Each server, and what findings say to those who run it, written out.
WRITTEN = {"nginx": NGINX, "apache": APACHE, "caddy": CADDY, "haproxy": HAPROXY, "varnish": VARNISH}


#: What stands in place of "# login", to let nobody in.
LOGINS = {
    "nginx": "deny all;",
    "apache": "<Location />\nRequire all denied\n</Location>",
    "caddy": "basicauth {\nbob $2a$14$DQrjA6rN3CkpEVcobaZXF.Cqa3S8561KYt.pS49CdMH0y4YcHXs2m\n}",
    "haproxy": "http-request deny",
    "varnish": "return (synth(403));",
}

#: The parts of each hint of :mod:`corswsgi.checker.server_words` that stand in the configuration above.
PARTS = {
    server_words.NGINX: {
        "origin": (
            "map $http_origin $allowed_origin {",
            "add_header Access-Control-Allow-Origin $allowed_origin always;",
        ),
        "errors": ("always;",),
        "preflight": ("if ($request_method = OPTIONS) {", "return 204;"),
        "twice": ("proxy_hide_header Access-Control-Allow-Origin;",),
    },
    server_words.APACHE: {
        "origin": (
            r'SetEnvIf Origin "^https://app\.example\.com$" CORS=$0',
            "Header always set Access-Control-Allow-Origin %{CORS}e env=CORS",
        ),
        "errors": ("Header always set",),
        "preflight": ("RewriteCond %{REQUEST_METHOD} =OPTIONS", "RewriteRule ^ - [R=204,L]"),
        "twice": ("Header always set", "Header onsuccess unset Access-Control-Allow-Origin"),
    },
    server_words.CADDY: {
        "origin": (
            "@allowed header Origin https://app.example.com",
            "header @allowed Access-Control-Allow-Origin {http.request.header.Origin}",
        ),
        "errors": ("header @allowed",),
        "preflight": ("@preflight method OPTIONS", "header @preflight", "route {", "respond @preflight 204"),
        "twice": ("header_down -Access-Control-Allow-Origin",),
    },
    server_words.HAPROXY: {
        "origin": (
            "http-request set-var(txn.origin) req.hdr(Origin)",
            "http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if",
        ),
        "errors": ("http-after-response set-header",),
        "preflight": ("http-request return status 204 hdr", "if METH_OPTIONS"),
        "twice": ("http-after-response set-header",),
    },
    server_words.VARNISH: {
        "origin": ("set resp.http.Access-Control-Allow-Origin = req.http.Origin;", "vcl_deliver"),
        "errors": ("vcl_deliver", "vcl_synth"),
        "preflight": ('if (req.method == "OPTIONS") { return (synth(204)); }', "vcl_recv", "vcl_synth"),
        "twice": ("set resp.http.Access-Control-Allow-Origin", "vcl_deliver"),
    },
}

#: What people write instead: the server, what of the above is written otherwise, the path, whether the application
#: answers, and what becomes of Access-Control-Allow-Origin for a page that is allowed.
SLIPS: dict[str, tuple[str, tuple[tuple[str, str], ...], str, bool, list[str]]] = {
    "nginx: no always": ("nginx", (("$allowed_origin always;", "$allowed_origin;"),), "/", False, []),
    "nginx: a location in another one": (
        "nginx",
        (("# login", "location /inner { add_header X-Mine 1; proxy_pass http://127.0.0.1:BEHIND; }"),),
        "/inner",
        True,
        [],
    ),
    "Apache: set": ("apache", (("Header always set", "Header set"), ("onsuccess unset", "unset")), "/", False, []),
    "Apache: set beside always set": (
        "apache",
        (("Header onsuccess unset Access-Control-Allow-Origin", "Header set Access-Control-Allow-Origin *"),),
        "/",
        True,
        [APP, "*"],
    ),
    "Caddy: the header of the application stays": (
        "caddy",
        (("header_down -Access-Control-Allow-Origin", ""),),
        "/",
        True,
        [APP, "*", STRANGER],
    ),
    "Caddy: header_down": (
        "caddy",
        (
            ("header @allowed Access-Control-Allow-Origin {http.request.header.Origin}", ""),
            ("header_down -Access-Control-Allow-Origin", "header_down Access-Control-Allow-Origin *"),
        ),
        "/",
        False,
        [],
    ),
    "Caddy: defer": ("caddy", (("header.Origin}", "header.Origin} {\ndefer\n}"),), "/", False, []),
    "HAProxy: http-response": ("haproxy", (("http-after-response", "http-response"),), "/", False, []),
    "HAProxy: add-header": (
        "haproxy",
        (("http-after-response set-header", "http-after-response add-header"),),
        "/",
        True,
        ["*", STRANGER, APP],
    ),
    "Varnish: not in vcl_synth": (
        "varnish",
        (("# login", "return (synth(403));"), ("sub vcl_synth {", "sub vcl_synth { return (deliver);")),
        "/",
        True,
        [],
    ),
}


@contextlib.contextmanager
def standing(name: str, text: str, behind: int) -> Iterator[Client]:
    """Run a server with a configuration of its own; give who asks it."""
    program = machine.find(name)

    def command(home: str, ports: list[int]) -> list[str]:
        file = Path(home, "written")
        file.write_text(text.replace("PORT", str(ports[0])).replace("BEHIND", str(behind)), "utf-8")
        if name == "caddy":
            homes = [f"XDG_{kind}_HOME={home}" for kind in ("CONFIG", "DATA")]
            return ["env", *homes, program, "run", "--config", str(file), "--adapter", "caddyfile"]
        return FRONTS[name].command(program, Path(home), file)

    with contextlib.ExitStack() as stack:
        if name == "varnish":
            port = stack.enter_context(varnish(program, behind, text))["Varnish"]
        else:
            (port,) = stack.enter_context(running(command, 1))
        yield stack.enter_context(contextlib.closing(Client(port)))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_findings_say_does_what_they_say(name: str) -> None:
    with running_waitress(Application(has_cors=True)) as behind, standing(name, WRITTEN[name], behind) as client:
        reply = client.ask("GET", "/", origin(APP))
        assert (reply.status, reply.all(ORIGIN)) == (200, [APP]), "once, even if the application says it too"
        assert APP not in client.ask("GET", "/", origin(STRANGER)).all(ORIGIN)
        reply = client.ask("OPTIONS", "/", asks(APP, "PUT"))
        assert (reply.status, reply.all(ORIGIN)) == (204, [APP])
        assert reply.all("access-control-allow-methods") == ["PUT"]
    (nowhere,) = free_ports(1)
    with standing(name, WRITTEN[name], nowhere) as client:
        reply = client.ask("GET", "/", origin(APP))
        assert (reply.status in (502, 503), reply.all(ORIGIN)) == (True, [APP])


@pytest.mark.parametrize("name", WRITTEN)
def test_a_preflight_needs_no_login(name: str) -> None:
    text = WRITTEN[name].replace("# login", LOGINS[name])
    with running_waitress(Application()) as behind, standing(name, text, behind) as client:
        assert client.ask("GET", "/", origin(APP)).status in (401, 403)
        reply = client.ask("OPTIONS", "/", asks(APP, "PUT"))
        assert (reply.status, reply.all(ORIGIN)) == (204, [APP])


def test_caddy_asks_for_a_login_before_it_responds_outside_of_a_route() -> None:
    text = CADDY.replace("route {", "").replace("\n\t}\n}", "\n}").replace("# login", LOGINS["caddy"])
    with running_waitress(Application()) as behind, standing("caddy", text, behind) as client:
        assert client.ask("OPTIONS", "/", asks(APP, "PUT")).status == 401


def test_every_hint_is_written_out() -> None:
    for words, parts in PARTS.items():
        assert parts.keys() == set(Words.__slots__) - {"name", "too_large"}
        for field, said in parts.items():
            for part in said:
                assert part in getattr(words, field)
                assert part in WRITTEN[words.name.lower()]


@pytest.mark.parametrize("slip", SLIPS)
def test_what_a_slip_does(slip: str) -> None:
    name, changes, path, answers, expected = SLIPS[slip]
    text = WRITTEN[name]
    for right, wrong in changes:
        assert right in text
        text = text.replace(right, wrong)
    (nowhere,) = free_ports(1)
    with (
        running_waitress(Application(has_cors=True)) as behind,
        standing(name, text, behind if answers else nowhere) as client,
    ):
        assert client.ask("GET", path, origin(APP)).all(ORIGIN) == expected


def test_an_expression_that_is_not_anchored_lets_others_in() -> None:
    text = NGINX.replace("https://app.example.com", '"~app.example.com"')
    with running_waitress(Application()) as behind, standing("nginx", text, behind) as client:
        evil = f"{APP}.evil.example"
        assert client.ask("GET", "/", origin(evil)).all(ORIGIN) == [evil]
