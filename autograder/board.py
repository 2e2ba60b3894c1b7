"""The local board: experiments whose result beat the mark that a check sets (`judge.metrics["board"]`).

One line of JSON an entry, appended in one write, so that two graders at once lose nothing.
"""

import json
import time
from pathlib import Path

from rich.table import Table
from rich.text import Text

from autograder.report import Result
from autograder.rooms import ROOT

BOARD = ROOT / ".cache" / "board" / "board.jsonl"


class DamagedBoard(Exception):
    """A line of the board cannot be read; the message names it and the remedy."""


def enter(result: Result, path: Path = BOARD) -> bool:
    """Puts a result on the board if its check says that it belongs there."""
    if "board" not in result.metrics:
        return False
    entry = {
        "room": result.room, "submission": result.submission, "ratio": result.metrics["board"],
        "accuracy": result.metrics.get("accuracy"), "seed": result.seed,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    return True


def entries(path: Path = BOARD) -> list[dict[str, object]]:
    """The best entry of each submission, the largest ratio first."""
    best: dict[tuple[str, str], dict[str, object]] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            key, ratio = (entry["room"], entry["submission"]), float(entry["ratio"])
        except (ValueError, KeyError, TypeError):
            raise DamagedBoard(f"{path}, line {number} is no entry: delete that line") from None
        if key not in best or ratio > float(str(best[key]["ratio"])):
            best[key] = entry
    return sorted(best.values(), key=lambda entry: -float(str(entry["ratio"])))


def table(found: list[dict[str, object]]) -> Table:
    """The board as it is printed."""
    made = Table(title=Text("The local board", style="bold"), title_justify="left")
    for name in ("room", "submission", "ratio", "accuracy", "date"):
        made.add_column(name, justify="right" if name in ("ratio", "accuracy") else "left")
    for entry in found:
        accuracy = entry.get("accuracy")
        exact = f"{accuracy:.2%}" if isinstance(accuracy, float) else ""
        words = [str(entry["room"]), str(entry["submission"]), f"{float(str(entry['ratio'])):.1f}"]
        made.add_row(*(Text(word) for word in (*words, exact, str(entry.get("date", "")))))
    return made
