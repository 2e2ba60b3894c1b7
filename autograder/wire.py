"""The wire between grader and worker: one frame each way, JSON header, raw little-endian buffers, no pickle.

A frame is a fixed prefix (magic, header length, body length), a JSON header and the bytes of its buffers.
What the grader reads was written by a process that ran a learner's code, so every number is checked before
it is used: sizes before allocation, depth, counts, dtypes, and that no buffer is left over. Values are a
tagged tree:

    None True 1 0.5 "text"            themselves
    ["l", ...] ["t", ...]             list, tuple
    ["d", [key, value], ...]          dict with str or int keys
    ["T", dtype, shape, buffer]       torch tensor
    ["N", dtype, shape, buffer]       numpy array (["S", dtype, buffer] a numpy scalar)
    ["b", buffer]                     bytes
    ["o", type name]                  anything else: only its name travels, for a verdict to say what came
"""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MAGIC = b"SHR1"
PREFIX = struct.Struct("<4sIQ")  # magic, bytes of the header, bytes of the body
MAX_HEADER = 8 << 20
MAX_BODY = 512 << 20
SMALL = 1 << 18  # a body up to here is copied, so that the frame is one write
MAX_DEPTH = 16
MAX_NODES = 200_000
MAX_TEXT = 1 << 20
MAX_DIMS = 16
MAX_INT = 1 << 256
MAX_KEY = 1 << 60  # larger integers can be chosen to have equal hashes: a dict of them takes hours
MAX_EMPTY = 1 << 62  # the product of the sizes that are not 0, in a tensor without entries
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    )
}
NUMPY_DTYPES = frozenset(DTYPES) - {"bfloat16"}
_DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}

# Taken before any learner's code is loaded: a patched torch in the worker must not change what is sent.
_detach, _contiguous, _clone, _view, _reshape = (
    torch.Tensor.detach,
    torch.Tensor.contiguous,
    torch.Tensor.clone,
    torch.Tensor.view,
    torch.Tensor.reshape,
)
_numpy, _resolve_conj, _resolve_neg = torch.Tensor.numpy, torch.Tensor.resolve_conj, torch.Tensor.resolve_neg
_ascontiguous, _dumps, _loads, _frombuffer = np.ascontiguousarray, json.dumps, json.loads, torch.frombuffer
_Tensor, _Parameter, _uint8, _bool, _strided = (
    torch.Tensor,
    torch.nn.Parameter,
    torch.uint8,
    torch.bool,
    torch.strided,
)

Buffer = bytes | bytearray | memoryview


class WireError(Exception):
    """A frame that is not a frame: too big, too deep, cut short, or of a kind that is not on the list."""


@dataclass(frozen=True)
class Other:
    """What a learner returned when it is not a plain value: only the name of its type crosses the wire."""

    type_name: str


def encode(value: Any, buffers: list[Buffer], depth: int = 0) -> Any:
    """Turn a value into its tagged tree; tensors, arrays and bytes are appended to `buffers`."""
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is int:
        return value if -MAX_INT < value < MAX_INT else ["o", "int of more than 256 bits"]
    if kind is str:
        return value if len(value) <= MAX_TEXT else ["o", "str of more than a million characters"]
    if depth >= MAX_DEPTH:
        return ["o", f"{_name(kind)} nested deeper than {MAX_DEPTH}"]
    if isinstance(value, list | tuple):  # also a named tuple, as torch's own functions return
        return [
            "l" if isinstance(value, list) else "t",
            *(encode(item, buffers, depth + 1) for item in value),
        ]
    if isinstance(value, dict):
        if any(type(key) not in (str, int) for key in value):
            return ["o", f"{_name(kind)} with keys other than str and int"]
        if any(type(key) is int and not -MAX_KEY < key < MAX_KEY for key in value):
            return ["o", f"{_name(kind)} with an integer key of more than 60 bits"]
        return ["d", *([key, encode(item, buffers, depth + 1)] for key, item in value.items())]
    if kind is _Tensor or kind is _Parameter:
        return _encode_tensor(value, buffers)
    if kind is np.ndarray:
        return _encode_array(value, buffers)
    if isinstance(value, np.generic) and str(value.dtype) in NUMPY_DTYPES:
        return ["S", str(value.dtype), _add(buffers, value.tobytes())]
    if kind is bytes or kind is bytearray:
        return ["b", _add(buffers, value)]
    return ["o", _name(kind)]


def _name(kind: type) -> str:
    return str(kind.__name__)[:100]


def _add(buffers: list[Buffer], buffer: Buffer) -> int:
    buffers.append(buffer)
    return len(buffers) - 1


def _encode_tensor(value: torch.Tensor, buffers: list[Buffer]) -> Any:
    dtype = _DTYPE_NAMES.get(value.dtype)
    if value.layout is not _strided or value.device.type != "cpu" or value.is_quantized or dtype is None:
        layout = str(value.layout).removeprefix("torch.")
        return ["o", f"{layout} tensor of dtype {value.dtype} on device {value.device.type}"]
    shape = list(value.shape)
    plain = _contiguous(_resolve_neg(_resolve_conj(_detach(value))))
    if plain.numel() == 1:  # torch calls it contiguous whatever its stride is, and then cannot view it
        plain = _clone(plain, memory_format=torch.contiguous_format)
    raw = _numpy(_view(_reshape(plain, (-1,)), _uint8)) if plain.numel() else np.empty(0, np.uint8)
    return ["T", dtype, shape, _add(buffers, raw.data)]


def _encode_array(value: Any, buffers: list[Buffer]) -> Any:
    name = str(value.dtype)
    if name not in NUMPY_DTYPES:
        return ["o", f"numpy array of dtype {name}"[:100]]
    plain = _ascontiguous(value, dtype=value.dtype.newbyteorder("<"))
    return ["N", name, list(value.shape), _add(buffers, plain.tobytes())]


def decode(tree: Any, buffers: list[Any]) -> Any:
    """Turn a tagged tree back into a value; raises WireError on anything that is not on the list."""
    reader = _Reader(buffers)
    value = reader.value(tree, 0)
    if reader.used != len(buffers):
        raise WireError(f"{len(buffers) - reader.used} buffers belong to nothing")
    return value


class _Reader:
    """Reads one tree: each buffer is used exactly once and in order, so that none can be given two
    meanings.
    """

    def __init__(self, buffers: list[Any]) -> None:
        self.buffers, self.used, self.nodes = buffers, 0, 0

    def value(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireError("a value of too many parts")
        if tree is None or type(tree) in (bool, int, float):
            return tree
        if type(tree) is str:
            return clean(tree)
        if type(tree) is not list or not tree:
            raise WireError("a value without a tag")
        tag, rest = tree[0], tree[1:]
        if tag == "l" or tag == "t":
            items = [self.value(item, depth + 1) for item in rest]
            return items if tag == "l" else tuple(items)
        if tag == "d":
            return dict(self.pair(item, depth) for item in rest)
        if tag == "T" and len(rest) == 3:
            return self.tensor(*rest)
        if tag == "N" and len(rest) == 3:
            return self.array(*rest)
        if tag == "S" and len(rest) == 2:
            return self.array(rest[0], [], rest[1])[()]
        if tag == "b" and len(rest) == 1:
            return bytes(self.buffer(rest[0]))
        if tag == "o" and len(rest) == 1 and type(rest[0]) is str:
            return Other(clean(rest[0])[:200])
        raise WireError("a value with an unknown tag")

    def pair(self, item: Any, depth: int) -> tuple[str | int, Any]:
        if type(item) is not list or len(item) != 2 or type(item[0]) not in (str, int):
            raise WireError("a dict entry that is no pair")
        if type(item[0]) is int and not -MAX_KEY < item[0] < MAX_KEY:
            raise WireError("a dict with a key of more than 60 bits")
        return clean(item[0]) if type(item[0]) is str else item[0], self.value(item[1], depth + 1)

    def buffer(self, index: Any) -> Any:
        if type(index) is not int or index != self.used or index >= len(self.buffers):
            raise WireError("a buffer out of turn")
        self.used += 1
        return self.buffers[index]

    def sized(self, dtype: Any, shape: Any, index: Any, names: Any) -> tuple[Any, list[int]]:
        if type(dtype) is not str or dtype not in names or type(shape) is not list or len(shape) > MAX_DIMS:
            raise WireError("an array of an unknown kind")
        whole = filled = DTYPES[dtype].itemsize  # bytes, and what they would be without zeros
        for size in shape:
            if type(size) is not int or not 0 <= size < 1 << 40:
                raise WireError("an array of an impossible shape")
            whole, filled = whole * size, filled * (size or 1)
        buffer = self.buffer(index)
        if whole != len(buffer):
            raise WireError("an array whose bytes do not fit its shape")
        if filled > MAX_EMPTY:
            raise WireError("an array of an impossible shape")
        return buffer, shape

    def tensor(self, dtype: Any, shape: Any, index: Any) -> torch.Tensor:
        buffer, shape = self.sized(dtype, shape, index, DTYPES)
        if not len(buffer):
            return torch.empty(shape, dtype=DTYPES[dtype])
        raw = _frombuffer(buffer, dtype=_uint8)
        if raw.data_ptr() % DTYPES[dtype].itemsize:
            raw = raw.clone()  # buffers follow each other without gaps
        if DTYPES[dtype] is _bool:
            return (raw != 0).reshape(shape)  # a bool byte other than 0 and 1 is undefined behaviour in torch
        return raw.view(DTYPES[dtype]).reshape(shape)

    def array(self, dtype: Any, shape: Any, index: Any) -> Any:
        buffer, shape = self.sized(dtype, shape, index, NUMPY_DTYPES)
        if dtype == "bool":
            return (np.frombuffer(buffer, np.uint8) != 0).reshape(shape)
        return np.frombuffer(buffer, np.dtype(dtype).newbyteorder("<")).reshape(shape)


def clean(text: str) -> str:
    """The text without lone surrogates, control characters (a terminal obeys them) and marks that turn the
    reading direction: it will be printed, written to files and shown in a browser.
    """
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text.encode("utf-8", "replace").decode("utf-8"))


def pack(header: dict[str, Any], buffers: list[Buffer]) -> list[Buffer]:
    """The pieces of one frame, ready to be written one after the other."""
    return frame(header_text(header, buffers), buffers)


def header_text(header: dict[str, Any], buffers: list[Buffer]) -> bytes:
    """The JSON of a frame's header, to which the sizes of its buffers belong."""
    return _dumps({**header, "sizes": [len(buffer) for buffer in buffers]}).encode()


def frame(text: bytes, buffers: Sequence[Buffer]) -> list[Buffer]:
    """The pieces of one frame whose header is JSON already."""
    body = sum(len(buffer) for buffer in buffers)
    if len(text) > MAX_HEADER or body > MAX_BODY:
        raise WireError(f"a frame of {len(text) + body} bytes is too large")
    head = PREFIX.pack(MAGIC, len(text), body) + text
    return [b"".join([head, *buffers])] if body < SMALL else [head, *buffers]


def unpack_prefix(prefix: bytes) -> tuple[int, int]:
    """(bytes of the header, bytes of the body), or WireError; nothing has been allocated yet."""
    magic, header, body = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise WireError("no frame of ours")
    if header > MAX_HEADER or body > MAX_BODY:
        raise WireError(f"a frame of {header + body} bytes is too large")
    return header, body


def unpack_header(text: bytes | bytearray, body: int) -> dict[str, Any]:
    """The JSON header, with `sizes` proved to add up to the body."""
    if text.count(b"[") + text.count(b"{") > MAX_NODES + 3 or text.count(b",") > 4 * MAX_NODES:
        raise WireError("a header of too many parts")  # millions of empty lists take minutes to read
    try:
        header = _loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError("a header that is no JSON") from error
    sizes = header.get("sizes") if isinstance(header, dict) else None
    if (
        not isinstance(sizes, list)
        or any(type(size) is not int or size < 0 for size in sizes)
        or sum(sizes) != body
    ):
        raise WireError("a header whose sizes do not add up")
    return dict(header)


def split(body: bytearray, sizes: list[int]) -> list[memoryview]:
    """The buffers of a body; they share its memory."""
    view, start, buffers = memoryview(body), 0, []
    for size in sizes:
        buffers.append(view[start : start + size])
        start += size
    return buffers
