"""Every format: our output and a sample of the real one obey the same rules, and nothing in it is a formula,
a made-up zero, a date or somebody else's file.
"""

import csv
import difflib
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from autograder import exports, gradebooks, sheets
from autograder.report import CheckResult, Result, Status, TaskResult

SAMPLES = Path(__file__).resolve().parent / "samples"
EVIL = "=HYPERLINK(\"http://evil\")<script>alert(1)</script>&]]>\uffff\x00\x1b[31m"


def a_task(name: str, points: float, most: float, status: Status = "partial", **more: Any) -> TaskResult:
    passed = status == "passed"
    said, hint = ("", "") if passed else ("expected 3, got 2", "Off by one?")
    check = CheckResult(
        name=f"{name} by hand", passed=passed, points=points, max_points=most, status=status,
        message=said, hint=hint,
    )  # fmt: skip
    return TaskResult(
        name=name, points=points, max_points=most, status=status, message=said, checks=[check], **more
    )


def a_result(learner: str = "", submission: str = "work.ipynb", points: float = 30.5, **more: Any) -> Result:
    tasks = [
        a_task("magnitude_mask", points - 4, 35.0, mistake="magnitude_mask__forgets_abs",
               lesson="lessons/02_pruning.ipynb#3-By-hand"),
        a_task("taylor_scores", 4.0, 4.0, "passed"),
    ]  # fmt: skip
    given = {
        "room": "02_pruning", "submission": submission, "learner": learner, "points": points,
        "max_points": 39.0, "sandbox": "full", "seed": 7, "seconds": 1.5, "status": "judged", "tasks": tasks,
        "metrics": {"compression_ratio": 12.25},
    }  # fmt: skip
    return Result.model_validate(given | more)


def a_fault(learner: str, **more: Any) -> Result:
    nothing: dict[str, Any] = {"points": 0.0, "tasks": [], "metrics": {}}
    return a_result(learner, status="infra_error", message="no worker", **nothing, **more)


def an_unreadable(learner: str) -> Result:
    nothing: dict[str, Any] = {"points": 0.0, "tasks": [], "metrics": {}}
    return a_result(learner, status="unreadable", message="its JSON is broken", **nothing)


# Gradescope

Visible = Literal["visible", "hidden", "after_due_date", "after_published"]
Format = Literal["text", "simple_format", "html", "md", "ansi"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class GradescopeTest(Strict):
    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    name: str = ""
    name_format: Format = "text"
    number: str = ""
    output: str = ""
    output_format: Format = "text"
    tags: list[str] = []
    visibility: Visible = "visible"
    extra_data: dict[str, Any] = {}


class LeaderboardEntry(Strict):
    name: str
    value: float | str
    order: Literal["asc", "desc"] = "desc"


class Gradescope(Strict):
    score: float | None = None
    execution_time: float | None = None
    output: str = ""
    output_format: Format = "simple_format"
    test_output_format: Format = "text"
    test_name_format: Format = "text"
    visibility: Visible = "visible"
    stdout_visibility: Visible = "hidden"
    extra_data: dict[str, Any] = {}
    tests: list[GradescopeTest] = []
    leaderboard: list[LeaderboardEntry] = []


def test_gradescope_gets_what_its_specification_describes(tmp_path: Path) -> None:
    Gradescope.model_validate_json((SAMPLES / "gradescope_results.json").read_text())
    exports.write([a_result("Ana")], gradescope=tmp_path / "results.json")
    made = Gradescope.model_validate_json((tmp_path / "results.json").read_text())
    assert made.score == 30.5 == sum(test.score or 0 for test in made.tests)
    assert {made.output_format, made.test_output_format, made.test_name_format} == {"text"}
    assert [entry.name for entry in made.leaderboard] == ["compression_ratio"]
    assert made.leaderboard[0].order == "desc"
    assert made.extra_data["mistakes"] == {"magnitude_mask": "magnitude_mask__forgets_abs"}
    assert '3 By hand" in lessons/02_pruning.ipynb' in made.output
    exports.write([an_unreadable("Ben")], gradescope=tmp_path / "results.json")
    made = Gradescope.model_validate_json((tmp_path / "results.json").read_text())
    assert made.score == 0 and "its JSON is broken" in made.output


# Classroom 50

Instant = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$")]
Filled = Annotated[str, Field(min_length=1)]
Whole = Annotated[int, Field(ge=0)]


class Classroom50Test(Strict):
    model_config = ConfigDict(extra="allow")
    test_name: Filled = Field(alias="test-name")
    passed: bool
    score: Whole
    max_score: Whole = Field(alias="max-score")


class Classroom50(Strict):
    schema_: Literal["classroom50/result/v1"] = Field(alias="schema")
    classroom: Filled
    assignment: Filled
    assignment_type: Literal["individual", "group"]
    owner: Filled
    submission: Annotated[str, Field(pattern="^submit/")]
    commit: Filled
    release: Filled
    review: Filled
    datetime: Instant
    graded_at: Instant | None = None
    score: Whole
    max_score: Whole = Field(alias="max-score")
    tests: list[Classroom50Test]
    submitted_by: dict[str, str | int] | None = None


def test_classroom_50_gets_whole_numbers_of_the_same_share(tmp_path: Path) -> None:
    Classroom50.model_validate_json((SAMPLES / "classroom50_result.json").read_text())
    runner = {
        "CLASSROOM": "shrink", "ASSIGNMENT": "pruning", "USERNAME": "ana", "COMMIT_URL": "https://c",
        "RELEASE_URL": "https://r", "REVIEW_URL": "", "SUBMISSION_TAG": "submit/1",
    }  # fmt: skip
    for environment in (runner, {}):
        exports.write([a_result("Ana")], classroom50=tmp_path / "result.json", environment=environment)
        made = Classroom50.model_validate_json((tmp_path / "result.json").read_text())
        assert (made.score, made.max_score) == (3050, 3900)
        assert made.score == sum(test.score for test in made.tests)
        assert all(test.score <= test.max_score for test in made.tests)
        assert made.owner.lower() == "ana"
    exports.write([an_unreadable("Ben")], classroom50=tmp_path / "result.json", environment={})
    made = Classroom50.model_validate_json((tmp_path / "result.json").read_text())
    assert (made.score, made.max_score) == (0, 3900)


# JUnit: element -> (attributes it must have, attributes it may have, children it may have)
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name"}, {"classname", "time", "group"}, {"skipped", "error", "failure", "system-out"}),
    **dict.fromkeys(("skipped", "error", "failure"), (set(), {"type", "message"}, set())),
    **dict.fromkeys(("system-out", "system-err"), (set(), set(), set())),
}


def obeys_junit(root: ET.Element) -> None:
    assert root.tag in ("testsuites", "testsuite")
    for element in root.iter():
        needed, allowed, children = JUNIT[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed, element.attrib
        assert {child.tag for child in element} <= children
    for suite in root.iter("testsuite"):
        cases = list(suite.iter("testcase"))
        kinds = {"tests": len(cases)}
        for kind in ("failure", "error"):
            kinds[f"{kind}s"] = sum(case.find(kind) is not None for case in cases)
        assert {name: int(suite.get(name, "")) for name in kinds} == kinds


def test_junit_is_what_ci_servers_read(tmp_path: Path) -> None:
    obeys_junit(ET.parse(SAMPLES / "junit.xml").getroot())
    slow = a_result("Chi", tasks=[a_task(EVIL, 0, 1, "timeout"), a_task("taylor_scores", 0, 1, "not_run")])
    exports.write([a_result("Ana"), an_unreadable(EVIL), slow, a_fault("Dee")], junit=tmp_path / "j.xml")
    root = ET.parse(tmp_path / "j.xml").getroot()
    obeys_junit(root)
    ana, ben, chi, dee = root
    assert (ana.get("failures"), ben.get("errors")) == ("1", "1")
    assert (chi.get("errors"), dee.get("skipped")) == ("2", "1")
    assert ana.find("properties/property[@name='points']").get("value") == "30.5"  # type: ignore[union-attr]
    assert dee.find("properties") is None
    assert "time" not in {name for element in root.iter() for name in element.attrib}


# CSV

HOSTILE = [
    "=1+1", "+1", "-Ana", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\uff1d1",
    "\uff0b1", "\uff0d1", "\uff201", "\u22121", "|calc", "%0A=1", EVIL, 'say "=1"', "a,b;c\nd", "'=1", "=",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_begins_a_formula_and_every_row_has_all_columns(name: str, tmp_path: Path) -> None:
    results = [a_result(name, submission=f"{name}.ipynb"), a_fault(name, submission=name)]
    exports.write(results, csv_file=tmp_path / "a.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_bytes().decode(), newline="")))
    assert len(rows) == 3 and len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        seen = re.sub(r"^[\s\u200b-\u200d\u2060\ufeff]+", "", cell)
        assert not re.match("[=+\\-@|%\uff1d\uff0b\uff0d\uff20\u2212]", seen), cell
        assert "\n" not in cell and "\t" not in cell


def test_numbers_stay_numbers_and_a_fault_has_none(tmp_path: Path) -> None:
    results = [a_result("-Ana"), an_unreadable("Ben"), a_fault("Chi")]
    notes = exports.write(results, csv_file=tmp_path / "a.csv")
    ana, ben, chi = csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text()))
    assert (ana["learner"], ana["points"], ana["max points"]) == ("'-Ana", "30.5", "39")
    assert (ana["magnitude_mask"], ana["magnitude_mask status"]) == ("26.5", "partial")
    assert (ana["mistakes"], ana["compression_ratio"]) == ("magnitude_mask__forgets_abs", "12.25")
    assert (ben["points"], ben["status"]) == ("0", "unreadable")
    assert (chi["points"], chi["status"], chi["magnitude_mask"]) == ("", "infra_error", "")
    assert notes == ["Chi: not judged, a fault of the judge; no grade is written"]


# Canvas

def cells(path: Path, delimiter: str = ",") -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def changed(before: Path, after: Path) -> list[tuple[str, str]]:
    """(taken out, put in) for every place where the bytes differ."""
    old, new = before.read_bytes().decode(), after.read_bytes().decode()
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[a:b], new[c:d]) for kind, a, b, c, d in steps if kind != "equal"]


def test_canvas_keeps_every_byte_but_the_grades(tmp_path: Path) -> None:
    learners = ["501", "BOKAFOR", "Elif Yılmaz", "chiara  rossi", "Grace Kim", "gkim2"]
    learners += ["Nobody", "trouble"]
    results = [a_result(name, f"{name}.ipynb", 30.5 - at) for at, name in enumerate(learners)]
    results[7] = a_fault("trouble")
    source, target = SAMPLES / "canvas.csv", tmp_path / "canvas.csv"
    notes = exports.write(results, canvas=target, canvas_from=source)
    at = cells(source)[0].index("Pruning (102)")
    grades = {row[1]: row[at] for row in cells(target)[3:] if len(row) > at}
    expected = {"501": "30.5", "502": "29.5", "505": "28.5", "507": "27.5", "504": "25.5"}
    assert grades == dict.fromkeys(("503", "506", "599"), "") | expected
    edits = changed(source, target)
    assert all(re.fullmatch(r"[\d.EX]*", out) for out, _ in edits)
    assert all(re.fullmatch(r"[\d.,]*", new) for _, new in edits)
    kept = [[cell for place, cell in enumerate(row) if place != at] for row in cells(source)]
    assert [[cell for place, cell in enumerate(row) if place != at] for row in cells(target)] == kept
    said = "\n".join(notes)
    assert "Nobody is not in canvas.csv: enter 24.5 points by hand" in said
    assert "Grace Kim stands in several rows of canvas.csv" in said
    assert "trouble: not judged" in said and "Student, Test" in said


def test_canvas_with_decimal_commas_and_another_maximum(tmp_path: Path) -> None:
    source, target = SAMPLES / "canvas_semicolons.csv", tmp_path / "canvas.csv"
    notes = exports.write([a_result("501", points=19.5)], canvas=target, canvas_from=source)
    assert changed(source, target) == [("", "50")]
    assert any("counts to 100, the room to 39: grades were scaled" in note for note in notes)


def test_two_submissions_of_one_learner_are_named_and_neither_is_entered(tmp_path: Path) -> None:
    source, target = SAMPLES / "canvas.csv", tmp_path / "canvas.csv"
    results = [a_result("501", "first.ipynb"), a_result("alovelace", "second.ipynb")]
    notes = exports.write(results, canvas=target, canvas_from=source)
    assert target.read_bytes() == source.read_bytes()
    both = "several submissions, none entered: 501 (first.ipynb), alovelace (second.ipynb)"
    assert any(both in note for note in notes)


def test_a_read_only_or_unclear_column_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    source = SAMPLES / "canvas.csv"
    exports.check("02_pruning", canvas_from=source)
    exports.check("02_pruning", canvas_from=source, canvas_column="Measuring")
    for column in ("Current Score", "Assignments Final Points", "Nothing", "Section"):
        with pytest.raises(exports.ExportError, match="Measuring \\(101\\), Pruning \\(102\\)"):
            exports.check("02_pruning", canvas_from=source, canvas_column=column)
    with pytest.raises(exports.ExportError, match="named after 04_distillation"):
        exports.check("04_distillation", canvas_from=source)
    for broken in (b"", b"\xff\xfe\x00a", b"a,b\n1,2\n", b'"Student,ID\n'):
        (tmp_path / "broken.csv").write_bytes(broken)
        with pytest.raises(exports.ExportError, match=r"broken\.csv"):
            exports.check("02_pruning", canvas_from=tmp_path / "broken.csv")
    with pytest.raises(exports.ExportError, match=r"absent\.csv cannot be read"):
        exports.check("02_pruning", moodle_from=tmp_path / "absent.csv")
    with pytest.raises(exports.ExportError, match="lacks Identifier"):
        exports.check("02_pruning", moodle_from=source)
    with pytest.raises(exports.ExportError, match="--canvas needs --canvas-from"):
        exports.write([a_result()], canvas=tmp_path / "out.csv")


SHEETS = ["a,b\n", "a,b", '"a\n""b""",c\r\nd', "\ufeffa;b\n;\n\n", 'a"b,c\n', "a\tb\n"]


@pytest.mark.parametrize("text", SHEETS)
def test_a_sheet_that_nobody_fills_comes_out_as_it_went_in(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode() + b"\xe9")
    sheet = sheets.read_sheet(path)
    assert sheets.filled(sheet, {}) == path.read_bytes()
    plain = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    own = csv.reader(io.StringIO(plain, newline=""), delimiter=sheet.delimiter)
    assert [[cell.value for cell in row] for row in sheet.rows if row[0].value or len(row) > 1] == [
        row for row in own if row
    ]


# Moodle

def test_moodle_gets_grades_and_escaped_feedback(tmp_path: Path) -> None:
    results = [a_result("Ana Lovelace"), a_result("9002", points=20)]
    results += [a_fault("elif@example.org"), a_result("m-4")]
    results[1].tasks[0].message = EVIL
    source, target = SAMPLES / "moodle.csv", tmp_path / "moodle.csv"
    notes = exports.write(results, moodle=target, moodle_from=source)
    old, new = cells(source), cells(target)
    grade, comments = old[0].index("Grade"), old[0].index("Feedback comments")
    assert [row[grade] for row in new[1:]] == ["30.5", "20", "", "30.00"]
    for before, after in zip(old, new, strict=True):
        kept = [place for place in range(len(before)) if place not in (grade, comments)]
        assert [before[place] for place in kept] == [after[place] for place in kept]
    told = "30.5 of 39 points<br>magnitude_mask: 26.5 of 35. expected 3, got 2<br>See"
    assert new[1][comments].startswith(told)
    assert "&lt;script&gt;" in new[2][comments] and "<script" not in new[2][comments]
    assert new[3][comments] == old[3][comments]
    assert any("Participant 9004: Moodle does not let the grade be changed" in note for note in notes)


# All of them

def everything(folder: Path, results: list[Result]) -> list[str]:
    return exports.write(
        results, json_file=folder / "r.json", html=folder / "pages", junit=folder / "j.xml",
        gradescope=folder / "gradescope", classroom50=folder / "classroom50", csv_file=folder / "t.csv",
        canvas=folder / "canvas.csv", canvas_from=SAMPLES / "canvas.csv", moodle=folder / "moodle.csv",
        moodle_from=SAMPLES / "moodle.csv", environment={},
    )  # fmt: skip


def test_the_same_results_give_the_same_bytes_whenever_they_were_judged(tmp_path: Path) -> None:
    def judged(seconds: float) -> list[Result]:
        results = [a_result("Ana", "a.ipynb"), an_unreadable("Ben"), a_fault("Chi")]
        results.append(a_result("Ana", "b.ipynb"))
        return [result.model_copy(update={"seconds": seconds, "cpu_seconds": seconds}) for result in results]

    everything(tmp_path / "one", judged(1.0))
    everything(tmp_path / "two", judged(2.0))
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one.keys() == two.keys()
    assert [path.name for path in one if one[path] != two[path]] == ["r.json"]


def test_no_submission_overwrites_the_page_of_another(tmp_path: Path) -> None:
    names = ["work.ipynb", "work.ipynb", "Work.ipynb", "overview", "../up", "a/b", "", "CON.ipynb"]
    names += [".hidden", "-x", "é" * 300, "e\u0301" * 300, "\U00020000" * 90, "work.ipynb-2", EVIL]
    everything(tmp_path, [a_result("", name) for name in names])
    pages = [path.name for path in (tmp_path / "pages").iterdir()]
    assert len({name.casefold() for name in pages}) == len(names) + 1
    assert all(len(name.encode()) < 255 and not name.startswith((".", "-")) for name in pages)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["r.json", "pages", "j.xml", "gradescope", "classroom50", "t.csv", "canvas.csv", "moodle.csv"]
    )
    assert "work.ipynb.html" in pages and "work.ipynb-2.html" in pages


def test_a_fault_of_the_judge_is_no_zero_anywhere(tmp_path: Path) -> None:
    (tmp_path / "gradescope").mkdir()
    (tmp_path / "gradescope" / "501.json").write_text("{}")  # from an earlier run
    notes = everything(tmp_path, [a_fault("501"), a_result("502")])
    assert [path.name for path in (tmp_path / "gradescope").iterdir()] == ["502.json"]
    assert [path.name for path in (tmp_path / "classroom50").iterdir()] == ["502.json"]
    assert "501: not judged, a fault of the judge; no grade is written" in notes
    page = (tmp_path / "pages" / "501.html").read_text()
    assert "not judged" in page and "0 of" not in page
    assert json.loads((tmp_path / "r.json").read_text())[0]["status"] == "infra_error"


def test_one_result_is_a_file_and_several_are_a_folder(tmp_path: Path) -> None:
    exports.write([a_result("Ana")], gradescope=tmp_path / "one.json", html=tmp_path / "one")
    exports.write([a_result("Ana"), a_result("Ben")], gradescope=tmp_path / "two", html=tmp_path / "pages")
    exports.write([a_result("Ana")], html=tmp_path / "class", whole_class=True)
    assert (tmp_path / "one.json").is_file()
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["Ana.json", "Ben.json"]
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["Ana.html"]
    assert sorted(path.name for path in (tmp_path / "class").iterdir()) == ["Ana.html", "overview.html"]
    assert gradebooks.grade_text(a_fault("Ana")) == "nothing"
