"""Cuts the embedded data sets from the full ones: lossless WebP sheets, labels, a manifest of SHA-256 sums.

    python tools/cut_data.py    reads data/cache, writes data/mnist, data/cifar10, data/embedded.json

MNIST is embedded whole. Of CIFAR-10 each class gives its first images in the order of a seeded permutation,
and the chosen images keep their original order.
"""

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from shrink.data import DATA_FOLDER, GRID, Split, cifar10, mnist

CIFAR10_SIZES = {"train": 10_000, "test": 2_000}
SEED = 0


def stratified(labels: Tensor, size: int, *, seed: int) -> Tensor:
    """Positions (size,) of equally many images of each class, in their original order."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    chosen = [order[labels[order] == label][: size // 10] for label in range(10)]
    return torch.cat(chosen).sort().values


def sheet(images: np.ndarray) -> bytes:
    """Up to 10,000 images uint8 (N, C, H, W) as one lossless WebP grid of 100 columns, the rest black."""
    count, channels, height, width = images.shape
    rows = -(-count // GRID)
    tiles = np.zeros((rows * GRID, channels, height, width), dtype=np.uint8)
    tiles[:count] = images
    grid = tiles.reshape(rows, GRID, channels, height, width).transpose(0, 3, 1, 4, 2)
    pixels = grid.reshape(rows * height, GRID * width, channels)
    encoded = io.BytesIO()
    image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0]).convert("RGB")
    image.save(encoded, "WEBP", lossless=True, method=4, quality=100, exact=True)
    return encoded.getvalue()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def embed(dataset: str, split: str, images: Split) -> dict[str, object]:
    """Writes the sheets and labels of one split; returns its entry of the manifest."""
    pixels, labels = images.images.numpy(), images.labels.numpy().astype(np.uint8)
    names = []
    for number, start in enumerate(range(0, len(pixels), GRID * GRID)):
        names.append(f"{dataset}/{split}-{number}.webp")
        write(DATA_FOLDER / names[-1], sheet(pixels[start : start + GRID * GRID]))
    write(DATA_FOLDER / f"{dataset}/{split}-labels.bin", labels.tobytes())
    return {
        "shape": list(pixels.shape),
        "sheets": names,
        "labels": f"{dataset}/{split}-labels.bin",
        "images_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "labels_sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
    }


def main() -> None:
    if sys.argv[1:]:
        sys.exit(__doc__)
    manifest: dict[str, dict[str, object]] = {"mnist": {}, "cifar10": {}}
    for split in ("train", "test"):
        manifest["mnist"][split] = embed("mnist", split, mnist(split, full=True))
        every = cifar10(split, full=True)
        some = every.take(stratified(every.labels, CIFAR10_SIZES[split], seed=SEED))
        manifest["cifar10"][split] = embed("cifar10", split, some)
    write(DATA_FOLDER / "embedded.json", (json.dumps(manifest, indent=1) + "\n").encode())
    folders = [*DATA_FOLDER.glob("mnist/*"), *DATA_FOLDER.glob("cifar10/*")]
    embedded = sorted([*folders, DATA_FOLDER / "embedded.json"])
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in embedded]
    names = [path.relative_to(DATA_FOLDER).as_posix() for path in embedded]
    lines = [f"{checksum}  {name}\n" for checksum, name in zip(sums, names, strict=True)]
    write(DATA_FOLDER / "SHA256SUMS", "".join(lines).encode())
    print(f"{sum(p.stat().st_size for p in embedded):,} bytes in {len(embedded)} files")


if __name__ == "__main__":
    main()
