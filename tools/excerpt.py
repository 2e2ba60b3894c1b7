"""Cut functions out of a library module's text, so that a notebook shows them and never repeats them."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"  # nbgrader's own delimiters
Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class BuildError(ValueError):
    """The source text asks for something that cannot be built; the message says where and what to change."""


@dataclass(frozen=True)
class Module:
    """The text of ``shrink/<topic>.py`` and its top-level definitions, in the order of the file."""

    name: str
    text: str
    tree: ast.Module
    definitions: dict[str, Definition]


def read_module(path: Path) -> Module:
    """Parse a module without importing it."""
    if not path.is_file():
        raise BuildError(f"{path.parent.name}/{path.name} does not exist yet")
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, filename=str(path))
    definitions: dict[str, Definition] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            definitions.update({target.id: node for target in targets if isinstance(target, ast.Name)})
    return Module(path.stem, text, tree, definitions)


def cut(module: Module, name: str) -> str:
    """The text of one definition, decorators included."""
    node = definition(module, name)
    decorators = [item.lineno for item in getattr(node, "decorator_list", [])]
    return _lines(module, min([node.lineno, *decorators]), _last(node))


def definition(module: Module, name: str) -> Definition:
    if name not in module.definitions:
        raise BuildError(f"shrink/{module.name}.py defines no {name!r}")
    return module.definitions[name]


def needed(module: Module, name: str) -> list[str]:
    """Other top-level names of the module that a definition uses, directly or not, in file order."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        used = _names(definition(module, waiting.pop())) & module.definitions.keys()
        waiting += used - found
        found |= used
    return [other for other in module.definitions if other in found and other != name]


def is_private(module: Module, name: str) -> bool:
    """Helpers and constants: what a cell has to bring along, because nobody asks a learner to write it."""
    return name.startswith("_") or isinstance(module.definitions[name], ast.Assign | ast.AnnAssign)


def imports(module: Module, tasks: list[str], hidden: frozenset[str]) -> str:
    """The import statements of the module that the cells of `tasks` and their examples need.

    Modules of `hidden` topics are left out: a learner cannot import them.
    """
    cells = [cut(module, other) for name in tasks for other in [name, *needed(module, name)]]
    words = set(re.findall(r"\w+", "\n".join(cells)))
    text, above, gap = "", 0, ""
    for node in module.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        origin = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        node.names = [
            alias
            for alias in node.names
            if (alias.asname or alias.name.split(".")[0]) in words
            and not {origin, f"{origin}.{alias.name}", alias.name} & {f"shrink.{topic}" for topic in hidden}
        ]
        gap = "\n" if node.lineno > above + 1 else gap  # the groups of the file stay apart
        above = _last(node)
        if node.names and origin != "__future__":
            text, gap = f"{text}{gap}{ast.unparse(node)}\n", ""
    return text.strip("\n")


def show(module: Module, name: str, seen: set[str], *, brief: bool = False) -> str:
    """A function in full, after the private names it needs that no earlier cell has shown."""
    helpers = [other for other in needed(module, name) if is_private(module, other) and other not in seen]
    seen.update(helpers, [name])
    main = _brief(module, name) if brief else cut(module, name)
    return "\n\n\n".join([cut(module, helper) for helper in helpers] + [main])


def fault(text: str, name: str, seen: set[str]) -> str:
    """A wrong answer to the task `name` as a learner meets it: without docstring, its function renamed.

    Imports stay where they bring a name that no earlier cell has.
    """
    tree, lines = ast.parse(text), text.splitlines()
    left_out: set[int] = set()
    for node in tree.body:
        docstring = node is tree.body[0] and ast.get_docstring(tree) is not None
        known = isinstance(node, ast.Import | ast.ImportFrom) and all(
            (alias.asname or alias.name.split(".")[0]) in seen for alias in node.names
        )
        if docstring or known:
            left_out |= set(range(node.lineno, _last(node) + 1))
    if not any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
        raise BuildError(f"the wrong answer defines no function {name!r}")
    kept = "\n".join(line for number, line in enumerate(lines, 1) if number not in left_out)
    return re.sub(rf"\b{name}\b", f"{name}_faulty", re.sub(r"\n{4,}", "\n\n\n", kept).strip("\n"))


def task(module: Module, name: str, asked: Sequence[str]) -> str:
    """Signature, docstring and solution region of one task.

    What the reference needs and no task of `asked` is follows the body inside the region, so that each task's
    cell stands alone and the release holds none of it. What the signature needs stands above it and is
    released.
    """
    node = definition(module, name)
    if not isinstance(node, ast.FunctionDef) or ast.get_docstring(node) is None:
        raise BuildError(f"a task is a function with a docstring: shrink/{module.name}.py, {name}")
    docstring, first = node.body[0], node.body[1:2]
    if not first:
        raise BuildError(f"shrink/{module.name}.py, {name}: the reference has no body")
    helpers = [other for other in needed(module, name) if other not in asked]
    above = [other for other in helpers if other in _names(node.args) | _names(node.returns)]
    inside = [cut(module, other) for other in helpers if other not in above]
    head = _lines(
        module, min([node.lineno, *(item.lineno for item in node.decorator_list)]), _last(docstring)
    )
    body = _lines(module, _last(docstring) + 1, _last(node)).strip("\n")
    region = "\n\n\n".join([f"    {BEGIN}\n{body}", *inside])
    end = END if inside else f"    {END}"
    return "\n\n\n".join([cut(module, other) for other in above] + [f"{head}\n{region}\n{end}"])


def body_lines(module: Module, name: str) -> Iterator[str]:
    """The statements of a reference, line by line: what no released notebook may contain."""
    node = definition(module, name)
    if isinstance(node, ast.FunctionDef):
        for line in _lines(module, _last(node.body[0]) + 1, _last(node)).splitlines():
            yield line.strip()


def _brief(module: Module, name: str) -> str:
    """The text of a function with the first line of its docstring alone."""
    node = definition(module, name)
    docstring = ast.get_docstring(node) if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
    if docstring is None:
        return cut(module, name)
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    first, rest = docstring.splitlines()[0], _lines(module, _last(node.body[0]) + 1, _last(node))
    return f'{_lines(module, node.lineno, node.body[0].lineno - 1)}\n    """{first}"""\n{rest}'


def _names(node: ast.AST | None) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)} if node else set()


def _last(node: ast.stmt) -> int:
    assert node.end_lineno is not None  # every parsed statement has one
    return node.end_lineno


def _lines(module: Module, first: int, last: int) -> str:
    return "\n".join(module.text.splitlines()[first - 1 : last])
