"""Write the hash-locked requirement files from pyproject.toml (needs pip-tools; run when a pin changes).

rapidocr is locked without its dependencies: only the recogniser's model file in its wheel is used, and what it depends on
would bring a second owner of `cv2` (decision 0001). Everything is installed with --no-deps from these files. The peers of the
wire tests are locked alone, for an environment of their own: one of them is an older version of a library of the product.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALONE = "rapidocr"
PEERS = ("pys7==3.1.2", "python-snap7==2.0.2")
COMPILE = [
    "--quiet", "--generate-hashes", "--strip-extras", "--no-emit-index-url", "--no-emit-find-links", "--allow-unsafe",
    "--no-header", "--no-annotate",
]  # fmt: skip


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _alone(pin: str) -> str:
    """A pin with the hashes of its wheel, and nothing of what it depends on."""
    with tempfile.TemporaryDirectory() as folder:
        _run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, pin)
        hashes = re.findall(r"--hash=\S+", _run(sys.executable, "-m", "pip", "hash", *map(str, Path(folder).iterdir())))
    return f"{pin} \\\n    " + " \\\n    ".join(hashes) + "\n"


def _lock(pins: list[str], to: Path, constraint: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.in"
        wanted.write_text("\n".join(pin for pin in pins if not pin.startswith(ALONE)) + "\n")
        extra = ["--constraint", str(constraint)] if constraint else []
        _run(sys.executable, "-m", "piptools", "compile", *COMPILE, *extra, "--output-file", str(to), str(wanted))
    head = "# Made by scripts/lock.py from pyproject.toml; do not edit.\n"
    to.write_text(head + to.read_text() + _alone(next(pin for pin in pins if pin.startswith(ALONE))))


def main() -> None:
    """Lock everything, then what the product needs to run, at the same versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build, run = project["build-system"]["requires"], project["project"]["dependencies"]
    test = project["project"]["optional-dependencies"]["test"]
    everything = ROOT / "requirements-test.lock"
    _lock([*build, *run, *test], everything, None)
    _lock([*build, *run], ROOT / "requirements.lock", everything)
    head = "# Made by scripts/lock.py from the peers that it names; do not edit.\n"
    (ROOT / "requirements-peers.lock").write_text(head + "".join(map(_alone, PEERS)))


if __name__ == "__main__":
    main()
