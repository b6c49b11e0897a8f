"""The matrix: every rule of CORS that a page can show, in Chromium, Firefox and WebKit, against ``corswsgi.browser``.

Run it from the root of the checkout, with the package and its ``test`` extra installed::

    python -m tests.engines                             # all cases, in every engine that is there
    python -m tests.engines --engine firefox --only 'redirects/*'
    python -m tests.engines --list                      # the cases and what the standard demands; no engine is started
    python -m tests.engines --add more.toml             # cases of one's own beside those of the table
    python -m tests.engines --write                     # docs/browsers.rst

Each engine is held against its own profile. The command ends with status 1 if an engine does otherwise in a case that
:mod:`.excluded` does not name, if a case hangs or an engine crashes, or if ``CORSWSGI_REQUIRE`` names an engine that is
not there.

A case is data; nobody says what is to come of it. One more is one more line in a family of :mod:`.table`::

    yield one("custom", "A20 B13", app(), {"allow_origins": "*", "allow_headers": ["x-a"]}, headers=(("X-A", "1"),))

with a name, the rules of :mod:`.statements` that it decides, what the application says, the options of a Policy (or
none, and what a ``scripted`` server says), and what differs from a plain ``fetch()``. Or it is a table of a TOML file,
with the names that :class:`.case.Case`, :class:`.case.Says` and :class:`.case.Fetch` have. A case of one resource says
what it says at once, one of several by name::

    [[case]]
    name = "put-after-put"
    rules = "B15"
    policy = {allow_origins = "{page}", allow_methods = ["PUT"], max_age = 60}
    fetch = [{method = "PUT"}, {method = "PUT", page = "sandbox"}]

    [[case]]
    name = "two-origins"
    says = {headers = [["Access-Control-Allow-Origin", "{O}"], ["Access-Control-Allow-Origin", "*"]]}
    fetch = {credentials = "include"}

    [[case]]
    name = "moved"
    policy = {allow_origins = "*"}
    says = {first = {status = 302, to = "third/second"}, second = {headers = {X-A = "1"}}}

Origins (``page``, ``api``, ``third``, and ``sub-page`` and so on, which are the same ports under other host names) are
explained in :mod:`.case`.
"""
