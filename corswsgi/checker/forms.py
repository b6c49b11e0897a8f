"""A policy as lines for one server or framework, in its own language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from corswsgi.browser import Exchange
from corswsgi.browser.urls import parse_url
from corswsgi.checker.fix import policy_source, python_value
from corswsgi.checker.granting import joined
from corswsgi.checker.report import Report
from corswsgi.checker.server_words import words_of
from corswsgi.errors import PolicyError, UsageError
from corswsgi.export import SERVERS, Place, configuration
from corswsgi.policy import OPTIONS, Policy

#: The default address of an application behind a server.
UPSTREAM = "http://127.0.0.1:8000"

_WSGI = """\
from corswsgi import CORSMiddleware, Policy

policy = {policy}
"""


class Form(NamedTuple):
    """How to add a policy to a server or a framework.

    :ivar title: its name, as its makers write it.
    :ivar template: lines with ``{policy}``, a Policy in Python, or ``{entries}`` of a dict; empty for a server whose
        configuration :mod:`corswsgi.export` writes.
    """

    title: str
    template: str = ""


#: By the name that ``--fix`` takes.
FORMS: Mapping[str, Form] = {
    **{name: Form(server.title) for name, server in SERVERS.items()},
    "flask": Form("Flask", f"{_WSGI}app.wsgi_app = CORSMiddleware(app.wsgi_app, policy)  # app is your Flask\n"),
    "django": Form(
        "Django, in settings.py",
        'MIDDLEWARE = ["corswsgi.django.CORSMiddleware", *MIDDLEWARE]  # below MIDDLEWARE as it is\n'
        "CORSWSGI = {{\n{entries}}}\n",
    ),
    "pyramid": Form("Pyramid", f"{_WSGI}app = CORSMiddleware(config.make_wsgi_app(), policy)\n"),
    "wsgi": Form("a WSGI application", f"{_WSGI}application = CORSMiddleware(application, policy)\n"),
    "http.server": Form(
        "http.server",
        "from corswsgi import CORSRequestHandlerMixin, Policy\n\n"
        "class CORSHandler(CORSRequestHandlerMixin, Handler):  # Handler is yours\n    cors = {indented}\n",
    ),
}

#: Patterns for Server and Via that name an application server, first match wins.
_NAMED = (
    (r"werkzeug", "flask"),
    (r"gunicorn|waitress|wsgiserver|cheroot|cherrypy|uwsgi|bjoern", "wsgi"),
    (r"simplehttp|basehttp", "http.server"),
)


def written(name: str, policy: Policy, place: Place = Place(UPSTREAM)) -> str:  # noqa: B008  # immutable
    """Return the lines that add a policy to a server or a framework.

    :param name: a key of :data:`FORMS`.
    :param policy: without callables and regular expressions.
    :param place: the addresses of a server in front.
    :raises PolicyError: if the server cannot express an option.
    :raises UsageError: if the server needs more than one file.
    """
    if name in SERVERS:
        exported = configuration(name, policy, place)
        if exported.beside:
            title = SERVERS[name].title
            raise UsageError(
                f"{title} needs several files for so many origins; write them with corswsgi export {name} -o FILE"
            )
        return exported.text
    options = {option: value for option, value in policy.as_dict().items() if value != OPTIONS[option]}
    lines = policy_source(options)
    return FORMS[name].template.format(
        policy="\n".join(lines),
        indented="\n    ".join(lines),
        entries="".join(f'    "{option}": {python_value(value)},\n' for option, value in options.items()),
    )


def named_by(exchange: Exchange) -> str:
    """Return the key of :data:`FORMS` for the server that a response names in ``Server``, ``Via`` or its error page."""
    words = words_of(exchange)
    if words is not None and words.name.lower() in FORMS:
        return words.name.lower()
    for header in ("Server", "Via"):
        said = joined(exchange, header) or ""
        for pattern, name in (*_NAMED, *((re.escape(name), name) for name in SERVERS)):
            if re.search(pattern, said, re.IGNORECASE):
                return name
    return ""


def in_form(report: Report, name: str, upstream: str = UPSTREAM) -> Report:
    """Return a report whose fix includes the lines for a server, if a policy helps.

    :param name: a key of :data:`FORMS`; if it is empty, the server that responded is used.
    """
    fix = report.fix
    found = name or next(filter(None, map(named_by, _answers(report))), "")
    if not fix.options or not found:
        return report
    try:
        text = written(found, Policy(**dict(fix.options)), _place(report, upstream))
    except (PolicyError, UsageError) as error:
        return replace(report, fix=replace(fix, steps=(*fix.steps, str(error)))) if name else report
    lines = tuple(text.splitlines())
    return replace(report, fix=replace(fix, form=found, form_lines=lines, is_asked=bool(name)))


def _place(report: Report, upstream: str) -> Place:
    """Return the addresses of the server: at the port of the URL, unless it uses TLS, which is left out."""
    url = parse_url(report.url)
    return Place(upstream, url.port) if url.origin.scheme == "http" and url.port else Place(upstream)


def _answers(report: Report) -> Iterator[Exchange]:
    """Yield the responses to the request itself, the last first: that server has to change."""
    for sent in reversed(report.requests):
        if sent.purpose == "main" and sent.exchange.status is not None:
            yield sent.exchange
