"""Holds every record to its word: decodes each file of data/records in a process of its own and tests it.

    make records        exit code 1 if a file is missing, damaged, or not what data/records/results.json says

A file that keeps its word may still miss its goal; that is printed, and no failure. MNIST is embedded whole,
so this needs no network: every file is tested on all 10,000 test images.
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

from shrink import data, integer_file, nets, training
from tools.rooms import ROOT

FOLDER = ROOT / "data" / "records"
RESULTS = FOLDER / "results.json"
TEST_IMAGES = 10_000
SEEDS = 3  # whose median is compared with a goal
FEW = 1_000  # test images of the reduced check that runs in the tests


class Goal(NamedTuple):
    """What a record is held to: the net, its dense bytes, the most bytes, a further wish, the most error."""

    net: str
    title: str
    dense: int
    size: int
    stretch: int
    error: float
    published: str


GOALS = {
    "R1": Goal("lenet_300_100", "LeNet-300-100", 1_066_440, 2_369, 1_777, 1.90, "124 times at 1.9 %"),
    "R1s": Goal("lenet_300_100", "LeNet-300-100", 1_066_440, 1_777, 1_777, 1.90, "124 times at 1.9 %"),
    "R2": Goal("lenet_300_100", "LeNet-300-100", 1_066_440, 5_332, 3_554, 1.58, "40 times at 1.58 %"),
    "R3": Goal("lenet_5", "LeNet-5", 1_724_320, 1_149, 862, 0.96, "1,110 times at 0.96 %"),
    "R4": Goal("lenet_5", "LeNet-5", 1_724_320, 3_107, 3_107, 0.69, "555 times at 0.69 %"),
}


def wrong_of(content: bytes, split: data.Split) -> tuple[str, int]:
    """The architecture a file names, and how many of these images its network misses."""
    name, state = integer_file.decode_integers(content)
    net = nets.NETS[name]()
    net.load_state_dict(state)
    answers = training.predict(net, split.images, dataset="mnist").argmax(dim=1)
    return name, int((answers != split.labels).sum())


def few_test_images() -> data.Split:
    """The first test images, for a check that takes seconds."""
    return data.mnist("test").take(slice(0, FEW))


def fresh_process(path: Path) -> tuple[str, int]:
    """The same on all test images, found by a process that gets the file and nothing else."""
    command = [sys.executable, "-m", "tools.records", "--test", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError((done.stderr.splitlines() or ["the process failed"])[-1])
    name, wrong = done.stdout.splitlines()[-1].split()
    return name, int(wrong)


def faults(run: dict[str, Any], folder: Path = FOLDER) -> list[str]:
    """What is not as the results file says; empty if the record keeps its word."""
    path = folder / run["file"]
    if not path.is_file():
        return [f"{run['file']} is missing"]
    content, found = path.read_bytes(), []
    if len(content) != run["bytes"]:
        found.append(f"{run['file']} has {len(content)} bytes, not {run['bytes']}")
    if hashlib.sha256(content).hexdigest() != run["sha256"]:
        found.append(f"{run['file']} is another file (SHA-256)")
    try:
        name, wrong = fresh_process(path)
    except ValueError as error:
        return [*found, f"{run['file']} cannot be read: {error}"]
    if name != GOALS[run["record"]].net:
        found.append(f"{run['file']} holds {name}")
    if wrong != run["wrong"]:
        found.append(f"{run['file']} misses {wrong} of {TEST_IMAGES:,} images, not {run['wrong']}")
    return found


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
        print(*wrong_of(Path(sys.argv[2]).read_bytes(), data.mnist("test")))
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
        console.print(f"{record}: median {size:,.0f} B at {error:.2f} %, goal {verdict(record, runs)}")
    for line in found:
        console.print(f"[red]{line}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
