"""Frames over a socket, as the worker writes and reads them; the grader's side, with deadlines, is job.py."""

import os
import socket
from collections.abc import Sequence
from typing import Any

from autograder import wire

MAX_FILES = 64  # descriptors in one frame
_write = os.write  # taken before a learner's code can replace it


def send(handle: int, header: dict[str, Any], buffers: Sequence[wire.Buffer] = ()) -> None:
    """Write one frame with plain write(2): the job may not use any socket call but recvmsg."""
    for piece in wire.pack(header, list(buffers)):
        view = memoryview(piece).cast("B") if len(piece) else memoryview(b"")
        while len(view):
            view = view[_write(handle, view) :]


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[Any], list[int]] | None:
    """One frame and the descriptors that came with it; None when the grader has hung up."""
    handles: list[int] = []
    prefix = _exactly(channel, wire.PREFIX.size, handles)
    if prefix is None:
        return None
    header_size, body_size = wire.unpack_prefix(bytes(prefix))
    text = _exactly(channel, header_size, handles)
    body = _exactly(channel, body_size, handles)
    if text is None or body is None:
        return None
    header = wire.unpack_header(text, body_size)
    return header, list(wire.split(body, header["sizes"])), handles


def _exactly(channel: socket.socket, size: int, handles: list[int]) -> bytearray | None:
    data = bytearray(size)
    view = memoryview(data)
    while len(view):
        count, ancillary, _, _ = channel.recvmsg_into(
            [view], socket.CMSG_SPACE(MAX_FILES * 4), socket.MSG_CMSG_CLOEXEC
        )
        for _, kind, raw in ancillary:
            if kind == socket.SCM_RIGHTS:
                handles += memoryview(raw[: len(raw) // 4 * 4]).cast("i").tolist()
        if not count:
            return None
        view = view[count:]
    return data
