"""How well mistakes are told apart: every known wrong answer is handed in as a learner's work.

    python -m tools.diagnosis_table [ROOM ...]

Each mutant is put to the probes of its task behind the learner's walls, as the judge does with an answer
that failed, and has to be called itself, or one whose outcomes on all probes are the same. Then the table is
asked what it would say if that mutant (with those that equal it) were unknown: a name it gives then is a
wrong one, unless two others add up to it.

Writes data/results/diagnosis.json and docs/diagnosis.md; rooms that are not named keep their rows. The
results file is made from this recorder alone: what it measures is the judge, which has tests of its own.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from autograder import diagnosis, grade
from autograder.diagnosis import Known
from autograder.job import Source
from autograder.probes import same
from autograder.report import TaskResult
from autograder.rooms import Room, answers, find_room, room_keys
from tools import results
from tools.rooms import ROOT

SEED = 7
RESULTS, PAGE = ROOT / "data" / "results" / "diagnosis.json", ROOT / "docs" / "diagnosis.md"
HEAD = """# Naming mistakes

Written by `make diagnosis` from data/results/diagnosis.json. Every known wrong answer (a mutant in
autograder/answers) was put to the probes of its task as a learner's failing answer is. *Named*: the judge
said that it is this mistake, or one that gives the same on every probe (of these, *as an equal*). *When
unknown*: how many would be given the name of another mistake if they, and those that equal them, were not
known. Times are CPU time of this run: *table* is spent once a task, *grader* and *answer* are the mean of
what a failing answer takes in the grader and in the process that runs it, which is started for it alone.

Experiments and whole-network tasks have no probes: their calls cost too much, or depend on the answer's own
file format. There the check's words have to do, and the lesson's section is named all the same.

| room | task | probes | mistakes | named | as an equal | when unknown | table, s | grader, ms | answer, ms |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|
"""


def equals(known: Known, stem: str) -> set[str]:
    """The mutants that depart as this one does, itself among them."""
    mine = known.mistakes[stem]
    return {
        other
        for other, shown in known.mistakes.items()
        if shown.keys() == mine.keys() and all(same(shown[at], mine[at]) for at in mine)
    }


def measure(room: Room, task: str, workers: grade.Workers) -> dict[str, Any]:
    """One task: how its mutants were named, and what that took."""
    files = [file for own, file in answers(room, "mutants") if own == task]
    row: dict[str, Any] = {
        "room": room.key,
        "task": task,
        "mistakes": len(files),
        "probes": 0,
        "named": 0,
        "equal": 0,
    }
    row |= {"when_unknown": 0, "table_s": 0.0, "grader_ms": 0.0, "job_ms": 0.0, "not_named": []}
    before = time.process_time(), workers.reference_cpu
    known = diagnosis.known_mistakes(workers, room, task, room.tasks[task])
    if not known.mistakes:
        return row
    spent = time.process_time() - before[0] + workers.reference_cpu - before[1]
    row |= {"probes": len(known.probes), "table_s": round(spent, 2)}
    grader = job = 0.0
    for file in files:
        source = Source((*room.reference.cells, (file.name, file.read_text(encoding="utf-8"))))
        mistake, in_grader, in_job = as_a_learner(room, task, source, workers)
        grader, job = grader + in_grader, job + in_job
        alike = equals(known, file.stem) if file.stem in known.mistakes else set()
        row["named"] += mistake in alike
        row["equal"] += mistake in alike - {file.stem}
        if mistake not in alike:
            row["not_named"].append({"mutant": file.stem, "said": mistake})
        if alike and known.mistakes[file.stem]:
            others = {stem: shown for stem, shown in known.mistakes.items() if stem not in alike}
            without = replace(known, mistakes=others)
            row["when_unknown"] += bool(diagnosis.explanation(without, known.mistakes[file.stem]))
    times = {"grader_ms": 1000 * grader / len(files), "job_ms": 1000 * job / len(files)}
    return row | {name: round(each, 1) for name, each in times.items()}


def as_a_learner(room: Room, task: str, source: Source, workers: grade.Workers) -> tuple[str, float, float]:
    """What the judge says of a failing answer, and the CPU seconds of grader and of the answer's process."""
    failed = TaskResult(name=task, points=0, max_points=1, status="failed", message="", checks=[])
    session = grade.Session(room, workers, room.ask(source), SEED, workers.learner, task=task)
    grader = time.process_time()
    try:
        mistake = diagnosis.explain(session, failed, room.tasks[task]).mistake
    finally:
        session.close()
    return mistake, time.process_time() - grader, session.cpu


def table(rows: list[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        cells = [row["probes"], row["mistakes"], row["named"], row["equal"], row["when_unknown"]]
        if not row["probes"]:
            cells = ["none", row["mistakes"], "", "", ""]
        times = [row[name] for name in ("table_s", "grader_ms", "job_ms")] if row["probes"] else [""] * 3
        lines.append("| " + " | ".join(map(str, [row["room"], f"`{row['task']}`", *cells, *times])) + " |")
    probed = [row for row in rows if row["probes"]]
    total = {
        name: sum(row[name] for row in probed) for name in ("mistakes", "named", "equal", "when_unknown")
    }
    spent = round(sum(row["table_s"] for row in probed), 1)
    means = [
        round(sum(row[name] * row["mistakes"] for row in probed) / max(1, total["mistakes"]), 1)
        for name in ("grader_ms", "job_ms")
    ]
    cells = ["", "all with probes", "", *total.values(), spent, *means]
    return "\n".join([*lines, "| " + " | ".join(map(str, cells)) + " |"]) + "\n"


def unnamed(rows: list[dict[str, Any]]) -> str:
    """The mutants of tasks with probes that were not named, and what was said of them."""
    lines = [
        f"- `{one['mutant']}`" + (f": said to be `{one['said']}`" if one["said"] else "")
        for row in rows
        for one in row["not_named"]
    ]
    return "\n## Not named, although the task has probes\n\n" + ("\n".join(lines) or "None.") + "\n"


def page(rows: list[dict[str, Any]]) -> str:
    return HEAD + table(rows) + unnamed(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hand in every known mistake and see what it is called.")
    parser.add_argument("rooms", nargs="*", help="rooms to measure; all of them if none is named")
    chosen = parser.parse_args().rooms
    rows = []
    with grade.Workers() as workers:
        for key in chosen or room_keys().values():
            room = find_room(key)
            for task in room.tasks:
                rows.append(measure(room, task, workers))
                print(table(rows[-1:]).splitlines()[0], flush=True)
    old = json.loads(RESULTS.read_text(encoding="utf-8"))["tasks"] if RESULTS.exists() else []
    measured = {row["room"] for row in rows}
    rows = sorted([*rows, *(row for row in old if row["room"] not in measured)], key=lambda row: row["room"])
    results.write("diagnosis", {"seed": SEED, "tasks": rows}, made_by=__file__)
    PAGE.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
