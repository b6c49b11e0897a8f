"""``corswsgi serve``, and the command line that it shares with ``corswsgi demo``."""

import argparse
import contextlib
import http.client
import logging
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest

from corswsgi import cli, serve
from corswsgi.errors import PolicyError, UsageError

APP = "https://app.example.com"


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "data.json").write_text('{"a": 1}')
    return tmp_path


@pytest.fixture(autouse=True)
def _logging():
    """Take back what a command sets up for a whole process."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def options(*arguments):
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    return parser.parse_args([*map(str, arguments), "--port", "0"])


@contextlib.contextmanager
def serving(*arguments):
    with serve.make_server(options(*arguments)) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def get(server, path, host="localhost", method="GET", **headers):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    connection.request(method, path, headers={"Host": host, **headers})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_files_are_readable_by_those_who_are_allowed(directory, capfd):
    with serving(directory, "--allow-origin", APP, "--allow-origin", "http://localhost:*") as server:
        for origin, allowed in [
            (APP, APP),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://x.example", None),
        ]:
            response, body = get(server, "/data.json", Origin=origin)
            assert body == b'{"a": 1}'
            assert response.getheader("Access-Control-Allow-Origin") == allowed
            assert response.getheader("Vary") == "Origin"
        response, _ = get(server, "/absent", Origin=APP)
        assert (response.status, response.getheader("Access-Control-Allow-Origin")) == (404, APP)
    assert capfd.readouterr().err.count('"GET /data.json HTTP/1.1" 200') == 3, "a log line for each request"


def test_without_allow_origin_nobody_else_is_allowed(directory):
    with serving(directory) as server:
        response, _ = get(server, "/data.json", Origin=APP)
        assert [name for name in response.headers if name.startswith("Access-Control")] == []
        response, _ = get(
            server, "/data.json", method="OPTIONS", Origin=APP, **{"Access-Control-Request-Method": "PUT"}
        )
        assert response.status == 501


@pytest.mark.parametrize(
    ("arguments", "known", "unknown"),
    [
        ([], ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:1"], ["evil.example", "", "localhost.evil.example"]),
        ([], ["app.localhost", "a.B.localhost:80"], ["applocalhost", "localhost.", "127.0.0.1.localhost.evil.example"]),
        (["--allow-host", "My.Test"], ["my.test:8000", "localhost"], ["test", "x.my.test"]),
        (["--bind", "localhost"], ["localhost"], ["evil.example"]),
        (["--bind", "0.0.0.0"], ["localhost", "any.example"], []),
        (["--bind", "0.0.0.0", "--allow-host", "a.example"], ["a.example"], ["b.example"]),
    ],
)  # fmt: skip
def test_only_known_hosts_are_answered_to(directory, arguments, known, unknown):
    with serving(directory, *arguments) as server:
        assert [get(server, "/data.json", host)[0].status for host in known] == [200] * len(known)
        assert [get(server, "/data.json", host)[0].status for host in unknown] == [421] * len(unknown)


def test_a_request_that_cannot_be_read_is_answered_before_its_host_is_looked_at(directory):
    with serving(directory) as server, socket.create_connection(server.server_address[:2], 10) as connection:
        connection.sendall(b"GET / HTTP/1.1 and more\r\nHost: evil.example\r\n\r\n")
        assert b"Error code: 400" in connection.recv(65536)


def test_an_ipv6_address_can_be_bound(directory, capfd):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback address")
    with serving(directory, "--bind", "::1") as server:
        assert get(server, "/data.json", "[::1]:8000")[0].status == 200
        assert f"http://[::1]:{server.server_port}/" in serve._announcement(options(directory, "--bind", "::1"), server)


@pytest.mark.parametrize("flag", ["-d", "--directory"])
def test_the_directory_is_an_option_too(flag, directory):
    with serving(flag, directory) as server:
        assert get(server, "/data.json")[1] == b'{"a": 1}'
        assert serve._announcement(options(flag, directory), server).startswith(f'Serving "{directory}" on ')


@pytest.mark.parametrize(
    ("arguments", "who"),
    [
        ([], "no other origin (see --allow-origin)"),
        (["--allow-origin", APP, "--allow-origin", "http://localhost:*"], f"{APP}, http://localhost:*"),
        (["--allow-origin", "*"], "any origin"),
    ],
)
def test_the_first_line_says_who_may_read(arguments, who, directory):
    with serving(directory, *arguments) as server:
        assert serve._announcement(options(directory, *arguments), server).endswith(f"; readable by pages of {who}")


def test_without_a_directory_it_is_the_current_one(directory, monkeypatch):
    monkeypatch.chdir(directory)
    with serving() as server:
        assert get(server, "/data.json")[1] == b'{"a": 1}'
        assert serve._announcement(options(), server).startswith('Serving "." on ')


COOP, COEP = "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/data.json", {}, 200),
        ("HEAD", "/data.json", {"Origin": APP}, 200),
        ("GET", "/data.json", {"Range": "bytes=1-2"}, 206),
        ("GET", "/data.json", {"Range": "bytes=99-"}, 416),
        ("GET", "/", {}, 200),
        ("GET", "/absent", {}, 404),
        ("GET", "/data.json", {"host": "evil.example"}, 421),
        ("POST", "/data.json", {}, 501),
        ("OPTIONS", "/data.json", {"Origin": APP, "Access-Control-Request-Method": "GET"}, 204),
        ("OPTIONS", "/data.json", {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}, 403),
    ],
)
def test_headers_of_ones_own_are_on_every_response(directory, method, path, headers, status):
    told = ["--header", f"{COOP}: same-origin", "--header", f"{COEP}:require-corp ", "--header", "X-A: b: c"]
    with serving(directory, "--allow-origin", APP, *told) as server:
        response, _ = get(server, path, method=method, **headers)
    assert response.status == status
    assert response.headers.get_all(COOP) == ["same-origin"]
    assert response.headers.get_all(COEP) == ["require-corp"]
    assert response.headers.get_all("X-A") == ["b: c"]


def test_who_is_allowed_may_read_files_in_parts(directory):
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-range,range"}
    with serving(directory, "--allow-origin", APP) as server:
        preflight, _ = get(server, "/data.json", method="OPTIONS", Origin=APP, **asked)
        part, body = get(server, "/data.json", Origin=APP, Range="bytes=-2")
    assert (preflight.status, preflight.getheader("Access-Control-Allow-Headers")) == (204, "If-Range,Range")
    assert (part.status, part.getheader("Content-Range"), body) == (206, "bytes 6-7/8", b"1}")
    assert part.getheader("Access-Control-Expose-Headers") == "Accept-Ranges,Content-Range"


def test_a_directory_that_is_not_there(directory):
    with pytest.raises(UsageError, match='absent" is not a directory'):
        serve.make_server(options(directory / "absent"))


def test_an_address_that_is_not_one(directory):
    with pytest.raises(UsageError, match='--bind "no such host"'):
        serve.make_server(options(directory, "--bind", "no such host"))


def test_an_address_of_another_machine(directory):
    with pytest.raises(UsageError, match="not an address of this machine"):
        serve.make_server(options(directory, "--bind", "192.0.2.1"))


def test_an_origin_that_is_not_one(directory):
    with pytest.raises(PolicyError, match=re.escape(APP)):
        serve.make_server(options(directory, "--allow-origin", APP + "/"))


def run(*arguments, capfd):
    """Return the exit status of the command line, and what it wrote to standard error."""
    try:
        status = cli.main(list(map(str, arguments)))
    except SystemExit as stop:
        status = stop.code
    return status, capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ["serve", "absent-directory"],
            'corswsgi serve: "absent-directory" is not a directory; name one that exists',
        ),
        (["serve", "--flag"], 'corswsgi serve: there is no option "--flag"; see corswsgi serve --help'),
        (["demo", "--flag"], 'corswsgi demo: there is no option "--flag"; see corswsgi demo --help'),
        (
            ["check", "https://a.example", "--orgin=https://b.example"],
            'corswsgi check: there is no option "--orgin", did you mean "--origin"? see corswsgi check --help',
        ),
        (["serve", "--flag", "-q", "secret"], 'there is no option "--flag", there is no option "-q"; see'),
        (["serve", ".", "build"], "serve: 1 word too many (put quotation marks around a value with spaces); see"),
        (["finding", "tls", "a", "b"], "corswsgi finding: 2 words too many"),
        (["serve", "--bind", "a..b"], 'corswsgi serve: --bind "a..b": not a host name'),
        (["serve", "--allow-host", "files.example:9000"], "'files.example:9000' is not a host name"),
        (["serve", "--port", "x"], "corswsgi serve: argument --port: 'x' is not a port"),
        (["serve", "--port", "65536"], "a number from 0 to 65535"),
        (["serve", ".", "-d", "build"], "argument -d/--directory: not allowed with argument DIRECTORY"),
        (
            ["serve", "-d", "absent-directory"],
            'corswsgi serve: "absent-directory" is not a directory; name one that exists',
        ),
        (["serve", "--header", "X-A"], 'argument --header: "X-A": has no value; write it as "NAME: VALUE"'),
        (["serve", "--header", "X-A: "], 'argument --header: "X-A: ": has no value; write it as "NAME: VALUE"'),
        (["serve", "--header", "X A: b"], '"X A" is not a header name'),
        (["serve", "--header", " X-A: b"], '" X-A" is not a header name'),
        (["serve", "--header", ": b"], '"" is not a header name'),
        (["serve", "--header", "X-\u00c4: b"], '"X-\\u00c4" is not a header name'),
        (["serve", "--header", "X-A: b\r\nX-B: c"], r'"X-A: b\r\nX-B: c": the value has characters'),
        (["serve", "--header", "X-A: \x7f"], "the value has characters that are not printable ASCII"),
        (["serve", "--header", "X-A: \u20ac"], "the value has characters that are not printable ASCII"),
        (["serve", "--header", "Access-Control-Max-Age: 5"], "leave it out, and use --allow-origin"),
        (["serve", "--header", "content-type: text/html"], "the server sets content-type"),
        (["serve", "--header", "Vary: Cookie"], "the server sets Vary"),
        (["serve", "--allow-origin", "https://a.example/"], 'did you mean "https://a.example"?'),
        ([], "corswsgi: name a command: demo, check, audit, lint, finding, explain, export, serve; see"),
        (["--flag"], 'corswsgi: there is no option "--flag"; see corswsgi --help'),
        (["sevre"], 'corswsgi: there is no command "sevre", did you mean "serve"? see corswsgi --help'),
        (["frobnicate"], 'corswsgi: there is no command "frobnicate"; see corswsgi --help'),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(arguments, part, capfd):
    status, told = run(*arguments, capfd=capfd)
    assert status == 2
    assert part in told
    assert len(told.splitlines()) == 1


def test_every_fault_of_the_origins_is_a_line(capfd):
    status, told = run("serve", "--allow-origin", "https://A.example/", capfd=capfd)
    assert status == 2
    assert [line.partition(": ")[0] for line in told.splitlines()] == ["corswsgi serve"] * 2


def test_a_busy_port_is_named_with_its_flag(directory, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, told = run("serve", directory, "--port", port, capfd=capfd)
    assert status == 2
    assert told == f"corswsgi serve: port {port} is in use; choose another with --port\n"


def test_an_interrupted_command_ends_without_a_traceback(monkeypatch, capfd):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "run", interrupted)
    assert run("serve", capfd=capfd) == (130, "")


def test_version(capfd):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capfd.readouterr().out == "corswsgi 1.0.0\n"


@contextlib.contextmanager
def started(command, directory, tmp_path, sigint):
    """Start the command, with SIGINT as ``sigint`` has it; yield the process, its port, and the file of what it logs.

    The tests themselves may have been started with SIGINT ignored, by ``nohup`` or in the background of a shell.
    """
    log = tmp_path / "log.txt"
    before = signal.signal(signal.SIGINT, sigint)  # a process inherits what is ignored, and only that
    try:
        with open(log, "wb") as stderr:
            process = subprocess.Popen(
                [*command, "serve", str(directory), "--port", "0", "--allow-origin", APP],
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])},
            )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            assert select.select([process.stdout], [], [], 30)[0], "it says nothing"
            announcement = os.read(process.stdout.fileno(), 4096).decode()  # written at once
            assert announcement.startswith(f'Serving "{directory}" on http://127.0.0.1:')
            assert announcement.rstrip().endswith(f"readable by pages of {APP}")
            yield process, int(announcement.partition("127.0.0.1:")[2].partition("/")[0]), log
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("command", "sigint", "stopped_by"),
    [
        ([sys.executable, "-m", "corswsgi"], signal.default_int_handler, signal.SIGINT),
        (["corswsgi"], signal.default_int_handler, signal.SIGINT),
        (["corswsgi"], signal.SIG_IGN, signal.SIGTERM),
    ],
    ids=["module", "program", "in the background"],
)
def test_the_command_serves_until_it_is_stopped(command, sigint, stopped_by, directory, tmp_path_factory):
    with started(command, directory, tmp_path_factory.mktemp("log"), sigint) as (process, port, log):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/data.json", headers={"Origin": "https://evil.example"})
        assert connection.getresponse().read() == b'{"a": 1}'
        connection.close()
        process.send_signal(stopped_by)
        assert process.wait(30) == 0
    told = log.read_text()
    assert 'refused origin "https://evil.example" on "GET" "/data.json"' in told
    assert '"GET /data.json HTTP/1.1" 200' in told
    assert "Traceback" not in told


def test_a_settings_file_names_those_who_are_allowed(directory, tmp_path, capsys):
    config = tmp_path / "cors.toml"
    config.write_text(f"[cors]\nallow_origins = '{APP}'\n[cors.'/data.json']\nallow_origins = '*'\n")
    with serving(directory, "--config", config) as server:
        assert get(server, "/")[0].getheader("Access-Control-Allow-Origin") == APP
        assert get(server, "/data.json")[0].getheader("Access-Control-Allow-Origin") == "*"
        announced = serve._announcement(options(directory, "--config", config), server)
        assert announced.endswith(f'readable by pages of the origins that "{config}" names')
    with pytest.raises(SystemExit):
        options(directory, "--config", config, "--allow-origin", APP)
    assert "not allowed with argument" in capsys.readouterr().err


def test_faults_of_a_settings_file_are_told(directory, tmp_path, capsys):
    config = tmp_path / "cors.ini"
    config.write_text("[cors]\nmax_age = x\n")
    assert cli.main(["serve", str(directory), "--config", str(config)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"corswsgi serve: {config}:1: allow_origins: a policy must say which origins it allows; list them.",
        f'corswsgi serve: {config}:2: max_age: "x" is not a duration; write seconds, or "10 minutes", or "none".',
    ]
