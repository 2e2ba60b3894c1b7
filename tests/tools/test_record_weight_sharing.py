"""The recorded figures of the weight sharing room: how they are made, and that they keep its promises."""

import json
from pathlib import Path

import pytest
import torch

from shrink import data, weight_sharing
from tools import record_weight_sharing

RECORDED = json.loads(record_weight_sharing.RESULT.read_text(encoding="utf-8"))
NAMES = list(record_weight_sharing.RECIPES)


def of_net(name: str) -> list[dict[str, float]]:
    return [run for run in RECORDED["runs"] if run["net"] == name]


def test_a_run_keeps_zeros_and_shared_values_through_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = data.mnist("train").take(slice(0, 1_000))
    monkeypatch.setattr(record_weight_sharing, "CACHE", tmp_path / "cache")
    recipe = record_weight_sharing.RECIPES["lenet_300_100"]
    monkeypatch.setitem(recipe, "batch_size", 10)  # enough steps for the schedule
    monkeypatch.setitem(recipe, "learning_rate", 0.01)
    monkeypatch.setitem(recipe, "epochs", 1)
    state, seconds = record_weight_sharing.compressed("lenet_300_100", few, 0.9, 0)
    again, same = record_weight_sharing.compressed("lenet_300_100", few, 0.9, 0)
    assert seconds == same and all(torch.equal(state[name], again[name]) for name in state)

    found = record_weight_sharing.write_file("lenet_300_100", state, tmp_path / "net")
    read = weight_sharing.decode_network((tmp_path / "net").read_bytes())
    assert all(torch.equal(state[name], read[name]) for name in state)
    assert found["weights"] == 26_620
    matrices = [tensor for tensor in read.values() if tensor.dim() > 1]
    assert all(len(tensor.unique()) <= 2 ** recipe["bits"] for tensor in matrices)
    assert record_weight_sharing.wrong_answers("lenet_300_100", tmp_path / "net", few) < 100


def test_the_table_shows_the_median_of_the_seeds() -> None:
    runs = [{"error_percent": e, "bytes": b} for e, b in ((3.0, 9), (1.0, 8), (2.0, 7))]
    assert record_weight_sharing.median(runs)["bytes"] == 7


@pytest.mark.parametrize("name", NAMES)
def test_deep_compression_is_reproduced_in_real_bytes(name: str) -> None:
    """At least as many times smaller, at no more error: the median of three seeds."""
    (ratio, error), median = (
        record_weight_sharing.RECIPES[name]["published"],
        record_weight_sharing.median(of_net(name)),
    )
    dense = {"lenet_300_100": 1_066_440, "lenet_5": 1_724_320}[name]
    assert sorted(run["seed"] for run in of_net(name)) == [0, 1, 2]
    assert dense / median["bytes"] >= ratio
    assert median["error_percent"] <= error


@pytest.mark.parametrize("name", NAMES)
def test_recorded_files_stay_below_their_zero_order_bound(name: str) -> None:
    """Positions and values; biases come on top, and 15 values of 4 bytes for each of at most four tensors."""
    for run in of_net(name):
        assert run["bytes"] < 1.02 * (run["bound"] + run["biases"] + 4 * 15 * 4)


@pytest.mark.parametrize("name", NAMES)
def test_the_sparsity_was_chosen_on_images_left_out(name: str) -> None:
    tried, limit = RECORDED["choices"][name], record_weight_sharing.RECIPES[name]["published"][1]
    good = [run["sparsity"] for run in tried if run["left_out_error"] <= limit]
    assert good == [tried[-1]["sparsity"]], "the first that is good ends the search"
    assert {run["sparsity"] for run in of_net(name)} == set(good)


def test_the_table_agrees_with_the_runs() -> None:
    for name, row in zip(NAMES, RECORDED["rows"], strict=True):
        median = record_weight_sharing.median(of_net(name))
        assert row[2:4] == [median["weights"], median["bytes"]]
        assert row[5].startswith(f"{median['error_percent']:.2f}")
