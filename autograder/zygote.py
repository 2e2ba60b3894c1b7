"""Starting workers: a zygote of the wanted level, behind its walls, and the jobs forked from it."""

import fcntl
import importlib.metadata
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from autograder import sandbox, walls, wire
from autograder.job import HAVE_MEMFD, START_SECONDS, InfraError, Job, Source, receive_plain
from autograder.rooms import ROOT

BOOT = (
    "import gc, sys, json; gc.disable()\n"  # imports leave no garbage worth looking for
    "config = json.loads(sys.argv[1]); sys.path.insert(0, config['boot'])\n"
    "if config['binds']:\n"
    "    from autograder import walls; walls.build(walls.View(tuple(map(tuple, config['binds'])), ()))\n"
    "    sys.path[0] = config['boot'] = config['inside']\n"
    "    for name in [name for name in sys.modules if name.startswith('autograder')]: del sys.modules[name]\n"
    "from autograder import worker; worker.main(config)"
)
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
MACHINE = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # set where a processor needs them
ATTEMPTS = (
    ("full", True),
    ("full", False),
    ("landlock", False),
    ("process", False),
)  # level, with bubblewrap
MAX_BLOBS = 32
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE if HAVE_MEMFD else 0


@dataclass
class Blob:
    """A large input as a sealed memfd, so that every job maps the same pages; `raw` keeps the address
    taken.
    """

    raw: memoryview
    version: int
    handle: int


class Zygote:
    """One long-lived process with torch imported, from which jobs are forked."""

    def __init__(self, level: str, *, trusted: bool, root: Path = ROOT, bubblewrap: bool = True) -> None:
        self.level, self.trusted, self.ready = level, trusted, False
        self.bubblewrap = bubblewrap
        self.control, theirs = socket.socketpair()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.blobs: dict[tuple[int, int], Blob] = {}
        view = walls.trusted_view(root) if trusted else walls.learner_view(root)
        command = self._command(view, root, theirs.fileno())
        environment = dict.fromkeys(ONE_THREAD, "1") | {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        environment["MALLOC_ARENA_MAX"] = "1"  # forked from a thread, a job allocates as from the main one
        environment |= {name: os.environ[name] for name in MACHINE if name in os.environ}
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors, env=environment,
            pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
        theirs.close()

    def _command(self, view: walls.View, root: Path, control: int) -> list[str]:
        outer = walls.bubblewrap(view) if self.level == "full" and self.bubblewrap else None
        inside, walled = view.path[0], self.level == "full"
        config = {
            "control": control, "level": self.level, "trusted": self.trusted,
            "boot": inside if outer else str(root), "inside": inside,
            "binds": view.binds if walled and not outer else None,
            "readable": [*(view.inside if walled else view.outside), "/proc/cpuinfo"],
        }  # fmt: skip
        return [*(outer or []), sys.executable, "-I", "-B", "-c", BOOT, json.dumps(config)]

    def wait_ready(self) -> None:
        """Wait for the zygote's hello and compare the versions it found with ours."""
        self.control.settimeout(START_SECONDS)
        try:
            hello = receive_plain(self.control)
        except (OSError, wire.WireError) as error:
            raise InfraError(
                f"the {self.level} worker did not start: {self._last_words() or error}"
            ) from error
        ours = {"python": platform.python_version(), "torch": torch.__version__}
        ours["numpy"] = importlib.metadata.version("numpy")
        if hello.get("versions") != ours:
            raise InfraError(
                f"the worker found other versions than the grader: {hello.get('versions')}, not {ours}"
            )
        self.ready = True

    def _last_words(self) -> str:
        self.errors.seek(0)
        return self.errors.read()[-2000:].decode("utf-8", "replace").strip().rpartition("\n")[2]

    def open(self, source: Source, *, memory: int = sandbox.MEMORY, cpu_seconds: float = 20.0) -> Job:
        """Fork a job and have it load the source."""
        ours, job = socket.socketpair()
        life, keeper = socket.socketpair()
        frame = b"".join(bytes(part) for part in wire.pack({"op": "job", "memory": memory, "cpu": 3600}, []))
        try:
            socket.send_fds(self.control, [frame], [job.fileno(), keeper.fileno()])
        except OSError as error:
            raise InfraError(f"the worker's zygote has gone: {self._last_words() or error}") from error
        job.close()
        keeper.close()
        opened = Job(self, ours, life)
        opened.load(source, cpu_seconds)
        return opened

    def blob(self, raw: memoryview) -> int:
        """A sealed memfd with these bytes; made once for a tensor's memory, as long as the tensor is not
        changed.
        """
        owner = getattr(raw.obj, "base", None)
        version = owner._version if isinstance(owner, torch.Tensor) else -1
        key = (np.frombuffer(raw, np.uint8).ctypes.data, len(raw))
        known = self.blobs.get(key)
        if known is not None and known.version == version >= 0:
            return known.handle
        if known is not None or len(self.blobs) >= MAX_BLOBS:
            os.close(self.blobs.pop(key if known is not None else next(iter(self.blobs))).handle)
        handle = os.memfd_create("input", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        rest = raw
        while len(rest):
            rest = rest[os.write(handle, rest) :]
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, SEALS)  # nobody, the grader included, can change it any more
        self.blobs[key] = Blob(raw, version, handle)
        return handle

    def close(self) -> None:
        """End the zygote; its keepers end their jobs."""
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for blob in self.blobs.values():
            os.close(blob.handle)
        self.blobs.clear()
        self.errors.close()


def start(
    level: str | None,
    *,
    trusted: bool,
    root: Path = ROOT,
    alongside: Callable[["Zygote"], None] = lambda zygote: None,
) -> Zygote:
    """A zygote of this level, or of the strongest that works here; a first job proves that it does.

    `alongside` is called with each attempt while it starts, for whatever can be begun meanwhile.
    """
    reasons = []
    for wanted, bubblewrap in ATTEMPTS:
        if level not in (None, wanted) or (bubblewrap and walls.bubblewrap_program() is None):
            continue
        zygote = Zygote(wanted, trusted=trusted, root=root, bubblewrap=bubblewrap)
        try:
            alongside(zygote)
            zygote.wait_ready()
            zygote.open(Source(())).close()
            return zygote
        except InfraError as error:
            zygote.close()
            if isinstance(error.__cause__, TimeoutError):  # a busy machine must not weaken the sandbox
                raise InfraError(f"{error}; is this machine too busy? No weaker sandbox is taken") from error
            reasons.append(f"{wanted}{' with bubblewrap' if bubblewrap else ''}: {error}")
    raise InfraError("no worker could be started; " + "; ".join(reasons))
