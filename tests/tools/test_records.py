"""Every stored record is what its results say, the page prints these, and a broken claim is found."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from shrink import data, nets, training
from tools import record_smallest, records, records_page, results

RECORDED = json.loads(records.RESULTS.read_text(encoding="utf-8"))
RUNS = RECORDED["runs"]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run["file"])
def test_a_record_is_what_its_results_say(run: dict[str, Any]) -> None:
    """Every file, on the first 1,000 test images; `make records` takes all of them, in fresh processes."""
    content = (records.FOLDER / run["file"]).read_bytes()
    assert len(content) == run["bytes"]
    net = records.GOALS[run["record"]].net
    name, wrong = records.wrong_of(content, records.few_test_images(net))
    assert name == net
    assert wrong == run["wrong_of_few"]
    assert run["error_percent"] == run["wrong"] / 100
    modules = nets.NETS[net]().named_modules()
    assert list(run["layers"]) == [key for key, each in modules if isinstance(each, nn.Conv2d | nn.Linear)]


def test_a_file_that_is_listed_nowhere_is_found(tmp_path: Path) -> None:
    assert records.unlisted(RUNS) == []
    (tmp_path / "other.bin").write_bytes(b"")
    assert records.unlisted(RUNS, tmp_path) == ["other.bin is listed nowhere"]


def test_a_claim_that_does_not_hold_is_found(tmp_path: Path) -> None:
    run = RUNS[0]
    content = (records.FOLDER / run["file"]).read_bytes()
    assert records.faults(run, tmp_path) == [f"{run['file']} is missing"]
    (tmp_path / run["file"]).write_bytes(content[:-1])
    cut = records.faults(run, tmp_path)
    assert len(cut) == 3 and "cannot be read" in cut[2] and "ValueError" in cut[2]
    (tmp_path / run["file"]).write_bytes(content)
    assert records.faults({**run, "wrong": run["wrong"] + 1}, tmp_path) == [
        f"{run['file']} misses {run['wrong']} of 10,000 images, not {run['wrong'] + 1}"
    ]
    assert records.faults(run, tmp_path) == []


def test_no_seed_is_left_out_of_a_record() -> None:
    """A training that has not run yet may lack; one between two others may not."""
    for label in records_page.of_records(RECORDED):
        seeds = [run["seed"] for run in RUNS if run["record"] == label]
        assert seeds == list(record_smallest.SEEDS)[: len(seeds)], label
        assert records.verdict(label, RUNS).startswith("open") == (len(seeds) < records.SEEDS)


def test_the_parts_of_a_file_add_up_to_it() -> None:
    for run in RUNS:
        assert abs(sum(run["parts"].values()) - run["bytes"]) < 4
        assert run["weights"] == sum(layer["weights"] for layer in run["layers"].values())


def test_medians_decide_whether_a_goal_is_reached() -> None:
    runs = [{"record": "R1", "bytes": size, "error_percent": 1.9} for size in (2_369, 9_999, 100)]
    assert records.verdict("R1", runs) == "reached"
    runs[1]["bytes"] = 1_700
    assert records.verdict("R1", runs) == "reached, and the stretch"
    assert records.verdict("R1", [{**run, "error_percent": 1.91} for run in runs]) == "missed"
    assert records.verdict("R1", runs[:2]) == "open: 2 of 3 seeds"


def test_no_goal_was_moved_to_meet_a_result() -> None:
    """The goals as they were set: dense bytes over the ratio asked for, the published error."""
    ratios = {"R1": 450, "R1s": 600, "R2": 200, "R3": 1_500, "R3b": 1_500, "R4": 555, "R4b": 555}
    ratios |= {"R7": 20, "R7b": 20}
    sizes = {
        "R5": 34_000,
        "R5b": 34_000,
        "R5c": 34_000,
        "R5s": 25_000,
        "R6": 24_600,
        "R8": 129_000,
        "R8b": 129_000,
        "R8c": 129_000,
    }
    assert set(records.GOALS) == {*ratios, *sizes}
    for label, goal in records.GOALS.items():
        assert abs(sizes.get(label, goal.dense / ratios.get(label, 1)) - goal.size) < 1, label
        parameters = sum(parameter.numel() for parameter in nets.NETS[goal.net]().parameters())
        assert goal.dense == 4 * parameters, label
    errors = {label: goal.error for label, goal in records.GOALS.items()}
    dense = 100 - 100 * float(str(training.checkpoint_card("resnet_20")["test_accuracy"]))
    assert errors == {
        "R1": 1.90, "R1s": 1.90, "R2": 1.58, "R3": 0.96, "R3b": 0.96, "R4": 0.69, "R4b": 0.69,
        "R5": 10.0, "R5b": 10.0, "R5c": 10.0, "R5s": 10.0,
        "R6": 15.0, "R7": pytest.approx(dense + 0.5), "R7b": pytest.approx(dense + 0.5),
        "R8": 7.4, "R8b": 7.4, "R8c": 7.4,
    }  # fmt: skip


def test_a_recipe_made_again_lies_near_its_record() -> None:
    """Two percent of the bytes and two standard errors of 10,000 images, for what a fresh clone made."""
    assert RECORDED["again"]
    for run in RECORDED["again"]:
        size, error = records.median_of(run["record"], RUNS)
        assert abs(run["bytes"] / size - 1) < 0.02, run["record"]
        share = error / 100
        assert abs(run["error_percent"] - error) < 200 * (share * (1 - share) / records.TEST_IMAGES) ** 0.5


def test_the_images_of_choices_are_left_out_of_their_training() -> None:
    learnt, left_out = record_smallest.split(60_000)
    assert len(left_out) == record_smallest.LEFT_OUT
    assert sorted([*learnt.tolist(), *left_out.tolist()]) == list(range(60_000))


def test_recipes_at_work_side_by_side_lose_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RESULTS", tmp_path / "records" / "results.json")
    monkeypatch.setattr(record_smallest, "CACHE", tmp_path / "cache")
    with ThreadPoolExecutor() as pool:
        list(pool.map(record_smallest.write, [{"runs": [{"record": "R1", "seed": seed}]} for seed in (0, 1)]))
    kept = json.loads(records.RESULTS.read_text("utf-8"))["runs"]
    assert [run["seed"] for run in kept] == [0, 1]


def test_every_trial_has_its_result() -> None:
    assert [run["tried"] for run in RECORDED["tried"]] == list(record_smallest.TRIED)


def test_the_page_prints_the_results() -> None:
    page = records_page.PAGE.read_text(encoding="utf-8")
    assert records_page.filled(page, RECORDED) == page, "run `python -m tools.records_page`"


def test_the_readme_prints_the_results() -> None:
    kept = json.loads((records_page.ROOT / "data" / "results" / "records.json").read_text(encoding="utf-8"))
    del kept["made_from"]
    assert records_page.summary(RECORDED) == kept, "run `python -m tools.records_page` and `make build`"


def test_the_records_were_made_by_the_code_as_it_is() -> None:
    assert results.outdated(records.RESULTS) == [], "run `python -m tools.record_smallest`, both networks"


def test_a_run_gives_smaller_and_smaller_files_and_is_not_made_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_smallest, "RUNS", tmp_path)
    digits = data.mnist("train").take(slice(0, 200))
    logits = 5 * torch.nn.functional.one_hot(digits.labels, 10).float()
    learn = digits.images[None], logits[None], digits.labels
    options = {"units": (8, 6), "coarseness": (1.0, 1.0, 1.0), "steps": 500, "rate": 4e-3}
    first = record_smallest.train("lenet_300_100", learn, [600, 300], 0, **options)
    assert len(first[0]["content"]) > len(first[1]["content"]) > 0
    assert first[0]["cpu_seconds"] <= first[1]["cpu_seconds"]
    assert record_smallest.train("lenet_300_100", learn, [600, 300], 0, **options) == first
    account = record_smallest.account(first[1]["content"])
    assert account["weights"] > 0 and set(account["parts"]) == {"positions", "values", "biases", "header"}
