"""FileRequestHandler: the files of a directory over ``http.server``, whole or in parts; no policy is involved."""

from __future__ import annotations

import io
import os
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite

#: rfc9110#section-14.1.2: one range of bytes; the name of a unit is case-insensitive. No file needs numbers with
#: more digits than this, and ignoring a range is always permitted.
_RANGE = re.compile(r"bytes=([0-9]{0,99})-([0-9]{0,99})", re.IGNORECASE)


class FileRequestHandler(SimpleHTTPRequestHandler):
    """Serves files like its base class, and single ranges of them, which browsers need to seek in a video.

    Several ranges, other units and malformed ranges get the whole file, as rfc9110#section-14.2 permits.
    """

    #: Headers to add to every final response.
    extra_headers: ClassVar[tuple[tuple[str, str], ...]] = ()

    def send_response(self, code: int, message: str | None = None) -> None:
        super().send_response(code, message)
        for name, value in self.extra_headers:
            self.send_header(name, value)

    def do_GET(self) -> None:
        try:
            super().do_GET()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # a browser hangs up when its user seeks in a video: no error, no traceback

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Send the status and the headers of a file; return the file, or the part of it, that is to be sent."""
        try:
            file = _Part(self._file_path())
        except OSError:  # a directory, or no file: a redirect, a listing, or 404
            return super().send_head()
        except ValueError:  # a NUL, or half of a surrogate pair
            self.send_error(HTTPStatus.NOT_FOUND, "File not found")
            return None
        try:
            self._send_head_of(file)
        except BaseException:
            file.close()
            raise
        return file

    def copyfile(self, source: SupportsRead[Any], outputfile: SupportsWrite[Any]) -> None:
        super().copyfile(source, outputfile)
        if isinstance(source, _Part) and source.left:
            self.log_error("%s became shorter while it was sent", self.path)
            self.close_connection = True  # so that the client notices that the file is incomplete

    def _file_path(self) -> str:
        path = self.translate_path(self.path)
        if path.endswith("/"):
            for name in getattr(self, "index_pages", ("index.html", "index.htm")):  # Python 3.12 and later have it
                index = os.path.join(path, name)
                if os.path.isfile(index):
                    return index
        return path

    def _send_head_of(self, file: _Part) -> None:
        status = os.fstat(file.fileno())
        modified = self.date_time_string(status.st_mtime)
        # rfc9110#section-13.2.2: If-Modified-Since first, then the range.
        if self._is_unmodified(status.st_mtime):
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.end_headers()
            return
        part = self._wanted(status.st_size, modified)
        if part is None:
            file.left = status.st_size
            self.send_response(HTTPStatus.OK)
        elif part:
            file.seek(part.start)
            file.left = len(part)
            self.send_response(HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {part.start}-{part.stop - 1}/{status.st_size}")
        else:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{status.st_size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(file.left))
        if part is None or part:
            self.send_header("Content-Type", self.guess_type(file.name))
            self.send_header("Last-Modified", modified)
        self.end_headers()

    def _is_unmodified(self, modified: float) -> bool:
        """Tell whether the client already has the file (rfc9110#section-13.1.3); the same rule as in the base class."""
        if "If-None-Match" in self.headers:
            return False
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except (TypeError, IndexError, OverflowError, ValueError):
            return False
        if since.tzinfo is None:  # rfc9110#section-5.6.7: the obsolete asctime format, in UTC too
            since = since.replace(tzinfo=UTC)
        return int(modified) <= since.timestamp()

    def _wanted(self, size: int, modified: str) -> range | None:
        """Return the range of bytes that the request asks for, or ``None`` for the whole file."""
        values = self.headers.get_all("Range", [])
        # rfc9110#section-14.2: ranges are defined for GET alone. An empty file has no range, but some clients
        # always ask for one: 200, not 416.
        if self.command != "GET" or len(values) != 1 or not size:
            return None
        # rfc9110#section-13.1.5: only the exact date matches; entity tags never do, because none are sent.
        if self.headers.get("If-Range", modified).strip(" \t") != modified:
            return None
        return _parse_range(values[0].strip(" \t"), size)


def _parse_range(value: str, size: int) -> range | None:
    """Return the bytes that a value of ``Range`` asks for; an empty range if the file has none of them.

    ``None`` means the whole file: a value that is not a single range is ignored.
    """
    match = _RANGE.fullmatch(value)
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size) if last else None
    if not last:
        return range(int(first), size)
    if int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size))


class _Part(io.FileIO):
    """A file from which at most ``left`` more bytes are read, even if it grows meanwhile."""

    left = 0

    def read(self, size: int | None = -1) -> bytes:
        read = super().read(self.left if size is None or size < 0 else min(size, self.left))
        self.left -= len(read)
        return read
