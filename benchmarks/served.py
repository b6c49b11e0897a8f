"""The applications that servers serve, with and without the layer, and a waitress to serve them: for ``servers``."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import prefer_installed

prefer_installed()

from benchmarks.contenders import bare, corswsgi  # noqa: E402  # only now is it settled which is measured
from benchmarks.floor import Application  # noqa: E402  # likewise

without = bare()
layered = corswsgi("dynamic").layered


def serve(app: Application) -> None:
    """Serve an application with waitress, and say on which port; as it is by default, with four threads."""
    import waitress.server

    server: Any = waitress.server.create_server(app, host="127.0.0.1", port=0)
    print(f"Listening at: http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()


if __name__ == "__main__":
    serve(globals()[sys.argv[1]])
