"""What judging costs: our judge beside nbgrader's own way, on the same notebooks, in CPU-seconds.

    python -m tools.bench [--submissions 50] [--kernels 3]

The submissions are copies of the pruning room's solution, judged as those of a class: with inputs of sixteen
variants, for each of which the reference answers once. The experiment `prune_lenet` is left out on both
sides: in the notebook its check runs on toy data, the judge runs it on MNIST. Writes data/results/bench.json.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.grade import VARIANTS, Workers, find_room, judge
from autograder.submission import read
from tools.rooms import ROOT

ROOM, EXPERIMENT = "02_pruning", "prune_lenet"
COURSE = """
c = get_config()
c.CourseDirectory.root = {folder!r}
c.CourseDirectory.source_directory = "source"
c.Exchange.root = {folder!r} + "/exchange"
c.Execute.timeout = 600
"""


def judged(notebook: Path, count: int) -> tuple[float, float]:
    """CPU-seconds of judging `count` copies, start-up included, and those of the answers' own run alone."""
    children, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
    room = find_room(ROOM)
    tasks = [name for name in room.tasks if name != EXPERIMENT]
    source = read(notebook, ROOM).source
    with Workers() as workers:
        results = [
            judge(room, source, notebook.name, seed=k % VARIANTS, workers=workers, tasks=tasks)
            for k in range(count)
        ]
    assert all(result.points == result.max_points for result in results), "a solution lost points"
    own = sum(result.cpu_seconds for result in results)
    reference = sum(result.reference_cpu_seconds for result in results)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = (
        after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    )  # the zygotes themselves
    return time.process_time() - began + started + own + reference, own


def executed(release: Path, work: list[Path], folder: Path) -> float:
    """CPU-seconds of `nbgrader autograde` with the ordinary Execute for this work, start-up included."""
    (folder / "nbgrader_config.py").write_text(COURSE.format(folder=str(folder)))
    submitted = {f"submitted/learner_{k}/{ROOM}": file for k, file in enumerate(work)}
    for place, file in {f"source/{ROOM}": release, **submitted}.items():
        (folder / place).mkdir(parents=True)
        shutil.copy(file, folder / place / release.name)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    used = []
    for verb in ("generate_assignment", "autograde"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "nbgrader", verb, ROOM, "--log-level=ERROR"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"nbgrader {verb} failed:\n{done.stderr[-2000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return used[-1]


def without_experiment(notebook: Path, target: Path) -> Path:
    """A copy of the notebook that lacks the experiment's cells."""
    copy = nbformat.read(notebook, as_version=4)
    copy.cells = [cell for cell in copy.cells if EXPERIMENT not in cell.id]
    nbformat.write(copy, target)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description="What judging costs, beside nbgrader's own way.")
    parser.add_argument("--submissions", type=int, default=50)
    parser.add_argument("--kernels", type=int, default=3, help="copies that nbgrader executes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        solution = ROOT / "solutions" / ROOM / f"{ROOM}.ipynb"
        notebook = without_experiment(solution, folder / f"{ROOM}.ipynb")
        (one, _), (many, own) = judged(notebook, 1), judged(notebook, 1 + given.submissions)
        each, own = (many - one) / given.submissions, own / (1 + given.submissions)
        (folder / "one").mkdir()
        (folder / "more").mkdir()
        first = executed(notebook, [notebook], folder / "one")
        more = executed(notebook, [notebook] * (1 + given.kernels), folder / "more")
        kernel = (more - first) / given.kernels
    rows = [
        ["the answers' own run", round(own, 2)],
        ["our judge, in all", round(each, 2)],
        ["nbgrader autograde with Execute", round(kernel, 2)],
    ]
    conditions = (
        f"A submission, start-up apart: {given.submissions} submissions in one call of the judge, inputs of "
        f"{VARIANTS} variants, "
        f"{given.kernels} of nbgrader, ten tasks of the pruning room, sandbox and reference included. "
        f"nbgrader's way takes {kernel / each:.1f} times the CPU."
    )
    result = {"columns": ["what runs", "CPU-seconds"], "rows": rows, "conditions": conditions}
    path = ROOT / "data" / "results" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
    print(*(f"{what:34} {seconds:6.2f} CPU-s" for what, seconds in rows), conditions, sep="\n")
    if each > 1.1 * own + 0.5 or kernel < 10 * each:
        sys.exit("too slow: at most 1.1 times the own run plus 0.5 CPU-s, and a tenth of nbgrader's way")


if __name__ == "__main__":
    main()
