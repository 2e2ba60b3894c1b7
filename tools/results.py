"""Results files: measured figures, and the code and checkpoints they were measured with.

A recorder (`tools/record_<topic>.py`) writes data/results/NAME.json with `write`. Under "made_from" the file
keeps a digest of the recorder, of every definition of `shrink` the recorder reaches, and of every checkpoint
it loads. Comments, docstrings and definitions that are not reached may change; when anything else does, the
file is `outdated` and a test says which recorder to run again.
"""

import ast
import functools
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from tools.excerpt import read_module
from tools.rooms import ROOT

Reached = set[tuple[str, str]]  # (module of shrink, name of a top-level definition)


def write(name: str, content: dict[str, Any], *, made_by: str, root: Path = ROOT) -> Path:
    """Writes data/results/NAME.json whole or not at all; `made_by` is the recorder's `__file__`."""
    path = root / "data" / "results" / f"{name}.json"
    recorder = Path(made_by).resolve()
    content = {**content, "made_from": digests(recorder, root)}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)
    return path


def outdated(path: Path, root: Path = ROOT) -> list[str]:
    """What a results file was made from and what has changed since; empty where it still holds."""
    made_from = json.loads(path.read_text(encoding="utf-8"))["made_from"]
    recorder = root / next(iter(made_from))
    now = digests(recorder, root) if recorder.is_file() else {}
    return sorted(file for file in {*made_from, *now} if made_from.get(file) != now.get(file))


def digests(recorder: Path, root: Path = ROOT) -> dict[str, str]:
    """File -> digest, the recorder first: its code, the definitions it reaches, the checkpoints it loads."""
    text = recorder.read_text(encoding="utf-8")
    tree = ast.parse(text)
    module_of = functools.cache(lambda name: read_module(root / "shrink" / f"{name}.py"))
    aliases_of = functools.cache(lambda name: _aliases(module_of(name).tree))
    reached: Reached = set()
    waiting = list(_uses(tree, _aliases(tree), ""))
    while waiting:
        use = waiting.pop()
        if use in reached or not (root / "shrink" / f"{use[0]}.py").is_file():
            continue
        module = module_of(use[0])
        if use[1] in module.definitions:
            reached.add(use)
            waiting += _uses(module.definitions[use[1]], aliases_of(use[0]), use[0])
    found = {recorder.relative_to(root).as_posix(): _digest([tree])}
    for name in sorted({name for name, _ in reached}):
        definitions = module_of(name).definitions
        parts = [node for other, node in definitions.items() if (name, other) in reached]
        found[f"shrink/{name}.py"] = _digest(parts)
    for checkpoint in sorted(set(re.findall(r"load_checkpoint\(\s*[\"'](\w+)[\"']", text))):
        file = root / "data" / "checkpoints" / f"{checkpoint}.safetensors"
        found[file.relative_to(root).as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def code_digest(recorder: str, root: Path = ROOT) -> str:
    """Twelve digits that change with the code a recorder (its `__file__`) reaches: stored runs carry them."""
    found = digests(Path(recorder).resolve(), root)
    code = {file: digest for file, digest in found.items() if file.endswith(".py")}
    return hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()[:12]


def _aliases(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Local name -> (module of shrink, definition); the definition of a module itself is ""."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "shrink":
            inner = (node.module or "").partition(".")[2]
            for alias in node.names:
                target = (inner, alias.name) if inner else (alias.name, "")
                found[alias.asname or alias.name] = target
    return found


def _uses(node: ast.AST, aliases: dict[str, tuple[str, str]], own: str) -> Reached:
    """Definitions of shrink that code mentions: `pruning.name`, an imported name, its module's own."""
    found: Reached = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            module, name = aliases.get(part.value.id, ("", ""))
            if module and not name:
                found.add((module, part.attr))
        elif isinstance(part, ast.Name):
            module, name = aliases.get(part.id, (own, part.id))
            if module and name:
                found.add((module, name))
    return found


def _digest(parts: list[Any]) -> str:
    """SHA-256 of the code alone: comments, layout and docstrings left out."""
    dumped = [ast.dump(_without_docstrings(part)) for part in parts]
    return hashlib.sha256("\n".join(dumped).encode()).hexdigest()


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree
