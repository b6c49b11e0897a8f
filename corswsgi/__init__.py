"""CORS for WSGI applications and for ``http.server``: exact, explained, and safe."""

from corswsgi.errors import PolicyError
from corswsgi.explanation import explain
from corswsgi.handler import CORSRequestHandler, CORSRequestHandlerMixin
from corswsgi.middleware import CORSMiddleware
from corswsgi.policy import Policy

__all__ = ["CORSMiddleware", "CORSRequestHandler", "CORSRequestHandlerMixin", "Policy", "PolicyError", "explain"]
