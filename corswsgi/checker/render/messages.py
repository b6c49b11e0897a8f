"""The messages of browsers about CORS, with what they mean and how to fix the cause: ``docs/messages.rst``."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from corswsgi.checker.console_messages import BROWSERS, MESSAGES
from corswsgi.checker.findings import Concern, Kind, Severity
from corswsgi.checker.kinds import allow_origin, errors, kept, network, preflights, reasons, redirects
from corswsgi.checker.kinds.network import NO_ANSWER
from corswsgi.checker.kinds.preflights import PREFLIGHT_REDIRECT, PREFLIGHT_STATUS


def _blocking(*subjects: ModuleType) -> list[Kind]:
    """Return the kinds of these subjects that keep a page from a response."""
    kinds = (kind for subject in subjects for kind in vars(subject).values() if isinstance(kind, Kind))
    return [kind for kind in kinds if kind.concerns is Concern.PAGE and kind.severity is Severity.HIGH]


#: The kinds that ``check`` finds if it can be more precise than the message.
_MORE: dict[Kind, list[Kind]] = {
    allow_origin.ALLOW_ORIGIN_MISSING: _blocking(errors, redirects, kept),
    reasons.SEVERAL_ORIGINS: [allow_origin.ALLOW_ORIGIN_TWICE, allow_origin.ALLOW_ORIGIN_LIST],
    reasons.ANOTHER_ORIGIN: _blocking(allow_origin, kept),
    PREFLIGHT_STATUS: _blocking(preflights),
    PREFLIGHT_REDIRECT: [kind for kind in _blocking(preflights) if "redirect" in kind.code],
    NO_ANSWER: _blocking(network),
}

_INTRODUCTION = """\
"Blocked by CORS policy": what the message means
================================================

.. This page is generated from corswsgi/checker/console_messages.py and corswsgi/checker/kinds. To write it again:
   CORSWSGI_GOLDEN=write python -m pytest tests/test_findings.py

Browsers print the reason in the console of the developer tools (F12). Search this page for it. The script itself only
gets a ``TypeError``.

The reason is part of a longer message:

- Chrome and Edge print ``Access to fetch at 'URL' from origin 'ORIGIN' has been blocked by CORS policy:`` before it.
- Firefox prints ``Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at URL.
  (Reason:`` before it.
- Safari prints ``Fetch API cannot load URL due to access control checks.`` after it.

In the reasons below, ``...`` stands for a part that differs from case to case.

Or let ``check`` do the work. Paste the whole message: ``check`` finds the URL, the origin, the method and the header in
it, sends the request to the server, and shows what to change:

.. code-block:: shell

   corswsgi check --console "Access to fetch at 'https://api.example.com/' \
from origin 'https://app.example.com' has been blocked by CORS policy: ..."

Firefox does not print the origin of the page, and Safari not always: add it, as ``--origin https://app.example.com``.
"""


def messages_as_rst() -> str:
    """Return the page: an entry for each kind of finding, with the messages of all browsers for it."""
    parts = [_INTRODUCTION]
    for kind in dict.fromkeys(message.finding for message in MESSAGES):
        parts += [f"{line}\n" for line in _entry(kind)]
    return "".join(parts)


def _entry(kind: Kind) -> Iterator[str]:
    title = kind.title.replace("*", "\\*")
    yield from ("", "", title, "-" * len(title), "")
    for engine, browser in BROWSERS.items():
        templates = list(
            dict.fromkeys(each.template for each in MESSAGES if (each.finding, each.engine) == (kind, engine))
        )
        if templates:
            yield browser
            for template in templates:
                yield f"    | ``{_words(template)}``"
            yield ""
    yield f"{kind.means} {kind.arises}"
    yield ""
    yield f"In ``corswsgi check`` this is :ref:`{kind.code} <finding-{kind.code}>`{_more(kind)}."
    yield ""
    if kind.policy:
        yield f":The fix in a policy: {kind.policy}"
    yield f":The fix elsewhere: {kind.elsewhere}"


def _words(template: str) -> str:
    """Return a message as people search for it, without the parenthesis that ends it in Firefox."""
    words = template.removesuffix(")")
    for part in ("{value}", "{origin}", "{method}", "{header}"):
        words = words.replace(part, "...")
    return words


def _more(kind: Kind) -> str:
    others = [each for each in _MORE.get(kind, ()) if each is not kind]
    links = ", ".join(f":ref:`{each.code} <finding-{each.code}>`" for each in others)
    return f" or, more precisely, one of {links}" if links else ""
