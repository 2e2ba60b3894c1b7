"""A coding task: its stub as a file the candidate edits, and the judge's word on it."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interview.schema import Drill

ROOT = Path(__file__).resolve().parent.parent


class DrillError(Exception):
    """The task cannot be had or judged; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one task."""

    points: float
    most: float
    status: str
    lines: tuple[str, ...]


def start(drill: Drill, folder: Path) -> Path:
    """The file of the task below `folder`: imports and stub, as the exercise gives them; kept if it is there.

    Raises:
        DrillError: no exercise has this task.
    """
    path = folder / f"{drill.task}.py"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(stub(drill), encoding="utf-8")
        os.replace(temporary, path)
    return path


def stub(drill: Drill) -> str:
    """The exercise's first code cell, which imports, and the cell of the task."""
    found = sorted((ROOT / "exercises").glob(f"*{drill.room}/*{drill.room}.ipynb"))
    cells = json.loads(found[0].read_text(encoding="utf-8"))["cells"] if found else []
    code = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
    if drill.task not in code:
        raise DrillError(f"no exercise of {drill.room} has the task {drill.task}")
    return f"{next(iter(code.values()))}\n\n\n{code[drill.task]}\n"


def edit(path: Path) -> bool:
    """Open the file in the candidate's editor; False where none is set."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        return False
    return subprocess.run([*shlex.split(editor), str(path)], check=False).returncode == 0


def judge(drill: Drill, path: Path) -> Verdict:
    """The judge's verdict on the task; the learner's code runs in the judge's sandbox, never here.

    Raises:
        DrillError: the judge could not judge.
    """
    report = path.with_suffix(".json")
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "autograder", "grade", drill.room, str(path), "--json", str(report)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    try:
        result = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = (done.stderr or done.stdout).strip().splitlines()
        raise DrillError(f"the judge gave no result: {said[-1] if said else 'no reason'}") from None
    finally:
        report.unlink(missing_ok=True)
    result = result[0] if isinstance(result, list) else result
    if result["status"] != "judged":
        raise DrillError(result.get("message") or f"the judge says {result['status']}")
    return verdict(next(task for task in result["tasks"] if task["name"] == drill.task))


def verdict(task: dict[str, Any]) -> Verdict:
    lines = [task["message"]] if task["message"] else []
    for check in task["checks"] if task["status"] != "not_attempted" else []:
        hint = f" ({check['hint']})" if check["hint"] and not check["passed"] else ""
        lines.append(f"{'passed' if check['passed'] else 'failed'}: {check['name']}{hint}")
    return Verdict(task["points"], task["max_points"], task["status"], tuple(lines))
