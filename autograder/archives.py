"""Unpacking what strangers packed: zip, tar, tar.gz, tar.bz2, tar.xz, into a fresh folder and nowhere else.

Only plain files are written, by us, under names we made out of checked parts; nothing is ever linked. A
member that is no plain file, or whose name leads elsewhere, is left out and named. An archive that is
damaged, holds one name twice, or is larger than its limits allow is refused as a whole: sizes are counted
while writing, never believed.
"""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from autograder.submission import Unreadable

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
FOREIGN = (".rar", ".7z", ".tar.zst", ".gz", ".bz2", ".xz", ".zst", ".cab", ".iso")
COMPRESSED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    OverflowError, RuntimeError, NotImplementedError, IndexError, KeyError, TypeError, AttributeError,
)  # fmt: skip
CHUNK = 1 << 16
LONGEST_READ = 4 << 20
AGAIN = "pack it again as a plain zip"


@dataclass(frozen=True)
class Limits:
    """How much an archive may become. `ratio` counts from `free` bytes on: small files may shrink well."""

    members: int = 2_000
    total: int = 200 << 20
    ratio: int = 200
    free: int = 16 << 20
    path: int = 240
    depth: int = 16


SUBMISSION = Limits()
CLASS = Limits(members=100_000, total=16 << 30, free=1 << 30)


def is_archive(name: str) -> bool:
    """Whether a file's name says that it is an archive, readable here or not."""
    return name.lower().endswith(ENDINGS + FOREIGN)


def unpack(path: Path, into: Path, limits: Limits = SUBMISSION) -> list[str]:
    """Write the archive's plain files into the folder `into`, which is made and must not exist yet.

    Returns a sentence for every member that was left out. Raises Unreadable for an archive that is refused;
    what had been written by then is in `into` and nowhere else.
    """
    into.mkdir(parents=True, mode=0o700)
    unpacking = Unpacking(path, into, limits)
    try:
        with open(path, "rb") as file:
            start = file.read(8)
        if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            unpacking.zip()
        elif not path.name.lower().endswith(ENDINGS):
            raise Unreadable(f"{path.name} is of a kind the judge does not unpack; {AGAIN}")
        else:
            unpacking.tar(start)
    except Unreadable:
        raise
    except DAMAGE as error:
        reason = f"{type(error).__name__}: {error}".strip(": ")[:120]
        raise Unreadable(f"{path.name} is damaged or no archive ({reason}); {AGAIN}") from error
    return unpacking.left_out


@dataclass
class Unpacking:
    """One archive while it is being unpacked: what has been written, and what was left out."""

    path: Path
    into: Path
    limits: Limits
    left_out: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # a path as a file system may fold it -> as it came
    folders: dict[str, str] = field(default_factory=dict)
    members: int = 0
    written: int = 0

    def zip(self) -> None:
        with Measured(self.path, self.limits.members * 512) as file, zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                self.count()
                mode = member.external_attr >> 16
                if member.is_dir():
                    continue
                if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                    self.leave_out(member.filename, "it is a link or a device, not a file")
                elif member.flag_bits & 0x1:
                    self.leave_out(member.filename, "it is locked with a password")
                elif (parts := self.parts(member.filename)) is not None:
                    with archive.open(member) as source:
                        self.write(parts, source)

    def tar(self, start: bytes) -> None:
        opener = next((found for magic, found in COMPRESSED.items() if start.startswith(magic)), None)
        with open(self.path, "rb") as raw:
            plain: IO[bytes] = opener(raw) if opener else raw
            most = self.allowed() + (self.limits.members + 4) * 2048
            with tarfile.open(fileobj=Counted(plain, most, self.path.name), mode="r:") as archive:
                for member in regular(archive, self):
                    parts = self.parts(member.name)
                    source = archive.extractfile(member) if parts is not None else None
                    if parts is not None and source is not None:
                        self.write(parts, source)

    def count(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise Unreadable(f"{self.path.name} holds more than {self.limits.members:,} files; {AGAIN}")

    def leave_out(self, name: str, reason: str) -> None:
        shown = "".join(character if character.isprintable() else "?" for character in name)[:80]
        self.left_out.append(f"{shown} was left out: {reason}")

    def parts(self, name: str) -> list[str] | None:
        """A member's name as checked parts; None, with the reason noted, if it must not be written."""
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        if parts and (parts[0] == "__MACOSX" or parts[-1].startswith("._") or parts[-1] == ".DS_Store"):
            return None  # what macOS adds says nothing
        reason = ""
        if name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":"):
            reason = "its name is absolute"
        elif ".." in parts:
            reason = "its name leads out of the archive (..)"
        elif not parts or not all(character.isprintable() for character in name):
            reason = "its name is empty or holds control characters"
        elif len(parts) > self.limits.depth or len(name.encode("utf-8", "replace")) > self.limits.path:
            reason = "its name is too long"
        if reason:
            self.leave_out(name, reason)
            return None
        self.remember(parts, name)
        return parts

    def remember(self, parts: list[str], name: str) -> None:
        """Refuse a name that is there already, or would be on a file system that ignores case."""
        folded = [unicodedata.normalize("NFC", part).casefold() for part in parts]
        *above, key = ("/".join(folded[: depth + 1]) for depth in range(len(folded)))
        first = self.files.get(key) or self.folders.get(key)
        first = first or next((self.files[folder] for folder in above if folder in self.files), None)
        if first is not None:
            raise Unreadable(
                f"{self.path.name} holds two files for one name ({first[:60]}, {name[:60]}); {AGAIN}"
            )
        self.files[key] = name
        self.folders |= dict.fromkeys(above, name)

    def allowed(self) -> int:
        """Bytes that this archive may become."""
        grown = max(self.limits.free, self.limits.ratio * self.path.stat().st_size)
        return min(self.limits.total, grown)

    def write(self, parts: list[str], source: IO[bytes]) -> None:
        target = self.into.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        most = self.allowed()
        with open(target, "xb") as file:
            while chunk := source.read(CHUNK):
                self.written += len(chunk)
                if self.written > most:
                    raise too_large(self.path.name, most)
                file.write(chunk)


def regular(archive: tarfile.TarFile, unpacking: Unpacking) -> Iterator[tarfile.TarInfo]:
    """The plain files of a tar; the library's own filter has a say before our checks."""
    for member in archive:
        unpacking.count()
        archive.members = []  # type: ignore[attr-defined]  # tarfile keeps every header otherwise
        if member.isdir():
            continue
        if not member.isreg():
            unpacking.leave_out(member.name, "it is a link or a device, not a file")
            continue
        try:
            tarfile.data_filter(member, str(unpacking.into))
        except tarfile.FilterError:
            unpacking.leave_out(member.name, "its name leads out of the archive")
            continue
        yield member


def too_large(name: str, most: int) -> Unreadable:
    return Unreadable(f"{name} unpacks to more than {most >> 20} MB; hand in the notebook alone")


class Measured(io.FileIO):
    """A file of which no single read may be longer than `most`: a zip's own table of contents could be."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path)
        self.most, self.label = most, path.name

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > max(self.most, LONGEST_READ):
            raise Unreadable(f"{self.label} holds too many files or is damaged; {AGAIN}")
        return super().read(size)


class Counted(io.RawIOBase):
    """A decompressed stream that ends the unpacking once it has given more than `most` bytes."""

    def __init__(self, stream: IO[bytes], most: int, name: str) -> None:
        self.stream, self.most, self.name, self.position = stream, most, name, 0

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= LONGEST_READ:  # a header that says it is gigabytes long
            raise tarfile.ReadError("a header is too long")
        data = b"".join(self.pieces(size))
        if self.position > self.most:
            raise too_large(self.name, self.most)
        return data

    def pieces(self, size: int) -> Iterator[bytes]:
        while size > 0 and (piece := self.stream.read(min(size, CHUNK))):
            self.position += len(piece)
            size -= len(piece)
            yield piece

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Forward only, by reading on; tarfile, asked for one member after the other, needs no more."""
        if whence or offset < self.position:
            raise tarfile.ReadError("the archive's parts overlap")
        if offset - self.position > self.most:
            raise too_large(self.name, self.most)
        for _ in self.pieces(offset - self.position):
            pass
        return self.position
