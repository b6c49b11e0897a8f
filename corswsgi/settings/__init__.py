"""Policies from files, environment variables and frameworks; what a policy may hold is decided in ``policy``."""

from corswsgi.settings.files import read_file
from corswsgi.settings.following import Followed, follow
from corswsgi.settings.mappings import read_django, read_environment, read_flask, read_mapping

__all__ = ["Followed", "follow", "read_django", "read_environment", "read_file", "read_flask", "read_mapping"]
