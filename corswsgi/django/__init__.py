"""A middleware for Django's MIDDLEWARE, and system checks; ``protocol`` makes the answers."""

try:
    from corswsgi.django.middleware import CORSMiddleware
except ModuleNotFoundError as error:
    _MISSING = 'corswsgi.django needs Django; install it with: python -m pip install "corswsgi[django]"'
    raise ImportError(_MISSING) from error

__all__ = ["CORSMiddleware"]
