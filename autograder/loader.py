"""Loading a learner's source inside a worker, statement by statement, so that one fault loses as little as
possible.

A module is run from top to bottom; a statement that fails is noted and the next one runs. Of a notebook
only what the asked functions need is run: definitions, imports and assignments of the names they use,
directly or through each other. Expression statements, loops and magics of a notebook are experiments, not
answers; they are left out.
"""

import __future__

import ast
import functools
import linecache
import sys
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any

DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
KEPT = (*DEFINES, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try)
MAX_PROBLEMS = 20
MAX_KEPT = 1024  # cells, and statements, that are read and compiled once


@dataclass
class Loaded:
    """The learner's names, and a sentence for each statement that could not be run."""

    namespace: dict[str, Any]
    problems: list[str] = field(default_factory=list)

    def note(self, where: str, error: BaseException) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{where}: {type(error).__name__}: {str(error)[:200]}")


@dataclass(frozen=True)
class Statement:
    """One top-level statement with the names it binds and the names it uses."""

    cell: str
    node: ast.stmt
    binds: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()


def load(cells: list[tuple[str, str]], *, notebook: bool, wanted: list[str]) -> Loaded:
    """Run the (name, source) cells into one namespace."""
    module = sys.modules["submission"] = ModuleType("submission")  # where dataclasses look for names
    loaded = Loaded(module.__dict__)
    future = 0
    statements: list[Statement] = []
    for name, source in cells:
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            nodes = parse(source, name, notebook=notebook)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            loaded.note(name, error)
            continue
        statements += [describe(name, node) if notebook else Statement(name, node) for node in nodes]
    for statement in needed(statements, set(wanted)) if notebook else statements:
        future |= future_flags(statement.node)
        try:
            exec(compiled(statement.node, statement.cell, future), loaded.namespace)
        except BaseException as error:  # also sys.exit: the definitions below it count
            loaded.note(f"{statement.cell}, line {statement.node.lineno}", error)
    return loaded


@functools.lru_cache(maxsize=MAX_KEPT)
def compiled(node: ast.stmt, cell: str, flags: int) -> CodeType:
    """A statement's code. Every task loads the source anew, and the statements are the same: see `parse`."""
    code: CodeType = compile(ast.Module([node], []), cell, "exec", flags, True)
    return code


def future_flags(node: ast.stmt) -> int:
    """What `from __future__ import annotations` switches on for the statements that follow it."""
    if not isinstance(node, ast.ImportFrom) or node.module != "__future__":
        return 0
    features = [getattr(__future__, alias.name, None) for alias in node.names]
    return sum(feature.compiler_flag for feature in features if feature is not None)


@functools.lru_cache(maxsize=MAX_KEPT)
def parse(source: str, name: str, *, notebook: bool) -> list[ast.stmt]:
    """The cell's statements; where a notebook's cell is no Python, once more without its magics."""
    try:
        return ast.parse(source, name).body
    except SyntaxError:
        if not notebook:
            return salvage(source, name)
    if source.lstrip().startswith("%%") and not source.lstrip().startswith(("%%time", "%%capture")):
        return []
    return ast.parse(without_magics(source), name).body


def without_magics(source: str) -> str:
    """Lines that IPython alone understands become `pass`, so that line numbers stay right."""
    lines = source.split("\n")
    for at, line in enumerate(lines):
        text = line.lstrip()
        if text.startswith(("%", "!", "?")) or text.endswith("?"):
            lines[at] = line[: len(line) - len(text)] + "pass"
    return "\n".join(lines)


def salvage(source: str, name: str) -> list[ast.stmt]:
    """The top-level blocks of a broken module that are Python by themselves; raises if that leaves none.

    A block begins at a line that starts in the first column and continues none (a closing bracket, else,
    except ...); a syntax error then costs its own block and not the file.
    """
    lines = source.split("\n")
    starts = [at for at, line in enumerate(lines) if line[:1].isalpha() or line[:1] in "_@"]
    goes_on = ("else", "elif", "except", "finally")
    starts = [
        at
        for at in starts
        if not lines[at].startswith(goes_on) and not (at and lines[at - 1].startswith("@"))
    ]
    kept: list[ast.stmt] = []
    broken: SyntaxError | None = None
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        try:
            kept += ast.parse("\n" * start + "\n".join(lines[start:stop]), name).body
        except SyntaxError as error:
            broken = broken or error
    if broken is not None:
        kept.append(_raise(broken))
    return kept


def _raise(error: SyntaxError) -> ast.stmt:
    """A statement that raises the syntax error when it is run, so that it is noted like any other fault."""
    text = f"raise SyntaxError({str(error.msg)!r})"
    node = ast.parse(text).body[0]
    for part in ast.walk(node):
        if isinstance(part, ast.expr | ast.stmt):
            part.lineno = part.end_lineno = error.lineno or 1
    return node


@functools.lru_cache(maxsize=MAX_KEPT)
def describe(cell: str, node: ast.stmt) -> Statement:
    """The names a statement binds at top level and all the names it mentions."""
    binds: set[str] = set()
    uses: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, DEFINES):
            binds.add(part.name)
        elif isinstance(part, ast.alias):
            binds.add((part.asname or part.name).split(".")[0])
        elif isinstance(part, ast.Name):
            (binds if isinstance(part.ctx, ast.Store) else uses).add(part.id)
        elif isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
            binds |= {inner.id for inner in ast.walk(part.value) if isinstance(inner, ast.Name)}
    if isinstance(node, DEFINES):
        binds = {node.name}  # what a function's body binds is its own affair
    return Statement(cell, node, frozenset(binds), frozenset(uses))


def needed(statements: list[Statement], names: set[str]) -> list[Statement]:
    """The statements that the names depend on, in their order; `from x import *` always, it may bind
    anything.
    """
    kept: set[int] = set()
    grown = True
    while grown:
        grown = False
        for at, statement in enumerate(statements):
            wanted = statement.binds & names or "*" in statement.binds
            if at not in kept and wanted and isinstance(statement.node, KEPT):
                kept.add(at)
                names = names | statement.uses
                grown = True
    return [statement for at, statement in enumerate(statements) if at in kept]
