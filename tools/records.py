"""Holds every record to its word: decodes each file of data/records in a process of its own and tests it.

    make records        exit code 1 if a file is missing, damaged, or not what data/records/results.json says

A file that keeps its word may still miss its goal; that is printed, and no failure. This needs no network:
MNIST is embedded whole, of CIFAR-10 2,000 test images, on which the files of its nets are tested; on all
10,000 of them as well after `make data`.
"""

import hashlib
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from shrink import data, integer_file, nets, normed_file, training
from tools.rooms import ROOT

FOLDER = ROOT / "data" / "records"
RESULTS = FOLDER / "results.json"
TEST_IMAGES = 10_000
SEEDS = 3  # whose median is compared with a goal
FEW = 1_000  # test images of the reduced check that runs in the tests


class Goal(NamedTuple):
    """What a record is held to: the net, its dense bytes, the most bytes, a further wish, the most error.

    Published: a result to compare with, in the words of its authors or of those who quote it.
    """

    net: str
    title: str
    dense: int
    size: int
    stretch: int
    error: float
    published: str


OKTAY = "124 times at 1.9 %, Oktay et al. 2020"
HAN = "40 times at 1.58 %, Han et al. 2016"
HAVASI_SMALL = "1,110 times at 0.96 %, Havasi et al. 2019"
HAVASI = "555 times at 0.69 %, Havasi et al. 2019"
LILNETX_SMALL = "76 kB at 10.0 %, LilNetX, Girish et al. 2023"
TINY = "98.5 kB at 13.5 %, MLPerf Tiny, Banbury et al. 2021"
DNAS = "16.6 times at 8.0 %, DNAS, Wu et al. 2018"
LILNETX = "129 kB at 7.4 %, LilNetX, Girish et al. 2023"
GOALS = {
    "R1": Goal("lenet_300_100", "LeNet-300-100", 1_066_440, 2_369, 1_777, 1.9, OKTAY),
    "R1s": Goal("lenet_300_100", "LeNet-300-100", 1_066_440, 1_777, 1_777, 1.9, OKTAY),
    "R2": Goal("lenet_300_100", "LeNet-300-100", 1_066_440, 5_332, 3_554, 1.58, HAN),
    "R3": Goal("lenet_5", "LeNet-5", 1_724_320, 1_149, 862, 0.96, HAVASI_SMALL),
    "R3b": Goal("lenet_5", "LeNet-5, longer", 1_724_320, 1_149, 862, 0.96, HAVASI_SMALL),
    "R4": Goal("lenet_5", "LeNet-5", 1_724_320, 3_107, 3_107, 0.69, HAVASI),
    "R4b": Goal("lenet_5", "LeNet-5, shorter", 1_724_320, 3_107, 3_107, 0.69, HAVASI),
    "R5": Goal("resnet_20", "any net: ResNet-20", 1_078_888, 34_000, 25_000, 10.0, LILNETX_SMALL),
    "R5b": Goal("student", "any net: the student", 365_280, 34_000, 25_000, 10.0, LILNETX_SMALL),
    "R5c": Goal("resnet_20", "any net: ResNet-20, shorter", 1_078_888, 34_000, 25_000, 10.0, LILNETX_SMALL),
    "R5s": Goal("student", "any net: the student", 365_280, 25_000, 25_000, 10.0, LILNETX_SMALL),
    "R6": Goal("resnet_8", "ResNet-8", 312_744, 24_600, 24_600, 15.0, TINY),
    "R7": Goal("resnet_20", "ResNet-20", 1_078_888, 53_944, 53_944, 8.24, DNAS),
    "R7b": Goal("resnet_20", "ResNet-20, shorter", 1_078_888, 53_944, 53_944, 8.24, DNAS),
    "R8": Goal("teacher", "2-M-parameter net", 7_891_168, 129_000, 129_000, 7.4, LILNETX),
    "R8c": Goal("teacher", "2-M-parameter net, long", 7_891_168, 129_000, 129_000, 7.4, LILNETX),
    "R8b": Goal("teacher", "2-M-parameter net, shorter", 7_891_168, 129_000, 129_000, 7.4, LILNETX),
}
ATTEMPTS = ("R3b", "R4b", "R5b", "R5c", "R5s", "R7b", "R8b", "R8c")  # other trainings for the same goals


def decoded(content: bytes) -> tuple[str, dict[str, Tensor]]:
    """The architecture that a file names, and its state dict, read by the format that its first byte says."""
    if normed_file.FIRST <= (content[:1] or b"\0")[0] < normed_file.FIRST + len(normed_file.NAMES):
        return normed_file.decode_normed(content)
    return integer_file.decode_integers(content)


def dataset_of(net: str) -> str:
    """What a net was made for."""
    return "mnist" if net in integer_file.GRIDS else "cifar10"


def wrong_of(content: bytes, split: data.Split) -> tuple[str, int]:
    """The architecture a file names, and how many of these images its network misses."""
    name, state = decoded(content)
    return name, _missed(name, state, split)


def _missed(name: str, state: dict[str, Tensor], split: data.Split) -> int:
    net = nets.NETS[name]()
    net.load_state_dict(state)
    answers = training.predict(net, split.images, dataset=dataset_of(name)).argmax(dim=1)
    return int((answers != split.labels).sum())


def few_test_images(net: str) -> data.Split:
    """The first test images, for a check that takes seconds."""
    test = data.mnist("test") if dataset_of(net) == "mnist" else data.cifar10("test")
    return test.take(slice(0, FEW))


def test_sets(net: str) -> dict[str, data.Split]:
    """Name of a count in the results -> images: all 10,000, and of CIFAR-10 the embedded 2,000 anyway."""
    if dataset_of(net) == "mnist":
        return {"wrong": data.mnist("test")}
    full = data.DATA_FOLDER / "cache" / "cifar10" / "test_batch.bin"
    whole = {"wrong": data.cifar10("test", full=True)} if full.is_file() else {}
    return {"wrong_of_embedded": data.cifar10("test"), **whole}


def test(path: Path) -> dict[str, Any]:
    """The architecture of a file, and how many images of each test set that is there its network misses."""
    name, state = decoded(path.read_bytes())
    return {"net": name, **{of: _missed(name, state, split) for of, split in test_sets(name).items()}}


def fresh_process(path: Path) -> dict[str, Any]:
    """The same, found by a process that gets the file and nothing else."""
    command = [sys.executable, "-m", "tools.records", "--test", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError((done.stderr.splitlines() or ["the process failed"])[-1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def faults(run: dict[str, Any], folder: Path = FOLDER) -> list[str]:
    """What is not as the results file says; empty if the record keeps its word."""
    path = folder / run["file"]
    if not path.is_file():
        return [f"{run['file']} is missing"]
    content, wrong = path.read_bytes(), []
    if len(content) != run["bytes"]:
        wrong.append(f"{run['file']} has {len(content)} bytes, not {run['bytes']}")
    if hashlib.sha256(content).hexdigest() != run["sha256"]:
        wrong.append(f"{run['file']} is another file (SHA-256)")
    try:
        found = fresh_process(path)
    except ValueError as error:
        return [*wrong, f"{run['file']} cannot be read: {error}"]
    if found["net"] != GOALS[run["record"]].net:
        wrong.append(f"{run['file']} holds {found['net']}")
    for count, images in (("wrong", f"{TEST_IMAGES:,}"), ("wrong_of_embedded", "the embedded")):
        if count in found and found[count] != run[count]:
            wrong.append(f"{run['file']} misses {found[count]} of {images} images, not {run[count]}")
    return wrong


def unlisted(runs: list[dict[str, Any]], folder: Path = FOLDER) -> list[str]:
    """Files of the folder that no result speaks of."""
    listed = {run["file"] for run in runs}
    return [f"{path.name} is listed nowhere" for path in folder.glob("*.bin") if path.name not in listed]


def median_of(record: str, runs: list[dict[str, Any]]) -> tuple[float, float]:
    """Median bytes and median error in percent of a record's seeds."""
    of_record = [run for run in runs if run["record"] == record]
    return statistics.median(run["bytes"] for run in of_record), statistics.median(
        run["error_percent"] for run in of_record
    )


def verdict(record: str, runs: list[dict[str, Any]]) -> str:
    """Whether the medians of a record reach its goal; fewer than three seeds decide nothing."""
    size, error = median_of(record, runs)
    count = len([run for run in runs if run["record"] == record])
    if count < SEEDS:
        return f"open: {count} of {SEEDS} seeds"
    goal = GOALS[record]
    if size <= goal.size and error <= goal.error:
        return "reached, and the stretch" if size <= goal.stretch < goal.size else "reached"
    return "missed"


def main() -> int:
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--test"]:
        print(json.dumps(test(Path(sys.argv[2]))))
        return 0
    runs = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]
    found = unlisted(runs)
    table = Table("record", "seed", "bytes", "times smaller", "error, %", "goal", "claim")
    for run in runs:
        wrong = faults(run)
        found += wrong
        goal = GOALS[run["record"]]
        ratio = f"{goal.dense / run['bytes']:.0f}"
        wanted = f"{goal.size:,} B at {goal.error:.2f} %"
        cells = [
            run["record"],
            run["seed"],
            f"{run['bytes']:,}",
            ratio,
            f"{run['error_percent']:.2f}",
            wanted,
        ]
        table.add_row(*map(str, cells), "broken" if wrong else "holds")
    console = Console()
    console.print(table)
    for record in dict.fromkeys(run["record"] for run in runs):
        size, error = median_of(record, runs)
        means = "an attempt" if record in ATTEMPTS else f"goal {verdict(record, runs)}"
        console.print(f"{record}: median {size:,.0f} B at {error:.2f} %, {means}")
    for line in found:
        console.print(f"[red]{line}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
