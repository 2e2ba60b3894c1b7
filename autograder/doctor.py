"""What this machine offers the judge: versions, walls, locks, and which sandbox levels really start."""

import importlib.util
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from autograder import sandbox, seccomp, walls

MANAGERS = {
    "apt-get": "apt-get install",
    "dnf": "dnf install",
    "zypper": "zypper install",
    "pacman": "pacman -S",
    "apk": "apk add",
}
NEEDED = ("torch", "numpy", "pydantic", "rich", "typer", "pytest")


def report() -> Iterator[str]:
    """Lines to print, the remedies last."""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield f"Python {platform.python_version()} on {system}"
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        yield f"missing packages: {', '.join(absent)}; run: make setup"
        return
    yield from offers()
    works = []
    for line, level in levels():
        yield line
        works.append(level)
    best = next((level for level in works if level), None)
    yield f"The judge will use: {best or 'nothing, it cannot run here'}"
    yield from remedies(best)


def offers() -> Iterator[str]:
    """What the system says it has."""
    yield f"bubblewrap: {walls.bubblewrap_program() or 'not installed'}"
    if sys.platform == "linux":
        yield f"Landlock: version {sandbox.landlock_version()} (0 is none)"
        yield f"seccomp filter for this processor: {'yes' if seccomp.supported() else 'no'}"
        yield f"user namespaces: {setting('/proc/sys/user/max_user_namespaces')} allowed"


def setting(path: str) -> str:
    """A kernel setting as text."""
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return "unknown number"


def levels() -> Iterator[tuple[str, str | None]]:
    """Start each level for real: a worker, and one job in it."""
    from autograder.job import InfraError, Source
    from autograder.zygote import ATTEMPTS, Zygote

    for level, bubblewrap in ATTEMPTS:
        if bubblewrap and walls.bubblewrap_program() is None:
            continue
        label = (
            f"{level} with {'bubblewrap' if bubblewrap else 'walls of its own'}" if level == "full" else level
        )
        began = time.perf_counter()
        zygote = Zygote(level, trusted=False, bubblewrap=bubblewrap)
        try:
            zygote.wait_ready()
            zygote.open(Source(())).close()
            yield f"level {label}: works, started in {time.perf_counter() - began:.1f} s", level
        except InfraError as error:
            yield f"level {label}: does not work: {error}", None
        finally:
            zygote.close()


def remedies(best: str | None) -> Iterator[str]:
    """What is missing and the command that mends it; when everything is there, that."""
    if sys.platform != "linux":
        yield "Only Linux has the walls and locks that marks need; for marks use Linux, WSL or a container."
        return
    missing = []
    if walls.bubblewrap_program() is None:
        second = " (a second, independently kept wall; the judge's own stands)" if best == "full" else ""
        missing.append(f"bubblewrap{second}: {install('bubblewrap')}")
    if best != "full" and setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        remedy = switch("kernel.apparmor_restrict_unprivileged_userns=0")
        missing.append(f"user namespaces, which AppArmor restricts: {remedy}")
    if best != "full" and setting("/proc/sys/user/max_user_namespaces") == "0":
        missing.append(f"user namespaces, which are switched off: {switch('user.max_user_namespaces=10000')}")
    if sandbox.landlock_version() == 0:
        missing.append("Landlock: Linux 5.13 or later with lsm=landlock among the kernel's options")
    if not seccomp.supported():
        missing.append(
            f"a filter of system calls for {platform.machine()}: there is one for x86-64 and ARM64"
        )
    yield from (f"missing: {line}" for line in missing)
    if best != "full":
        yield "In a container: root and --cap-add SYS_ADMIN, or a user and --security-opt seccomp=unconfined"
    elif not missing:
        yield "Nothing is missing."


def install(package: str) -> str:
    """The command that installs a system package here."""
    command = next((command for name, command in MANAGERS.items() if shutil.which(name)), "")
    return f"{as_root()}{command} {package}" if command else "install it with the system's package manager"


def switch(option: str) -> str:
    return f"{as_root()}sysctl {option}"


def as_root() -> str:
    """What an ordinary user has to put before such a command."""
    return "" if os.geteuid() == 0 else "sudo "
