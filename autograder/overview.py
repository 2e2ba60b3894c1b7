"""The class at a glance, for the instructor: one self-contained page."""

import html

from autograder import pages
from autograder.report import Result, number


def page(results: list[Result], links: list[str]) -> str:
    """The overview of a class; `links` are the addresses of the learners' pages, one a result."""
    e = html.escape
    rows = "".join(
        f'<tr><td><a href="{e(pages.address(link))}">{e(pages.title(result))}</a></td>'
        f"<td>{number(result.points)}</td></tr>"
        for result, link in zip(results, links, strict=True)
    )
    return pages.document("The class", f"<table>{rows}</table>")
