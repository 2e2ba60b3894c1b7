"""Resolve pyproject.toml into requirements.lock, and write environment.yml from the lock."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ENVIRONMENT = ROOT / "environment.yml"

# Every recorded number was measured with this pair; newer ones come in by hand, with the numbers.
MEASURED_WITH = ["torch==2.14.1", "torchvision==0.29.1"]

CONDA_HEADER = """\
# Written by `make lock` from requirements.lock: do not edit.
# conda brings Python and pip; every package comes from PyPI, at the version of the lock.
#     conda env create -f environment.yml && conda activate shrink-course
#     pip install --no-deps --no-build-isolation -e .
"""


def lowest_python(pyproject: str) -> str:
    """The oldest Python that pyproject.toml accepts, such as 3.11."""
    requires: str = tomllib.loads(pyproject)["project"]["requires-python"]
    return requires.removeprefix(">=")


def pins(lock: str) -> list[str]:
    """The pinned requirements of a lock with their markers, without the hashes."""
    return [line.removesuffix("\\").strip() for line in lock.splitlines() if re.match(r"[a-z0-9]", line)]


def environment(lock: str, python: str) -> str:
    """The text of environment.yml for a lock."""
    lines = ["name: shrink-course", "channels:", "  - conda-forge", "dependencies:", f"  - python>={python}",
             "  - pip", "  - pip:"]
    # JSON strings are YAML strings, so markers with quotes need no thought.
    lines += [f"      - {json.dumps(pin)}" for pin in pins(lock)]
    return CONDA_HEADER + "\n".join(lines) + "\n"


def resolve(upgrade: bool) -> str:
    """Let uv resolve for every platform; versions already locked stay unless `upgrade`."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is missing: run `make setup` first")
    with tempfile.TemporaryDirectory() as folder:
        measured, out = Path(folder, "measured.txt"), Path(folder, "requirements.lock")
        measured.write_text("\n".join(MEASURED_WITH) + "\n")
        if LOCK.exists() and not upgrade:
            shutil.copy(LOCK, out)
        python = lowest_python((ROOT / "pyproject.toml").read_text())
        command = [uv, "pip", "compile", "pyproject.toml", "--extra", "dev", "--extra", "cluster",
                   "--quiet",
                   "--universal", "--generate-hashes", "--python-version", python,
                   "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-progress",
                   "--custom-compile-command", "make lock", "-c", str(measured), "-o", str(out)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return out.read_text()


def main() -> None:
    """Write both files; `--upgrade` takes the newest versions that pyproject.toml allows."""
    lock = resolve("--upgrade" in sys.argv[1:])
    LOCK.write_text(lock)
    ENVIRONMENT.write_text(environment(lock, lowest_python((ROOT / "pyproject.toml").read_text())))
    print(f"{LOCK.name} and {ENVIRONMENT.name}: {len(pins(lock))} pins")


if __name__ == "__main__":
    main()
