"""What a job locks on itself before it runs a learner's code: identity, limits, Landlock, seccomp.

Each step narrows what the process can do and none can be undone. The walls around the job (its file system,
network and process table) are in walls.py. Levels:

    full       walls + Landlock + seccomp + limits
    landlock   Landlock + seccomp + limits, for Linux without namespaces; no scratch folder
    process    limits, a deadline, on Linux seccomp; reads all files, so for self-study only
"""

import ctypes
import os
import resource
import struct
import sys
from pathlib import Path

from autograder import seccomp

LEVELS = ("process", "landlock", "full")  # weakest first
NOBODY = 65534
MEMORY = 2 << 30  # bytes of address space a job may add to what the zygote has
FILE_SIZE = 64 << 20
OPEN_FILES = 128
THREADS = 64

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

# Landlock's rights on files, and how many of them each version of its interface knows.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 1, 2, 4, 8, 16, 32
MAKE_DIR, MAKE_REGULAR, TRUNCATE = 1 << 7, 1 << 8, 1 << 14
RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}  # 16 from version 5 on
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
READ = READ_FILE | READ_DIR
CHANGE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REGULAR | TRUNCATE
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

CAP_DAC_READ_SEARCH = 1 << 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 4, 8, 38, 47


def check(result: int, what: str) -> int:
    """Turn a C function's -1 into an OSError that says which step failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return int(result)


def scratch_folder(visible: list[str]) -> str:
    """Where a job of level full has its sized tmpfs: /tmp, unless what it must see lies below /tmp itself."""
    return "/var/tmp" if any(path.startswith("/tmp/") for path in visible) else "/tmp"


def landlock_version() -> int:
    """The version of Landlock's interface, 0 where there is none."""
    return max(0, int(libc.syscall(CREATE_RULESET, None, 0, 1)))


def lock_files(readable: list[str], writable: list[str]) -> None:
    """Landlock: no file but these, no TCP, no signal and no abstract socket out of here; needs
    no_new_privs.
    """
    version = landlock_version()
    handled = (1 << RIGHTS_BY_ABI.get(version, 16)) - 1
    fields = [handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0][
        : 1 + (version >= 4) + (version >= 6)
    ]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    rules = check(libc.syscall(CREATE_RULESET, attributes, len(attributes), 0), "landlock ruleset")
    wanted = [(path, READ) for path in readable] + [(path, CHANGE) for path in writable]
    wanted += [
        ("/dev/null", READ | WRITE_FILE),
        ("/dev/zero", READ),
        ("/dev/urandom", READ),
        ("/dev/random", READ),
    ]
    for path, rights in wanted:
        if not os.path.exists(path):
            continue
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = rights & handled & (-1 if os.path.isdir(path) else ON_FILES)
        check(
            libc.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", allowed, beneath), 0),
            f"landlock rule for {path}",
        )
        os.close(beneath)
    check(libc.syscall(RESTRICT_SELF, rules, 0), "landlock")
    os.close(rules)


def limit_resources(level: str, address_space: int, cpu_seconds: float) -> None:
    """Limits the kernel keeps for us. The CPU limit is a second line: it does not kill pid 1 of a
    namespace.
    """
    own_count = level == "full" or os.geteuid() == 0  # else it counts the user's desktop, too
    limits = {
        "RLIMIT_AS": address_space,
        "RLIMIT_CPU": int(cpu_seconds) + 5,
        "RLIMIT_FSIZE": FILE_SIZE,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_NPROC": THREADS + (0 if own_count else running()),  # the kernel ignores it for uid 0
        "RLIMIT_CORE": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
    }
    for name, value in limits.items():
        which = getattr(resource, name, None)
        if which is not None:
            _, hard = resource.getrlimit(which)
            unlimited = resource.RLIM_INFINITY
            value = hard if value == unlimited else value if hard == unlimited else min(value, hard)
            resource.setrlimit(which, (value, value))


def running() -> int:
    """How many threads there are on this machine: no fewer than its user has."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            return int(file.read().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 1 << 15


def others_may_enter(folder: str) -> bool:
    """Whether an ordinary user can reach this folder; the libraries of a private interpreter nobody can."""
    place = Path(folder).resolve()
    return all(path.stat().st_mode & 1 for path in (place, *place.parents))


def drop_privileges(keep_reading: bool) -> None:
    """Become nobody (or kill(-1, 9) would reach all of root's processes) and lose every capability.

    `keep_reading` keeps the one that reads past folder permissions: without walls an interpreter in root's
    private home could not be read otherwise. Landlock then decides what is read; at level process nothing
    does.
    """
    if os.geteuid() == 0:
        libc.prctl(PR_SET_KEEPCAPS, int(keep_reading), 0, 0, 0)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    else:
        keep_reading = False
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    kept = CAP_DAC_READ_SEARCH if keep_reading else 0
    header, data = struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", kept, kept, 0, 0, 0, 0)
    check(libc.capset(header, data), "dropping capabilities")


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (forgotten when the identity changes)."""
    if sys.platform != "linux":
        return
    libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)


def lock(level: str, readable: list[str], address_space: int, cpu_seconds: float, *, trusted: bool) -> None:
    """Everything above, in the one order that works; after it the process may run a learner's code."""
    limit_resources(level, address_space, cpu_seconds)
    if sys.platform != "linux":
        return
    if not trusted:  # our own files may be readable for their owner alone
        private = level == "process" and not others_may_enter(sys.base_prefix)
        drop_privileges(keep_reading=level == "landlock" or private)
    die_with_parent()
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if level != "process":
        lock_files(readable, [scratch_folder(readable)] if level == "full" else [])
    if seccomp.supported():
        seccomp.lock(libc)
    elif level != "process":
        raise OSError("there is no system call filter for this processor")
