"""Reading what was handed in: every fault has its sentence, and nothing is executed."""

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.submission import Unreadable, parse, read


def notebook(*cells: Any, **fields: Any) -> bytes:
    return json.dumps(
        {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}
    ).encode()


def code(source: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    assert parse(b"\xef\xbb\xbfa = 1\r\nb = 2\r", "a.py").source.cells == (("a.py", "a = 1\nb = 2\n"),)
    assert parse(b"\xef\xbb\xbf" + notebook(code("a = 1\r\n")), "a.ipynb").source.cells == (
        ("cell 1", "a = 1\n"),
    )


def test_only_code_cells_count_and_they_keep_their_place() -> None:
    source = parse(
        notebook({"cell_type": "markdown", "source": "x"}, code(["a = 1\n", "b = 2"]), "no cell", code(7)),
        "a.ipynb",
    ).source
    assert source.cells == (("cell 2", "a = 1\nb = 2"), ("cell 4", ""))
    assert source.notebook


def test_a_coding_line_is_respected() -> None:
    assert "é" in parse("# coding: latin-1\na = 'é'\n".encode("latin-1"), "a.py").source.cells[0][1]


UNREADABLE = {
    "cut off": (notebook(code("a"))[:-5], "a.ipynb", "its JSON is broken"),
    "empty": (b"", "a.ipynb", "its JSON is broken"),
    "deep": (b"[" * 100_000, "a.ipynb", "its JSON is broken"),
    "a list": (b"[1]", "a.ipynb", "not a notebook"),
    "format 3": (b'{"worksheets": []}', "a.ipynb", "old format"),
    "latin-1 notebook": ("{'é'}".encode("latin-1"), "a.ipynb", "not UTF-8"),
    "latin-1 module": ("a = 'é'".encode("latin-1"), "a.py", "not UTF-8"),
    "UTF-16": ("a = 1".encode("utf-16-le"), "a.py", "NUL"),
    "unknown coding": (b"# coding: klingon\n", "a.py", "not UTF-8"),
    "another ending": (b"a = 1", "a.txt", "neither a notebook"),
    "five megabytes of code": (b"a = 1\n" * 1_000_000, "a.py", "MB of code"),
}


@pytest.mark.parametrize(("data", "name", "words"), UNREADABLE.values(), ids=list(UNREADABLE))
def test_each_unreadable_file_has_its_sentence(data: bytes, name: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse(data, name)


def test_a_folder_gives_the_file_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="holds no notebook"):
        read(tmp_path, "02_pruning")
    (tmp_path / "notes.py").write_text("a = 1")
    assert read(tmp_path, "02_pruning").name == "notes.py"
    (tmp_path / "other.py").write_text("a = 1")
    with pytest.raises(Unreadable, match="name one 02_pruning"):
        read(tmp_path, "02_pruning")
    (tmp_path / "pruning.py").write_text("a = 1")
    assert read(tmp_path, "02_pruning").name == "pruning.py"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="does not exist"):
        read(tmp_path / "gone.py", "02_pruning")
    with pytest.raises(Unreadable, match="is not a file"):
        read(Path("/dev/zero"), "02_pruning")
