"""Attacks as submissions: what their files say of them, and how they are handed in.

An attack's docstring begins with its number in the list of docs/sandbox.md and may hold lines

    task: pack          the task it is aimed at (double, if it does not say)
    earns: all          an accident, no attack: it must cost nothing
    others: lost        its other tasks may be lost (it ends the process while it is loaded)
    form: notebook      handed in as a notebook, its cells parted at `# %%`; `forged` with outputs that lie
    dangerous: ...      what it would do where nothing stops it: run inside namespaces of ours, or not at all

It is handed in together with right answers to all other tasks of the room in tests/attacks/course. Words
such as @COURSE@ stand for paths: an attacker is taken to know them.
"""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.rooms import ROOT

SUBMISSIONS = ROOT / "tests" / "attacks" / "submissions"
COURSE = ROOT / "tests" / "attacks" / "course"


@dataclass(frozen=True)
class Attack:
    """One attack, as its file tells."""

    name: str
    number: int
    title: str
    path: Path
    task: str = "double"
    earns: str = "nothing"
    others: str = "kept"
    form: str = "module"
    dangerous: str = ""


def read_attack(path: Path) -> Attack:
    """The attack in this file, or in the folder whose double.py is the submission."""
    text = (path / "double.py" if path.is_dir() else path).read_text(encoding="utf-8")
    found = re.match(r'"""(\d+): (.+?)"""', text, re.DOTALL)
    if found is None:
        raise ValueError(f"{path.name} does not begin with a docstring such as '7: writes a result file'")
    lines = found[2].strip().splitlines()
    options = dict(re.findall(r"^(task|earns|others|form|dangerous): (.+)$", found[2], re.MULTILINE))
    return Attack(path.stem, int(found[1]), lines[0], path, **options)


def all_attacks() -> list[Attack]:
    """Every attack, in the order of the list."""
    paths = [path for path in SUBMISSIONS.iterdir() if path.suffix == ".py" or (path / "double.py").exists()]
    return sorted((read_attack(path) for path in paths), key=lambda attack: (attack.number, attack.name))


def honest(without: set[str]) -> str:
    """Right answers to every task but these."""
    tree = ast.parse((COURSE / "shrink" / "vault.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    answers = [ast.unparse(node) for node in functions if node.name not in without]
    return "\n\n\n".join(["import torch", *answers]) + "\n"


def defined(text: str) -> set[str]:
    """Names that a text, which need not be Python as a whole, defines or assigns at the top."""
    chains = re.findall(r"^((?:\w+ = )+)", text, re.MULTILINE)
    return set(re.findall(r"^def (\w+)", text, re.MULTILINE)) | set(
        re.findall(r"\w+(?= = )", "\n".join(chains))
    )


def hand_in(attack: Attack, places: dict[str, str]) -> Path:
    """Writes the submission, the right answers to the other tasks behind it; its path."""
    folder = Path(places["SUBMITTED"])
    source = attack.path / "double.py" if attack.path.is_dir() else attack.path
    text = fill(source.read_text(encoding="utf-8"), places)
    gone = set() if attack.earns == "all" else {attack.task, *(["unpack"] if attack.task == "pack" else [])}
    rest = honest(defined(text) | gone)
    if attack.path.is_dir():
        target = folder / attack.name
        target.mkdir()
        for file in attack.path.iterdir():
            (target / file.name).write_text(fill(file.read_text(encoding="utf-8"), places), encoding="utf-8")
        (target / "double.py").rename(target / "vault.py")
        with (target / "vault.py").open("a", encoding="utf-8") as opened:
            opened.write("\n\n" + rest)
        return target
    if attack.form == "module":
        target = folder / "own.py"
        target.write_text(f"{text}\n\n{rest}", encoding="utf-8")
        return target
    cells = [part.strip("\n") for part in text.split("# %%\n")[1:]]
    target = folder / "own.ipynb"
    target.write_text(json.dumps(notebook([*cells, rest], forged=attack.form == "forged")), encoding="utf-8")
    return target


def fill(text: str, places: dict[str, str]) -> str:
    """The attack with the paths it is after: an attacker is taken to know them."""
    return re.sub(r"@([A-Z]+)@", lambda found: places[found[1]], text)


def notebook(cells: list[str], *, forged: bool) -> dict[str, Any]:
    """These cells as a notebook of format 4; forged outputs and metadata say that all is passed."""
    made: list[dict[str, Any]] = []
    for source in cells:
        cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
        if forged:
            nbgrader = {"grade": True, "grade_id": "check_double", "points": 100, "solution": False}
            cell["metadata"] = {"nbgrader": nbgrader, "score": 100, "status": "passed"}
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "3.0"}]
        made.append({**cell, "execution_count": None})
    return {"cells": made, "metadata": {"points": 100}, "nbformat": 4, "nbformat_minor": 5}
