"""Packs a room for Gradescope: .cache/gradescope/ROOM.zip, to be uploaded as the assignment's autograder.

    make gradescope ROOM=02_pruning        or: python -m tools.gradescope 02_pruning [--secret FILE]

At the root of the archive stand setup.sh, which Gradescope runs once to build the image, and run_autograder,
which it runs for every submission; beside them the course without its solutions, lessons and tests, the
room's name and the secret that the inputs for marks come from (the class's own, .cache/class/secret, so that
marks are the same here and there). The archive is an instructor's: whoever has it can tell the inputs.
setup.sh installs the whole lock, 6 GB on disk; a run took 1.6 GB of memory, so in Gradescope choose a
container of 3 GB. The judge stops a submission after 300 s of CPU time: let the time limit be longer.
"""

import argparse
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.secret import secret
from tools.rooms import ROOT, all_rooms, find

SECRET = ROOT / ".cache" / "class" / "secret"
PACKED = ("autograder", "shrink", "data")
LEFT_OUT = re.compile(r"(^|/)(__pycache__|\.ipynb_checkpoints)/|^data/(cache|results)/|\.(pyc|part)$")
COMPRESSED = (".gz", ".webp", ".safetensors", ".zst")

SETUP = """#!/usr/bin/env bash
# Gradescope runs this once, as root, when the autograder is built; AUTOGRADER and PYTHON may name others.
set -euo pipefail
base="${AUTOGRADER:-/autograder}"
export DEBIAN_FRONTEND=noninteractive

new_enough() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    apt-get install -y -qq bubblewrap >/dev/null || echo "no bubblewrap: the judge builds its walls itself"
fi
python="${PYTHON:-}"
for name in python3 python3.13 python3.12 python3.11; do
    if [ -z "$python" ] && new_enough "$name"; then python="$name"; fi
done
if [ -z "$python" ]; then  # an Ubuntu whose python3 is older has a newer one beside it
    apt-get install -y -qq python3-venv >/dev/null
    apt-get install -y -qq python3.12-venv >/dev/null || apt-get install -y -qq python3.11-venv >/dev/null
    for name in python3 python3.12 python3.11; do
        if [ -z "$python" ] && new_enough "$name"; then python="$name"; fi
    done
fi
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed: choose a newer base image in Gradescope"
    exit 1
fi
"$python" -m venv "$base/venv"
"$base/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \\
    --require-hashes -r "$base/source/requirements.lock"
chmod -R go-rwx "$base/source"
cd "$base/source"
"$base/venv/bin/python" -m autograder doctor
"""

RUN = """#!/usr/bin/env bash
# Gradescope runs this for every submission.
base="${AUTOGRADER:-/autograder}"
export AUTOGRADER="$base"
cd "$base/source" && exec "$base/venv/bin/python" -B -m autograder.gradescope
"""


def files(root: Path) -> Iterator[tuple[str, Path]]:
    """(name in the archive, file) of the course as the judge needs it."""
    for folder in PACKED:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not LEFT_OUT.search(name):
                yield name, path
    yield "requirements.lock", root / "requirements.lock"


def pack(key: str, target: Path, *, secret_file: Path = SECRET, root: Path = ROOT) -> Path:
    """Write the archive; the same course, room and secret give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with zipfile.ZipFile(part, "w") as archive:
        add(archive, "setup.sh", SETUP.encode(), mode=0o755)
        add(archive, "run_autograder", RUN.encode(), mode=0o755)
        add(archive, "room", f"{key}\n".encode())
        add(archive, "secret", secret(secret_file), mode=0o600)
        for room in all_rooms(root):
            add(archive, f"source/{room.key}/", b"", mode=0o755)  # folders tell the rooms' order
        for name, path in files(root):
            add(archive, name, path.read_bytes())
    part.replace(target)
    return target


def add(archive: zipfile.ZipFile, name: str, content: bytes, *, mode: int = 0o644) -> None:
    """One entry, with a date that never changes."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    kind = 0o040000 if name.endswith("/") else 0o100000
    entry.external_attr = (kind | mode) << 16
    entry.create_system = 3  # Unix, or the modes mean nothing
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(COMPRESSED) else zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def main() -> int:
    asked = argparse.ArgumentParser(prog="make gradescope", description="Pack a room for Gradescope.")
    asked.add_argument("room", nargs="?", default="")
    asked.add_argument("--secret", type=Path, default=SECRET)
    given = asked.parse_args()
    try:
        room = find(given.room)
    except ValueError as error:
        print(f"{error}; for example: make gradescope ROOM=02_pruning")
        return 2
    target = ROOT / ".cache" / "gradescope" / f"{room.key}.zip"
    pack(room.key, target, secret_file=given.secret)
    print(f"{target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.0f} MB: upload it in Gradescope under")
    print("Configure Autograder. It holds the secret: keep it from learners.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
