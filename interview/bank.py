"""Reads the bank: every question of `bank/*.yaml`, and the papers of `sources.yaml`."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]
from pydantic import ValidationError

from interview.schema import Question, Strict, Text

HERE = Path(__file__).resolve().parent
BANK = HERE / "bank"
SOURCES = HERE / "sources.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C seconds faster; PyYAML may come without it


class BankError(ValueError):
    """A file of the bank does not hold what it should; the message names the file and the place."""


class Paper(Strict):
    """A primary source; its key is the first author's family name and the year."""

    authors: Text
    year: int
    title: Text
    where: Text  # the venue, or arXiv with its number


def read(folder: Path = BANK) -> list[Question]:
    """All questions, in the order of their files and of their places in them.

    Raises:
        BankError: a file is not YAML, a question does not fit the schema, or an id stands twice.
    """
    found: dict[str, Question] = {}
    for path in sorted(folder.glob("*.yaml")):
        for number, entry in enumerate(entries(path), 1):
            name = entry.get("id", f"question {number}") if isinstance(entry, dict) else f"question {number}"
            try:
                question = Question.model_validate({**entry, "topic": path.stem})
            except (ValidationError, TypeError) as error:
                raise BankError(f"{path.name}, {name}: {problem(error)}") from None
            if question.id in found:
                raise BankError(f"{path.name}, {name}: {found[name].topic}.yaml has a question of that name")
            found[question.id] = question
    return list(found.values())


@cache
def questions() -> tuple[Question, ...]:
    """The course's own bank, read once."""
    return tuple(read())


@cache
def papers() -> dict[str, Paper]:
    """Key -> paper."""
    raw = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))
    try:
        return {key: Paper.model_validate(entry) for key, entry in raw.items()}
    except ValidationError as error:
        raise BankError(f"{SOURCES.name}: {problem(error)}") from None


def cite(source: str) -> str:
    """'han2016, section 3' as a reader wants it: authors, year, title, venue, and the place.

    Raises:
        KeyError: sources.yaml has no such paper.
    """
    key, _, place = source.partition(",")
    paper = papers()[key]
    return (
        f"{paper.authors} ({paper.year}). {paper.title}. {paper.where}" + (f";{place}" if place else "") + "."
    )


def entries(path: Path) -> list[Any]:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BankError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, list):
        raise BankError(f"{path.name} is a list of questions, each begun with '- id:'")
    return raw


def problem(error: Exception) -> str:
    """The first thing that is wrong, in a line."""
    if not isinstance(error, ValidationError):
        return "a question is a mapping that begins with id"
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
