"""Fills the tables of docs/records.md from data/records/results.json: no figure there is typed by hand.

    python -m tools.records_page        also data/results/records.json, the README's table: then `make build`

A block is marked as in README.md: `<!-- results: NAME -->` ... `<!-- end results -->`, NAME a key of TABLES.
"""

import json
import os
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from shrink import training
from tools import records, results
from tools.figures import BLOCK
from tools.rooms import ROOT

PAGE = ROOT / "docs" / "records.md"
Results = dict[str, Any]


def markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; columns of numbers stand to the right."""
    numeric = [
        all(isinstance(row[at], int | float) or str(row[at]).replace(".", "").isdigit() for row in rows)
        for at in range(len(columns))
    ]
    head = [list(columns), ["---:" if is_number else "---" for is_number in numeric]]
    body = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in head + body)


def of_records(found: Results) -> list[str]:
    """The records that there are runs of, in order."""
    return sorted({run["record"] for run in found["runs"]})


def _asked_and_made(goal: records.Goal, runs: Sequence[Results]) -> tuple[str, str]:
    """Bytes and error of a goal, and those of each seed."""
    made = "; ".join(f"{run['bytes']:,} B, {run['error_percent']:.2f} %" for run in runs)
    return f"{goal.size:,} B at {goal.error:.2f} %", made


def attempts(found: Results) -> str:
    """Other trainings for the same goals: their seeds, and what they miss."""
    rows = []
    for label in records.ATTEMPTS:
        goal, runs = records.GOALS[label], [run for run in found["runs"] if run["record"] == label]
        size, error = records.median_of(label, runs)
        misses = [
            what for what, is_so in (("size", size > goal.size), ("error", error > goal.error)) if is_so
        ]
        wanted, seeds = _asked_and_made(goal, runs)
        rows.append([f"{label} {goal.title}", wanted, seeds, " and ".join(misses) or "nothing"])
    return markdown(["attempt", "goal", "seeds", "misses"], rows)


def goals(found: Results) -> str:
    """Each record: goal, the three seeds, medians, verdict."""
    rows = []
    for label in (each for each in of_records(found) if each not in records.ATTEMPTS):
        goal, runs = records.GOALS[label], [run for run in found["runs"] if run["record"] == label]
        size, error = records.median_of(label, runs)
        wanted, seeds = _asked_and_made(goal, runs)
        dense = 100 - 100 * float(str(training.checkpoint_card(goal.net)["test_accuracy"]))
        cells: list[object] = [f"{label} {goal.title}", f"{dense:.2f}", wanted, seeds]
        cells += [int(size), round(goal.dense / size), f"{error:.2f}"]
        rows.append([*cells, records.verdict(label, runs), goal.published])
    columns = [
        "record",
        "dense error, %",
        "goal",
        "seeds 0, 1, 2",
        "median bytes",
        "times smaller",
        "median error, %",
        "goal is",
    ]
    return markdown([*columns, "compared with"], rows)


def spent(found: Results) -> str:
    """Where the bytes went, seed by seed, and the bounds."""
    columns = ["record", "seed", "weights", "positions", "values", "biases", "header", "file, bytes"]
    rows = []
    for run in found["runs"]:
        parts = [f"{run['parts'][part]:.0f}" for part in ("positions", "values", "biases", "header")]
        weights = run["parts"]["positions"] + run["parts"]["values"]
        others = [run["bound"], f"{weights / run['bound']:.2f}", run["as_encode_network"]]
        rows.append([run["record"], run["seed"], run["weights"], *parts, run["bytes"], *others])
    more = ["zero-order bound of the weights", "weights / bound", "same network by `encode_network`"]
    return markdown([*columns, *more], rows)


def layers(found: Results) -> str:
    """What is left of the first seed's networks, layer by layer."""
    rows = []
    for run in found["runs"]:
        if run["seed"] == 0:
            parts = [
                f"{each['units']} x {each['inputs']}: {each['weights']:,}" for each in run["layers"].values()
            ]
            rows.append([run["record"], "; ".join(parts), run["cpu_seconds"]])
    return markdown(["record, seed 0", "layer by layer, units x inputs: weights", "CPU-seconds"], rows)


def explored(_: Results) -> str:
    """The trials that led to the recipe, on training images left out."""
    found = json.loads((records.FOLDER / "explored.json").read_text(encoding="utf-8"))
    rows = [
        [
            run["tried"], ("about " if run["estimated"] else "") + f"{run['bytes']:,}",
            f"{run['left_out_error']:.2f}", run["cpu_seconds"],
        ]
        for run in found["tried"]
    ]  # fmt: skip
    return f"{markdown(['trial', 'bytes', 'error, %', 'CPU-seconds'], rows)}\n\n{found['conditions']}"


def summary(found: Results) -> Results:
    """The README's table: the records that reach their goal."""
    rows: list[list[object]] = []
    for label in of_records(found):
        goal, (size, error) = records.GOALS[label], records.median_of(label, found["runs"])
        if records.verdict(label, found["runs"]).startswith("reached"):
            ratio = round(goal.dense / size)
            rows.append(
                [
                    goal.title.removeprefix("any net: "),
                    goal.dense,
                    int(size),
                    ratio,
                    f"{error:.2f}",
                    goal.published,
                ]
            )
    return {
        "columns": ["network", "dense, bytes", "file, bytes", "times smaller", "error, %", "compared with"],
        "rows": rows,
        "conditions": "Medians of seeds 0, 1, 2; files decoded in a fresh process, all 10,000 test images. "
        "Which of them a new seed may undo: docs/records.md.",
    }


def again(found: Results) -> str:
    """What a recipe made when it was run once more, beside the three seeds of the record."""
    rows = []
    for run in found["again"]:
        runs = [each for each in found["runs"] if each["record"] == run["record"]]
        spans = [[each[key] for each in runs] for key in ("bytes", "error_percent")]
        sizes, errors = (sorted(span) for span in spans)
        rows.append(
            [
                f"{run['record']}, seed {run['seed']}", run["bytes"], f"{sizes[0]:,} to {sizes[-1]:,}",
                f"{run['error_percent']:.2f}", f"{errors[0]:.2f} to {errors[-1]:.2f}",
                f"{statistics.median([*errors, run['error_percent']]):.3f}",
            ]
        )  # fmt: skip
    columns = ["made anew", "bytes", "bytes of seeds 0, 1, 2", "error, %", "error of seeds 0, 1, 2"]
    return markdown([*columns, "median of the four"], rows)


def code(found: Results) -> str:
    """Which records were trained by the code as it is, and which by code that has changed since."""
    groups: dict[str, list[str]] = {}
    for run in found["runs"]:
        changed = [file for file, digest in run["trained_by"].items() if found["made_from"][file] != digest]
        where = " and ".join(f"`{file}`" for file in changed)
        groups.setdefault(where, [])
        groups[where] += [] if run["record"] in groups[where] else [run["record"]]
    lines = []
    for where, labels in sorted(groups.items()):
        by = (
            f"by code that has changed, or of which more is used by now, in {where}"
            if where
            else "by today's code"
        )
        lines.append(f"- Trained {by}: {', '.join(labels)}.")
    return "\n".join(lines)


def tried(found: Results) -> str:
    """The trials for R4, on training images left out."""
    rows = [
        [run["tried"], run["bytes"], f"{run['left_out_error']:.2f}", run["cpu_seconds"]]
        for run in found["tried"]
    ]
    return markdown(["trial", "bytes", "error, %", "CPU-seconds"], rows)


def roads(_: Results) -> str:
    """Other roads than the recipe's, from their own results file."""
    found = json.loads((ROOT / "data" / "results" / "record_roads.json").read_text(encoding="utf-8"))
    return f"{markdown(found['columns'], found['rows'])}\n\n{found['conditions']}"


def six(found: Results) -> str:
    """The median error of R3's both trainings."""
    errors = [run["error_percent"] for run in found["runs"] if run["record"] in ("R3", "R3b")]
    return f"{statistics.median(errors):.3f} % ({', '.join(f'{error:.2f}' for error in sorted(errors))})."


TABLES: dict[str, Callable[[Results], str]] = {
    "goals": goals,
    "attempts": attempts,
    "spent": spent,
    "layers": layers,
    "explored": explored,
    "again": again,
    "code": code,
    "tried": tried,
    "roads": roads,
    "six": six,
}


def filled(text: str, found: Results) -> str:
    """The page with each marked block replaced by its table."""
    return BLOCK.sub(lambda match: f"{match[1]}{TABLES[match[2]](found)}\n{match[3]}", text)


def main() -> None:
    found = json.loads(records.RESULTS.read_text(encoding="utf-8"))
    temporary = PAGE.with_suffix(".md.part")
    temporary.write_text(filled(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    os.replace(temporary, PAGE)
    results.write("records", summary(found), made_by=__file__)


if __name__ == "__main__":
    main()
