"""The results of a class, kept the moment they arrive: one line a result, appended in one write.

A line is a checksum and a JSON object with the result's key. A killed run leaves at most one torn line, the
last; it is recognised, cut off, and its submission judged again. Of two lines with one key the later counts.
Only the keys and the places of the lines are held in memory.
"""

import fcntl
import json
import os
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

NAME, LOCK = "results.jsonl", "lock"


class InUse(Exception):
    """Another run is writing to the same store; the message names it."""


class Store:
    """An open store. Nobody else can open it until it is closed or its process has ended."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self.lock = lock(folder / LOCK)
        self.places: dict[str, tuple[int, int]] = {}  # key -> (where its line begins, length)
        self.settled: set[str] = set()  # keys whose result is no fault of ours
        self.damaged = 0
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._index()

    def _index(self) -> None:
        """Find every whole line; cut off what a killed run left behind them."""
        end = 0
        with open(self.path, "rb") as file:
            for line in file:
                record = parse(line)
                if record is not None:
                    self._note(record, end, len(line))
                elif line.endswith(b"\n"):
                    self.damaged += 1
                else:
                    break
                end += len(line)
        os.truncate(self.handle, end)

    def _note(self, record: dict[str, Any], start: int, length: int) -> None:
        key = record["key"]
        self.places[key] = (start, length)
        fault = record["result"].get("status") == "infra_error"
        (self.settled.discard if fault else self.settled.add)(key)

    def append(self, key: str, result: dict[str, Any]) -> None:
        """Keep a result: in the file when this returns."""
        record = {"key": key, "time": round(time.time(), 1), "result": result}
        body = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        line = b"%08x %b\n" % (zlib.crc32(body), body)
        start = os.lseek(self.handle, 0, os.SEEK_END)
        if os.write(self.handle, line) != len(line):
            os.truncate(self.handle, start)
            raise OSError(f"{self.path} could not be written: is the disk full?")
        os.fsync(self.handle)
        self._note(record, start, len(line))

    def __contains__(self, key: str) -> bool:
        """Whether there is a result that holds: a fault of ours is judged again."""
        return key in self.settled

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The result as it was kept, read from the file."""
        start, length = self.places[key]
        record = parse(os.pread(self.handle, length, start))
        if record is None:
            raise OSError(f"{self.path} was changed while it was in use")
        found: dict[str, Any] = record["result"]
        return found

    def close(self) -> None:
        os.close(self.handle)
        os.close(self.lock)

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def parse(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None for a line that is torn or damaged."""
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    try:
        if not line.endswith(b"\n") or int(checksum, 16) != zlib.crc32(body):
            return None
        record: dict[str, Any] = json.loads(body)
    except ValueError:
        return None
    return record


def lock(path: Path) -> int:
    """Take the lock, which ends with this process however it ends; InUse if another run has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(handle, 100, 0).decode("ascii", "replace").strip()
        os.close(handle)
        who = f"process {owner}" if owner else "just begun"
        raise InUse(f"another run ({who}) is using {path.parent}; let it end first") from None
    os.truncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def set_aside(folder: Path) -> Path | None:
    """Rename a store's results, for a run that begins anew; where they are now."""
    current = folder / NAME
    if not current.exists():
        return None
    held = lock(folder / LOCK)
    try:
        number = 1
        while (target := folder / f"results.{number}.jsonl").exists():
            number += 1
        os.rename(current, target)
    finally:
        os.close(held)
    return target
