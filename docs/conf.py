"""How Sphinx builds the documentation: ``tox -e docs``, with warnings as errors."""

from importlib import metadata

project = "corswsgi"
author = "The corswsgi authors"
project_copyright = "The corswsgi authors"
version = release = metadata.version("corswsgi")

extensions = ["sphinx.ext.autodoc"]
# Every reference has to lead somewhere; the standard library and other packages have documentation of their own.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?!corswsgi\b).*"),
]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "corswsgi"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
