"""Archives of strangers: nothing is written outside the folder, and every fault has its sentence."""

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import archives
from autograder.archives import Limits, unpack
from autograder.submission import Unreadable, take

Members = dict[str, bytes]


def zipped(path: Path, members: Members, **options: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            information = zipfile.ZipInfo(name)
            information.external_attr = options.get("mode", 0) << 16
            information.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(information, data)
    return path


def tarred(path: Path, members: Members, **options: object) -> Path:
    kind = path.suffix.lstrip(".").replace("tgz", "gz").replace("tar", "")
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            information = tarfile.TarInfo(name)
            information.size = len(data)
            for key, value in options.items():
                setattr(information, key, value)
            archive.addfile(information, io.BytesIO(data))
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


GOOD = {"02_pruning.ipynb": b"{}", "notes/plan.txt": b"x" * 70_000}
KINDS = ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz"]


def pack(path: Path, members: Members) -> Path:
    return zipped(path, members) if path.suffix == ".zip" else tarred(path, members)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_unpacks(name: str, tmp_path: Path) -> None:
    assert unpack(pack(tmp_path / name, GOOD), tmp_path / "out") == []
    assert tree(tmp_path / "out") == GOOD


LEADS_OUT = {
    "up": "../outside.py",
    "deep up": "a/b/../../../outside.py",
    "absolute": "{root}/outside.py",
    "backslashes": "..\\outside.py",
    "drive": "C:\\outside.py",
    "control characters": "a\x1b[31m.py",
    "too long": f"{'d' * 100}/{'e' * 100}/{'f' * 100}.py",
    "too deep": "d/" * 40 + "a.py",
}


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("member", LEADS_OUT.values(), ids=list(LEADS_OUT))
def test_a_name_that_leads_elsewhere_is_left_out_and_named(member: str, name: str, tmp_path: Path) -> None:
    member = member.format(root=tmp_path)
    left = unpack(pack(tmp_path / name, {member: b"bad", "b.py": b"good"}), tmp_path / "in" / "out")
    assert tree(tmp_path / "in") == {"out/b.py": b"good"}
    assert not list(tmp_path.rglob("outside.py"))
    assert len(left) == 1 and "left out" in left[0] and "\x1b" not in left[0]


def test_links_and_devices_of_a_tar_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    kinds = {
        "symbolic": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "fifo": tarfile.FIFOTYPE,
        "character": tarfile.CHRTYPE, "block": tarfile.BLKTYPE,
    }  # fmt: skip
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in kinds.items():
            information = tarfile.TarInfo(name)
            information.type, information.linkname = kind, str(tmp_path / "secret")
            archive.addfile(information)
        through = tarfile.TarInfo("folder")  # then a file written through the link would land outside
        through.type, through.linkname = tarfile.SYMTYPE, str(tmp_path)
        archive.addfile(through)
        below = tarfile.TarInfo("folder/outside.py")
        below.size = 3
        archive.addfile(below, io.BytesIO(b"bad"))
    left = unpack(tmp_path / "a.tar", tmp_path / "out")
    assert len(left) == 6 and all("link or a device" in line for line in left)
    assert tree(tmp_path / "out") == {"folder/outside.py": b"bad"}
    assert not (tmp_path / "outside.py").exists() and not any(f.is_symlink() for f in tmp_path.rglob("*"))


def test_links_and_locked_members_of_a_zip_are_left_out(tmp_path: Path) -> None:
    left = unpack(zipped(tmp_path / "a.zip", {"link.ipynb": b"/etc/passwd"}, mode=0o120777), tmp_path / "out")
    assert "link or a device" in left[0] and tree(tmp_path / "out") == {}
    data = bytearray(zipped(tmp_path / "b.zip", {"b.py": b"x"}).read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    (tmp_path / "b.zip").write_bytes(data)
    assert "password" in unpack(tmp_path / "b.zip", tmp_path / "out2")[0]


CLASHES = {
    "twice": ["a.py", "a.py"],
    "case": ["Work/A.py", "work/a.py"],
    "case beyond ASCII": ["STRASSE.py", "straße.py"],
    "composed": ["e\u0301.py", "\u00e9.py"],
    "file and folder": ["a", "A/b.py"],
    "folder and file": ["a/b.py", "A"],
    "by dots": ["a.py", "./a.py"],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("names", CLASHES.values(), ids=list(CLASHES))
def test_two_files_for_one_name_are_refused(names: list[str], kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
    else:
        with tarfile.open(path, "w") as tar:
            for name in names:
                tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(Unreadable, match=r"a\.(zip|tar) holds two files for one name"):
        unpack(path, tmp_path / "out")


SMALL = Limits(members=5, total=1 << 20, free=1 << 16, ratio=10)
BOMBS: dict[str, Callable[[Path], Path]] = {
    "many files": lambda folder: zipped(folder / "a.zip", {str(k): b"" for k in range(9)}),
    "many files in a tar": lambda folder: tarred(folder / "a.tar.gz", {str(k): b"" for k in range(9)}),
    "large zip": lambda folder: zipped(folder / "a.zip", {"a": bytes(2 << 20)}),
    "large tar": lambda folder: tarred(folder / "a.tar", {"a": bytes(2 << 20)}),
    "large tar.gz": lambda folder: tarred(folder / "a.tar.gz", {"a": bytes(1 << 18)}),
    "large tar.xz": lambda folder: tarred(folder / "a.tar.xz", {"a": bytes(1 << 18)}),
    "large, skipped": lambda folder: tarred(folder / "a.tar.gz", {"../a": bytes(1 << 18)}),
    "left out, one after the other": lambda folder: tarred(
        folder / "a.tar.gz", {f"../{k}": bytes(5 << 14) for k in range(4)}
    ),
    "many small ones": lambda folder: zipped(folder / "a.zip", {str(k): bytes(1 << 16) for k in range(4)}),
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=list(BOMBS))
def test_bombs_are_refused_before_they_grow(make: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"unpacks to more than|more than 5 files"):
        unpack(make(tmp_path), tmp_path / "out", SMALL)
    assert sum(len(data) for data in tree(tmp_path / "out").values()) <= SMALL.total + archives.CHUNK


def test_a_size_that_lies_gains_nothing(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", {"a.py": bytes(1 << 20)}).read_bytes())
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data[data.index(magic) + offset :][:4] = b""
        struct.pack_into("<I", data, data.index(magic) + offset, 10)
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.zip .*pack it again"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert sum(len(data) for data in tree(tmp_path / "out").values()) < 1 << 18


def test_a_header_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 32
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + bytes(1 << 20)))
    with pytest.raises(Unreadable, match="too long"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out")


DAMAGED = {
    "empty.zip": b"",
    "cut.zip": None,
    "cut.tar.gz": None,
    "cut.tar.xz": None,
    "noise.zip": bytes(range(256)) * 40,
    "noise.tar": bytes(range(256)) * 40,
    "noise.tar.gz": gzip.compress(bytes(range(1, 256)) * 40),
    "noise.tar.bz2": bz2.compress(b"no tar at all"),
    "noise.tar.xz": lzma.compress(b"no tar at all"),
    "a.rar": b"Rar!\x1a\x07\x01\x00",
    "a.7z": b"7z\xbc\xaf\x27\x1c",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_archive_names_itself_and_the_remedy(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data = DAMAGED[name]
    if data is None:
        whole = pack(path, {"02_pruning.ipynb": bytes(range(256)) * 900}).read_bytes()
        data = whole[: len(whole) * 2 // 3]
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=rf"{name} .*; pack it again"):
        unpack(path, tmp_path / "out")


def test_every_cut_and_every_flipped_byte_is_unreadable_or_harmless(tmp_path: Path) -> None:
    """Every position of a small archive, in place of a fuzzer's millions."""
    for name in ("a.zip", "a.tar", "a.tar.gz"):
        whole = pack(tmp_path / name, {"a.py": b"a = 1\n", "b/c.py": b"c = 2\n"}).read_bytes()
        steps = range(0, len(whole), 1 if name == "a.zip" else 13)
        for number, at in enumerate(steps):
            for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :]):
                path = tmp_path / f"{name}-{number}-{len(data)}" / name
                path.parent.mkdir()
                path.write_bytes(data)
                with contextlib.suppress(Unreadable):
                    unpack(path, path.parent / "out")
                assert {entry.name for entry in path.parent.iterdir()} <= {name, "out"}


def test_a_packed_submission_is_read(tmp_path: Path) -> None:
    mac = {"__MACOSX/ana/._02_pruning.ipynb": b"x", "ana/02_pruning.ipynb": b"{}", "ana/.DS_Store": b"x"}
    assert take(zipped(tmp_path / "ana.zip", mac), "02_pruning") == ("02_pruning.ipynb", b"{}")
    assert unpack(tmp_path / "ana.zip", tmp_path / "mac") == []
    assert tree(tmp_path / "mac") == {"ana/02_pruning.ipynb": b"{}"}
    inner = zipped(tmp_path / "inner.zip", {"pruning.py": b"a = 1"}).read_bytes()
    middle = zipped(tmp_path / "middle.zip", {"inner.zip": inner})
    assert take(middle, "02_pruning") == ("pruning.py", b"a = 1")
    outer = zipped(tmp_path / "outer.zip", {"middle.zip": middle.read_bytes()})
    with pytest.raises(Unreadable, match="archive in an archive"):
        take(outer, "02_pruning")
    with pytest.raises(Unreadable, match=r"the folder empty\.zip holds no notebook.*pruning\.ipynb was left"):
        take(zipped(tmp_path / "empty.zip", {"../pruning.ipynb": b"{}"}), "02_pruning")


def test_a_thousand_members_are_quick(tmp_path: Path) -> None:
    began = time.process_time()
    unpack(zipped(tmp_path / "a.zip", {f"{k}/a.py": b"x" for k in range(1000)}), tmp_path / "out")
    assert time.process_time() - began < 5
