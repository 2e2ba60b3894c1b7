"""The demo's page: the points of three submissions, links to what each learner reads, the lesson's plots."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto }
body { padding: 0 1rem }
h1, h2 { font-weight: 600; line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .8rem; text-align: left; vertical-align: top }
td.n, th.n { text-align: right } tfoot td { font-weight: 600; border-bottom: none }
code { font: .92em ui-monospace, monospace }
img { max-width: 100%; display: block; margin: 1rem 0 }
"""


def page(lesson: NotebookNode, results: list[dict[str, Any]]) -> str:
    """The whole page; everything that came out of a submission is escaped."""
    title = "Shrink: the pruning room"
    body = [
        f"<h1>{title}</h1>",
        "<p>Three notebooks were judged just now: a right one, a half-done one, and one whose answers ",
        "only look right. Each answer ran in a sandboxed worker that never sees the expected result. ",
        "A name leads to the page that this learner reads.</p>",
        points_table(results),
        "<h2>What the lesson showed</h2>",
        "<p>The plots of <code>lessons/02_pruning.ipynb</code>, executed just now. ",
        "<code>make lab</code> opens the lessons.</p>",
        *plots(lesson),
    ]
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>\n'
            + "\n".join(body) + "</html>\n")


def points_table(results: list[dict[str, Any]]) -> str:
    """Tasks down, submissions across."""
    names = "".join(f'<th class="n">{name(result["submission"])}</th>' for result in results)
    rows = "".join(
        f"<tr><td><code>{escape(tasks[0]['name'])}</code></td>{''.join(points(task) for task in tasks)}</tr>"
        for tasks in zip(*(result["tasks"] for result in results), strict=True))
    rows_measured = "".join(
        f"<tr><td>{escape(metric)}</td>{''.join(f'<td class=n>{value}</td>' for value in values)}</tr>"
        for metric, values in measured(results).items())
    total = "".join(points(result) for result in results)
    return (f"<table><thead><tr><th>task</th>{names}</tr></thead><tbody>{rows}</tbody>"
            f"<tfoot><tr><td>points</td>{total}</tr>{rows_measured}</tfoot></table>")


def measured(results: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What the judge measured on each submission's network, by metric; a dash where there is none."""
    names = dict.fromkeys(metric for result in results for metric in result["metrics"])
    return {metric.replace("_", " "): [_short(result["metrics"].get(metric)) for result in results]
            for metric in names}


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def name(submission: str) -> str:
    """A submission as a link to the page that the judge wrote for it."""
    return f'<a href="{escape(quote(submission))}.html">{escape(Path(submission).stem)}</a>'


def points(judged: dict[str, Any]) -> str:
    """A cell such as 2 / 3."""
    return f'<td class="n">{judged["points"]:g} / {judged["max_points"]:g}</td>'


def plots(lesson: NotebookNode) -> Iterable[str]:
    """The pictures of an executed notebook."""
    for cell in lesson.cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture:
                data = "".join(picture.split())
                yield f'<img alt="a plot of the lesson" src="data:image/png;base64,{data}">'
