"""The worker: a zygote that has imported torch once, and jobs forked from it that run a learner's code.

Started by zygote.py as `python -I`, inside the walls. For each job the grader sends two sockets. A thread of
the zygote, the job's keeper, forks the job into namespaces of its own, tells the grader its pid, waits for
its end and reports it; nothing of a learner's runs there, and when the grader goes away the keeper ends the
job. A keeper is a thread because namespaces are a thread's own: a process would be one more fork. The job
locks itself in (sandbox.py), then answers requests:

    load   run the submission's source (loader.py)
    call   run one scenario on given inputs and send back plain values, or what was raised
    cases  the same for several inputs, one after the other

The zygote never runs a tensor operation: a fork of a process with torch's threads in it would be broken.
Its keepers sleep in system calls.
"""

import _thread
import builtins
import contextlib
import ctypes
import gc
import importlib.abc
import importlib.util
import linecache
import mmap
import os
import platform
import random
import select
import signal
import socket
import sys
import traceback
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import torch

from autograder import loader, sandbox, scenarios, walls, wire
from autograder.channel import receive, send

PRELOAD = ("torch._dynamo", "shrink.nets", "shrink.data", "shrink.training", "shrink.range_coder")
HUGE, MADV_COLLAPSE = 2 << 20, 25  # Linux 6.1
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "cannot allocate memory")


# ---- zygote --------------------------------------------------------------------------------------


class HiddenLibrary(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Says in a sentence why a learner's code cannot import the solutions of its room or of later ones.

    Those of earlier rooms are behind the learner; their text comes with the submission.
    """

    texts: ClassVar[dict[str, str]] = {}

    def get_source(self, name: str) -> str:
        return self.texts[name]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name in self.texts:
            return importlib.util.spec_from_loader(name, self)
        if name.split(".")[0] in ("shrink", "autograder", "tests", "tools"):
            # without name=: `from shrink import pruning` would hide the sentence behind one of its own
            raise ModuleNotFoundError(f"the judge hides {name}: write the function yourself")
        return None


def main(config: dict[str, Any]) -> None:
    """The zygote: import, say hello, then start a keeper for every request until the grader hangs up."""
    control = socket.socket(fileno=config["control"])
    sandbox.die_with_parent()
    preload()
    if not config["trusted"]:
        hide_library(config["boot"])
    os.environ.clear()
    cpuinfo = _read("/proc/cpuinfo")
    gc.enable()
    gc.freeze()  # the garbage collector then does not touch, and so copy, the shared pages in every job
    join_pages()
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    send(control.fileno(), {"op": "hello", "versions": versions})
    while (request := receive(control)) is not None:
        header, _, (job, life) = request
        _thread.start_new_thread(keep, (header, job, life, config, cpuinfo))


def join_pages() -> None:
    """Put this process's own memory into huge pages: a fork copies an entry a page, and ends with as many.

    Where the kernel cannot, forks cost what they did.
    """
    try:
        lines = _read("/proc/self/maps").decode().splitlines()
    except OSError:
        return
    for line in lines:
        places, rights, _, _, file = line.split()[:5]
        start, end = (int(place, 16) for place in places.split("-"))
        start, end = -(-start // HUGE) * HUGE, end // HUGE * HUGE
        if rights == "rw-p" and file == "0" and start < end:
            sandbox.libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)


def preload() -> None:
    """Import what submissions are likely to import: done here once, it costs a job nothing."""
    for name in PRELOAD:
        try:
            __import__(name)
        except ImportError:
            continue  # no such scaffolding: a learner who needs it gets the ImportError itself


def hide_library(boot: str) -> None:
    """From here on only the scaffolding already imported can be had; `from autograder import check` does
    nothing.
    """
    sys.path[:] = [folder for folder in sys.path if folder != boot]
    sys.meta_path.insert(0, HiddenLibrary())
    stand_in = ModuleType("autograder")
    stand_in.__path__ = []  # a package without modules: HiddenLibrary answers for them
    stand_in.check = lambda *arguments, **options: None  # type: ignore[attr-defined]
    for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
        del sys.modules[name]
    sys.modules["autograder"] = stand_in


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


# ---- keeper --------------------------------------------------------------------------------------


def keep(header: dict[str, Any], job: int, life: int, config: dict[str, Any], cpuinfo: bytes) -> None:
    """Fork the job, report its pid and its end; end it when the grader hangs up."""
    try:
        size = int(_read("/proc/self/statm").split()[0]) * mmap.PAGESIZE
    except OSError:
        size = 0  # no /proc, so no Linux: RLIMIT_AS then has to stay away from what the libraries take
    child = 0
    try:
        if config["level"] == "full":
            walls.separate()
        child = os.fork()
        if child == 0:
            run_job(job, config, cpuinfo, size + header["memory"] if size else 0, header["cpu"])
    except OSError as error:
        say(life, {"op": "fault", "text": f"{type(error).__name__}: {error}"})
    os.close(job)
    if child:
        watch(child, life)
    os.close(life)


def watch(child: int, life: int) -> None:
    """Wait until the job has ended or the grader has hung up, whichever comes first."""
    say(life, {"op": "started", "pid": child})
    poll = select.poll()
    poll.register(life, select.POLLIN | select.POLLHUP)
    pidfd_open = getattr(os, "pidfd_open", None)  # elsewhere than on Linux: look every 20 ms
    handle = pidfd_open(child) if pidfd_open is not None else -1
    if handle >= 0:
        poll.register(handle, select.POLLIN)
    pause, done = None if handle >= 0 else 20, 0
    while not done:
        if poll.poll(pause):
            os.kill(child, signal.SIGKILL)  # a job that has ended already is still ours to wait for
            pause = None
        done, status, usage = os.wait4(child, 0 if pause is None else os.WNOHANG)
    if handle >= 0:
        os.close(handle)
    code, cpu = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
    say(life, {"op": "ended", "code": code, "cpu": cpu, "rss": usage.ru_maxrss * 1024})


def say(life: int, message: dict[str, Any]) -> None:
    """Tell the grader, if it is still there; that it has hung up is seen elsewhere."""
    with contextlib.suppress(OSError):
        send(life, message)


# ---- job -----------------------------------------------------------------------------------------


def run_job(handle: int, config: dict[str, Any], cpuinfo: bytes, memory: int, cpu_seconds: float) -> None:
    """Lock this process in, then answer requests. Never returns."""
    try:
        os.setsid()  # or kill(0, 9) would reach the keeper and the zygote
        channel = socket.socket(fileno=own_descriptor(handle))
        if config["level"] == "full":
            walls.furnish(cpuinfo, sandbox.scratch_folder(config["readable"]))
        trusted = config["trusted"]
        sandbox.lock(config["level"], config["readable"], memory, cpu_seconds, trusted=trusted)
        torch.set_num_threads(1)
        send(channel.fileno(), {"op": "ready"})
    except BaseException as error:
        send(handle, {"op": "broken", "text": f"{type(error).__name__}: {error}"})
        os._exit(1)
    try:
        answer_requests(channel)
    finally:
        os._exit(0)


def own_descriptor(handle: int) -> int:
    """Close every inherited descriptor but the job's socket, which becomes 3; 0, 1 and 2 lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(handle, 3) if handle != 3 else None
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(4, 65536)
    os.set_inheritable(3, False)
    return 3


class Work:
    """The learner's functions, as a scenario sees them: `work.magnitude_mask(...)`."""

    def __init__(self, loaded: loader.Loaded) -> None:
        self._loaded = loaded

    def __getattr__(self, name: str) -> Any:
        if name not in self._loaded.namespace:
            raise MissingName(name)
        return self._loaded.namespace[name]


class MissingName(Exception):
    """A scenario asked for a name that the submission does not define."""


def answer_requests(channel: socket.socket) -> None:
    """Load once, then call as often as asked. The grader trusts nothing that is sent from here."""
    handle = channel.fileno()
    loaded = loader.Loaded({})
    cells: set[str] = set()
    while (request := receive(channel)) is not None:
        header, buffers, files = request
        reply: dict[str, Any]
        sent: list[wire.Buffer] = []
        try:
            if header["op"] == "load":
                cells = {name for name, _ in header["cells"]}
                HiddenLibrary.texts |= {f"shrink.{topic}": text for topic, text in header["library"]}
                loaded = loader.load(header["cells"], notebook=header["notebook"], wanted=header["wanted"])
                reply = {"problems": loaded.problems}
            else:
                reply = {"value": value(header, inputs(header, buffers, files), loaded, sent, cells)}
        except BaseException as error:
            reply, sent = {"error": report(error, cells, header.get("task", ""), loaded.problems)}, []
        del request, buffers
        try:
            send(handle, {"id": header["id"], **reply}, sent)
        except wire.WireError as error:
            send(handle, {"id": header["id"], "error": {"kind": "large", "text": str(error)}})


def value(
    header: dict[str, Any], given: Any, loaded: loader.Loaded, sent: list[wire.Buffer], cells: set[str]
) -> Any:
    """What a scenario returned, encoded; of several cases a list: of each its value alone in a tuple, or what
    was raised. Each is encoded before the next one runs, which may change what this one gave.
    """
    if header["op"] == "call":
        return wire.encode(call(header, given, Work(loaded)), sent)
    parts: list[Any] = ["l"]
    for case in given:
        before = len(sent)
        try:
            parts.append(wire.encode((call(header, case, Work(loaded)),), sent, 1))
            sent[before:] = [bytes(buffer) for buffer in sent[before:]]
        except BaseException as error:
            del sent[before:]
            parts.append(wire.encode(report(error, cells, header["task"], loaded.problems), sent, 1))
    return parts


def inputs(header: dict[str, Any], buffers: list[Any], files: list[int]) -> Any:
    """The inputs of a call. Large ones are mapped privately from read-only files: changing them changes a
    copy.
    """
    mapped = [mmap.mmap(file, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) for file in files]
    for file in files:
        os.close(file)
    inline, shared = iter(buffers), iter(mapped)
    ordered = [next(shared) if from_file else next(inline) for from_file in header["from_file"]]
    return wire.decode(header.pop("inputs"), ordered)  # no second copy in a frame


def call(header: dict[str, Any], values: dict[str, Any], work: Work) -> Any:
    """Run the scenario with every random generator where the grader wants it."""
    torch.default_generator.manual_seed(header["seed"])
    np.random.seed(header["seed"] % (1 << 32))
    random.seed(header["seed"])
    return scenarios.run(header["source"], header["name"], work, values)


def report(error: BaseException, cells: set[str], task: str, problems: list[str]) -> dict[str, Any]:
    """What was raised, in words that help the learner: kind, the classes' names, the message, and where."""
    if isinstance(error, MissingName):
        return {"kind": "missing", "text": str(error), "problems": problems}
    types = [kind.__name__[:100] for kind in type(error).__mro__ if issubclass(kind, BaseException)]
    try:
        text = str(error)[:1000]
    except BaseException:
        text = "(its message cannot be shown)"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in cells]
    place = ""
    if frames:
        line = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()[:120]
        place = f"{frames[-1].filename}, line {frames[-1].lineno}: {line}"
    kind = "raised"
    if isinstance(error, NotImplementedError) and frames:
        kind = "stub"
    elif isinstance(error, MemoryError) or any(phrase in text.lower() for phrase in OUT_OF_MEMORY):
        kind = "memory"
    elif isinstance(error, builtins.SystemExit):
        kind = "exit"
    function = frames[-1].name if frames else ""
    return {
        "kind": kind,
        "types": types,
        "text": text,
        "place": place,
        "function": function,
        "problems": problems,
    }
