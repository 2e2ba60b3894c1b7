"""Download one file with a progress bar, going on after a cut: in the same run or in a later one."""

from __future__ import annotations

import errno
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from rich.progress import Progress

BLOCK = 1 << 18
TIMEOUT = 10.0  # seconds without a byte: offline must not feel like a hang
ATTEMPTS = 4  # connections for one file


class FetchError(RuntimeError):
    """A source did not work; the message says why in a few words."""


class UnreachableError(FetchError):
    """The host does not answer, so its other files need not be tried."""


def blocks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """The content of a stream, a block at a time."""
    while block := stream.read(BLOCK):
        yield block


def size_of(part: Path) -> int:
    """Bytes that have arrived so far."""
    return part.stat().st_size if part.exists() else 0


def download(url: str, part: Path, progress: Progress, *, timeout: float = TIMEOUT) -> None:
    """Complete the file `part` from `url`.

    Raises:
        UnreachableError: the host did not send a single byte.
        FetchError: it answered with an error, or was cut off again and again; what has arrived is kept.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    host = urlsplit(url).netloc
    reason: object = "the connection was cut again and again"
    for _ in range(ATTEMPTS):
        before = size_of(part)
        try:
            if receive(url, part, progress, timeout):
                return
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EACCES, errno.EROFS):
                raise
            reason = getattr(error, "reason", error)
            if size_of(part) == before:
                raise UnreachableError(f"{host} does not answer: {reason}") from error
    raise FetchError(f"{host}: {reason}")


def receive(url: str, part: Path, progress: Progress, timeout: float) -> bool:
    """Add what the server still has to `part`; True when the file is complete."""
    have = size_of(part)
    try:
        response = connect(url, have, timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise FetchError(f"{urlsplit(url).netloc} answers {error.code}") from error
        # Nothing comes after byte `have`: the file is complete, or it is not the server's file at all.
        if error.headers.get("Content-Range", "").endswith(f"/{have}"):
            return True
        part.unlink(missing_ok=True)
        return False
    with response:
        have = have if response.status == 206 else 0  # a server without ranges sends all of it again
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        task = progress.add_task(part.name.removesuffix(".part"), total=total, completed=have)
        with part.open("ab" if have else "wb") as out:
            for block in blocks_of(response):
                out.write(block)
                progress.advance(task, len(block))
    return total is None or size_of(part) == total


def connect(url: str, have: int, timeout: float) -> http.client.HTTPResponse:
    """Ask for a file from byte `have` on."""
    headers = {"User-Agent": "shrink-course"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(url, headers=headers)
    response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout)
    return response
