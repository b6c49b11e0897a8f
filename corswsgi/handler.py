"""CORSRequestHandlerMixin: a policy in front of ``http.server`` handlers; ``protocol`` makes the answers."""

from __future__ import annotations

import io
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from logging import INFO
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import unquote_to_bytes

from corswsgi.asking import ReadableRequest
from corswsgi.errors import Fault, PolicyError, Problem, quote
from corswsgi.files import FileRequestHandler
from corswsgi.headers import ORDINARY_HEADERS, Header, is_ruled
from corswsgi.listening import KnownHostsMixin
from corswsgi.policy import Policy
from corswsgi.protocol import Answer, Grant, Rules, is_preflight, rules_of
from corswsgi.refusals import RefusalLog, is_logged
from corswsgi.routes import PolicyByPath, Routes

if TYPE_CHECKING:
    from http.server import HTTPServer

    _Handler = BaseHTTPRequestHandler
else:
    _Handler = object  # a mixin: the class that it overrides comes after it


#: The rules of a request, its origin, and what they grant the origin.
_Governed = tuple[Rules | None, str | None, Grant | None]

#: Handlers that write headers without the methods that the mixin overrides, by module and name; why, and what to do.
_UNGOVERNED = {
    ("http.server", "CGIHTTPRequestHandler"): (
        "lets CGI scripts write their own headers, so the policy would be missing from their responses"
    ),
    ("wsgiref.simple_server", "WSGIRequestHandler"): (
        "lets wsgiref write the headers, so the policy would be missing; wrap the application in CORSMiddleware"
    ),
}


class CORSRequestHandlerMixin(_Handler):
    """Put before a request handler of ``http.server``, applies a policy to all its responses.

    .. code-block:: python

        class Handler(CORSRequestHandlerMixin, BaseHTTPRequestHandler):
            cors = Policy(allow_origins=["https://app.example.com"])

    Preflights are answered as soon as a request is parsed; ``do_OPTIONS`` sees other OPTIONS requests only.
    """

    #: The policy; or a mapping from paths to policies, which is read once: to change it, assign another; or the
    #: policies of a file that is followed (``corswsgi.settings.follow``). Without one, no request can be answered.
    cors: ClassVar[Policy | Mapping[str, Policy | None] | PolicyByPath | None] = None

    _refusals: ClassVar[RefusalLog] = RefusalLog()
    _routes: ClassVar[tuple[object, Routes]] = (None, Routes({}))
    # The state of a request; these defaults are for a handler that answers before a request is parsed.
    _governed: _Governed | None = None
    _is_used = False
    _is_interim = False
    _is_complete = False
    _held: list[Header] | None = None
    _old_headers: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Compile the policy, so that a fault raises PolicyError where the class is defined."""
        super().__init_subclass__(**kwargs)
        bases = cls.__mro__
        if BaseHTTPRequestHandler in bases[: bases.index(CORSRequestHandlerMixin)]:
            raise TypeError(
                f"{cls.__name__}: CORSRequestHandlerMixin comes before the handler class that it governs: "
                f"class {cls.__name__}(CORSRequestHandlerMixin, BaseHTTPRequestHandler)"
            )
        for base in bases:
            if why := _UNGOVERNED.get((base.__module__, base.__name__)):
                raise TypeError(f"{cls.__name__}: CORSRequestHandlerMixin cannot govern {base.__name__}, which {why}")
        cls._refusals = RefusalLog()
        if cls.cors is not None:
            cls._policy_for(cls.cors, "/")

    # Methods of BaseHTTPRequestHandler

    def handle_one_request(self) -> None:
        self._forget_request()  # an over-long request line is answered before parse_request is called
        super().handle_one_request()

    def parse_request(self) -> bool:
        if self._is_used:  # by a loop that does not go through handle_one_request
            self._forget_request()
        self._is_used = True
        return super().parse_request() and self._admit()

    def send_response_only(self, code: int, message: str | None = None) -> None:
        self._is_interim = 100 <= code <= 199
        super().send_response_only(code, message)

    def send_header(self, keyword: str, value: str) -> None:
        if keyword in ORDINARY_HEADERS or not is_ruled(keyword) or (self._governed or self._decide())[0] is None:
            super().send_header(keyword, value)
        elif not (self._is_interim or self._is_complete):
            if self._held is None:
                self._held = []
            self._held.append((keyword, value))  # merged with those of the policy in end_headers
        elif keyword.lower() == "vary":
            super().send_header(keyword, value)  # another line of Vary means the same as another name

    def end_headers(self) -> None:
        # rfc9110#section-15.2: this also ends interim responses (100 Continue), which no script reads.
        if not self._is_interim and not self._is_complete:
            rules, _, grant = self._governed or self._decide()
            if rules is not None:
                self._is_complete = True
                added = grant.headers if grant is not None else rules.otherwise
                for name, value in rules.decorate(self._held, added) if self._held else added:
                    super().send_header(name, value)
        super().end_headers()

    # Methods of the mixin

    def _forget_request(self) -> None:
        """Reset the state of the previous request on the connection; this one may turn out to be unreadable."""
        self._old_headers = getattr(self, "headers", None)
        self.path = ""
        self._governed = None
        self._is_used = False
        self._is_interim = False
        self._is_complete = False
        self._held = None

    def _decide(self) -> _Governed:
        """Work out what governs this request."""
        self._governed = governed = self._judge()
        return governed

    def _judge(self) -> _Governed:
        policy = self.cors if isinstance(self.cors, Policy) else self._policy_for(self.cors, self._path_info())
        if policy is None:
            return None, None, None
        rules = rules_of(policy)
        origin = self._field("Origin")
        return rules, origin, None if origin is None else rules.grant(origin, self._webob_request)

    def _admit(self) -> bool:
        """Answer preflights, and what ``enforce`` refuses; return whether the request goes on to its ``do_`` method."""
        rules, origin, grant = self._decide()
        if rules is None or origin is None:
            return True
        method = self._field("Access-Control-Request-Method")
        if method is not None and is_preflight(self.command, origin, method):
            names = self._field("Access-Control-Request-Headers")
            if is_logged(INFO) and (reason := rules.objection(origin, grant, method, names)):
                self._note(origin, reason)
            self._send(rules.preflight(origin, grant, method, names))
            return False
        if grant is None and (rules.enforce or self._refusals.is_new(origin, rules.refusal.refusal)):
            answer = rules.refuses(origin, self._field("Host"), self._field("Sec-Fetch-Site"))
            if answer is not None:
                self._note(origin, answer.refusal)
                if rules.enforce:
                    self._send(answer)
                    return False
        return True

    def _note(self, origin: str, reason: str) -> None:
        self._refusals.note(origin, reason, self.command, self._path_info())

    def _send(self, answer: Answer) -> None:
        self._is_complete = True  # the answer has all headers of the policy
        code, _, phrase = answer.status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in answer.headers:
            super().send_header(name, value)
        if self._field("Content-Length") not in (None, "0") or self._field("Transfer-Encoding") is not None:
            self.send_header("Connection", "close")  # the body is not read, and must not be parsed as the next request
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    @classmethod
    def _policy_for(cls, cors: object, path: str) -> Policy | None:
        if isinstance(cors, Policy):
            return cors
        if isinstance(cors, Mapping):
            routes = cls._routes  # read once: another thread may be about to replace them
            if routes[0] is not cors:
                routes = cls._routes = (cors, Routes(cors))
            return routes[1].policy_for(path)
        if isinstance(cors, PolicyByPath):
            return cors.policy_for(path)
        message = (
            f"{quote(cors)} is neither a Policy nor a mapping from paths to policies; "
            "write cors = Policy(allow_origins=...)"
        )
        raise PolicyError([Problem(Fault.WRONG_TYPE, f"{cls.__name__}.cors", cors, message)])

    def _field(self, name: str) -> str | None:
        """Return the value of a request header, all its lines joined as WSGI servers do, or ``None``."""
        headers = getattr(self, "headers", self._old_headers)
        lines = None if headers is self._old_headers else headers.get_all(name)
        if lines is None:
            return None
        return lines[0].strip(" \t") if len(lines) == 1 else ", ".join(line.strip(" \t") for line in lines)

    def _path_info(self) -> str:
        """Return the path as a WSGI application sees it: percent-decoded, one character for each byte."""
        path = getattr(self, "path", "").partition("?")[0].partition("#")[0]
        return unquote_to_bytes(path.encode("latin-1")).decode("latin-1")

    def _webob_request(self) -> ReadableRequest:
        """Return the request as WebOb has it, without the body."""
        server = cast("HTTPServer", self.server)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": self._path_info(),
            "QUERY_STRING": self.path.partition("?")[2].partition("#")[0],
            "SERVER_NAME": server.server_name,
            "SERVER_PORT": str(server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name in dict.fromkeys(map(str.lower, self.headers)):
            if "_" not in name:  # X_Name would become the same key as X-Name
                key = name.upper().replace("-", "_")
                environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = self._field(name)
        environ.pop("CONTENT_LENGTH", None)
        return ReadableRequest(environ)


class CORSRequestHandler(CORSRequestHandlerMixin, KnownHostsMixin, FileRequestHandler):
    """Serves files, or ranges of them, under the policy :attr:`cors`.

    It takes what :class:`http.server.SimpleHTTPRequestHandler` takes.
    """
