"""nginx in front of the Flask example, with the policy of cors.toml, and a page on another origin.

Start it with ``python examples/nginx/run.py``, and open http://localhost:8000. Ctrl-C stops everything. It needs nginx,
Flask, and the package corswsgi. ``cors.conf`` is what ``corswsgi export`` writes; nginx gets it as it is.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from wsgiref.simple_server import make_server

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from flask_app import app  # noqa: E402 - it stands beside this directory

NGINX = """
daemon off;
pid {home}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/cors.conf;
}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="nginx with a policy in front of the Flask example, and a page.")
    parser.add_argument("--ports", nargs=3, type=int, default=[8000, 8080, 8001], metavar=("PAGE", "NGINX", "APP"))
    parser.add_argument("--nginx", default="nginx", help="the program; default: nginx")
    options = parser.parse_args()
    page_port, nginx_port, app_port = options.ports
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        Path(home).chmod(0o755)  # nginx that is started as root gives its workers another user, who has to get in
        Path(home, "nginx.conf").write_text(NGINX.format(home=home), "utf-8")
        export = ["export", "nginx", HERE / "cors.toml", "--upstream", f"http://127.0.0.1:{app_port}"]
        export += ["--listen", f"127.0.0.1:{nginx_port}", "-o", f"{home}/cors.conf"]
        subprocess.run([sys.executable, "-m", "corswsgi", *export], check=True)
        page = partial(SimpleHTTPRequestHandler, directory=HERE / "page")
        for server in (make_server("127.0.0.1", app_port, app), ThreadingHTTPServer(("127.0.0.1", page_port), page)):
            stack.enter_context(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [options.nginx, "-c", f"{home}/nginx.conf", "-p", home, "-e", "stderr"]
        nginx = stack.enter_context(subprocess.Popen(command))
        stack.callback(nginx.terminate)
        print(f"Open http://localhost:{page_port} in a browser. Ctrl-C stops everything.", flush=True)
        with suppress(KeyboardInterrupt):
            nginx.wait()


if __name__ == "__main__":
    main()
