"""The data sets: what is embedded, that it is the original, and what a damaged file says."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch

from shrink import data
from tools.cut_data import sheet, stratified


@pytest.mark.parametrize(
    ("load", "split", "shape"),
    [
        (data.mnist, "train", (60_000, 1, 28, 28)),
        (data.mnist, "test", (10_000, 1, 28, 28)),
        (data.cifar10, "train", (10_000, 3, 32, 32)),
        (data.cifar10, "test", (2_000, 3, 32, 32)),
    ],
)
def test_embedded_sets_are_uint8_tensors_in_memory(load, split, shape):
    images, labels = load(split)
    assert images.shape == shape and images.dtype == torch.uint8
    assert labels.shape == shape[:1] and labels.dtype == torch.int64


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_embedded_cifar10_holds_each_class_equally_often(split):
    counts = data.cifar10(split).labels.bincount(minlength=10)
    assert counts.unique().numel() == 1


def test_embedded_mnist_is_the_original_byte_for_byte():
    """The MD5 of the published IDX files, whose header is rebuilt here."""
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = data.mnist(split)
        numbers = torch.tensor([2051, len(images), 28, 28], dtype=torch.int32).numpy().astype(">i4").tobytes()
        idx = hashlib.md5(numbers + images.numpy().tobytes(), usedforsecurity=False).hexdigest()
        assert idx == data.ORIGINALS["mnist"][f"{prefix}-images-idx3-ubyte"]
        numbers = torch.tensor([2049, len(images)], dtype=torch.int32).numpy().astype(">i4").tobytes()
        idx = hashlib.md5(numbers + labels.byte().numpy().tobytes(), usedforsecurity=False).hexdigest()
        assert idx == data.ORIGINALS["mnist"][f"{prefix}-labels-idx1-ubyte"]


def test_embedded_cifar10_holds_distinct_images_and_its_statistics_are_those_of_the_full_set():
    images = data.cifar10("train").images
    assert images.flatten(1).unique(dim=0).shape[0] >= 9_990  # CIFAR-10 itself repeats a few images
    means = (images.float() / 255).mean(dim=(0, 2, 3))
    assert torch.allclose(means, torch.tensor(data.CHANNEL_STATISTICS["cifar10"][0]), atol=0.01)


def test_the_loader_says_once_which_set_is_in_use(capsys):
    data._load.cache_clear()
    data.cifar10("test")
    data.cifar10("test")
    assert capsys.readouterr().out == "cifar10 test: the embedded 2,000 of 10,000 images\n"


def test_a_wrong_split_is_named():
    with pytest.raises(ValueError, match="'validation'"):
        data.mnist("validation")


def test_normalised_pixels_have_zero_mean_and_unit_variance():
    pixels = data.to_float(data.cifar10("train").images, "cifar10")
    assert torch.allclose(pixels.mean(dim=(0, 2, 3)), torch.zeros(3), atol=0.05)
    assert torch.allclose(pixels.std(dim=(0, 2, 3)), torch.ones(3), atol=0.05)


def test_a_sheet_gives_back_every_pixel(tmp_path: Path):
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (130, 3, 32, 32), generator=generator, dtype=torch.uint8)
    (tmp_path / "sheet.webp").write_bytes(sheet(images.numpy()))
    decoded = data._read_sheet(tmp_path / "sheet.webp", list(images.shape), "")
    assert torch.equal(torch.from_numpy(decoded[:130]), images)


def test_stratified_positions_are_balanced_sorted_and_seeded():
    labels = torch.arange(1000) % 10
    chosen = stratified(labels, 50, seed=3)
    assert labels[chosen].bincount().tolist() == [5] * 10
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert torch.equal(chosen, stratified(labels, 50, seed=3))
    assert not torch.equal(chosen, stratified(labels, 50, seed=4))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the embedded CIFAR-10 test split that a test may damage."""
    (tmp_path / "cifar10").mkdir()
    for name in ("embedded.json", "cifar10/test-0.webp", "cifar10/test-labels.bin"):
        shutil.copy(data.DATA_FOLDER / name, tmp_path / name)
    monkeypatch.setattr(data, "DATA_FOLDER", tmp_path)
    return tmp_path


def test_the_copy_loads_before_it_is_damaged(copied: Path):
    assert len(data._read_embedded("cifar10", "test").labels) == 2_000


@pytest.mark.parametrize("name", ["cifar10/test-0.webp", "cifar10/test-labels.bin"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped", "empty", "folder"])
def test_a_damaged_file_is_named_with_the_remedy(copied: Path, name: str, damage: str):
    path = copied / name
    content = bytearray(path.read_bytes())
    path.unlink()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "folder":
        path.mkdir()
    with pytest.raises(data.DataError) as error:
        data._read_embedded("cifar10", "test")
    assert Path(name).name in str(error.value) and "git checkout -- data" in str(error.value)


def test_a_damaged_manifest_is_named_with_the_remedy(copied: Path):
    (copied / "embedded.json").write_text("{")
    with pytest.raises(data.DataError, match=r"embedded\.json.*git checkout"):
        data._read_embedded("cifar10", "test")


def test_missing_full_sets_name_the_command_that_brings_them(copied: Path):
    with pytest.raises(data.DataError, match=r"data_batch_1\.bin: missing.*make data"):
        data._read_cifar10("train")


def test_a_damaged_original_is_named(copied: Path):
    folder = copied / "cache" / "mnist"
    folder.mkdir(parents=True)
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"not the original")
    with pytest.raises(data.DataError, match=r"t10k-images-idx3-ubyte: damaged.*make data"):
        data._read_idx("test")


def test_every_published_sum_is_that_of_the_file():
    for line in (data.DATA_FOLDER / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((data.DATA_FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_the_embedded_data_takes_at_most_40_megabytes():
    embedded = [line.split("  ")[1] for line in (data.DATA_FOLDER / "SHA256SUMS").read_text().splitlines()]
    assert sum((data.DATA_FOLDER / name).stat().st_size for name in embedded) <= 40_000_000
