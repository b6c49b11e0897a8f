"""The matrix: every rule of CORS that a page can show, in Chromium, Firefox and WebKit, against ``corswsgi.browser``.

Run it from the root of the checkout, with the package and its ``test`` extra installed::

    python -m tests.engines                             # all cases, in every engine that is installed
    python -m tests.engines --engine firefox --only 'redirects/*'
    python -m tests.engines --list                      # the cases and what the standard demands; starts no engine
    python -m tests.engines --add more.toml             # your own cases, besides those of the table
    python -m tests.engines --write                     # docs/browsers.rst
    python -m tests.engines --words                     # only its words, after a change of them; starts no engine

Each engine is compared with its own profile. The command ends with status 1 if an engine does something other than its
profile predicts in a case that :mod:`.excluded` does not name, if a case hangs or an engine crashes, or if
``CORSWSGI_REQUIRE`` names an engine that is not installed.

A case is plain data and names no expected result: ``corswsgi.browser`` predicts it. To add a case, add a line to a
family of :mod:`.table`::

    yield one("custom", "A20 B13", app(), {"allow_origins": "*", "allow_headers": ["x-a"]}, headers=(("X-A", "1"),))

The arguments are a name, the rules of :mod:`.statements` that the case tests, what the application answers, the options
of a Policy, and how the request differs from a plain ``fetch()``. Without a policy, a ``scripted`` server answers.

A case can also be a table of a TOML file, with the field names of :class:`.case.Case`, :class:`.case.Says` and
:class:`.case.Fetch`. If the case has several resources, ``says`` holds an answer for each name::

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

:mod:`.case` explains the names of origins: ``page``, ``api``, ``third``, and ``sub-page`` and so on, which are the same
ports under other host names.
"""
