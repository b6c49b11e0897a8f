"""The servers that configurations are exported for, each started with one, on loopback and a free port.

To add a server: write what starts it, and one line in :data:`FRONTS`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import machine
from caching.servers import PATIENCE, running
from front_ends import Pairs

from corswsgi import PolicyError
from corswsgi.export import Place, configuration
from corswsgi.export.statements import Policies

#: Bytes of a body that is too large for each of them, so that it answers 413.
LARGEST_BODY = 4096


@dataclass(frozen=True)
class Front:
    """A server in front.

    :ivar name: as ``corswsgi export`` and :data:`machine.PROGRAMS` have it.
    :ivar command: writes what the server needs beside the exported file into its home; returns the command that runs
        it in the foreground. Its arguments are the program, the home, and the exported file.
    :ivar check: returns the command that checks the configuration.
    :ivar version: the command that prints the version.
    :ivar silence: what the check prints if all is well, in lower case; anything else that it prints is a warning.
    :ivar limit: tells why a server cannot see or answer a request as the middleware does, by its method and its
        headers; empty if it can.
    :ivar limits: the same and what else is to be known, in sentences, for ``docs/servers.rst``.
    :ivar has_files: whether it serves files itself.
    :ivar too_large: the status with which it refuses a body that is too large.
    :ivar unreachable: the status with which it answers if there is no application.
    :ivar too_late: the status with which it answers if the application does not.
    :ivar hurried: such an edit, which gives the application one second.
    """

    name: str
    command: Callable[[str, Path, Path], list[str]]
    check: Callable[[str, Path, Path], list[str]]
    version: tuple[str, ...]
    silence: tuple[str, ...]
    limit: Callable[[str, Pairs], str]
    limits: tuple[str, ...] = ()
    has_files: bool = True
    too_large: int = 413
    unreachable: int = 502
    too_late: int = 504
    hurried: tuple[str, str] = ("", "")

    def program(self) -> str:
        """Return where the server is; without it the test is skipped, or fails where it is demanded."""
        return machine.find(self.name)

    def can_say(self, policies: Policies) -> bool:
        """Tell whether there is a configuration of this server for policies that others can say."""
        try:
            configuration(self.name, policies, Place("http://127.0.0.1:8000"))
        except PolicyError:
            return False
        return True

    @contextlib.contextmanager
    def standing(
        self,
        policies: Policies,
        *,
        behind: int | None = None,
        root: Path | None = None,
        edits: Iterable[tuple[str, str]] = (),
    ) -> Iterator[int]:
        """Run the server with an exported configuration, after its check; give its port.

        :param behind: the port of the application; by default there are files.
        :param root: where the files are.
        :param edits: what someone edits in the exported file: an expression, and what stands there instead.
        """
        program = self.program()

        def command(home: str, ports: list[int]) -> list[str]:
            files = Path(home, "files")
            if root:  # another user may have to read them
                shutil.copytree(root, files, dirs_exist_ok=True)
                files.chmod(0o755)
            file = self.exported(Path(home), policies, ports[0], behind, files)
            for expression, instead in edits:
                text, count = re.subn(expression, instead, file.read_text("utf-8"))
                assert count == 1, expression
                file.write_text(text, "utf-8")
            self.checked(program, Path(home), file)
            return self.command(program, Path(home), file)

        with running(command, 1) as ports:
            yield ports[0]

    def exported(
        self, home: Path, policies: Policies, port: int, behind: int | None = None, root: Path | None = None
    ) -> Path:
        """Write the configuration into ``home``; return its file."""
        upstream = f"http://127.0.0.1:{behind}" if behind else ""
        file = home / "exported"
        written = configuration(self.name, policies, Place(upstream, f"127.0.0.1:{port}", str(root or home)), str(file))
        file.write_text(written.text, "utf-8")
        for end, text in written.beside.items():
            Path(f"{file}{end}").write_text(text, "utf-8")
        return file

    def checked(self, program: str, home: Path, file: Path) -> None:
        """Check the configuration as the server does; fail at an error, and at a warning."""
        self.command(program, home, file)
        done = subprocess.run(
            self.check(program, home, file), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        printed = f"{done.stdout}{done.stderr}"
        assert done.returncode == 0, printed
        lines = [line for line in printed.lower().splitlines() if line.strip()]
        assert [line for line in lines if not any(known in line for known in self.silence)] == []


_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/errors.log error;
events {{}}
http {{
    access_log off;
    client_max_body_size {largest};
    client_body_temp_path {home}/client_body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {file};
}}
"""


def _nginx(program: str, home: Path, file: Path) -> list[str]:
    # Its workers take another user only where it is started as root; then they could not enter the directory.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(_NGINX.format(home=home, user=user, file=file, largest=LARGEST_BODY))
    return [program, "-p", str(home), "-c", f"{home}/nginx.conf", "-e", "stderr"]


def _nginx_limit(method: str, headers: Pairs) -> str:
    if method != method.upper():
        return "nginx answers 400 to a method in lower case"
    for name in ("Origin", "Access-Control-Request-Method"):
        if (name, "") in headers:
            return f"to nginx an empty {name} is none"
    return ""


_CADDY = """\
{
	admin off
}

"""

#: What a site that limits bodies says.
_CADDY_LIMIT = """\
		import cors
		request_body {{
			max_size {largest}
		}}
"""


def _caddy(program: str, home: Path, file: Path, verb: str = "run") -> list[str]:
    text = file.read_text("utf-8")
    limited = text.replace("\t\timport cors\n", _CADDY_LIMIT.format(largest=LARGEST_BODY))
    assert limited != text
    (home / "Caddyfile").write_text(_CADDY + limited, "utf-8")
    # It keeps certificates and the configuration that it ran last in the directories of its user.
    homes = [f"XDG_{kind}_HOME={home}" for kind in ("CONFIG", "DATA")]
    return ["env", *homes, program, verb, "--config", f"{home}/Caddyfile", "--adapter", "caddyfile"]


def _caddy_limit(method: str, headers: Pairs) -> str:
    return "waitress, behind, answers 400 to a method in lower case" if method != method.upper() else ""


_HAPROXY = """
global
    maxconn 100
defaults
    mode http
    timeout http-request 20s
    retries 0
"""


def _haproxy(program: str, home: Path, file: Path) -> list[str]:
    (home / "haproxy.cfg").write_text(_HAPROXY)
    # HAProxy has no limit of its own for bodies; here the application has one, as sites give it.
    (home / "site.cfg").write_text(
        f"{file.read_text()}    http-request deny deny_status 413 if {{ req.body_size gt {LARGEST_BODY} }}\n"
    )
    return [program, "-db", "-f", f"{home}/haproxy.cfg", "-f", f"{home}/site.cfg"]


_APACHE = """
ServerRoot {home}
ServerName localhost
DefaultRuntimeDir {home}
PidFile {home}/apache.pid
ErrorLog {home}/errors.log
{user}
{modules}
<IfModule !mpm_event_module>
    LoadModule mpm_event_module {directory}/mod_mpm_event.so
</IfModule>
Include {file}
<Location />
    <If "req_novary('Content-Length') -gt {largest}">
        Redirect 413
    </If>
</Location>
"""
_APACHE_MODULES = ("alias", "authz_core", "env", "headers", "rewrite", "setenvif", "proxy", "proxy_http")


def _apache(program: str, home: Path, file: Path) -> list[str]:
    directory = "/usr/lib/apache2/modules"
    modules = "\n".join(f"LoadModule {name}_module {directory}/mod_{name}.so" for name in _APACHE_MODULES)
    user = ""
    if os.geteuid() == 0:  # its processes take another user then, who must get in
        user = "User nobody\nGroup nogroup"
        home.chmod(0o755)
    (home / "apache.conf").write_text(
        _APACHE.format(home=home, file=file, user=user, modules=modules, directory=directory, largest=LARGEST_BODY)
    )
    return [program, "-DFOREGROUND", "-f", f"{home}/apache.conf"]


def _apache_limit(method: str, headers: Pairs) -> str:
    return _nginx_limit(method, headers).replace("nginx", "Apache")


FRONTS = {
    front.name: front
    for front in (
        Front(
            "nginx",
            _nginx,
            lambda program, home, file: [*_nginx(program, home, file), "-t"],
            ("-v",),
            ("syntax is ok", "test is successful"),
            _nginx_limit,
            (
                "A method in lower case is answered 400, and so is a request line or a header that it cannot read.",
                "It ignores an empty ``Origin`` or ``Access-Control-Request-Method``, which no browser sends.",
                "A regular expression of the policy may allow an IPv6 origin in a form that no browser writes.",
                "A location with its own ``add_header`` has to repeat those of the policy.",
                "``Vary`` of the policy is a separate line from ``Vary`` of the application.",
                "If there are several policies, a path with ``%2F`` is closed: it may or may not separate segments.",
                "On paths without a policy, only the first of several lines of an ``Access-Control-*`` header passes.",
            ),
            hurried=("proxy_pass", "proxy_read_timeout 1s; proxy_pass"),
        ),
        Front(
            "apache",
            _apache,
            lambda program, home, file: [*_apache(program, home, file), "-t"],
            ("-v",),
            ("syntax ok",),
            _apache_limit,
            (
                "It ignores an empty ``Origin``, ``Access-Control-Request-Method`` or ``Sec-Fetch-Site``.",
                "A ``preflight_status`` other than 200 to 208 and 226 is an error, because it does not know others.",
                "A refused request gets Apache's own 403 page, not the one line of the middleware.",
                "It removes only the ``Access-Control-*`` headers of the application that browsers read.",
                "``Vary`` of the policy is a separate line from ``Vary`` of the application.",
                "If there are several policies, a path with ``%2F`` is closed: it may or may not separate segments.",
                "Exact origins are expressions of PCRE that hold some 500 each, because it compiles no larger ones; "
                "all are asked, and all but one give up at the first letters.",
            ),
            unreachable=503,
            too_late=502,
            hurried=("ProxyPreserveHost", "ProxyTimeout 1\nProxyPreserveHost"),
        ),
        Front(
            "caddy",
            _caddy,
            lambda program, home, file: _caddy(program, home, file, "validate"),
            ("version",),
            ('"level":"info"', "valid configuration"),
            _caddy_limit,
            (
                "Caddy itself answers ``OPTIONS *``, which no browser sends, without CORS headers.",
                "A rule for a path with U+FFFD is an error: paths that are not UTF-8 look the same.",
                "Caddy 2.6 answers 502, not 413, if ``request_body`` cuts off what is sent to the application; "
                "pages can read either.",
                "``Vary`` of the policy is a separate line from ``Vary`` of the application.",
                "If there are several policies, a path with ``%2F`` is closed: it may or may not separate segments.",
                "How long a look-up takes does not depend on the number of exact origins, which are one expression of "
                "RE2; patterns, regular expressions and paths are asked one after another.",
            ),
            too_large=502,  # 413 without an application behind
            hurried=(
                r"(reverse_proxy \S+)",
                r"\1 {\n\t\t\ttransport http {\n\t\t\t\tresponse_header_timeout 1s\n\t\t\t}\n\t\t}",
            ),
        ),
        Front(
            "haproxy",
            _haproxy,
            lambda program, home, file: [*_haproxy(program, home, file), "-c"],
            ("-v",),
            ("configuration file is valid", "haproxy version is", "path to executable is"),
            # HAProxy passes it on.
            lambda method, headers: (
                "" if method == method.upper() else "waitress answers 400 to a method in lower case"
            ),
            (
                "It does not serve files: ``--upstream`` has to name an application.",
                "A request line or a header that it cannot read is answered 400, and a request that does not come in "
                "time 408, without headers of the policy.",
                "If there are several policies, a path with ``%2F`` is closed: it may or may not separate segments.",
                "More than 200 origins of one policy are looked up in a file next to the configuration, ``FILE.map``.",
                "``Vary`` of the policy is a separate line from ``Vary`` of the application.",
            ),
            has_files=False,
            unreachable=503,
            hurried=("timeout server 50s", "timeout server 1s"),
        ),
    )
}
