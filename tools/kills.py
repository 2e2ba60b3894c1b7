"""Mutation testing of the checks: every rule-made change of the reference has to be refused in its own task.

    python -m tools.kills [ROOM or TASK ...] [--survivors]

Each function a contract names, and each helper it needs from its module, is changed in every way that
tools/mutations.py knows; the changed module is judged as an answer, with the checks of the tasks that reach
the function, the cheapest first, until one refuses it. What no check refuses is a survivor, unless
tools/equivalent.toml says why it is a right answer too.

What each mutant died of is kept in .cache/kills, a file a function, so a run that was ended goes on where it
stood, and after a change of the checks only what hangs on the changed ones is judged again. Writes
data/results/kills.json (the counts and survivors of each task, with a digest of the checks and the reference
that they were found with) and docs/kills.md.
"""

import argparse
import ast
import copy
import hashlib
import json
import os
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.grade import Room, Session, Workers, find_room, judge_check
from autograder.job import Source
from autograder.rooms import CHECKS, room_keys
from autograder.task import Check
from tools import excerpt
from tools.mutations import Mutant, mutants
from tools.rooms import ROOT

SEED = 7
RESULTS, PAGE = ROOT / "data" / "results" / "kills.json", ROOT / "docs" / "kills.md"
EQUIVALENT, STATE = ROOT / "tools" / "equivalent.toml", ROOT / ".cache" / "kills"
PASSED, TIMED_OUT = "passed", "timeout"
EXPERIMENTS = ("train_in_budget", "prune_lenet", "quantize_in_budget", "distil_in_budget", "compress_lenet")
"""Left out: they are marked by what a trained network reaches, and another learning rate is no mistake."""
REDUCED = {
    **dict.fromkeys(("quantize_network", "quantize_layers", "QuantizedLayer", "fold_network"), 12),
    **dict.fromkeys(("_calibrate", "_correct_biases"), 12),
    **dict.fromkeys(("encode_network", "_check_state", "_palette", "_low_zero_bytes", "_shared"), 24),
    **dict.fromkeys(("decode_network", "_Reader", "_read_entry", "_varint", "_Walk"), 120),
}
"""Every so many-th mutant alone, where an answer takes seconds: whole networks, files written and read."""
Fate = dict[str, str]  # status, and the check that refused
Fates = dict[str, Fate]  # by the mutant's key


@dataclass(frozen=True)
class Subject:
    """A definition that is changed, and the tasks whose answers it is part of, the first its own."""

    room: Room
    name: str
    tasks: tuple[str, ...]
    module: excerpt.Module

    @property
    def changes(self) -> list[Mutant]:
        definition = self.module.definitions[self.name]
        assert isinstance(definition, ast.FunctionDef | ast.ClassDef)
        return mutants(definition)

    @property
    def mutants(self) -> list[Mutant]:
        """Those that are judged."""
        return self.changes[:: REDUCED.get(self.name, 1)]

    def source(self, mutant: Mutant) -> Source:
        """The reference's module with the changed definition in the place of the right one."""
        definition, lines = self.module.definitions[self.name], self.module.text.splitlines()
        first = min([definition.lineno, *(item.lineno for item in getattr(definition, "decorator_list", []))])
        text = "\n".join([*lines[: first - 1], mutant.source, *lines[definition.end_lineno or 0 :]])
        return Source(((f"{self.room.topic}.py", text),))

    @property
    def digest(self) -> str:
        """Of the reference's code that the tasks reach."""
        names = {name for task in self.tasks for name in [task, *excerpt.needed(self.module, task)]}
        return digest(self.module, sorted(names))


@dataclass
class Count:
    """How the mutants of one task fared."""

    room: str
    task: str
    mutants: int = 0
    killed: int = 0
    timed_out: int = 0  # of those killed
    equivalent: int = 0
    survivors: list[str] = field(default_factory=list)
    made_from: dict[str, str] = field(default_factory=dict)


def subjects(room: Room) -> Iterator[Subject]:
    """The functions of a room's tasks and their helpers, experiments left out."""
    module = excerpt.read_module(ROOT / "shrink" / f"{room.topic}.py")
    asked = [task for task in room.tasks if task not in EXPERIMENTS]
    reached: dict[str, list[str]] = {task: [task] for task in asked}
    for task in asked:
        for name in excerpt.needed(module, task):
            code = isinstance(module.definitions[name], ast.FunctionDef | ast.ClassDef)
            if code and name not in room.tasks:
                reached.setdefault(name, []).append(task)
    for name, tasks in reached.items():
        yield Subject(room, name, tuple(tasks), module)


def digest(module: excerpt.Module, names: Iterable[str]) -> str:
    """SHA-256 of definitions, whatever their comments, layout and docstrings."""
    parts = []
    for name in names:
        tree = copy.deepcopy(module.definitions[name])
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
        parts.append(ast.dump(tree))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def digest_of(check: Check, module: excerpt.Module) -> str:
    """Of a check with the scenarios and helpers that it uses."""
    return digest(module, [check.id, *excerpt.needed(module, check.id)])


# ---- judging ---------------------------------------------------------------------------------------------


class Bench:
    """The workers, and which checks of a task are the cheapest: measured once, on the reference."""

    def __init__(self, workers: Workers) -> None:
        self.workers, self.costs = workers, dict[str, float]()

    def fate(self, room: Room, checks: Iterable[Check], source: Source) -> Fate:
        """How an answer ends: at the first check that refuses it, or `passed`."""
        session = Session(room, self.workers, room.ask(source), SEED, self.workers.trusted)
        try:
            for check in checks:
                session.task = check.task
                status = judge_check(session, check).status
                if status != PASSED:
                    return {"status": status, "check": check.id}
        finally:
            session.close()
        return {"status": PASSED, "check": ""}

    def in_order(self, room: Room, tasks: Iterable[str]) -> list[Check]:
        checks = [check for task in tasks for check in room.tasks[task]]
        for check in checks:
            if check.id not in self.costs:
                began = time.perf_counter()
                if self.fate(room, [check], room.reference)["status"] != PASSED:
                    raise RuntimeError(f"{check.id} refuses the reference: run the selfcheck first")
                self.costs[check.id] = time.perf_counter() - began
        return sorted(checks, key=lambda check: self.costs[check.id])


def kill(subject: Subject, bench: Bench, state: Path = STATE) -> Fates:
    """key -> how each mutant ended: its status and the check that refused it; `passed` for a survivor."""
    path = state / f"{subject.room.topic}.{subject.name}.json"
    module = excerpt.read_module(CHECKS / f"test_{subject.room.topic}.py")
    checks = [check for task in subject.tasks for check in subject.room.tasks[task]]
    now = {check.id: digest_of(check, module) for check in checks}
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    same = known.get("reference") == subject.digest
    before: Fates = known.get("mutants", {}) if same else {}
    held = {name for name, value in now.items() if known.get("checks", {}).get(name) == value}
    ended: Fates = {}
    saved = time.monotonic()
    for mutant in subject.mutants:
        last = before.get(mutant.key)
        if last and last["status"] != PASSED and last["check"] in held:
            ended[mutant.key] = last
            continue
        passed = held if last and last["status"] == PASSED else set()
        asked = bench.in_order(subject.room, subject.tasks) if set(now) - passed else []
        asked = [check for check in asked if check.id not in passed]
        ended[mutant.key] = bench.fate(subject.room, asked, subject.source(mutant))
        if time.monotonic() - saved > 20:
            rest = {key: value for key, value in before.items() if key not in ended and held == set(now)}
            _write(path, {"reference": subject.digest, "checks": now, "mutants": rest | ended})
            saved = time.monotonic()
    _write(path, {"reference": subject.digest, "checks": now, "mutants": ended})
    return ended


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


# ---- counting --------------------------------------------------------------------------------------------


def equivalents(path: Path = EQUIVALENT) -> dict[str, str]:
    """key -> why the change makes a right answer, or one that the contract leaves open.

    A key that ends in `-> *` speaks of a statement, whatever becomes of it.
    """
    if not path.is_file():
        return {}
    groups = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    return {change: group["why"] for group in groups for change in group["changes"]}


def excuse(key: str, why: dict[str, str]) -> str:
    """The reason why nobody has to refuse this mutant; empty where there is none."""
    return why.get(key) or why.get(key.partition(" -> ")[0] + " -> *", "")


def count(room: Room, task: str, ended: list[Fates], why: dict[str, str]) -> Count:
    """The row of a task: its own function and the helpers that it is the first to reach."""
    made_from = made_from_now(room, task)
    row = Count(room.key, task, made_from=made_from)
    for fates in ended:
        for key, fate in fates.items():
            row.mutants += 1
            killed = fate["status"] != PASSED
            row.killed += killed
            row.timed_out += fate["status"] == TIMED_OUT
            row.equivalent += not killed and bool(excuse(key, why))
            if not killed and not excuse(key, why):
                row.survivors.append(key)
    return row


def made_from_now(room: Room, task: str) -> dict[str, str]:
    """Digests of the reference and the checks that a task's counts hang on."""
    module = excerpt.read_module(CHECKS / f"test_{room.topic}.py")
    own = [subject for subject in subjects(room) if subject.tasks[0] == task]
    names = {name for subject in own for name in subject.tasks}
    checks = sorted(digest_of(check, module) for name in names for check in room.tasks[name])
    texts = [*(subject.digest for subject in own), *checks]
    return {"code": hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]}


def stale(why: dict[str, str], rooms: Iterable[Room]) -> list[str]:
    """Entries of equivalent.toml that name no change there is."""
    named = {key.partition(":")[0].partition(".")[0] for key in why}
    found = [subject for room in rooms for subject in subjects(room) if subject.name in named]
    there = {mutant.key for subject in found for mutant in subject.changes}
    return sorted(set(why) - there - {key.partition(" -> ")[0] + " -> *" for key in there})


def page(rows: list[dict[str, Any]], why: dict[str, str]) -> str:
    """docs/kills.md."""
    columns = ("mutants", "killed", "timed_out", "equivalent")
    total = {name: sum(row[name] for row in rows) for name in columns}
    left = [(row["task"], key) for row in rows for key in row["survivors"]]
    lines = [
        "# Mutation testing of the checks",
        "",
        "Written by `make kills` from data/results/kills.json. Each function that a contract names, and each",
        "helper it needs, is changed in every way that tools/mutations.py knows, one change at a time; the",
        f"checks of its task have to refuse what comes of it. Seed {SEED}. A mutant counts at the first",
        "task that reaches the function. *By time*: refused because it took too long. *Equivalent*: a right",
        "answer too, or one that the contract leaves open, with the reason in tools/equivalent.toml.",
        "",
        "Left out, because they are marked by what a trained network reaches: the graded experiments",
        ", ".join(f"`{name}`" for name in EXPERIMENTS) + ".",
        "Reduced, because there an answer takes seconds: whole networks, files written and read. Judged is",
        *(
            f"every {step}th change of {', '.join(f'`{name}`' for name in REDUCED if REDUCED[name] == step)};"
            for step in sorted(set(REDUCED.values()))
        ),
        "of all other functions every change.",
        "CI judges a small fixed sample of the mutants again.",
        "",
        "| room | task | mutants | killed | by time | equivalent | survivors |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['room']} | `{row['task']}` | {row['mutants']} | {row['killed']} | {row['timed_out']} "
        f"| {row['equivalent']} | {len(row['survivors'])} |"
        for row in rows
    ]
    lines.append(
        f"| | all | {total['mutants']} | {total['killed']} | {total['timed_out']} | {total['equivalent']} "
        f"| {len(left)} |"
    )
    lines += ["", "## Survivors", ""]
    lines += [f"- `{task}`: `` {key} ``" for task, key in left] or ["None."]
    reasons: dict[str, int] = {}
    for reason in why.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    lines += ["", "## Why a change is no mistake", "", "| changes | reason |", "|--:|---|"]
    lines += [f"| {number} | {reason} |" for reason, number in reasons.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Mutation testing of the checks.")
    parser.add_argument("wanted", nargs="*", help="rooms or tasks; all of them if none is given")
    parser.add_argument("--survivors", action="store_true", help="list the survivors as they are found")
    given = parser.parse_args()
    rooms = [find_room(key) for key in room_keys().values()]
    names = {name for room in rooms for name in (room.key, room.topic, *room.tasks)}
    if unknown := set(given.wanted) - names:
        sys.exit(f"there is no room or task {sorted(unknown)[0]!r}")
    why = equivalents()
    found: dict[str, dict[str, Any]] = {}
    with Workers() as workers:
        bench = Bench(workers)
        for room in rooms:
            for task in room.tasks:
                own = [subject for subject in subjects(room) if subject.tasks[0] == task]
                if not own or (given.wanted and not {room.key, room.topic, task} & set(given.wanted)):
                    continue
                began = time.perf_counter()
                ended = [kill(subject, bench) for subject in own]
                row = count(room, task, ended, why)
                found[task] = vars(row)
                killed = f"{row.killed} killed ({row.timed_out} by time), {row.equivalent} equivalent"
                took = f"{time.perf_counter() - began:.0f} s"
                print(f"{room.key} {task}: {row.mutants} mutants, {killed}, ", end="", flush=True)
                print(f"{len(row.survivors)} survivors, {took}", flush=True)
                for key in row.survivors if given.survivors else []:
                    print(f"    {key}", flush=True)
                for key in (key for fates in ended for key in fates if key in why):
                    if any(fates.get(key, {}).get("status", PASSED) != PASSED for fates in ended):
                        print(f"    excused in tools/equivalent.toml, and killed all the same: {key}")
    known = json.loads(RESULTS.read_text(encoding="utf-8"))["tasks"] if RESULTS.is_file() else []
    rows = {row["task"]: row for row in known} | found
    in_order = [rows[task] for room in rooms for task in room.tasks if task in rows]
    _write(RESULTS, {"tasks": in_order})
    _write(PAGE, page(in_order, why))
    for key in stale(why, rooms):
        print(f"tools/equivalent.toml names a change that is not made: {key}")


if __name__ == "__main__":
    main()
