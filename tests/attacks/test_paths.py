"""Attacks on the way to the judge and from it: notebooks, archives, names, reports. Right answers in a broken
notebook keep their points; what cannot be read is Unreadable, never an error of ours.
"""

import csv
import io
import json
import re
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import exports, grade, submission
from autograder.report import Result
from tools.attack_submissions import COURSE, honest, notebook

ANSWERS = honest(set())
CELLS = [part + "\n" for part in ANSWERS.split("\n\n\n")]
ROOM = grade.find_room("vault", COURSE / "autograder" / "checks")
Book = dict[str, Any]


@pytest.fixture(scope="module")
def workers() -> Iterator[grade.Workers]:
    with grade.Workers() as started:
        yield started


def book(cells: list[str] | None = None, **extra: Any) -> Book:
    return {**notebook(cells or CELLS, forged=False), **extra}


def changed(change: Callable[[list[Book]], object]) -> bytes:
    made = book()
    change(made["cells"])
    return json.dumps(made).encode()


def code(source: object, **extra: Any) -> Book:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **extra}


HUGE = {"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}
WHOLE: dict[str, bytes] = {
    "forged outputs and metadata": json.dumps(notebook(CELLS, forged=True)).encode(),
    "all metadata stripped": changed(lambda cells: [cell.pop("metadata") for cell in cells]),
    "no outputs, no ids, no counts": changed(lambda cells: [cell.pop("outputs") for cell in cells]),
    "every cell twice": changed(lambda cells: cells.extend([*cells])),
    "a cell split in lines": changed(
        lambda cells: cells[1].update(source=cells[1]["source"].splitlines(True))
    ),
    "a stub above the answer": changed(
        lambda cells: cells.insert(0, code("def double(x):\n    raise NotImplementedError"))
    ),
    "cells of unknown types": changed(
        lambda cells: cells.extend([{"cell_type": "evil"}, 7, None, [], "text"])
    ),  # type: ignore[list-item]
    "sources of wrong types": changed(
        lambda cells: cells.extend([code(None), code({"a": 1}), code([1, None, "x = 1"])])
    ),
    "a kernel of another language": json.dumps(
        book(metadata={"kernelspec": {"name": "ir", "language": "R"}})
    ).encode(),
    "metadata that is no dict": json.dumps(book(metadata=["x"], nbformat="four")).encode(),
    "a syntax error in one cell": changed(lambda cells: cells.insert(1, code("def broken(:\n    pass"))),
    "unfinished string in one cell": changed(lambda cells: cells.insert(0, code('text = """never closed'))),
    "magics and shell": changed(
        lambda cells: cells.insert(0, code("%matplotlib inline\n!ls\nx?\nimport torch"))
    ),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(book()).encode(),
    "windows line ends": json.dumps(book(), indent=1).replace("\n", "\r\n").encode(),
    "old mac line ends in cells": changed(
        lambda cells: [cell.update(source=cell["source"].replace("\n", "\r")) for cell in cells]
    ),
    "NUL in a cell": changed(lambda cells: cells[2].update(source=cells[2]["source"] + "\0")),
    "lone surrogates": changed(lambda cells: cells.append(code("note = '\ud800'"))),
    "huge outputs": changed(lambda cells: cells[0].update(outputs=[HUGE])),
    "a cell that ends Python": changed(
        lambda cells: cells.insert(0, code("import sys\nsys.exit()\nexit()\nquit()"))
    ),
    "duplicate ids": changed(lambda cells: [cell.update(id="same") for cell in cells]),
    "deep metadata": json.dumps(book(metadata={"a": json.loads("[" * 400 + "]" * 400)})).encode(),
    "duplicate keys": json.dumps(book()).replace('"nbformat"', '"cells": [], "x"', 0).encode(),
}
PARTLY: dict[str, bytes] = {
    "the answer retyped as text": changed(lambda cells: cells[1].update(cell_type="markdown")),
    "the answer deleted": changed(lambda cells: cells.pop(1)),
    "the answer renamed": changed(
        lambda cells: cells[1].update(source=cells[1]["source"].replace("double", "dubble"))
    ),
    "the answer in a magic cell": changed(
        lambda cells: cells[1].update(source="%%bash\n" + cells[1]["source"])
    ),
    "the answer cut in the middle": changed(
        lambda cells: cells[1].update(source=cells[1]["source"][:-8] + "(")
    ),
}
UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"passed",
    "cut off": json.dumps(book()).encode()[:-20],
    "deep": b"[" * 100_000,
    "UTF-16": json.dumps(book()).encode("utf-16"),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a list": b"[]",
    "a number of ten thousand digits": b'{"cells": ' + b"9" * 10_000 + b"}",
    "cells that are a dict": b'{"cells": {"0": 1}}',
    "version 3": b'{"worksheets": [], "nbformat": 3}',
    "more code than anybody writes": changed(lambda cells: cells.append(code("x = 1\n" * 1_000_000))),
}


@pytest.mark.parametrize("name", WHOLE)
def test_accidents_with_a_notebook_cost_nothing(name: str, workers: grade.Workers) -> None:
    result = grade.grade_notebook(ROOM, WHOLE[name], name="ana.ipynb", workers=workers)
    assert (result.status, result.points) == ("judged", ROOM.max_points), result


@pytest.mark.parametrize("name", PARTLY)
def test_a_lost_cell_loses_itself_alone(name: str, workers: grade.Workers) -> None:
    result = grade.grade_notebook(ROOM, PARTLY[name], name="ana.ipynb", workers=workers)
    assert {task.name for task in result.tasks if task.status != "passed"} == {"double"}, result
    assert result.tasks[0].points == 0


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_notebook_is_named_and_not_a_fault(name: str) -> None:
    with pytest.raises(submission.Unreadable, match=r"ana\.ipynb"):
        submission.parse(UNREADABLE[name], "ana.ipynb")


# ---- archives: the submission as a packed folder -------------------------------------------------


def tar_of(path: Path, *members: tuple[str, bytes, str]) -> Path:
    """A tar of (name, type, link): one that is no link holds right answers."""
    with tarfile.open(path, "w") as archive:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            content = ANSWERS.encode() if kind == tarfile.REGTYPE else b""
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zip_of(path: Path, *names: str, content: bytes = ANSWERS.encode()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


FILE, LINK, HARD, DEVICE, PIPE = (
    tarfile.REGTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
)
ESCAPES: dict[str, Callable[[Path, str], Path]] = {
    "zip, ..": lambda at, out: zip_of(at / "a.zip", "vault.py", "../stolen.py", "a/../../stolen.py"),
    "zip, absolute": lambda at, out: zip_of(at / "a.zip", "vault.py", f"{out}/stolen.py"),
    "zip, backslashes": lambda at, out: zip_of(at / "a.zip", "vault.py", "..\\stolen.py", "C:\\stolen.py"),
    "tar, ..": lambda at, out: tar_of(at / "a.tar", ("vault.py", FILE, ""), ("../stolen.py", FILE, "")),
    "tar, absolute": lambda at, out: tar_of(
        at / "a.tar", ("vault.py", FILE, ""), (f"{out}/stolen.py", FILE, "")
    ),
    "tar, symlink to a folder": lambda at, out: tar_of(
        at / "a.tar", ("vault.py", FILE, ""), ("door", LINK, out), ("door/stolen.py", FILE, "")
    ),
    "tar, symlink chain": lambda at, out: tar_of(
        at / "a.tar",
        ("vault.py", FILE, ""),
        ("a", LINK, "."),
        ("a/b", LINK, ".."),
        ("a/b/stolen.py", FILE, ""),
    ),
    "tar, hard link": lambda at, out: tar_of(
        at / "a.tar", ("vault.py", FILE, ""), ("notes.txt", HARD, f"{out}/secret"), ("notes.txt", FILE, "")
    ),
    "tar, device and pipe": lambda at, out: tar_of(
        at / "a.tar", ("vault.py", FILE, ""), ("d", DEVICE, ""), ("p", PIPE, "")
    ),
}
REFUSED: dict[str, Callable[[Path, str], Path]] = {
    "submission is a symlink": lambda at, out: tar_of(at / "a.tar", ("vault.py", LINK, f"{out}/secret")),
    "case clash": lambda at, out: zip_of(at / "a.zip", "vault.py", "VAULT.py"),
    "one name twice": lambda at, out: tar_of(at / "a.tar", ("vault.py", FILE, ""), ("./vault.py", FILE, "")),
    "bomb": lambda at, out: zip_of(at / "a.zip", "vault.py", content=b"#" * (300 << 20)),
    "many files": lambda at, out: zip_of(
        at / "a.zip", *(f"{number}.py" for number in range(3000)), content=b""
    ),
    "cut off": lambda at, out: cut(zip_of(at / "a.zip", "vault.py")),
    "no archive": lambda at, out: cut(zip_of(at / "a.zip", "vault.py"), 3),
}


def cut(path: Path, keep: int = 60) -> Path:
    path.write_bytes(path.read_bytes()[:keep])
    return path


@pytest.mark.parametrize("name", ESCAPES)
def test_an_archive_writes_nothing_outside_and_its_good_part_is_read(name: str, tmp_path: Path) -> None:
    sent, out = tmp_path / "sent", tmp_path / "out"
    sent.mkdir()
    out.mkdir()
    (out / "secret").write_text("the gradebook")
    path = ESCAPES[name](sent, str(out))
    assert submission.read(path, "vault").source.cells[0][1] == ANSWERS
    assert [file.name for file in sorted(tmp_path.rglob("*"))] == ["out", "secret", "sent", path.name]
    assert (out / "secret").read_text() == "the gradebook"


@pytest.mark.parametrize("name", REFUSED)
def test_an_archive_without_a_plain_submission_is_unreadable(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the gradebook")
    path = REFUSED[name](tmp_path, str(tmp_path))
    with pytest.raises(submission.Unreadable, match=r"a\.(zip|tar)|folder"):
        submission.read(path, "vault")
    assert {file.name for file in tmp_path.rglob("*")} == {"secret", path.name}


@pytest.mark.parametrize("name", ["own.py", "folder"])
def test_a_link_to_the_solution_is_no_submission(name: str, tmp_path: Path) -> None:
    """Where a class hands in by git, a link can be handed in."""
    (tmp_path / "vault.py").write_text(ANSWERS)
    (tmp_path / "folder").mkdir()
    (tmp_path / "own.py").symlink_to(tmp_path / "vault.py")
    (tmp_path / "folder" / "vault.py").symlink_to(tmp_path / "vault.py")
    with pytest.raises(submission.Unreadable, match="symbolic link"):
        submission.read(tmp_path / name, "vault")


# ---- what comes out ------------------------------------------------------------------------------

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(1)>=HYPERLINK("http://x")\x1b[2J\u202e"\'&]]>\n=1+1'
)
NAMES = [
    "../../stolen.ipynb",
    "/etc/stolen.ipynb",
    "=cmd|' /C calc'!A0.ipynb",
    "<script>x</script>.ipynb",
    "-1+1.py",
    "a\x00b.py",
]


@pytest.fixture(scope="module")
def results(workers: grade.Workers) -> list[Result]:
    """A learner who writes markup, formulas and terminal codes wherever a message may come from."""
    text = f"{honest({'double'})}\n\nclass {'Script'}(ValueError):\n    __name__ = {HOSTILE!r}\n\n\n"
    text += f"def double(x):\n    Script.__name__ = {HOSTILE!r}\n    raise Script({HOSTILE!r})\n"
    made = [
        grade.grade_notebook(
            ROOM, json.dumps(book([text])).encode(), name=name.removesuffix(".py") + ".ipynb", workers=workers
        )
        for name in NAMES
    ]
    assert all(HOSTILE[:8] in result.tasks[0].message for result in made)  # the message is shown as it is
    return made


def test_no_format_runs_or_leads_anywhere(results: list[Result], tmp_path: Path) -> None:
    outside, inside = tmp_path / "a", tmp_path / "a" / "b" / "c"
    files = {"json_file": inside / "all.json", "html": inside / "pages", "junit": inside / "junit.xml"}
    files |= {"gradescope": inside / "gradescope", "csv_file": inside / "all.csv"}
    exports.write(results, **files)  # type: ignore[arg-type]
    assert all(path.is_relative_to(inside) for path in outside.rglob("*") if path.is_file())
    for page in (inside / "pages").iterdir():
        html = page.read_text()
        assert not re.search(r"<script|<img|<iframe|<[^>]+\son\w+=|javascript:", html, re.IGNORECASE), page
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e]", html), page
    rows = list(csv.reader(io.StringIO((inside / "all.csv").read_text())))
    assert len(rows) == len(NAMES) + 1
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@\t\r]|\s*-\D", cell)]
    ET.parse(inside / "junit.xml")
    told = json.loads((inside / "all.json").read_text())
    assert {one["points"] for one in told} == {ROOM.max_points - 3}
