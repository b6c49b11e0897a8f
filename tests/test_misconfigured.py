"""``check`` and ``audit`` on misconfigured servers: verdict, reason and fix; the verdict is Chromium's too."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import chromium
import machine
import pytest
from caching.servers import free_ports, running
from misconfigured import (
    API,
    CREDENTIALS,
    EXPOSED,
    HEADERS,
    INCLUDE,
    KEY,
    MAX_AGE,
    METHODS,
    ORIGIN,
    PAGE,
    PUT,
    SHARED,
    TABLE,
    THIRD,
    TRUSTED,
    Asked,
    Row,
    always,
    application,
    permitting,
    preflight,
    value,
)

from corswsgi import CORSMiddleware, Policy
from corswsgi.checker.audit import audit
from corswsgi.checker.check import check
from corswsgi.checker.evidence import Question
from corswsgi.checker.findings import Severity
from corswsgi.checker.report import Report
from corswsgi.checker.target import Target, new_session, parse_target_url


def asked(site: Any, question: Any = None, url: str = f"{API}/items") -> Report:
    """Check a site as a page of the table's origin."""
    target = Target(site, parse_target_url(url))
    return check(target, Question(**{"origin": PAGE, **(question or {})}), token="0123456789ab")


def fix_of(report: Report) -> str:
    """Return all that the report says of what to change."""
    fix = report.fix
    return "\n".join((*fix.steps, *fix.policy, *fix.preflight_lines, *fix.response_lines))


@pytest.mark.parametrize("name", TABLE)
def test_the_reason_and_the_fix_are_those_of_the_misconfiguration(name: str) -> None:
    row = TABLE[name]
    report = asked(application(row), row.question)
    found = {finding.code: finding for finding in report.findings}
    assert report.outcome == row.outcome
    if not row.code:
        assert all(finding.severity == Severity.INFO for finding in report.findings)
        return
    finding = found[row.code]
    assert row.cause in finding.sentence
    assert row.fix in f"{finding.fix}\n{fix_of(report)}"
    if row.outcome == "blocked":
        assert report.cause == finding.sentence


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.audit])
def test_an_audit_finds_it_too(name: str) -> None:
    row = TABLE[name]
    findings = {each.code: each for each in audit(application(row), f"{API}/items", PAGE).findings}
    assert row.audit in findings
    assert findings[row.audit].fix


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.outcome == "blocked"])
def test_the_policy_of_a_fix_lets_the_page_in(name: str) -> None:
    row = TABLE[name]
    report = asked(application(row), row.question)
    policy = eval("\n".join(report.fix.policy), {"Policy": Policy})  # it is for people to paste
    site = CORSMiddleware(application(Row(always(), "", "", "")), policy)
    assert asked(site, row.question).outcome == "allowed"


# What else is said in the table's place


def test_an_empty_value_for_others_is_no_false_alarm() -> None:
    """HAProxy, Varnish and others send an empty header to origins that they do not know."""

    def server(asked: Asked) -> tuple[str, Any]:
        return "200 OK", ((ORIGIN, PAGE if asked.origin == PAGE else ""), ("Vary", "Origin"))

    findings = audit(application(Row(server, "", "", "")), f"{API}/items", PAGE).findings
    assert "allow-origin-invalid" not in [finding.code for finding in findings]


def test_no_answer_after_a_redirect_is_told_as_that() -> None:
    def site(environ: Any, start_response: Any) -> list[bytes]:
        assert environ["HTTP_HOST"] == "api.example.net", "down"
        start_response("302 Found", [("Location", f"{THIRD}/items"), *SHARED])
        return [b""]

    report = asked(site)
    codes = {finding.code for finding in report.findings}
    assert "app-raised" in codes
    assert "origin-null-after-redirect" not in codes
    assert any(
        "the redirect leads to https://login.example.org/items, and there was no response" in each.sentence
        for each in report.findings
    )


@pytest.mark.parametrize(
    ("value_of", "code", "fix"),
    [
        ("https://app.example.com:8443", "allow-origin-port", "allow the origin"),
        ("https://example.com", "allow-origin-other", "allow the origin"),
        ("https://shop.example.com always", "allow-origin-extra", "send one origin alone"),
        ("a b.example", "allow-origin-list", "put https://app.example.com on the list"),
        ("*, *, *", "allow-origin-several-lines", "only one part"),
        ("same-origin", "allow-origin-invalid", "send https://app.example.com"),
    ],
)
def test_further_values(value_of: str, code: str, fix: str) -> None:
    (finding,) = [each for each in asked(application(Row(value(value_of), "", "", ""))).findings if each.is_failure]
    assert finding.code == code
    assert fix in finding.fix


def test_a_sandboxed_page_is_told_that_it_has_no_origin() -> None:
    report = asked(application(Row(value(PAGE), "", "", "")), {"origin": "null"})
    assert "a sandboxed page has no origin of its own" in report.cause


@pytest.mark.parametrize(
    ("listed", "method", "sentence", "fix"),
    [
        ("PATCH", "patch", "case-sensitive", "write PATCH in the script"),
        ("PUT@home", "PUT", '"PUT@home" is not a name', f"{METHODS}: PUT"),
        ("GET|PUT", "PUT", "without PUT", f"{METHODS}: GET, PUT"),
    ],
)
def test_further_lists(listed: str, method: str, sentence: str, fix: str) -> None:
    report = asked(application(Row(permitting((METHODS, listed)), "", "", "")), {"method": method})
    assert sentence in report.cause
    assert fix in fix_of(report)


@pytest.mark.parametrize(
    "name", ["Timing-Allow-Origin", "Access-Control-Allow-Private-Network", "Allow", "X-Allowed", "Access-Control-Zzz"]
)
def test_other_names_are_not_taken_for_misspelled_ones(name: str) -> None:
    report = asked(application(Row(always(*SHARED, (name, "*")), "", "", "")))
    assert "misspelled-header" not in [finding.code for finding in report.findings]


def test_a_name_is_told_once_although_it_comes_often() -> None:
    row = Row(lambda asked: ("200 OK", (*SHARED, (METHODS, "PUT"), ("Access-Control-Max-Ages", "1"))), "", "", "")
    report = asked(application(row), {**PUT, "send": True})
    assert [each.code for each in report.findings].count("misspelled-header") == 1


# A fix adds to what is granted


@pytest.mark.parametrize(
    ("granted", "question", "policy"),
    [
        (
            (*SHARED, (METHODS, "GET, POST, DELETE, TRACE"), (HEADERS, "Content-Type, Cookie"), (MAX_AGE, "3600")),
            {**PUT, **KEY},
            Policy(PAGE, allow_methods=["DELETE", "PUT"], allow_headers=["Content-Type", "x-api-key"], max_age=3600),
        ),
        (
            ((ORIGIN, "*"), (METHODS, "DELETE"), (EXPOSED, "X-Total, Set-Cookie")),
            PUT,
            Policy("*", allow_methods=["DELETE", "PUT"], expose_headers=["X-Total"]),
        ),
        (((ORIGIN, "*"), (METHODS, "*")), KEY, Policy("*", allow_methods="*", allow_headers=["x-api-key"])),
        (
            ((ORIGIN, "*"), (HEADERS, "*, Content-Type"), (METHODS, "DELETE")),
            PUT,
            Policy("*", allow_methods=["DELETE", "PUT"], allow_headers="*"),
        ),
        (
            (*TRUSTED, (METHODS, "delete"), (MAX_AGE, "604800")),
            PUT,
            Policy(PAGE, allow_methods=["DELETE", "PUT"], allow_credentials=True, max_age=86400),
        ),
        (
            ((ORIGIN, "https://shop.example.com"), (CREDENTIALS, "true")),
            {},
            Policy(["https://shop.example.com", PAGE], allow_credentials=True),
        ),
        (((ORIGIN, "http://shop.example.com"),), INCLUDE, Policy(PAGE, allow_credentials=True)),
        (((ORIGIN, f'["https://shop.example.com", "{PAGE}/"]'),), {}, Policy(["https://shop.example.com", PAGE])),
        (((ORIGIN, "*"), (EXPOSED, "*")), INCLUDE, Policy(PAGE, allow_credentials=True)),
    ],
)  # fmt: skip
def test_a_fix_keeps_what_is_granted(granted: Any, question: Any, policy: Policy) -> None:
    row = Row(lambda asked: ("200 OK", granted), "", "", "")
    fix = asked(application(row), question).fix
    assert eval("\n".join(fix.policy), {"Policy": Policy}) == policy


def test_the_lines_of_a_fix_keep_what_is_granted() -> None:
    row = Row(
        preflight(
            (ORIGIN, "*"), (METHODS, "DELETE"), (MAX_AGE, "60"), then=("200 OK", ((ORIGIN, "*"), (EXPOSED, "X-A")))
        ),
        "",
        "",
        "",
    )
    fix = asked(application(row), PUT).fix
    assert f"{METHODS}: DELETE, PUT" in fix.preflight_lines
    assert f"{MAX_AGE}: 60" in fix.preflight_lines
    assert f"{ORIGIN}: {PAGE}" not in (*fix.preflight_lines, *fix.response_lines)


# In Chromium

SCRIPT = """<script type="module">
for (const {id, url, init} of await (await fetch("/cases")).json()) {
  let told = "allowed";
  try { await fetch(url, {...init, cache: "no-store"}); } catch (error) { told = "blocked"; }
  await fetch("/told", {method: "POST", body: JSON.stringify({id, told})});
}
</script>"""

#: Seconds without a word from the page after which it counts as hanging.
WATCHDOG = 60

#: Those that are asked about as pages of PAGE; the other origins are not Chromium's to choose.
ROWS = {name: row for name, row in TABLE.items() if "origin" not in row.question}


class Handler(BaseHTTPRequestHandler):
    """Plays the servers of the table, by the number in the path; on the page's origin, the page."""

    protocol_version = "HTTP/1.1"
    origins: dict[str, str]
    cases: bytes
    told: queue.Queue[dict[str, Any]]

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        port = f":{self.connection.getsockname()[1]}"
        if self.origins["page"].endswith(port):
            if self.path == "/told":
                self.told.put(json.loads(body))
            page = {"/page": SCRIPT.encode(), "/cases": self.cases}.get(self.path, b"")
            self.send("200 OK", [("Content-Type", "text/html")], page)
            return
        _, number, rest = self.path.split("/", 2)
        host = API if self.origins["api"].endswith(port) else THIRD
        origin = self.headers.get("Origin", "").replace(self.origins["page"], PAGE)
        is_preflight = self.command == "OPTIONS" and "Access-Control-Request-Method" in self.headers
        row = list(ROWS.values())[int(number)]
        question = Asked(self.command, host.partition("//")[2], f"/{rest.partition('?')[0]}", origin, is_preflight)
        status, headers = row.server(question)
        self.send(status, [(name, self.translated(name, text, number)) for name, text in headers], row.body)

    def translated(self, name: str, text: str, number: str) -> str:
        """Return a header's value with the origins of this machine in it."""
        if name == "Location":
            server = "api" if text.startswith(("/", API)) else "third"
            path = text if text.startswith("/") else f"/{text.split('/', 3)[3]}"
            return f"{self.origins[server]}/{number}{path}"
        return text.replace(PAGE, self.origins["page"])

    def send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for name, text in headers:
            self.send_header(name, text)
        is_empty = code in ("204", "304")
        if not is_empty:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not is_empty and self.command != "HEAD":
            self.wfile.write(body)


@contextlib.contextmanager
def served() -> Iterator[Any]:
    """Start the page's server, the API's and a third one; give the handler class that they share."""
    handler: Any = type("TableHandler", (Handler,), {"told": queue.Queue(), "cases": b"[]"})
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler)) for _ in range(3)]
        origins = [f"http://localhost:{server.server_port}" for server in servers]
        handler.origins = dict(zip(("page", "api", "third"), origins, strict=True))
        for server in servers:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield handler


@pytest.mark.once
def test_the_verdicts_are_those_of_chromium() -> None:
    browser = machine.find("chromium")
    told: dict[int, str] = {}
    ours: dict[int, str] = {}
    with served() as handler:
        cases = []
        for number, row in enumerate(ROWS.values()):
            init = {
                key: row.question[key] for key in ("method", "headers", "credentials", "body") if key in row.question
            }
            cases.append({"id": number, "url": f"{handler.origins['api']}/{number}/items", "init": init})
        handler.cases = json.dumps(cases).encode()
        with chromium.opened(browser, f"{handler.origins['page']}/page") as complaints:
            while len(told) < len(cases):
                try:
                    report = handler.told.get(timeout=WATCHDOG)
                except queue.Empty:
                    pytest.fail(f"{cases[len(told)]} hangs; {complaints.read_text('utf-8', 'replace')[-2000:]}")
                told[report["id"]] = report["told"]
        for number, row in enumerate(ROWS.values()):
            question = {**row.question, "origin": handler.origins["page"], "engines": ("chromium",), "send": True}
            with contextlib.closing(new_session()) as session:
                session.trust_env = False
                outcome = asked(session, question, f"{handler.origins['api']}/{number}/items").outcome
            ours[number] = "blocked" if outcome == "blocked" else "allowed"
    names = list(ROWS)
    assert {names[number]: told[number] for number in told if told[number] != ours[number]} == {}
    assert set(told.values()) == {"allowed", "blocked"}


# On the real servers

NGINX = """
daemon off;
{user}
pid {home}/nginx.pid;
error_log {home}/errors.log error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port};
        add_header Access-Control-Allow-Origin {page}{always};
        location /items {{ return 200 "[]"; }}
        location /down {{ proxy_pass http://127.0.0.1:{closed}; }}
        location /missing {{ return 404; }}
    }}
}}
"""

APACHE = """
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {home}/apache.pid
ErrorLog {home}/log
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule headers_module {modules}/mod_headers.so
DocumentRoot {home}
Redirect 404 /missing
{headers}
<Directory {home}>
    Require all granted
</Directory>
"""

#: A page of this machine, because its plain http: is asked.
LOCAL = "http://localhost:3000"


def user_line(server: str) -> str:
    """Return the line that says which user the server runs as, if it is started as root."""
    if os.geteuid():
        return ""
    # nginx would take a user who may not enter its directory; Apache refuses to stay root.
    return f"user {pwd.getpwuid(0).pw_name};" if server == "nginx" else "User daemon\nGroup daemon"


@contextlib.contextmanager
def nginx(always: str) -> Iterator[int]:
    program = machine.find("nginx")
    (closed,) = free_ports(1)

    def command(home: str, ports: list[int]) -> list[str]:
        text = NGINX.format(user=user_line("nginx"), home=home, port=ports[0], page=LOCAL, always=always, closed=closed)
        Path(home, "nginx.conf").write_text(text, "utf-8")
        return [program, "-p", home, "-c", f"{home}/nginx.conf", "-e", "stderr"]

    with running(command, 1) as ports:
        yield ports[0]


@contextlib.contextmanager
def apache(*headers: str) -> Iterator[int]:
    program = machine.find("apache")
    modules = next(
        (path for path in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(path)), ""
    )

    def command(home: str, ports: list[int]) -> list[str]:
        os.chmod(home, 0o755)
        Path(home, "items").write_text("[]", "utf-8")
        text = APACHE.format(
            user=user_line("apache"), home=home, port=ports[0], modules=modules, headers="\n".join(headers)
        )
        Path(home, "apache.conf").write_text(text, "utf-8")
        return [program, "-f", f"{home}/apache.conf", "-DFOREGROUND"]

    with running(command, 1) as ports:
        yield ports[0]


def failures_at(port: int, path: str) -> dict[str, str]:
    """Return the fix of each failure, by its code, as a page of this machine."""
    with contextlib.closing(new_session()) as session:
        session.trust_env = False
        report = asked(session, {"origin": LOCAL}, f"http://127.0.0.1:{port}{path}")
    return {finding.code: finding.fix for finding in report.findings if finding.is_failure}


@pytest.mark.once
def test_nginx_without_always_and_with_it() -> None:
    with nginx("") as port:
        assert failures_at(port, "/items") == {}
        missing, down = failures_at(port, "/missing"), failures_at(port, "/down")
    assert list(missing) == ["not-found-hidden"]
    assert list(down) == ["proxy-error-hidden"]
    assert all(f"add_header {ORIGIN} ... always;" in fix for fix in (*missing.values(), *down.values()))
    with nginx(" always") as port:
        assert [failures_at(port, path) for path in ("/items", "/missing", "/down")] == [{}, {}, {}]


@pytest.mark.once
def test_apache_with_set_and_with_always_set_and_with_both() -> None:
    plain, sure = f"Header set {ORIGIN} {LOCAL}", f"Header always set {ORIGIN} {LOCAL}"
    with apache(plain) as port:
        assert failures_at(port, "/items") == {}
        missing = failures_at(port, "/missing")
    assert list(missing) == ["not-found-hidden"]
    assert "use Header always set and no Header set" in missing["not-found-hidden"]
    with apache(plain, sure) as port:
        twice = failures_at(port, "/items")
        assert failures_at(port, "/missing") == {}
    assert list(twice) == ["allow-origin-several-lines"]
    assert "Header set and Header always set fill two lists" in twice["allow-origin-several-lines"]
    with apache(sure) as port:
        assert [failures_at(port, path) for path in ("/items", "/missing")] == [{}, {}]
    with apache(f"Header set {ORIGIN} %{{CORS}}e") as port:
        assert list(failures_at(port, "/items")) == ["allow-origin-unset"]
