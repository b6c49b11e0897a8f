"""The door for Django: a middleware of Django's own, and system checks; what it says is decided in ``protocol``."""

from corswsgi.django.middleware import CORSMiddleware

__all__ = ["CORSMiddleware"]
