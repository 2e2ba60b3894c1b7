"""MNIST and CIFAR-10 as uint8 tensors in memory: the embedded sets, and the full ones after `make data`.

The embedded images are lossless WebP sheets, a grid of 100 x 100 images each (`tools/cut_data.py` cuts them);
`data/embedded.json` holds the SHA-256 of every file and of every decoded array.
"""

import functools
import hashlib
import json
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"
GRID = 100  # images along each side of a sheet

# Mean and standard deviation of the training pixels, scaled to [0, 1], one a channel.
CHANNEL_STATISTICS = {
    "mnist": ((0.1307,), (0.3081,)),
    "cifar10": ((0.49139968, 0.48215841, 0.44653091), (0.24703223, 0.24348513, 0.26158784)),
}
CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
}
FULL_SIZES = {"mnist": {"train": 60_000, "test": 10_000}, "cifar10": {"train": 50_000, "test": 10_000}}
CIFAR10_RECORD = 1 + 3 * 32 * 32  # one label byte, then the pixels, channel first

# The files of the full sets below data/cache/, with the MD5 of the originals.
ORIGINALS = {
    "mnist": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    "cifar10": {
        "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
        "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
        "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
        "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
        "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
        "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    },
}


class Split(NamedTuple):
    """One half of a data set: `images` uint8 (N, C, H, W) and `labels` int64 (N,)."""

    images: Tensor
    labels: Tensor

    def take(self, index: Tensor | slice) -> "Split":
        """The images that `index` (positions, a mask or a slice) selects, with their labels."""
        return Split(self.images[index], self.labels[index])


class DataError(RuntimeError):
    """A data file is missing, damaged or truncated; the message names the file and the remedy."""


def mnist(split: str, *, full: bool = False) -> Split:
    """MNIST, images uint8 (N, 1, 28, 28); the embedded set is the whole set: 60,000 train, 10,000 test.

    Args:
        split: "train" or "test".
        full: read the original files below `data/cache/` instead of the embedded ones.

    Raises:
        DataError: a file is missing or damaged; the message says which and what to do.
    """
    return _load("mnist", split, full)


def cifar10(split: str, *, full: bool = False) -> Split:
    """CIFAR-10, images uint8 (N, 3, 32, 32); embedded: 10,000 train, 2,000 test images, stratified by class.

    Args:
        split: "train" or "test".
        full: all 50,000 and 10,000 images, below `data/cache/` after `make data`.

    Raises:
        DataError: a file is missing or damaged; the message says which and what to do.
    """
    return _load("cifar10", split, full)


def to_float(images: Tensor, dataset: str) -> Tensor:
    """Scales uint8 images (N, C, H, W) to [0, 1], then each channel to mean 0, variance 1; float32."""
    means, deviations = (torch.tensor(values).view(1, -1, 1, 1) for values in CHANNEL_STATISTICS[dataset])
    return (images.float() / 255 - means) / deviations  # (N, C, H, W)


@functools.cache
def _load(dataset: str, split: str, full: bool) -> Split:
    if split not in ("train", "test"):
        raise ValueError(f"split must be 'train' or 'test', got {split!r}")
    if not full:
        loaded = _read_embedded(dataset, split)
    else:
        loaded = _read_idx(split) if dataset == "mnist" else _read_cifar10(split)
    of = FULL_SIZES[dataset][split]
    count = len(loaded.labels)
    which = "all" if count == of else f"the embedded {count:,} of"
    print(f"{dataset} {split}: {which} {of:,} images")
    return loaded


def _read_embedded(dataset: str, split: str) -> Split:
    remedy = "restore it with `git checkout -- data`"
    try:
        manifest = json.loads(_read(DATA_FOLDER / "embedded.json", remedy))[dataset][split]
    except (ValueError, KeyError) as error:
        raise DataError(f"{DATA_FOLDER / 'embedded.json'}: damaged ({error}); {remedy}") from error
    sheets = [_read_sheet(DATA_FOLDER / name, manifest["shape"], remedy) for name in manifest["sheets"]]
    images = np.concatenate(sheets)[: manifest["shape"][0]]
    labels = np.frombuffer(_read(DATA_FOLDER / manifest["labels"], remedy), dtype=np.uint8)
    for array, kind in ((images, "images"), (labels, "labels")):
        if hashlib.sha256(np.ascontiguousarray(array).data).hexdigest() != manifest[f"{kind}_sha256"]:
            named = ", ".join(manifest["sheets"]) if kind == "images" else manifest["labels"]
            raise DataError(f"data/{named}: the {kind} are not the published ones (SHA-256); {remedy}")
    return Split(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)))


def _read_sheet(path: Path, shape: list[int], remedy: str) -> np.ndarray:
    """One WebP grid of images as uint8 (10000, C, H, W)."""
    _read(path, remedy)
    try:
        with Image.open(path) as sheet:
            pixels = np.asarray(sheet.convert("RGB" if shape[1] == 3 else "L"))
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path}: not a readable WebP image ({error}); {remedy}") from error
    _, channels, height, width = shape
    rows = pixels.shape[0] // height
    tiles = pixels.reshape(rows, height, GRID, width, channels)
    return tiles.transpose(0, 2, 4, 1, 3).reshape(rows * GRID, channels, height, width)


def _read_original(dataset: str, name: str) -> bytes:
    path = DATA_FOLDER / "cache" / dataset / name
    content = _read(path, "bring the full sets with `make data`")
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != ORIGINALS[dataset][name]:
        raise DataError(f"{path}: damaged (its MD5 is not the original's); delete it and run `make data`")
    return content


def _read_idx(split: str) -> Split:
    prefix = {"train": "train", "test": "t10k"}[split]
    images = _read_original("mnist", f"{prefix}-images-idx3-ubyte")
    count, height, width = struct.unpack(">iii", images[4:16])
    pixels = torch.frombuffer(bytearray(images[16:]), dtype=torch.uint8).view(count, 1, height, width)
    labels = _read_original("mnist", f"{prefix}-labels-idx1-ubyte")
    return Split(pixels, torch.frombuffer(bytearray(labels[8:]), dtype=torch.uint8).long())


def _read_cifar10(split: str) -> Split:
    names = [name for name in ORIGINALS["cifar10"] if name.startswith("test") == (split == "test")]
    content = b"".join(_read_original("cifar10", name) for name in names)
    records = torch.frombuffer(bytearray(content), dtype=torch.uint8).view(-1, CIFAR10_RECORD)
    return Split(records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long())


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: missing; {remedy}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
