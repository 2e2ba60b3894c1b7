"""CSV files: cells no spreadsheet takes for a formula, and files of other programs filled in.

A spreadsheet takes a cell that begins with = + - @ for a formula. Text we write that begins so (a learner
called -Ana, also behind spaces or in full-width signs) gets an apostrophe in front; numbers stay numbers.
An exported file keeps every byte but those of the cells that are filled.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder import wire

FORMULA = frozenset("=+-@|%\N{MINUS SIGN}")
INVISIBLE = " \t\r\n\xa0\ufeff\u200b\u200c\u200d\u2060\u3000"


class ExportError(Exception):
    """A file that cannot be filled in; the message says which, why and what to do."""


def text_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line."""
    line = wire.clean(text).replace("\n", " ").replace("\t", " ")
    first = unicodedata.normalize("NFKC", line.lstrip(INVISIBLE)[:1])
    return f"'{line}" if first and first[0] in FORMULA else line


def row_text(cells: Iterable[str], delimiter: str = ",") -> str:
    """Cells as one line of a CSV file, quoted where they need it, without the line's end."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(cells)
    return out.getvalue()


@dataclass(frozen=True)
class Cell:
    """One cell of an exported file: where it stands in the text, and what it says."""

    start: int
    end: int
    value: str


@dataclass(frozen=True)
class Sheet:
    """An exported gradebook: its text as it is, and its cells row by row, the header first."""

    path: Path
    text: str
    delimiter: str
    rows: list[list[Cell]]

    @property
    def header(self) -> list[str]:
        return [cell.value.strip() for cell in self.rows[0]]

    def at(self, row: int, column: int) -> str:
        cells = self.rows[row]
        return cells[column].value if column < len(cells) else ""


def read_sheet(path: Path) -> Sheet:
    """Read what a gradebook exported; bytes that are no UTF-8 come back out as they went in."""
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror}") from error
    if "\0" in text or not text.strip("\ufeff \r\n"):
        raise ExportError(f"{path} is no CSV file; export it again, or save it as CSV in UTF-8")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    sign = re.escape(delimiter)
    pattern = re.compile(rf'("(?:[^"]|"")*+"|[^{sign}\r\n]*)({sign}|\r\n|\n|\r|\Z)')
    rows: list[list[Cell]] = [[]]
    at = len(text) - len(text.lstrip("\ufeff"))
    while at < len(text) or not rows[-1]:
        found = pattern.match(text, at)
        if found is None:
            raise ExportError(f"{path}, row {len(rows)} is no CSV: a quotation mark has no partner")
        raw, end = found.group(1), found.group(2)
        value = raw[1:-1].replace('""', '"') if raw[:1] == '"' and raw[-1:] == '"' and raw != '"' else raw
        rows[-1].append(Cell(*found.span(1), value))
        at = found.end()
        if end != delimiter:
            if at >= len(text):
                break
            rows.append([])
    return Sheet(path, text, delimiter, rows)


def filled(sheet: Sheet, new: dict[tuple[int, int], str]) -> bytes:
    """The sheet's bytes with some cells, named by (row, column), replaced and all others untouched."""
    text = sheet.text
    for (row, column), value in sorted(new.items(), reverse=True):
        cells, written = sheet.rows[row], row_text([value], sheet.delimiter) if value else ""
        if column < len(cells):
            text = text[: cells[column].start] + written + text[cells[column].end :]
        else:  # a row may be shorter than the header
            missing = sheet.delimiter * (column - len(cells) + 1)
            text = text[: cells[-1].end] + missing + written + text[cells[-1].end :]
    return text.encode("utf-8", "surrogateescape")
