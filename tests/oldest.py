"""Installs the package with the extra ``test`` in the oldest versions that setup.cfg permits, for ``tox -e oldest``."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: A name and the oldest version; setup.cfg has nothing more complicated.
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:>=|==)([0-9.]+)")


def constraints() -> dict[str, str]:
    """Return the oldest version of each package that setup.cfg names, installed always or with any extra."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    texts = [parser["options"]["install_requires"], *parser["options.extras_require"].values()]
    lines = [line for text in texts for line in text.splitlines() if line and not line.startswith("#")]
    oldest: dict[str, str] = {}
    for line in lines:
        match = REQUIREMENT.fullmatch(line)
        if match is None:
            raise ValueError(f"setup.cfg: {line!r} has no lower bound; write NAME>=VERSION or NAME==VERSION")
        name, version = match.groups()
        if oldest.setdefault(name, version) != version:
            raise ValueError(f"setup.cfg: {name} has two lower bounds, {oldest[name]} and {version}; write the same")
    return oldest


def main(directory: Path) -> int:
    """Install into the running Python; return 1 if a lower bound is a version that was withdrawn."""
    listed, report = directory / "oldest.txt", directory / "oldest.json"
    listed.write_text("".join(f"{name}=={version}\n" for name, version in constraints().items()), "utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(listed), "--report", str(report)]
    if status := subprocess.run([*pip, f"{ROOT}[test]"], check=False).returncode:
        return status
    # pip takes what was withdrawn, with a warning, if exactly that is asked for.
    withdrawn = [each["metadata"] for each in json.loads(report.read_text("utf-8"))["install"] if each["is_yanked"]]
    for each in withdrawn:
        print(f"setup.cfg: {each['name']} {each['version']} was withdrawn; raise its lower bound", file=sys.stderr)
    return 1 if withdrawn else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
