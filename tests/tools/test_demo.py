"""The demo's page says what the judge said, and nothing a submission wrote runs in a browser."""

from __future__ import annotations

import re
from typing import Any

import nbformat

from tools.demo import task_cells
from tools.demo_page import page

HOSTILE = "<script>alert(1)</script>"


def result(name: str, points: float) -> dict[str, Any]:
    task = {"name": "magnitude_mask", "points": points, "max_points": 3.0}
    metrics = {"compressed_bytes": 63300.0} if points else {}
    judged = {"submission": f"{name}.ipynb", "points": points, "max_points": 3.0}
    return judged | {"tasks": [task], "metrics": metrics}


def lesson(*pictures: str) -> nbformat.NotebookNode:
    outputs = [nbformat.v4.new_output("display_data", data={"image/png": picture}) for picture in pictures]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("plot()", outputs=outputs)])


def test_the_page_shows_points_links_and_plots() -> None:
    text = page(lesson("aGVs\nbG8="), [result("right", 3.0), result("wrong", 0.0)])
    assert '<a href="right.ipynb.html">right</a>' in text
    assert '<td><code>magnitude_mask</code></td><td class="n">3 / 3</td><td class="n">0 / 3</td>' in text
    assert "<td>compressed bytes</td><td class=n>63,300</td><td class=n>-</td>" in text
    assert 'src="data:image/png;base64,aGVsbG8="' in text


def test_the_page_needs_no_network() -> None:
    text = page(lesson("aGVsbG8="), [result("right", 3.0)])
    assert not re.search(r"src=\"(?!data:)|@import|url\(|https?:|//", text)


def test_what_a_submission_says_is_escaped() -> None:
    assert HOSTILE not in page(lesson(), [result(HOSTILE, 0.0)])


def test_task_cells_are_those_a_learner_fills_in() -> None:
    marks = {"solution": True, "grade_id": "magnitude_mask"}, {"solution": False, "grade_id": "check_x"}, None
    cells = [nbformat.v4.new_code_cell("x", metadata={"nbgrader": mark} if mark else {}) for mark in marks]
    assert list(task_cells(nbformat.v4.new_notebook(cells=cells))) == ["magnitude_mask"]
