"""The request that callables of a policy are asked with: a webob.Request with a path and a query that can be read."""

from __future__ import annotations

import re
import warnings
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

# WebOb 1.8 imports cgi, about which Python 3.11 and 3.12 warn. A user cannot fix that, and if warnings are errors,
# pytest would not even load the plugin of this package. No module of the package imports WebOb before this one.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    import webob

#: Bytes that are percent-encoded, and bytes that should have been.
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2}|[^\x00-\x7f])+")


class ReadableRequest(webob.Request):
    """A request that shares its environ with the application, and does not raise on a path or a query.

    WebOb decodes both as UTF-8 and raises UnicodeDecodeError for anything else, which any client can send. Here
    U+FFFD stands for what is not UTF-8, in ``path``, ``path_info``, ``script_name``, ``url``, ``GET`` and ``params``.
    """

    # Without setters: a callable decides about a request, and must not change it.

    @property
    def path_info(self) -> str:  # type: ignore[override]  # WebOb lets it be set
        return self._readable("PATH_INFO")

    @property
    def script_name(self) -> str:  # type: ignore[override]  # WebOb lets it be set
        return self._readable("SCRIPT_NAME")

    @property
    def GET(self) -> Any:
        try:
            return super().GET
        except UnicodeError:
            # Not kept in the environ as WebOb does, because the application would take it for its own.
            query = _ESCAPES.sub(_readable_escapes, self.environ["QUERY_STRING"])
            return webob.Request({"QUERY_STRING": query}).GET

    def _readable(self, key: str) -> str:
        """Return text of the environ, one character for each byte (PEP 3333), decoded."""
        text: str = self.environ.get(key, "")
        return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _readable_escapes(match: re.Match[str]) -> str:
    """Return bytes of a query as percent-encoded UTF-8."""
    data = unquote_to_bytes(match[0].encode("latin-1", "replace"))
    return quote_from_bytes(data.decode("utf-8", "replace").encode(), safe="")
