"""Reads the command that "Copy as cURL" of a browser's developer tools copies; ``curl`` writes such commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from corswsgi.checker.pasted import Found, Header, check_header, found_in_request
from corswsgi.errors import UsageError, quote

_GOOD = "a good line: curl 'https://api.example.com/items' -H 'Origin: https://app.example.com'"

#: What each option of curl with a value sets; options without a value are in _FLAGS.
_VALUES = {
    "-X": "method",
    "--request": "method",
    "-H": "header",
    "--header": "header",
    "-b": "cookie",
    "--cookie": "cookie",
    "-d": "data",
    "--data": "data",
    "--data-ascii": "data",
    "--data-binary": "data",
    "--data-raw": "raw data",
    "-A": "agent",
    "--user-agent": "agent",
    "-e": "referer",
    "--referer": "referer",
    "--url": "url",
}

#: Options about how curl sends and prints; of the request, only -I sets anything: the method HEAD.
_FLAGS = frozenset(
    "--compressed --globoff -g --head -I --http1.0 --http1.1 --http2 --http3 --include -i --insecure -k --location -L "
    "--path-as-is --silent -s --show-error -S --verbose -v".split()
)

#: The quoting of POSIX shells; $'...' is in POSIX.1-2024, and was in bash, zsh and ksh before.
_TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \t\r\n]|\\\r?\n)+)
    | '(?P<single>[^']*)'
    | \$'(?P<escaped>(?:[^'\\]|\\.)*)'
    | "(?P<double>(?:[^"\\`$]|\\.)*)"
    | \\(?P<character>.)
    | (?P<plain>[^\s'"\\$`;&|<>()]+)
    """,
    re.DOTALL | re.VERBOSE,
)

_ESCAPE = re.compile(
    r"""\\(?:
    (?-i:u)(?P<high>d[89ab][0-9a-f]{2})\\(?-i:u)(?P<low>d[c-f][0-9a-f]{2})
    | (?-i:u)(?P<u>[0-9a-f]{1,4})
    | (?-i:U)(?P<U>[0-9a-f]{1,8})
    | (?-i:x)(?P<x>[0-9a-f]{1,2})
    | (?P<octal>[0-7]{1,3})
    | (?P<letter>(?-i:[abeEfnrtv]))
    | (?P<itself>[\\'"?])
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_LETTERS = dict(zip("abeEfnrtv", "\a\b\x1b\x1b\f\n\r\t\v", strict=True))


def read_curl_line(text: str) -> Found:
    """Return the request that a command sends.

    :raises UsageError: if it is not such a command, or has something that no browser writes.
    """
    if re.match(r'\s*curl(\.exe)?\s+\^"', text):
        raise _error("this is the form for cmd, the command prompt of Windows")
    words = list(_words(text))
    if not words or words[0] != b"curl":
        raise _error("it does not begin with curl")
    line = _Line()
    rest = iter(words[1:])
    for word in rest:
        _take(line, word, rest)
    if not line.url:
        raise _error("it names no URL")
    method = line.method or ("GET" if not line.data else "POST")
    body = b"&".join(line.data) if line.data else None
    found = found_in_request(line.url, method, line.headers, "; ".join(line.cookies), body)
    # Chrome writes it for http: addresses too.
    if not line.insecure or not line.url.startswith("https:"):
        return found
    sentence = "--insecure was left out; give it to corswsgi to accept any certificate"
    return replace(found, told=(*found.told, sentence))


@dataclass(slots=True)
class _Line:
    """The request, as far as the words so far describe it."""

    url: str = ""
    method: str = ""
    headers: list[Header] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    insecure: bool = False


def _take(line: _Line, word: bytes, rest: Iterator[bytes]) -> None:
    text = word.decode("latin-1")
    if not text.startswith("-"):
        _set(line, "url", "the URL", word)
    elif text in _FLAGS:
        line.method = line.method or ("HEAD" if text in ("-I", "--head") else "")
        line.insecure |= text in ("-k", "--insecure")
    elif text in _VALUES:
        value = next(rest, None)
        if value is None:
            raise _error(f"{text} at the end has no value")
        _set(line, _VALUES[text], text, value)
    elif not text.startswith("--") and text[:2] in _VALUES:
        _set(line, _VALUES[text[:2]], text[:2], word[2:])
    else:
        # The value attached to a short option may be a password.
        name = text.partition("=")[0][:30] if text.startswith("--") else text[:2]
        raise _error(f"browsers do not write {quote(name)}")


def _set(line: _Line, what: str, option: str, value: bytes) -> None:
    text = value.decode("latin-1")
    match what:
        case "url":
            if line.url:
                raise _error("it names two URLs; paste one command")
            line.url = value.decode("utf-8", "replace")
        case "method":
            line.method = text
        case "header":
            line.headers += _header(text)
        case "referer":
            line.headers.append(check_header("--curl", "Referer", text))
        case "cookie":
            if "=" not in text:
                raise _error(f"{option} names a file of cookies; browsers write cookies as 'name=value'")
            line.cookies.append(check_header("--curl", "Cookie", text)[1])
        case "data" if value.startswith(b"@"):
            raise _error(f"{option} names a file for the body; browsers write the body itself, with --data-raw")
        case "data" | "raw data":
            line.data.append(value)


def _header(text: str) -> list[Header]:
    """Parse a header as curl does: ``Name;`` is a header without a value, and ``Name:`` removes one."""
    # HTTP/2 has names that begin with a colon.
    name, colon, value = text[1:].partition(":")
    name = text[:1] + name
    if not colon and name.endswith(";"):
        return [check_header("--curl", name[:-1], "")]
    if not colon:
        first = re.match("[A-Za-z-]*", text)
        raise _error(f"the header that begins with {quote(first[0] if first else '')} has no colon")
    return [check_header("--curl", name, value)] if value.strip() else []


# Words


def _words(text: str) -> Iterator[bytes]:
    """Yield the words of a command, as a shell splits it."""
    word: bytes | None = None
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _error(_why_no_token(text[position:]))
        position = token.end()
        if token["space"] is None:
            word = (word or b"") + _unquoted(token).encode("utf-8", "surrogateescape")
        elif word is not None:
            yield word
            word = None
    if word is not None:
        yield word


def _unquoted(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "escaped":
            return _ESCAPE.sub(_character, token["escaped"])
        case "double":
            # In double quotes, a backslash quotes these four characters, and removes a line break.
            return re.sub(r'\\(?:\r?\n|([$`"\\]))', lambda found: found[1] or "", token["double"])
        case kind:
            return token[str(kind)]


def _character(escape: re.Match[str]) -> str:
    """Return the character of an escape in ``$'...'``; a byte above 127 as a surrogate escape."""
    match escape.lastgroup:
        case "low":
            return bytes.fromhex(escape["high"] + escape["low"]).decode("utf-16-be")
        case "u" | "U" as name:
            code = int(escape[name], 16)
            return chr(code) if code < 0xD800 or 0xDFFF < code <= 0x10FFFF else "\ufffd"
        case "x" | "octal" as name:
            byte = int(escape[name], 16 if name == "x" else 8) & 0xFF
            return bytes([byte]).decode("ascii", "surrogateescape")
        case "letter":
            return _LETTERS[escape["letter"]]
        case _:
            return escape["itself"]


def _why_no_token(rest: str) -> str:
    if rest[0] in "'\"" or rest.startswith("$'"):
        if rest[0] == '"' and re.match(r'"(?:[^"\\`$]|\\.)*[`$]', rest, re.DOTALL):
            return "$ or ` in double quotes stands for something that is not in the text"
        return f"the quotation that begins with {rest[0]} has no end"
    if rest[0] == "\\":
        return "it ends with a backslash; paste all lines of it"
    return f"{rest[0]} outside quotation marks makes it more than one command"


def _error(why: str) -> UsageError:
    return UsageError(f'--curl: {why}; use "Copy as cURL" (bash, POSIX) of the developer tools; {_GOOD}')
