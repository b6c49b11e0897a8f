"""The door for Django: a middleware of Django's own, and system checks; what it says is decided in ``protocol``."""

try:
    from corswsgi.django.middleware import CORSMiddleware
except ModuleNotFoundError as error:
    _MISSING = 'corswsgi.django needs Django; install it with: python -m pip install "corswsgi[django]"'
    raise ImportError(_MISSING) from error

__all__ = ["CORSMiddleware"]
