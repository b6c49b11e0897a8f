"""The messages of browsers about CORS, each with what it means and how to fix it, as ``docs/messages.rst``."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from corswsgi.checker.console_messages import BROWSERS, MESSAGES
from corswsgi.checker.findings import Concern, Kind, Severity
from corswsgi.checker.kinds import allow_origin, errors, kept, network, preflights, reasons, redirects
from corswsgi.checker.kinds.network import NO_ANSWER
from corswsgi.checker.kinds.preflights import PREFLIGHT_REDIRECT, PREFLIGHT_STATUS


def _blocking(*subjects: ModuleType) -> list[Kind]:
    """Return the kinds of these subjects that keep a page from an answer."""
    kinds = (kind for subject in subjects for kind in vars(subject).values() if isinstance(kind, Kind))
    return [kind for kind in kinds if kind.concerns is Concern.PAGE and kind.severity is Severity.HIGH]


#: What ``check`` finds where it knows more than the browser says.
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

Search this page for the words that your browser printed. The script itself learns nothing of them: it gets a
``TypeError``. They are in the console of the developer tools (F12).

Chrome and Edge print ``Access to fetch at 'URL' from origin 'ORIGIN' has been blocked by CORS policy:`` before
the reason, Firefox ``Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at URL.
(Reason:``, and Safari ``Fetch API cannot load URL due to access control checks.`` after it. In the messages below,
``...`` stands for what differs from case to case.

The quickest way is to paste the message. ``check`` finds URL, origin, method and header in it, asks the server, and
says what to change:

.. code-block:: shell

   corswsgi check --console "Access to fetch at 'https://api.example.com/' from origin ..."

Firefox does not print the origin of the page, and Safari not always: add it, as ``--origin https://app.example.com``.
"""


def messages_as_rst() -> str:
    """Return the page: an entry for each cause, with the messages of all browsers for it."""
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
    yield f"``corswsgi check`` shows it as :ref:`{kind.code} <finding-{kind.code}>`{_more(kind)}."
    yield ""
    if kind.policy:
        yield f":The fix in a policy: {kind.policy}"
    yield f":The fix elsewhere: {kind.elsewhere}"


def _words(template: str) -> str:
    """Return a message as it is searched for; Firefox closes the parenthesis that it opened before."""
    words = template.removesuffix(")")
    for part in ("{value}", "{origin}", "{method}", "{header}"):
        words = words.replace(part, "...")
    return words


def _more(kind: Kind) -> str:
    others = [each for each in _MORE.get(kind, ()) if each is not kind]
    links = ", ".join(f":ref:`{each.code} <finding-{each.code}>`" for each in others)
    return f", or if it can tell more, as one of {links}" if links else ""
