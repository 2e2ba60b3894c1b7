"""Reading what a learner handed in: as text, never executed here, every fault named in a sentence."""

import hashlib
import io
import json
import os
import tempfile
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.job import Source

MAX_BYTES = 100 << 20  # notebooks with forgotten outputs are large
MAX_SOURCE = 4 << 20
MAX_DEPTH = 6  # folders below a learner's own
NOT_HANDED_IN = ("__MACOSX", "__pycache__", "node_modules", "site-packages", "venv", "env")


class Unreadable(Exception):
    """There is nothing to judge; the message says why, in words for the learner."""


@dataclass(frozen=True)
class Submission:
    """What was handed in: a name for the report, the source to load, and the bytes' SHA-256."""

    name: str
    source: Source
    digest: str


def read(path: Path, room: str) -> Submission:
    """Read a notebook, a module, or the one of them in a folder or an archive. `room` is the key, such as
    02_pruning.
    """
    name, data = take(path, room)
    return parse(data, name)


def take(path: Path, room: str, *, nesting: int = 2) -> tuple[str, bytes]:
    """The name and the bytes of the file that is meant; archives are unpacked beside, and removed again."""
    from autograder import archives

    if path.is_symlink():  # it could lead to the solution, or to another's work
        raise Unreadable(f"{path.name} is a symbolic link; hand in the file itself")
    file = choose(path, room) if path.is_dir() else path
    if archives.is_archive(file.name) and file.is_file():
        return _take_packed(file, room, nesting)
    if not file.exists():
        raise Unreadable(f"{path.name} does not exist")
    if not file.is_file():
        raise Unreadable(f"{file.name} is not a file")
    if file.stat().st_size > MAX_BYTES:
        raise Unreadable(
            f"{file.name} is larger than {MAX_BYTES >> 20} MB; clear the outputs and save it again"
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file.name} cannot be read: {error.strerror}") from error
    return file.name, data


def _take_packed(file: Path, room: str, nesting: int) -> tuple[str, bytes]:
    """What is meant in an archive; an archive in an archive counts, one in that does not."""
    from autograder import archives

    if nesting == 0:
        raise Unreadable(f"{file.name} is an archive in an archive in an archive; hand in the notebook alone")
    if file.stat().st_size > MAX_BYTES:
        raise Unreadable(f"{file.name} is larger than {MAX_BYTES >> 20} MB; hand in the notebook alone")
    with tempfile.TemporaryDirectory(prefix="submission-") as name:
        folder = Path(name) / file.name
        left_out = archives.unpack(file, folder)
        try:
            return take(folder, room, nesting=nesting - 1)
        except Unreadable as error:
            raise Unreadable("; ".join([str(error), *left_out[:3]])) from error


def choose(folder: Path, room: str) -> Path:
    """The submission in a folder: the file named like the room or its topic, else the only one there is.

    First the folder itself, then the places where nbgrader and this course keep exercises, then all below.
    """
    top, below, links = _files(folder)
    for place in (folder / room, folder / "exercises" / room):
        for ending in (".ipynb", ".py"):
            if place / f"{room}{ending}" in below and not _named(top, room):
                return place / f"{room}{ending}"
    for files in (_named(top, room), _named(below, room), *_kinds(top), *_kinds(below)):
        if len(files) == 1:
            return files[0]
        if len(files) > 1:
            names = " and ".join(str(file.relative_to(folder)) for file in files[:3])
            raise Unreadable(
                f"the folder {folder.name} holds {len(files)} files that could be meant ({names}); "
                f"name one {room}.ipynb"
            )
    if links:
        raise Unreadable(f"{links[0].name} is a symbolic link; hand in the file itself")
    raise Unreadable(f"the folder {folder.name} holds no notebook (.ipynb) and no Python file (.py)")


def _files(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Files that could be meant: in the folder itself, below it, and links, which never are."""
    from autograder import archives

    top: list[Path] = []
    below: list[Path] = []
    links: list[Path] = []
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(
            name for name in folders if name not in NOT_HANDED_IN and name[0] != "." and depth < MAX_DEPTH
        )
        for name in sorted(names):
            file = Path(place, name)
            if name[0] == "." or not (file.suffix in (".ipynb", ".py") or archives.is_archive(name)):
                continue
            (links if file.is_symlink() else below if depth else top).append(file)
    return top, below, links


def _named(files: list[Path], room: str) -> list[Path]:
    """The files named like the room or its topic; a notebook before a module of the same name."""
    named = [file for file in files if file.stem in (room, room[3:]) and file.suffix in (".ipynb", ".py")]
    return [file for file in named if file.suffix == ".ipynb"] or named


def _kinds(files: list[Path]) -> Iterator[list[Path]]:
    """Notebooks; if there are none, modules; if there are none either, archives."""
    notebooks = [file for file in files if file.suffix == ".ipynb"]
    modules = [file for file in files if file.suffix == ".py"]
    yield notebooks or modules or files


def parse(data: bytes, name: str) -> Submission:
    """The submission in these bytes; the name's ending says whether they are a notebook or a module."""
    if name.endswith(".ipynb"):
        source = notebook_source(data, name)
    elif name.endswith(".py"):
        source = Source(((name, module_text(data, name)),))
    else:
        raise Unreadable(f"{name} is neither a notebook (.ipynb) nor a Python file (.py)")
    if sum(len(text) for _, text in source.cells) > MAX_SOURCE:
        raise Unreadable(f"{name} holds more than {MAX_SOURCE >> 20} MB of code")
    return Submission(name, source, hashlib.sha256(data).hexdigest())


def module_text(data: bytes, name: str) -> str:
    """The text of a Python file: UTF-8, with or without a byte order mark, or what its coding line says."""
    if b"\0" in data:
        raise Unreadable(f"{name} contains NUL bytes: it is not a text file (UTF-16?); save it as UTF-8")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise Unreadable(f"{name} is not UTF-8 text; save it as UTF-8") from error
    return _lines(text)


def notebook_source(data: bytes, name: str) -> Source:
    """The code cells of a notebook of format 4; whatever else is in it does not matter."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{name} is not UTF-8 text; save the notebook again from Jupyter") from error
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(
            f"{name} is not a notebook: its JSON is broken{where}; was it cut off or edited by hand?"
        ) from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        old = isinstance(notebook, dict) and "worksheets" in notebook
        advice = (
            "is of an old format; open it in Jupyter and save it again"
            if old
            else "is JSON, but not a notebook"
        )
        raise Unreadable(f"{name} {advice}")
    sources: list[tuple[str, str]] = []
    for at, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            sources.append((f"cell {at}", _lines(_cell_text(cell.get("source"))).replace("\0", "")))
    return Source(tuple(sources), notebook=True)


def _cell_text(source: object) -> str:
    """A cell's source is a string or a list of strings; anything else is no code."""
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _lines(text: str) -> str:
    """One kind of line end, and nothing that cannot be written down again."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8", "replace").decode("utf-8")
