"""Create or refresh `.venv` from requirements.lock: plain Python, since nothing is installed yet."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.sha256"
UNFINISHED = ROOT / ".cache" / "setup-unfinished"
NEEDED_GIB = 9  # torch's CUDA libraries take 5.3 of the 6 GiB; pip unpacks while the archives are still there


def fingerprint(root: Path) -> str:
    """What the environment depends on: the lock, pyproject.toml, and the folder named in its scripts."""
    files = b"".join((root / name).read_bytes() for name in ("requirements.lock", "pyproject.toml"))
    return f"{hashlib.sha256(files).hexdigest()} {root}"


def stamped() -> str:
    """The fingerprint of the last set-up that finished."""
    return STAMP.read_text() if STAMP.is_file() else ""


def was_moved() -> bool:
    """Whether the environment was made for this clone at another path, which its scripts still name."""
    return bool(stamped()) and stamped().partition(" ")[2] != str(ROOT)


def python_of(venv: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_usable(venv: Path) -> bool:
    """Whether the environment's interpreter starts and finds its pip."""
    try:
        probe = [str(python_of(venv)), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def only_one(lock: Path, other: str) -> Iterator[None]:
    """Let a second run wait for the first; `other` says what it waits for."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        if os.name != "nt":
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print(f"{other} is at work: waiting for it", flush=True)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(*command: str | Path) -> None:
    """Run one step and stop with its own message when it fails."""
    # pip asks rustc for its version, and a rustc of rustup would then write into an empty home folder.
    environment = {**os.environ, "RUSTUP_HOME": str(ROOT / ".cache" / "rustup")}
    asked = [str(part) for part in command]
    code = subprocess.run(asked, cwd=ROOT, check=False, env=environment).returncode
    if code:
        raise SystemExit(f"stopped: {' '.join(map(str, command[1:4]))} failed (exit {code}), see above. "
                         "Run `make setup` again; what was downloaded is kept by pip.")


def warn_about_space() -> None:
    """Say early when the disk is too small: pip would say so after minutes."""
    free = shutil.disk_usage(ROOT).free / 2**30
    if free < NEEDED_GIB:
        print(f"warning: {free:.1f} GiB free here, installing takes about {NEEDED_GIB}", flush=True)


def install(wanted: str) -> None:
    """Install the lock with its hashes, then the project itself."""
    if UNFINISHED.exists() or was_moved() or not is_usable(VENV):
        # pip cannot repair a package that was cut off half-way, so such an environment starts anew.
        warn_about_space()
        print("creating .venv", flush=True)
        run(sys.executable, "-m", "venv", "--clear", VENV)
        print("installing requirements.lock: 3 GB to download the first time, 3 to 6 minutes", flush=True)
    else:
        print("bringing .venv up to date", flush=True)
    for left in (ROOT / ".cache" / "tmp").glob("pip-*"):  # gigabytes, after a kill
        shutil.rmtree(left, ignore_errors=True)
    UNFINISHED.touch()
    STAMP.unlink(missing_ok=True)
    pip = (python_of(VENV), "-m", "pip", "--disable-pip-version-check", "--no-input")
    quiet = [] if sys.stdout.isatty() else ["--quiet"]  # a person sees pip's bars, a log does not
    run(*pip, "install", *quiet, "--require-hashes", "-r", "requirements.lock")
    run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
    run(*pip, "check")
    STAMP.write_text(wanted)
    UNFINISHED.unlink()


def main() -> None:
    """Do nothing, quickly, when the environment is current."""
    if sys.version_info < (3, 11):  # noqa: UP036 (an older one may be what `python3` is)
        raise SystemExit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: "
                         "name another one, for example `make setup PYTHON=python3.12`")
    wanted = fingerprint(ROOT)
    if stamped() == wanted:
        return
    with only_one(ROOT / ".cache" / "setup.lock", "another set-up of this clone"):
        if stamped() != wanted:
            install(wanted)
            print("set-up complete: .venv", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("set-up interrupted: `make setup` starts it again, downloads are kept") from None
