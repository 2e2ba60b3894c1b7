"""Imports point one way, proved on the syntax trees: nothing is imported to find out."""

import ast
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tools.compose import code_of
from tools.rooms import PAGES, ROOT, all_rooms, topics_before

OURS = {"shrink", "autograder", "interview", "tools", "tests", "source"}
SCAFFOLDING = {"nets", "data", "training", "plots", "range_coder", "integer_file", "normed_file"}
PACKAGES = ("shrink", "autograder", "interview")
FILES = sorted(path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py"))
NOTEBOOKS = sorted(
    path for folder in ("lessons", "exercises", "solutions") for path in (ROOT / folder).rglob("*.ipynb")
)


def imported(text: str) -> Iterator[str]:
    """Full names of what a text imports, relative imports and importlib strings included.

    A scenario of the judge is text for a worker and never runs where it stands: it is left out.
    """
    tree = ast.parse(text)
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef) and "scenario" in map(ast.unparse, node.decorator_list):
            node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            yield from (str(arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant))


def ours(text: str) -> set[tuple[str, str]]:
    """(package, module) of the project's own imports."""
    names = [[*name.split("."), ""] for name in imported(text)]
    return {(parts[0], parts[1]) for parts in names if parts[0] in OURS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_packages_import_only_what_lies_below(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    found = ours(path.read_text(encoding="utf-8"))
    strangers = {other for other, _ in found} - {package}
    if "answers" in path.parts:  # learners' work, as the judge meets it
        assert strangers <= {"shrink"}
        return
    assert not strangers, f"{package} imports {strangers}"


@pytest.mark.parametrize("path", sorted((ROOT / "shrink").glob("*.py")), ids=lambda path: path.stem)
def test_a_topic_imports_only_earlier_topics(path: Path) -> None:
    modules = {module for package, module in ours(path.read_text(encoding="utf-8")) if package == "shrink"}
    topics = {room.topic for room in all_rooms()}
    allowed = SCAFFOLDING | (topics_before(path.stem) if path.stem in topics else set())
    if path.stem.startswith("together"):  # compose what every open room has
        allowed |= topics | {"together"}
    assert modules - {""} <= allowed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_notebooks_import_shrink_and_autograder_alone(path: Path) -> None:
    allowed = {"interview"} if path.stem in PAGES else {"shrink", "autograder"}
    for code in code_of(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)):
        assert {package for package, _ in ours(code)} <= allowed
