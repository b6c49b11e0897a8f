"""Serves ``served.application`` with the server of the standard library."""

import sys
from wsgiref.simple_server import make_server

from served import application

make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
