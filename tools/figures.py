"""Fill the figures into README.md: a number is printed there only if a file of ``data/results`` holds it.

    <!-- results: NAME -->
    (this table is written by `make build` from data/results/NAME.json)
    <!-- end results -->

A result file is ``{"columns": [...], "rows": [[...], ...], "conditions": "seed, data, machine"}``; other keys
are free.
"""

import json
import re
from pathlib import Path

from tools.excerpt import BuildError

BLOCK = re.compile(r"(<!-- results: ([a-z0-9_]+) -->\n).*?(<!-- end results -->)", re.DOTALL)


def fill(text: str, results: Path) -> str:
    """The text with each marked block replaced by its table."""
    return BLOCK.sub(lambda match: f"{match[1]}{table(results / f'{match[2]}.json')}\n{match[3]}", text)


def table(path: Path) -> str:
    """A result file as a Markdown table with its conditions below."""
    if not path.is_file():
        raise BuildError(f"README.md asks for the figures of {path.name}, which data/results does not hold")
    result = json.loads(path.read_text(encoding="utf-8"))
    columns, rows = result["columns"], result["rows"]
    if any(len(row) != len(columns) for row in rows):
        raise BuildError(f"{path.name}: every row has as many entries as there are columns")
    numeric = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    lines = [columns, ["---:" if is_number else "---" for is_number in numeric], *rows]
    body = "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)
    return f"{body}\n\n{result['conditions']}" if result.get("conditions") else body


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
