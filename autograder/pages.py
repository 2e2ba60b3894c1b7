"""The page a learner reads: self-contained, no script, no outside request, everything escaped."""

import html
from urllib.parse import quote

from autograder import wire
from autograder.report import Result


def page(result: Result, *, lessons: str = "") -> str:
    """One learner's page."""
    return document(title(result), "")


def title(result: Result) -> str:
    return wire.clean(result.learner or result.submission)


def address(link: str) -> str:
    """A file name as a relative address."""
    return quote(link)


def document(heading: str, body: str) -> str:
    return f"<!DOCTYPE html>\n<title>{html.escape(heading)}</title>\n{body}"
