"""The recorded figures of the pruning room: how they are made, and that they agree with each other."""

import json
from pathlib import Path

import pytest

from shrink import data, training
from tools import record_pruning

RECORDED = json.loads(record_pruning.RESULT.read_text(encoding="utf-8"))


def test_a_run_keeps_its_sparsity_through_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = data.mnist("train").take(slice(0, 600))
    monkeypatch.setattr(data, "mnist", lambda split: few)
    monkeypatch.setattr(record_pruning, "EPOCHS", 20)
    monkeypatch.setattr(training, "tqdm", lambda epochs, **options: Silent(epochs))
    run = record_pruning.record(training.load_checkpoint("lenet_300_100"), 0.9, 0, tmp_path)
    assert run["weights"] == 26_620
    assert run["sparse_file"] < run["dense_file"] / 7
    assert sum(run["pixels"]) < run["weights"]


def test_the_table_shows_the_median_of_the_seeds() -> None:
    runs = [{"sparsity": s, "error_percent": e} for s in record_pruning.SPARSITIES for e in (3.0, 1.0, 2.0)]
    assert [run["error_percent"] for run in record_pruning.medians(runs)] == [2.0] * len(
        record_pruning.SPARSITIES
    )


def test_recorded_files_are_as_large_as_their_format_says() -> None:
    """A bit for each place, four bytes for each kept value and bias, and a header below a kilobyte."""
    for _, weights, size, *_ in RECORDED["rows"][1:]:
        counted = 266_200 / 8 + 4 * (weights + 410)
        assert counted < size < counted + 1_000


def test_recorded_sparsities_are_those_of_the_tool() -> None:
    left = [row[1] for row in RECORDED["rows"]]
    assert left == [266_200, *(266_200 - round(s * 266_200) for s in record_pruning.SPARSITIES)]


class Silent(list[int]):
    """A progress bar that shows nothing."""

    def __init__(self, epochs: range) -> None:
        super().__init__(epochs)

    def set_postfix(self, **values: str) -> None:
        pass
