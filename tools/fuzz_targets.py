"""What is fuzzed: places where the judge, or its reference, reads bytes that a stranger wrote.

A target takes bytes and returns one word for what came of them. Errors that are meant for such bytes are
words, too; any other exception is a fault of ours.
"""

import contextlib
import io
import json
import random
import re
import resource
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograder import archives, outcomes, submission, task, wire
from autograder.task import BadReturn, Outcome
from shrink import weight_sharing

BUFFERS = [bytes(range(16)), b"", b"\0" * 8]  # what a fuzzed tree may refer to
WORST_SECONDS = 5.0  # of CPU: what takes longer is a way to keep the grader busy
LIMITS = archives.Limits(members=50, total=1 << 20, ratio=50, free=1 << 18)


@dataclass(frozen=True)
class Target:
    """One reader: how to run it, bytes it accepts, and what it may raise."""

    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    allowed: tuple[type[BaseException], ...]
    where: str


def outcome_of(target: Target, data: bytes) -> str:
    """One word: read, or the refusal's name. Anything else that is raised is a finding."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    try:
        target.run(data)
        word = "read"
    except target.allowed as error:
        word = type(error).__name__
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if seconds > WORST_SECONDS:
        raise TimeoutError(f"{seconds:.1f} CPU-seconds for {len(data)} bytes")
    return word


# ---- the wire ------------------------------------------------------------------------------------


def values() -> list[Any]:
    """Plain values of every kind that crosses the wire."""
    return [
        None, 3, -(1 << 200), 0.5, "text\u202e", [1, (2, [3.0])], {"a": 1, 7: [True]}, b"bytes",
        np.float32(2),
        torch.arange(6.0).view(2, 3), torch.zeros(0, 4), torch.tensor(True), np.arange(4, dtype=np.int16),
        {"weight": torch.ones(3, dtype=torch.bfloat16), "n": [torch.tensor(2)]}, object(),
    ]  # fmt: skip


def frames() -> list[bytes]:
    made = []
    for value in values():
        buffers: list[wire.Buffer] = []
        tree = wire.encode(value, buffers)
        made.append(b"".join(bytes(part) for part in wire.pack({"id": 5, "value": tree}, buffers)))
    return made


def read_frame(data: bytes) -> None:
    """A whole frame, as the grader reads one."""
    if len(data) < wire.PREFIX.size:
        raise wire.WireError("cut off")
    head, size = wire.unpack_prefix(data[: wire.PREFIX.size])
    rest = data[wire.PREFIX.size :]
    header = wire.unpack_header(rest[:head], size)
    body = bytearray(rest[head : head + size])
    if len(body) < size:
        raise wire.WireError("cut off")
    wire.decode(header.get("value"), list(wire.split(body, header["sizes"])))
    if "error" in header:
        outcomes.outcome(header["error"], "task")


def trees() -> list[bytes]:
    """Trees over BUFFERS, so that mutations reach the reader of values and not only that of JSON."""
    four = [["T", "float32", [2, 2], 0], ["T", "uint8", [0, 3], 1], ["N", "int64", [1], 2]]
    found = [
        ["l", *four],
        ["d", *([f"k{at}", item] for at, item in enumerate(four))],
        ["t", *four, ["o", "X"]],
    ]
    found += [
        ["l", ["b", 0], ["b", 1], ["S", "float64", 2]],
        ["l", ["N", "complex64", [2], 0], four[1], ["b", 2]],
    ]
    return [json.dumps(tree).encode() for tree in found]


def plain() -> list[bytes]:
    """Trees for the converters: with buffers and without."""
    found = [
        ["d", ["k0", 1], ["k1", ["l", 0.5, 2]]],
        ["l", 3, 0.5, "text", None, True],
        ["t", ["d"], ["l"], -1],
    ]
    found += [["l", ["T", "float32", [2, 2], 0]], ["S", "float64", 0], ["T", "int64", [2], 0], ["b", 0]]
    return [*trees(), *(json.dumps(tree).encode() for tree in found)]


def tree_of(data: bytes) -> Any:
    text = wire.unpack_header(b'{"sizes": [], "value": ' + data + b"}", 0)
    return text.get("value")


def read_tree(data: bytes) -> None:
    wire.decode(tree_of(data), [bytearray(buffer) for buffer in BUFFERS])


def read_value(data: bytes) -> None:
    """What the checks' own converters make of a value; all of it is BadReturn or the kind asked for."""
    reader = wire._Reader([bytearray(buffer) for buffer in BUFFERS])  # that not all are used does not matter
    value = reader.value(tree_of(data), 0)
    items = (
        value
        if isinstance(value, list | tuple)
        else list(value.values())
        if isinstance(value, dict)
        else [value]
    )
    for item in [value, *items]:
        for convert in CONVERTERS:
            with contextlib.suppress(BadReturn, AssertionError):
                convert(item)


CONVERTERS: Sequence[Callable[[Any], object]] = (
    lambda value: task.tensor(value, what="it", finite=True),
    lambda value: task.tensor(value, what="it", dtype=torch.float32, shape=(2, 2), finite=True),
    lambda value: task.integer(value, what="it"),
    lambda value: task.real(value, what="it"),
    lambda value: task.mapping(value, what="it", keys=["k0", "k1"]),
    lambda value: task.sequence(value, what="it", length=3),
    lambda value: task.assert_close(value, torch.ones(2, 2), what="it"),
    task.describe,
)


def errors() -> list[bytes]:
    kinds = ["missing", "stub", "memory", "exit", "large", "raised"]
    full = {
        "types": ["ValueError", "Exception"],
        "text": "no",
        "place": "cell 1, line 2",
        "function": "f",
        "problems": ["x"],
    }
    return [json.dumps({"kind": kind, **full}).encode() for kind in kinds]


def read_error(data: bytes) -> None:
    """A worker's report of an error always becomes an Outcome with a sentence of bounded length."""
    found = outcomes.outcome(tree_of(data), "task")
    assert isinstance(found, Outcome) and len(str(found)) < 3000


# ---- what is handed in ---------------------------------------------------------------------------


def notebooks() -> list[bytes]:
    cell = {"cell_type": "code", "source": ["a = 1\n", "b = 2"], "metadata": {}, "outputs": []}
    books: list[Any] = [{"cells": [cell, {**cell, "source": "c = 3"}], "nbformat": 4}, {"worksheets": []}]
    return [json.dumps(book).encode() for book in books] + [
        b"\xef\xbb\xbf" + json.dumps(books[0]).encode("utf-8")
    ]


def read_notebook(data: bytes) -> None:
    submission.parse(data, "a.ipynb")


def read_module(data: bytes) -> None:
    submission.parse(data, "a.py")


def modules() -> list[bytes]:
    return [
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        "def f():\r\n    return 'é'\r\n".encode(),
        b"\xef\xbb\xbfx = 1",
    ]


def packed() -> list[bytes]:
    """Archives of every kind, with names and members that mean harm."""
    made = []
    for kind in ("", "gz", "bz2", "xz"):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode=f"w:{kind}") as opened:  # type: ignore[call-overload]
            for name in ("a/one.ipynb", "../out.py", "/abs.py"):
                member = tarfile.TarInfo(name)
                member.size = 5
                opened.addfile(member, io.BytesIO(b"x = 1"))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc"
            opened.addfile(link)
        made.append(tar.getvalue())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("a/one.ipynb", "../out.py", "C:\\two.py", "b.py"):
            zipped.writestr(name, "x = 1\n" * 50)
    return [*made, file.getvalue()]


def read_archive(data: bytes) -> None:
    """Nothing is written but below the folder, and no more than the limits allow."""
    with tempfile.TemporaryDirectory() as top:
        inside = Path(top) / "deep" / "into"
        name = "it.zip" if data[:2] == b"PK" else "it.tar"
        (Path(top) / name).write_bytes(data)
        try:
            archives.unpack(Path(top) / name, inside, LIMITS)
        finally:
            found = {path for path in Path(top).rglob("*") if not path.is_relative_to(inside)}
            assert found <= {Path(top) / name, Path(top) / "deep"}, f"written outside: {found}"
            assert not any(path.is_symlink() for path in Path(top).rglob("*"))
            assert sum(path.stat().st_size for path in inside.rglob("*") if path.is_file()) <= LIMITS.total


# ---- the reference's own reader ------------------------------------------------------------------


def networks() -> list[bytes]:
    generator = torch.Generator().manual_seed(0)
    states = [
        {"steps": torch.tensor(7)},
        {"weight": torch.randint(-2, 3, (6, 5), generator=generator).float(), "bias": torch.zeros(6)},
        {"a": torch.zeros(0, 3), "b": torch.arange(5, dtype=torch.int16)},
    ]
    return [weight_sharing.encode_network(state) for state in states]


def read_network(data: bytes) -> None:
    """With the checksum put right, or no mutation would come any further."""
    content = data[:-4]
    weight_sharing.decode_network(content + zlib.crc32(content).to_bytes(4, "little"))


REFUSED, UNREADABLE = (wire.WireError,), (submission.Unreadable,)
TARGETS = {
    "frames": Target(read_frame, frames, REFUSED, "autograder/wire.py"),
    "values": Target(read_tree, trees, REFUSED, "autograder/wire.py"),
    "converters": Target(read_value, plain, REFUSED, "autograder/task.py"),
    "error reports": Target(read_error, errors, REFUSED, "autograder/outcomes.py"),
    "notebooks": Target(read_notebook, notebooks, UNREADABLE, "autograder/submission.py"),
    "modules": Target(read_module, modules, UNREADABLE, "autograder/submission.py"),
    "archives": Target(read_archive, packed, UNREADABLE, "autograder/archives.py"),
    "compressed networks": Target(read_network, networks, (ValueError,), "shrink/weight_sharing.py"),
}


# ---- mutations -----------------------------------------------------------------------------------

Edit = tuple[str, float, int]  # what to do, where (a fraction of the length), with which byte
EDITS = ("set", "flip", "insert", "delete", "repeat", "cut", "number", "token")
NUMBERS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80" * 9, b"[[[[", b"\xff", b"\x7f" + b"\xff" * 7)
TOKEN = re.compile(rb'-?[0-9.]+|"[^"]*"|null|true|false')  # of JSON: what is left is mostly JSON again
TOKENS = (
    b"0", b"1", b"2", b"-1", b"549755813888", b"1e999", b"NaN", b"-0.0", b"null", b"true", b"9" * 80, b"[]",
    b"{}", b'"T"', b'"N"', b'"S"', b'"b"', b'"d"', b'"l"', b'"t"', b'"o"', b'"bool"', b'"complex128"', b'""',
    b'"uint8"', b"[0]", b"[16]", b"[0,549755813888,549755813888]", b'["l"]', b'["d",["a",1],["a",2]]',
    b'"\\ud800\\u202e"', b'["d",[1,1],[1152921504606846976,2]]', b'["S","bool",0]', b'["T","float16",[8],0]',
)  # fmt: skip


def mutated(seed: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes with these edits, one after the other."""
    data = bytearray(seed)
    for kind, where, byte in edits:
        at = int(where * len(data))
        if kind == "set":
            data[at : at + 1] = bytes([byte])
        elif kind == "flip" and data:
            data[min(at, len(data) - 1)] ^= 1 << (byte % 8)
        elif kind == "insert":
            data[at:at] = bytes([byte]) * (1 + byte % 3)
        elif kind == "delete":
            del data[at : at + 1 + byte % 16]
        elif kind == "repeat":
            data[at:at] = data[at : at + 1 + byte % 64]
        elif kind == "cut":
            del data[at:]
        elif kind == "number":
            chosen = NUMBERS[byte % len(NUMBERS)]
            data[at : at + (len(chosen) if byte & 128 else 1)] = chosen
        elif kind == "token" and (tokens := list(TOKEN.finditer(data))):
            found = tokens[min(int(where * len(tokens)), len(tokens) - 1)]
            data[found.start() : found.end()] = TOKENS[byte % len(TOKENS)]
    return bytes(data)


def random_edits(source: random.Random, seed: bytes) -> list[Edit]:
    """A few edits; of JSON mostly tokens alone, or little of it would be JSON afterwards."""
    weights = (3, 3, 1, 1, 1, 0.3, 3, 2)
    count = source.randint(1, 6)
    tokens = seed[:1] in (b"[", b"{") and source.random() < 0.7
    kinds = ["token"] * count if tokens else source.choices(EDITS, weights, k=count)
    return [(kind, source.random(), source.randrange(256)) for kind in kinds]
