"""The walls around a worker: what it can see of the machine, built once for the zygote and once more around
each job.

The outer wall is bubblewrap where it is installed and can do it, or the same thing built here from
namespaces: an empty root folder with the interpreter and the system's libraries bound read-only, no
network, no repository. Each job adds its own process table, its own /tmp of limited size, and a /proc that
holds one text file.
"""

import ctypes
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import check, libc, scratch_folder

SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
JUDGE = "/judge"  # where the worker's own modules stand inside the wall
MODULES = ("__init__", "wire", "sandbox", "seccomp", "walls", "loader", "scenarios", "channel", "worker")
SCAFFOLDING = ("__init__", "nets", "data", "training")
SCRATCH_OPTIONS = b"size=64m,nr_inodes=512,mode=0777"

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
MOUNT_SETATTR, AT_EMPTY_PATH, AT_RECURSIVE = 442, 0x1000, 0x8000


@dataclass(frozen=True)
class View:
    """What a worker may read: (path outside, path inside) pairs, and the folders its imports come from."""

    binds: tuple[tuple[str, str], ...]
    path: tuple[str, ...]

    @property
    def inside(self) -> list[str]:
        return [target for _, target in self.binds]

    @property
    def outside(self) -> list[str]:
        return [source for source, _ in self.binds]


def interpreter_paths(root: Path) -> list[str]:
    """The folders of this Python and its libraries, without a copy of this project installed among them."""
    wanted = list(SYSTEM)
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix, sys.base_exec_prefix)):
        wanted += [f"{prefix}/{name}" for name in ("lib", "lib64", "bin", "pyvenv.cfg")]
    wanted += [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    wanted.append(os.path.dirname(os.path.realpath(sys.executable)))
    secret = [root / name for name in ("autograder", "shrink", "solutions", "data", "tests")]
    secret += [
        Path(path) / name
        for path in wanted
        if path.endswith("-packages")
        for name in ("autograder", "shrink")
    ]
    for prefix in (sys.base_prefix, sys.prefix):
        secret += [
            hit
            for name in ("autograder", "shrink")
            for hit in Path(prefix).glob(f"lib/python3*/*-packages/{name}")
        ]
    paths: list[str] = []
    for path in dict.fromkeys(wanted):
        paths += _without(path, [str(hidden) for hidden in secret if hidden.exists()])
    return [
        path for path in paths if not any(path != other and path.startswith(other + "/") for other in paths)
    ]


def _without(path: str, hidden: list[str]) -> list[str]:
    """`path`, or the largest parts of it that hold nothing hidden."""
    if path in hidden or not os.path.exists(path):
        return []
    if not any(secret.startswith(path + "/") for secret in hidden):
        return [path]
    return [part for name in sorted(os.listdir(path)) for part in _without(f"{path}/{name}", hidden)]


def learner_view(root: Path) -> View:
    """The interpreter, this package's worker modules and the scaffolding; no contract module, no answer, no
    data.
    """
    binds = [(path, path) for path in interpreter_paths(root)]
    binds += [(f"{root}/autograder/{name}.py", f"{JUDGE}/autograder/{name}.py") for name in MODULES]
    scaffolding = [name for name in SCAFFOLDING if (root / "shrink" / f"{name}.py").exists()]
    binds += [(f"{root}/shrink/{name}.py", f"{JUDGE}/shrink/{name}.py") for name in scaffolding]
    return View(tuple(binds), (JUDGE,))


def trusted_view(root: Path) -> View:
    """The interpreter and the library with its data: for the reference, and for code of ours alone."""
    binds = [(path, path) for path in interpreter_paths(root)]
    binds += [
        (f"{root}/{name}", f"{root}/{name}")
        for name in ("autograder", "shrink", "data")
        if (root / name).exists()
    ]
    return View(tuple(binds), (str(root),))


def _parents(targets: Iterable[str]) -> list[str]:
    """Every folder above these paths, outermost first."""
    found = {str(parent) for target in targets for parent in Path(target).parents} - {"/"}
    return sorted(found, key=lambda path: path.count("/"))


def bubblewrap_program() -> str | None:
    """Where bubblewrap is installed."""
    return shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")


def bubblewrap(view: View) -> list[str] | None:
    """The command line of the outer wall, to be followed by the program; None where bubblewrap is not
    installed.
    """
    program = bubblewrap_program()
    if program is None:
        return None
    command = [program, "--die-with-parent", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]  # the zygote needs it to wall in each job
    if os.geteuid() == 0:
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    binds = [(source, target) for source, target in view.binds if not os.path.islink(source)]
    links = [source for source, _ in view.binds if os.path.islink(source)]
    scratch = scratch_folder(view.inside)
    for folder in [*_parents([*view.inside, *DEVICES, scratch]), "/proc"]:
        if folder not in links:
            command += [
                "--perms",
                "0755",
                "--dir",
                folder,
            ]  # on its own bubblewrap makes missing parents 0700
    for link in links:
        command += ["--symlink", os.readlink(link), link]
    for source, target in binds:
        command += ["--ro-bind", source, target]
    for device in DEVICES:
        command += ["--dev-bind", device, device]
    command += ["--bind", "/proc", "/proc", "--perms", "0755", "--size", str(1 << 20), "--tmpfs", scratch]
    command += ["--remount-ro", "/", "--chdir", "/"]  # torch._dynamo wants a writable one, hence scratch
    return [*command, "--"]


def build(view: View) -> None:
    """The outer wall without bubblewrap: the same from namespaces of our own, around the calling process."""
    uid, gid = os.geteuid(), os.getegid()
    flags = NEWNS | NEWNET | NEWIPC | NEWUTS | (NEWUSER if uid else 0)
    check(libc.unshare(flags), "namespaces")
    if uid:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"65534 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"65534 {gid} 1")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    handles = {source: os.open(source, os.O_PATH) for source in [*view.outside, *DEVICES, "/proc"]}
    _mount(
        "tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, b"size=1m,mode=0755"
    )  # hides sources: hence the handles
    os.umask(0o022)
    for source, target in [*view.binds, *((device, device) for device in DEVICES), ("/proc", "/proc")]:
        _bind(source, handles[source], f"/tmp{target}")
    scratch = scratch_folder(view.inside)
    Path(f"/tmp{scratch}").mkdir(parents=True, exist_ok=True)
    for handle in handles.values():
        os.close(handle)
    os.chdir("/tmp")
    check(libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    check(libc.umount2(b".", 2), "leaving the old root")
    os.chdir("/")
    _mount(None, "/", None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    _mount("tmpfs", scratch, "tmpfs", MS_NOSUID | MS_NODEV, b"size=1m")


def _bind(source: str, handle: int, target: str) -> None:
    """Bind one path read-only below the new root; devices and /proc stay as they are, symbolic links are
    copied.
    """
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(f"/proc/self/fd/{handle}"):
        Path(target).mkdir(exist_ok=True)
    else:
        Path(target).touch()
    _mount(f"/proc/self/fd/{handle}", target, None, MS_BIND | MS_REC)
    if source not in DEVICES and source != "/proc":
        attributes = (ctypes.c_uint64 * 4)(MS_RDONLY | MS_NOSUID | MS_NODEV, 0, 0, 0)
        result = libc.syscall(MOUNT_SETATTR, -100, target.encode(), AT_RECURSIVE, attributes, 32)
        check(result, f"read-only {target}")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: bytes | None = None
) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    check(libc.mount(*encoded, ctypes.c_ulong(flags), options), f"mounting {target}")


def separate() -> None:
    """Give the calling process's next child its own process table, mounts and IPC (the network is gone
    already).
    """
    check(libc.unshare(NEWNS | NEWPID | NEWIPC), "namespaces of a job")


def furnish(cpuinfo: bytes, scratch: str) -> None:
    """Inside a job: an empty scratch folder of limited size, and a /proc with the one file torch asks for."""
    _mount("tmpfs", scratch, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, SCRATCH_OPTIONS)
    _mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, b"size=1m,nr_inodes=4,mode=0755")
    Path("/proc/cpuinfo").write_bytes(cpuinfo)
    _mount(None, "/proc", None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
