"""The pages: nothing in them runs or asks anybody, hostile text stays text, any width of screen shows them.

The static tests read the pages with an HTML parser. The browser's need chromium (apt-get install chromium).
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder import exports, overview, pages
from autograder.diagnosis import where
from autograder.report import CheckResult, Result, Status, TaskResult

EVIL = "</style></title><script>alert(1)</script><img src=http://evil onerror=x>\"'&\u202e\x1b[31m"
LONG = "x" * 400
LESSON = "lessons/02_pruning.ipynb#3-By-hand"
STATUSES: list[Status] = [
    "passed", "partial", "failed", "missing", "not_attempted", "error", "timeout", "crashed", "out_of_memory",
    "bad_return", "not_run",
]  # fmt: skip
KNOWN = "Your results equal those of a known mistake: Forgets abs()."


def a_task(status: Status, name: str = "", message: str = "expected 3, got 2") -> TaskResult:
    name, passed = name or f"task_of_{status}", status == "passed"
    points = {"passed": 2.0, "partial": 0.5}.get(status, 0.0)
    said = "" if passed else message
    checks = [
        CheckResult(name="six weights by hand", passed=passed, points=points, max_points=1.0, message=said,
                    hint="" if passed else "All the same?", status=status),
        CheckResult(name="any shape", passed=True, points=1.0, max_points=1.0),
    ]  # fmt: skip
    known = f"{said} {KNOWN}{where(LESSON)}" if status == "failed" else said
    return TaskResult(
        name=name, points=points, max_points=2.0, status=status, message=known, checks=checks,
        mistake="magnitude_mask__forgets_abs" if status == "failed" else "", lesson="" if passed else LESSON,
    )  # fmt: skip


def a_result(learner: str, tasks: list[TaskResult], **more: Any) -> Result:
    given: dict[str, Any] = {
        "room": "02_pruning", "submission": "work.ipynb", "learner": learner, "sandbox": "full",
        "seed": 987654, "seconds": 1.0, "status": "judged", "points": sum(task.points for task in tasks),
        "max_points": sum(task.max_points for task in tasks), "tasks": tasks, "metrics": {},
    }  # fmt: skip
    return Result.model_validate(given | more)


def a_class() -> list[Result]:
    """Every status, hostile and endless text, and what could not be judged."""
    results = [a_result("Ana Lovelace", [a_task(status) for status in STATUSES])]
    results[0].metrics = {"compression_ratio": 12.25, "accuracy": 0.9812, "bytes": 123456.0, "board": 12.25}
    results.append(a_result("All right", [a_task("passed", f"task_{at}") for at in range(4)]))
    results.append(a_result("Nothing", [a_task("not_attempted")]))
    results.append(a_result(EVIL, [a_task("failed", EVIL, EVIL)], metrics={EVIL: 1.0}))
    results.append(a_result(LONG, [a_task("error", LONG, LONG)]))
    nothing: dict[str, Any] = {"tasks": [], "points": 0.0, "max_points": 39.0}
    results.append(a_result("Broken", status="unreadable", message=EVIL, **nothing))
    results.append(a_result("Fault", status="infra_error", message=LONG, **nothing))
    return results


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    exports.write(a_class(), html=folder, lessons="https://example.org/course/")
    return folder


class Elements(HTMLParser):
    """All start tags with their attributes, and the text outside the style sheet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "rect", "path", "line", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "path", "line"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


KNOWN_TAGS = {
    "html", "head", "meta", "title", "style", "body", "p", "h1", "h2", "h3", "div", "span", "b", "br", "code",
    "ul", "ol", "li", "dl", "dt", "dd", "a", "details", "summary", "section", "footer", "small", "table",
    "tr", "th", "td", "svg", "rect", "path", "line", "text",
}  # fmt: skip


def test_nothing_runs_and_nobody_is_asked(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert len(files) == len(a_class()) + 1
    for file in files:
        page = Elements(file.read_text(encoding="utf-8"))
        assert page.open == [], "a tag was left open"
        assert {tag for tag, _ in page.tags} <= KNOWN_TAGS
        for tag, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")]
            for name in ("href", "action", "data", "xlink:href"):
                value = attributes.get(name) or ""
                inside = value.startswith("#") or re.fullmatch(r"[\w.%@+-]+\.html", value)
                lesson = value.startswith("https://example.org/course/lessons/")
                assert not value or (tag == "a" and (inside or lesson)), value
        style = file.read_text(encoding="utf-8").partition("<style>")[2].partition("</style>")[0]
        assert not re.search(r"url\(|@import|@font-face|expression", style)


def test_the_policy_allows_the_page_its_style_and_nothing_else(folder: Path) -> None:
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        style = text.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        metas = [attributes for tag, attributes in Elements(text).tags if tag == "meta"]
        policy = next(one["content"] for one in metas if one.get("http-equiv") == "Content-Security-Policy")
        others = "base-uri 'none'; form-action 'none'"
        assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; {others}"


def test_hostile_text_is_shown_as_it_was_written(folder: Path) -> None:
    name = exports.page_names(a_class())[3]
    page = Elements((folder / f"{name}.html").read_text(encoding="utf-8"))
    assert page.text.count("<script>alert(1)</script>") >= 5
    assert "\x1b" not in page.text and "\u202e" not in page.text


def test_the_page_says_what_was_expected_the_hint_the_mistake_and_the_lesson(folder: Path) -> None:
    text = (folder / "Ana_Lovelace.html").read_text(encoding="utf-8")
    page = Elements(text)
    assert "expected 3, got 2" in page.text and "Hint: All the same?" in page.text
    assert f'<p class="mistake">{KNOWN}</p>' in text, "without the check's words and the lesson again"
    link = "https://example.org/course/lessons/02_pruning.ipynb#3-By-hand"
    assert [attributes.get("href") for tag, attributes in page.tags].count(link) == len(STATUSES) - 1
    assert "Look at these first" in page.text and "12.2 times" in page.text and "98.12 %" in page.text
    assert all(pages.WORDS[status] in page.text for status in STATUSES)
    assert "987654" not in text, "the seed is the instructor's"
    assert text.count('<details class="task"') == 1, "the passed task is folded"


def test_without_an_address_the_lesson_is_named_in_words() -> None:
    page = Elements(pages.page(a_class()[0]))
    assert "In the lesson lessons/02_pruning.ipynb: 3 By hand" in page.text
    assert not [attributes for tag, attributes in page.tags if "http" in str(attributes.get("href"))]


def test_what_was_not_judged_shows_no_points() -> None:
    fault, broken = (Elements(pages.page(result)).text for result in (a_class()[6], a_class()[5]))
    assert "not judged" in fault and "not yours" in fault and "points" not in fault
    assert LONG not in fault, "what broke inside the judge is no learner's business"
    assert "could not be read" in broken


def test_the_overview_counts() -> None:
    results = a_class()[:3] + [a_result(f"Learner {at}", [a_task("failed")]) for at in range(7)]
    text = Elements(overview.page(results, [f"{at}.html" for at in range(10)])).text
    said = overview.in_words("magnitude_mask__forgets_abs", "02_pruning")
    assert "signed" in said and f"8 learners: task_of_failed {said}" in text, "Ana and the seven"
    assert "handed in10" in text and "everything right1" in text
    assert "8 of 8" in text and "task_of_failed: six weights by hand" in text
    assert "Ana Lovelaceended its process: task_of_crashed; took too long: task_of_timeout" in text


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_a_class_of_any_size_has_an_overview(count: int, tmp_path: Path) -> None:
    tasks = [a_task(status) for status in STATUSES]
    results = [a_result(f"Learner {at:04}", tasks, submission=f"{at}.ipynb") for at in range(count)]
    text = overview.page(results, [f"{at}.html" for at in range(count)])
    assert text.count('.html">Learner') == 2 * count, "in the table, and among those to look at"
    assert len(text) < 1500 * count + 20_000


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HARNESS = """<!DOCTYPE html><body style="margin:0"><pre id="said"></pre>{frames}<script>
addEventListener("load", () => {{
  const lines = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument.documentElement, wide = [];
    for (const one of frame.contentDocument.body.querySelectorAll("*")) {{
      const box = one.getBoundingClientRect();
      if (box.right > page.clientWidth + 1 || box.left < -1) wide.push(one.tagName + "." + one.className);
    }}
    const size = [page.scrollWidth, page.clientWidth, page.scrollHeight];
    lines.push([frame.title, ...size, wide.slice(0, 3)].join(" "));
  }}
  document.getElementById("said").textContent = lines.join("\\n");
}});
</script>"""
FRAME = '<iframe title="{title}" src="{source}" style="width:{width}px;height:800px;border:0"></iframe>'


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone_or_a_desktop(folder: Path, tmp_path: Path, scheme: str) -> None:
    """The harness, not the page, holds a script: it asks each frame how wide its page came out."""
    files = sorted(folder.iterdir())
    frames = [
        FRAME.format(title=f"{at}-{width}", source=file.as_uri(), width=width)
        for at, file in enumerate(files)
        for width in (320, 360, 1280)
    ]
    harness = tmp_path / "harness.html"
    harness.write_text(HARNESS.format(frames="".join(frames)), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    flags += ["--force-dark-mode"] if scheme == "dark" else []
    asked = [str(CHROMIUM), *flags, harness.as_uri()]
    places = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        asked, capture_output=True, text=True, check=False, timeout=240, env={**os.environ, **places}
    )
    said = done.stdout.partition('<pre id="said">')[2].partition("</pre>")[0].splitlines()
    assert len(said) == len(frames), done.stderr[-2000:]
    for line in said:
        title, scroll, client, height, *wide = line.split(" ")
        assert int(scroll) <= int(client), f"{files[int(title.split('-')[0])].name} at {title}: {wide}"
        assert int(height) > 150, "an empty page"
        assert not any(wide), f"{title}: {wide} stand out of the page"
