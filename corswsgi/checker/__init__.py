"""What a browser would make of a server, told to a person: ``check`` for one request, ``audit`` for a hostile page.

Findings have stable codes; the browser itself is :mod:`corswsgi.browser`. Needs the extra ``check``.
"""
