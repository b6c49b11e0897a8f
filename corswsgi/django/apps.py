"""What ``"corswsgi.django"`` in INSTALLED_APPS does: it registers the system checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from corswsgi.django.checks import check_place, check_policy


class CORSConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """The checks of ``manage.py check``."""

    name = "corswsgi.django"
    label = "corswsgi"
    verbose_name = "CORS"

    def ready(self) -> None:
        checks.register(check_policy, checks.Tags.security)
        checks.register(check_place, checks.Tags.security)
