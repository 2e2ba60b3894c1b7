"""The points of each task, asked of the checks of a room."""

import importlib.util
from pathlib import Path

from tools.excerpt import BuildError


def task_points(checks: Path) -> dict[str, float]:
    """Sum of the points of each task's checks, in the order of the file."""
    if not checks.is_file():
        raise BuildError(f"there are no checks yet: autograder/checks/{checks.name}")
    from autograder.task import Check  # torch comes with it, so not before it is needed

    spec = importlib.util.spec_from_file_location(f"points_of_{checks.stem}", checks)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the file does wrong, the build names the file
        raise BuildError(f"autograder/checks/{checks.name}: {type(error).__name__}: {error}") from error
    points: dict[str, float] = {}
    for verdict in vars(module).values():
        found = getattr(verdict, "check", None)
        if isinstance(found, Check):
            points[found.task] = points.get(found.task, 0.0) + found.points
    return points
