"""What this machine offers the judge: versions, walls, locks, and which sandbox levels really start."""

import importlib.util
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from autograder import sandbox, seccomp, walls

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
    """What to do for a stronger sandbox."""
    if best == "full":
        return
    if sys.platform != "linux":
        yield "Only Linux has the walls and locks that marks need; for marks use Linux, WSL or a container."
        return
    if walls.bubblewrap_program() is None:
        yield "Install bubblewrap: apt-get install bubblewrap (or dnf install bubblewrap)"
    if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        yield "AppArmor restricts user namespaces here: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    if setting("/proc/sys/user/max_user_namespaces") == "0":
        yield "User namespaces are switched off here: sysctl user.max_user_namespaces=10000"
    yield "In a container: root with --cap-add SYS_ADMIN, or a user with --security-opt seccomp=unconfined."
