"""The points of each task, read off the checks of a room."""

import ast
from pathlib import Path

from tools.excerpt import BuildError


def task_points(checks: Path) -> dict[str, float]:
    """Sum of the points of each task's checks, in the order of the file; the text is read, not imported."""
    if not checks.is_file():
        raise BuildError(f"there are no checks yet: {checks.name}")
    points: dict[str, float] = {}
    for node in ast.parse(checks.read_text(encoding="utf-8")).body:
        for call in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check":
                task = ast.literal_eval(call.args[0])
                given = {word.arg: word.value for word in call.keywords}
                worth = float(ast.literal_eval(given["points"])) if "points" in given else 1.0
                points[task] = points.get(task, 0.0) + worth
    return points
