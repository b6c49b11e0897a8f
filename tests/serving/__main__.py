"""``python -m tests.serving``: asks every row of every server, and prints, or writes, what the servers did."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# As pytest finds them, so that the modules are the same. What is imported below is found by way of this.
sys.path.insert(0, str(Path(__file__).parent.parent))

from serving.page import DOCUMENT, render, write  # found through the line above
from serving.rows import ROWS
from serving.servers import SERVERS, is_here, running


def main() -> int:
    """Run the command; return its status."""
    parser = argparse.ArgumentParser(prog="python -m tests.serving", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write what was found into docs/{DOCUMENT.name}")
    options = parser.parse_args()
    absent = [each.name for each in SERVERS if not is_here(each)]
    if options.write and absent:
        parser.error(f"the page is about all servers, and these are not here: {', '.join(absent)}")
    found: dict[str, dict[str, str]] = {each.title: {} for each in ROWS}
    versions = {}
    for server in SERVERS:
        if server.name in absent:
            continue
        with running(server) as site:
            versions[server.name] = site.version
            for each in ROWS:
                found[each.title][server.name] = each.ask(site)
    text = "\n".join(render(found, versions))
    if options.write:
        write(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
