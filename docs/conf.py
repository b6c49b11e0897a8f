"""How Sphinx builds the documentation: ``tox -e docs``, with warnings as errors."""

import contextlib
import io
import os
from importlib import metadata

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from corswsgi import cli

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
html_static_path = ["_static"]
html_css_files = ["narrow.css"]
html_title = "corswsgi"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}


class CommandHelp(Directive):
    """Shows what a command prints with ``--help``: ``.. command-help:: check``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            cli.main([*self.arguments[0].split(), "--help"])
        return [nodes.literal_block(text=printed.getvalue(), language="text")]


def setup(app: Sphinx) -> None:
    os.environ["COLUMNS"] = "100"
    app.add_directive("command-help", CommandHelp)
