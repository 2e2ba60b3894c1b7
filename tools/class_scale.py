"""A class of a thousand: judged undisturbed and under kill -9, and the files compared byte for byte.

    python -m tools.class_scale [--submissions 1000] [--kills 5] [--folder .cache/class_scale] [--nbgrader 50]

The class is synthetic (tools/synthetic_class.py). It is judged by one process and by two; then again while
the coordinator is killed at random moments, a process of the pool, a worker of Dask. Every file that comes
out must be that of the undisturbed run. The experiment prune_lenet is left out, as in tools/bench.py: it is
seconds of the learner's own CPU. Runs that are finished stay in the folder, by the judge's code, and are not
run again, unless `--anew`; do not change that code meanwhile. The figures go to
data/results/class_scale.json. They hold for the tools that measured them, whose digest is kept there; they
are measured again before a release, not with every change of the judge.
"""

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools import bench, results
from tools.class_runs import (
    Measured,
    Scene,
    checked,
    coordinator_killed,
    digest,
    outcome_of_kinds,
    own_cpu,
    undisturbed,
    worker_killed,
)
from tools.rooms import ROOT
from tools.synthetic_class import EXPERIMENT, ROOM, make_class, notebooks

FIRST = "one process"
GOAL = 0.040  # CPU-seconds of the grader for each submission, beyond the learner's own run


def run(scene: Scene, name: str, measure: Callable[[], Measured], learners: dict[str, str]) -> Measured:
    """Measure a run, or take what an earlier call has measured; its files must be those of the first run."""
    place = scene.folder / "runs" / name / "measured.json"
    if place.exists():
        found = Measured(**json.loads(place.read_text()))
    else:
        shutil.rmtree(place.parent, ignore_errors=True)
        print(f"{name} ...", flush=True)
        found = measure()
        checked(scene, name, FIRST, learners)
        place.write_text(json.dumps(asdict(found)))
    print(
        f"{name}: {found.seconds} s, {found.cpu} CPU-s, {found.kills} kills, {found.starts} starts",
        flush=True,
    )
    return found


def runs(scene: Scene, kills: int, learners: dict[str, str]) -> dict[str, Measured]:
    """All runs of one class, the undisturbed one first."""
    done = {FIRST: run(scene, FIRST, lambda: undisturbed(scene, FIRST, "--jobs", "1"), learners)}

    def add(name: str, measure: Callable[[str, int, int], Measured]) -> None:
        done[name] = run(scene, name, lambda: measure(name, kills, len(learners)), learners)

    add("two processes", lambda name, _, __: undisturbed(scene, name, "--jobs", "2"))
    jobs, dask = ("--jobs", "2"), ("--dask", "local", "--jobs", "2")
    add("coordinator killed", lambda name, *rest: coordinator_killed(scene, name, *rest, *jobs))
    add("pool process killed", lambda name, *rest: worker_killed(scene, name, *rest, *jobs))
    add("Dask worker killed", lambda name, *rest: worker_killed(scene, name, *rest, *dask))
    return done


def beside_nbgrader(folder: Path, count: int) -> dict[str, float]:
    """CPU-seconds for the same notebooks: nbgrader autograde with Execute, and ours, start-up included.

    Right, wrong and half finished ones: of the others, nbgrader's own way loses some with all their points.
    """
    shutil.rmtree(folder, ignore_errors=True)
    work = notebooks(folder / "class", count)
    (folder / "nbgrader").mkdir()
    release = bench.without_experiment(ROOT / "solutions" / ROOM / f"{ROOM}.ipynb", folder / f"{ROOM}.ipynb")
    theirs = bench.executed(release, work, folder / "nbgrader")
    ours = undisturbed(Scene(folder, code=0), FIRST, "--jobs", "1")
    return {"submissions": count, "nbgrader": round(theirs, 1), "ours": ours.cpu}


def report(
    scene: Scene, done: dict[str, Measured], learners: dict[str, str], beside: dict[str, float]
) -> None:
    """The results file, and the same on the terminal."""
    first, two = done[FIRST], done["two processes"]
    count, own = len(learners), own_cpu(scene, FIRST)
    each = (first.cpu - own["learners"]) / count
    rows = [
        [
            name,
            str(one.kills),
            str(one.starts),
            f"{one.seconds:.0f}",
            f"{one.cpu:.0f}",
            "the same" if name != FIRST else "",
        ]
        for name, one in done.items()
    ]
    few, many = first.at(100), first.at(count)
    content = {
        "columns": ["run", "kill -9", "starts", "seconds", "CPU-seconds", "files"],
        "rows": rows,
        "submissions": count,
        "kinds": outcome_of_kinds(learners, scene, FIRST),
        "learners_own_cpu_seconds": own["learners"],
        "reference_cpu_seconds": own["reference"],
        "grader_cpu_seconds_each": round(each, 4),
        "wall_ratio_of_two_processes": round(first.seconds / two.seconds, 2),
        "memory_mb": {
            "at 100": {"coordinator": few.coordinator, "judge": few.judge},
            f"at {count}": {"coordinator": many.coordinator, "judge": many.judge},
            "coordinator's most, while it writes the files": first.peak,
        },
        "beside_nbgrader": beside,
    }
    content["conditions"] = conditions(first, content)
    results.write("class_scale", content, made_by=__file__)
    print(json.dumps(content, indent=1))


def conditions(first: Measured, found: dict[str, Any]) -> str:
    """What the table's runs were, and what they came to, in sentences."""
    whole = "of all processes, by a control group" if first.cpu_is_whole else "of what the command waited for"
    count, beside = found["submissions"], found["beside_nbgrader"]
    own, each = found["learners_own_cpu_seconds"], 1000 * found["grader_cpu_seconds_each"]
    text = (
        f"{count:,} submissions to the pruning room without {EXPERIMENT}, a synthetic class; CPU-seconds "
        f"{whole}; reference, sandbox, start-up, reading and writing included. The files: JSON, CSV, JUnit, "
        f"a page a learner. The learners' own code took {own:.0f} CPU-seconds of the first run, the grader "
        f"{each:.0f} ms for each submission beyond that. Two processes were "
        f"{found['wall_ratio_of_two_processes']} times as fast as one; the coordinator held "
        f"{first.at(100).coordinator} MB after 100 submissions, {first.at(count).coordinator} MB at the end."
    )
    if beside:
        times = beside["nbgrader"] / beside["ours"]
        text += (
            f" nbgrader's own way takes {times:.1f} times the CPU for {beside['submissions']:g} notebooks."
        )
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description="A synthetic class, judged undisturbed and under kill -9.")
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=5, help="in each disturbed run")
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "class_scale")
    parser.add_argument(
        "--nbgrader", type=int, default=50, help="notebooks that nbgrader executes; 0 for none"
    )
    parser.add_argument("--anew", action="store_true", help="run again what is finished")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped; finished runs are kept"))
    scene = Scene(given.folder.resolve() / f"{given.submissions}-{digest(ROOT / 'autograder', '*.py')[:8]}")
    if given.anew:
        shutil.rmtree(scene.folder, ignore_errors=True)
    learners = make_class(scene.folder / "class", given.submissions)
    done = runs(scene, given.kills, learners)
    beside = beside_nbgrader(given.folder.resolve() / "nbgrader", given.nbgrader) if given.nbgrader else {}
    report(scene, done, learners, beside)


if __name__ == "__main__":
    main()
