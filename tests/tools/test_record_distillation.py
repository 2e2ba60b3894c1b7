"""The recorded figures of the distillation room: how they are made, and that they agree with each other."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from shrink import data, distillation, nets
from tools import record_distillation as recorder
from tools.record_distillation import Material, Run

RESULT = data.DATA_FOLDER / "results" / f"{recorder.NAME}.json"
RECORDED = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {"runs": [], "rows": []}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Material:
    """The recorder with 200 images, 20 steps an epoch and no teacher."""
    splits = {
        "train": data.cifar10("train").take(slice(0, 200)),
        "test": data.cifar10("test").take(slice(0, 50)),
    }
    monkeypatch.setattr(data, "cifar10", lambda split, full=False: splits[split])
    for name, value in {"STEPS_PER_EPOCH": 20, "BATCH": 20, "HELD_OUT": 50, "FEW": 2, "VIEWS": 3}.items():
        monkeypatch.setattr(recorder, name, value)
    return recorder.see(False, Path())


def test_every_run_takes_the_same_number_of_steps_and_sees_every_view(small: Material) -> None:
    allowed = recorder.choose_images(small.labels)
    for images in ("all", "few", "part"):
        taken = list(recorder.batches(Run("any", epochs=2), allowed[images]))
        assert len(taken) == 40
        assert {view for view, _ in taken} == {0, 1, 2}
        assert set(torch.cat([chosen for _, chosen in taken]).tolist()) <= set(allowed[images].tolist())


def test_images_for_choices_are_never_learned_from(small: Material) -> None:
    allowed = recorder.choose_images(small.labels)
    assert int(allowed["part"].max()) < len(small.labels) - recorder.HELD_OUT


def test_compared_students_start_alike(small: Material) -> None:
    whitened = data.to_float(data.cifar10("train").images, "cifar10")
    first, second = (recorder.new_net(Run(name, seed=1), whitened) for name in ("labels", "taught"))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_a_pruned_run_fits_into_the_file_of_the_small_net(small: Material, tmp_path: Path) -> None:
    recorder.record(Run("labels", widths=recorder.MIDDLE, epochs=1), small, tmp_path)
    run = Run("pruned", widths=recorder.MIDDLE, epochs=2, start="labels", pruned="in turns")
    found = recorder.record(run, small, tmp_path)
    goal = tmp_path / "small"
    save_file(nets.WhiteningNet(recorder.SMALL).state_dict(), goal)
    assert os.path.getsize(goal) - 200 < found["file"] <= os.path.getsize(goal)
    assert found["weights"] < 7_512


def test_one_channel_stands_in_for_the_teachers_features() -> None:
    features = torch.randn(2, 5, 3, 4)
    look = features.square().mean(dim=1, keepdim=True).sqrt()
    torch.testing.assert_close(distillation.attention_map(look), distillation.attention_map(features))


@pytest.mark.parametrize("way", ["gradually", "in turns"])
def test_pruning_never_goes_back_and_reaches_its_end(way: str) -> None:
    steps = [recorder.sparsity_at(Run("any", pruned=way), step / 100, 0.9) for step in range(100)]
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(0.9)


def test_a_finished_run_is_not_repeated(
    small: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "record", lambda *_: {"accuracy": 1.0, "cpu_seconds": 0.0})
    recorder.recorded(Run("labels"), small, tmp_path)
    monkeypatch.setattr(recorder, "record", lambda *_: pytest.fail("ran twice"))
    assert recorder.recorded(Run("labels"), small, tmp_path)["accuracy"] == 1.0


def test_every_recorded_run_has_its_three_seeds() -> None:
    for name in {run["name"] for run in RECORDED["runs"]}:
        assert [run["seed"] for run in RECORDED["runs"] if run["name"] == name] == list(recorder.SEEDS), name


def test_recorded_gains_are_those_of_the_runs() -> None:
    for (_, without, taught), row in zip(recorder.ROWS, RECORDED["rows"], strict=False):
        assert row[1] == recorder.summary(RECORDED["runs"], without)[0]
        assert row[2] == recorder.summary(RECORDED["runs"], taught)[0]


def test_recorded_files_of_pruned_nets_are_no_larger_than_the_small_net() -> None:
    sizes = {run["name"]: run["file"] for run in RECORDED["runs"]}
    assert all(run["file"] <= sizes["small, taught"] for run in RECORDED["runs"] if run["pruned"])
