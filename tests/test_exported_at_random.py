"""Made-up policies and requests: exported configurations answer as the middleware, and browsers decide the same."""

from __future__ import annotations

import contextlib
import dataclasses
import re

import pytest
import requests
from amounts import examples
from cors_tables import OK
from exporting.behind import Application, Client, cors_of
from exporting.fronts import FRONTS, Front
from exporting.made_up import ASKINGS, POLICIES, SITES, Asking
from front_ends import App, ask_wsgi
from hypothesis import assume, given
from hypothesis import strategies as st
from naive import Script
from on_waitress import running_waitress
from test_differential import SCRIPTS, WELCOME

from corswsgi import CORSMiddleware, Policy
from corswsgi.browser import ENGINES, Browser
from corswsgi.export.paths import UNCLEAR
from corswsgi.export.servers import SERVERS
from corswsgi.export.statements import Policies
from corswsgi.policy import CLOSED

pytestmark = [
    pytest.mark.once,
    pytest.mark.timeout(240),
    # The checker of PEP 3333 knows eight methods by name.
    pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD"),
]

Answer = tuple[int, tuple[tuple[str, str], ...], bool]


@pytest.fixture(params=list(SERVERS), scope="module")
def front(request: pytest.FixtureRequest) -> Front:
    """Each server in turn."""
    front = FRONTS[request.param]
    front.program()
    return front


def of_the_middleware(policies: Policies, asking: Asking) -> Answer:
    app = App(*asking.given)
    reply = ask_wsgi(policies, asking.method, asking.target, asking.headers, app)
    return reply.status, cors_of(reply.headers), bool(app.seen)


NOTHING = cors_of(())


@examples(40)
@given(SITES, st.lists(ASKINGS, min_size=13, max_size=13))
def test_the_answers_are_those_of_the_middleware(front: Front, policies: Policies, askings: list[Asking]) -> None:
    assume(front.can_say(policies))
    application = Application()
    with (
        running_waitress(application) as behind,
        front.standing(policies, behind=behind) as port,
        contextlib.closing(Client(port)) as client,
    ):
        for asking in askings:
            if front.limit(asking.method, asking.headers) or _is_unusual_ipv6(asking):
                continue
            application.otherwise = asking.given
            application.seen.clear()
            reply = client.ask(asking.method, asking.target, asking.headers)
            got = reply.status, cors_of(reply.headers), bool(application.seen)
            wanted = [of_the_middleware(policies, asking)]
            if any(re.match(f"(?i){each}".replace(r"\z", r"\Z"), asking.target) for each in UNCLEAR):
                wanted.append(of_the_middleware(CLOSED, asking))
                # A server may refuse to read it at all.
                if reply.status in (400, 404) and not application.seen:
                    ungiven = dataclasses.replace(asking, given=OK)
                    own = [of_the_middleware(each, ungiven)[1] for each in (policies, CLOSED)]
                    wanted = [(reply.status, cors, False) for cors in (*own, NOTHING)]
            assert got in wanted, asking


def _is_unusual_ipv6(asking: Asking) -> bool:
    return any("[0:" in value for _, value in asking.headers)


@examples(12)
@given(POLICIES, st.lists(SCRIPTS | WELCOME, min_size=14, max_size=14), st.booleans())
def test_browsers_decide_as_they_do_on_the_middleware(
    front: Front, policy: Policy, scripts: list[Script], has_cors: bool
) -> None:
    assume(front.can_say(policy))
    application = Application(has_cors)
    middleware = CORSMiddleware(Application(has_cors), policy)
    with (
        running_waitress(application) as behind,
        front.standing(policy, behind=behind) as port,
        requests.Session() as session,
    ):
        session.trust_env = False
        for script in scripts:
            if front.limit(script.method, ()):
                continue
            for engine in ENGINES:
                url = f"http://127.0.0.1:{port}/page"
                assert decided(session, engine, url, script) == decided(middleware, engine, url, script)


def decided(target: object, engine: str, url: str, script: Script) -> tuple[object, ...]:
    """Return what a browser decides, and which headers of the application its script can read."""
    try:
        verdict = Browser(target, script.page, engine=engine).fetch(
            url, method=script.method, headers=script.headers, credentials=script.credentials
        )
    except TypeError as error:
        return (str(error),)
    readable = (
        [] if verdict.response is None else [name for name, _ in verdict.response.headers if name not in _OF_SERVERS]
    )
    return verdict.outcome, verdict.reason.code, len(verdict.preflights), readable


#: What servers say of themselves.
_OF_SERVERS = ("connection", "date", "keep-alive", "server", "transfer-encoding", "via")
