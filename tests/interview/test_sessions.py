"""Quiz and mock interview with a terminal that answers by itself."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interview import drill, items, mock, napkin
from interview.asking import Asking, place_of, run_quiz
from interview.drill import DrillError, Verdict
from interview.progress import Progress
from interview.schema import Drill, Question
from interview.terminal import Leave, clock

CONCEPT = next(q for q in items.by_id().values() if q.kind in ("concept", "trade-off"))
NAPKIN = f"napkin/{napkin.NAMES[0]}#3"


class Script:
    """A terminal that types what it is told, key by key, and remembers what it was shown."""

    def __init__(self, typed: list[str], keys: str = "") -> None:
        self.typed, self.keys, self.shown = typed, list(keys), list[str]()

    def heading(self, text: str) -> None:
        self.shown.append(text)

    def show(self, text: str, *, style: str = "", indent: int = 0) -> None:
        self.shown.append(text)

    def write(self, draft: str, keep: Callable[[str], None], **options: object) -> str:
        if not self.typed:
            raise Leave
        text = self.typed.pop(0)
        for end in range(1, len(text) + 1):
            keep(draft + text[:end])
        if text.endswith("..."):
            raise Leave
        return draft + text

    def key(self, question: str, choices: list[str]) -> str:
        return self.keys.pop(0) if self.keys else choices[-1]


def asking(
    tmp_path: Path, wanted: list[str], terminal: Script, kind: str = "quiz", **settings: object
) -> Asking:
    store = Progress(tmp_path / "progress.db")
    session = store.take_up(kind) or store.begin(kind, dict(settings), wanted)
    return Asking(session, store, terminal, tmp_path / "files")  # type: ignore[arg-type]


def right(item: str) -> str:
    problem = items.look_up(item)
    assert isinstance(problem, napkin.Problem)
    return f"{problem.answer:.9g}"


def test_a_quiz_keeps_scores_and_shows_the_answer(tmp_path: Path) -> None:
    screen = Script(["because", right(NAPKIN)], "y" * len(CONCEPT.rubric) + "lfwn")
    quiz = asking(tmp_path, [f"bank/{CONCEPT.id}", NAPKIN], screen)
    run_quiz(quiz)
    first, second = quiz.progress.answers(quiz.session)
    assert (first.typed, first.points, first.most) == ("because", CONCEPT.points, CONCEPT.points)
    assert (second.points, second.most) == (1.0, 1.0)
    assert CONCEPT.long in screen.shown and CONCEPT.wrong.why in screen.shown
    assert quiz.progress.take_up("quiz") is None


def test_a_quiz_left_in_mid_answer_goes_on_in_mid_answer(tmp_path: Path) -> None:
    quiz = asking(tmp_path, [f"bank/{CONCEPT.id}"], Script(["half an answ..."]))
    with pytest.raises(Leave):
        run_quiz(quiz)
    again = asking(tmp_path, [], Script([" and the rest"], "n" * len(CONCEPT.rubric)))
    assert again.session == quiz.session
    run_quiz(again)
    (answer,) = again.progress.answers(again.session)
    assert (answer.typed, answer.points) == ("half an answ... and the rest", 0.0)


def test_a_half_rubric_point_is_half_its_points(tmp_path: Path) -> None:
    quiz = asking(tmp_path, [f"bank/{CONCEPT.id}"], Script(["so"], "h" * len(CONCEPT.rubric)))
    run_quiz(quiz)
    assert quiz.progress.answers()[0].points == CONCEPT.points / 2


def test_a_number_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    screen = Script(["many", right(NAPKIN)])
    quiz = asking(tmp_path, [NAPKIN], screen)
    run_quiz(quiz)
    assert quiz.progress.answers()[0].points == 1.0
    problem = items.look_up(NAPKIN)
    assert isinstance(problem, napkin.Problem) and set(problem.steps) <= set(screen.shown)


def test_a_question_that_is_no_longer_in_the_bank_is_passed_over(tmp_path: Path) -> None:
    quiz = asking(tmp_path, ["bank/gone-for-good", NAPKIN], Script([right(NAPKIN)]))
    run_quiz(quiz)
    assert [answer.item for answer in quiz.progress.answers()] == [NAPKIN]


# ---- choosing ----------------------------------------------------------------------------------------------


def test_what_is_due_comes_first_then_what_is_new() -> None:
    now = datetime.now(UTC)
    among = items.every()[:20]
    due = {
        among[7]: now - timedelta(days=1),
        among[3]: now - timedelta(days=2),
        among[5]: now + timedelta(days=9),
    }
    chosen = items.choose(items.Wish(), 20, due=due, seed=1, among=among)
    names = [item.partition("#")[0] for item in chosen]
    assert names[:2] == [among[3], among[7]] and names[-1] == among[5] and sorted(names) == sorted(among)
    assert chosen == items.choose(items.Wish(), 20, due=due, seed=1, among=among)
    assert chosen != items.choose(items.Wish(), 20, due=due, seed=2, among=among)


def test_a_wish_is_kept() -> None:
    wish = items.Wish(topics=("pruning",), levels=("mid",), kinds=("trade-off", "concept"))
    chosen = items.choose(wish, 50, due={}, seed=0)
    assert chosen
    for item in chosen:
        topic, level, kind = items.about(item)
        assert (topic, level) == ("pruning", "mid") and kind in wish.kinds


def test_the_weakest_topic_comes_first() -> None:
    scores = [("a", 1.0, 1.0), ("b", 0.0, 1.0), ("a", 0.5, 1.0), ("c", 0.6, 1.0)]
    assert [topic for topic, _, _ in items.weakest(scores)] == ["b", "c", "a"]


# ---- mock interview ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", items.LEVELS)
@pytest.mark.parametrize("minutes", [20, 45, 90])
def test_an_interview_is_balanced_and_fits_its_time(level: str, minutes: int) -> None:
    plan = mock.compose(minutes, level, due={}, seed=7)
    kinds = [items.about(item)[2] for item, _ in plan]
    assert {"napkin arithmetic", "code", "system design"} <= set(kinds)
    assert set(kinds) & {"concept", "trade-off", "derivation", "debugging"}
    assert sum(limit for _, limit in plan) <= minutes + 1e-9
    assert sum(limit for _, limit in plan) >= 0.6 * minutes
    allowed = items.LEVELS[max(0, items.LEVELS.index(level) - 1) : items.LEVELS.index(level) + 1]
    assert {items.about(item)[1] for item, _ in plan if items.about(item)[2] != "code"} <= set(allowed)
    assert plan == mock.compose(minutes, level, due={}, seed=7)


def test_an_interview_ends_with_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = next(q for q in items.by_id().values() if q.drill)
    said = Verdict(1.0, 4.0, "partial", ("failed: one - two",))
    monkeypatch.setattr(drill, "judge", lambda *_: said)
    plan = [f"bank/{CONCEPT.id}", NAPKIN, f"bank/{code.id}"]
    screen = Script(["a word", right(NAPKIN)], "f" + "y" * len(CONCEPT.rubric))
    talk = asking(tmp_path, plan, screen, "mock", level="senior", minutes=30, minutes_each=[5, 3, 15])
    mock.run(talk, tmp_path / "report.md")
    report = (tmp_path / "report.md").read_text()
    strong, weak = report.partition("Weak topics: ")[::2]
    assert CONCEPT.topic.replace("_", " ") in strong
    assert code.topic in weak.splitlines()[0]
    assert "1 of 4" in report and talk.progress.take_up("mock") is None
    assert (tmp_path / "files" / f"{code.drill.task}.py").exists()  # type: ignore[union-attr]


def test_time_that_is_up_leaves_the_rest_unasked(tmp_path: Path) -> None:
    talk = asking(tmp_path, [NAPKIN, NAPKIN], Script([]), "mock", level="mid", minutes=0, minutes_each=[0, 0])
    mock.run(talk, tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text().count("not reached") == 2


def test_the_clock_of_an_interview_counts_what_was_spent_before(tmp_path: Path) -> None:
    talk = asking(tmp_path, [NAPKIN], Script([]), "mock", level="mid", minutes=1, minutes_each=[1])
    talk.progress.keep(talk.session, 0, "", topic="pruning", seconds=59.0)
    talk.refresh()
    ends = talk.ends(1, 59.0)
    assert ends is not None and 0 < ends - time.monotonic() <= 1.0


# ---- drills ------------------------------------------------------------------------------------------------


def test_every_drill_has_its_task_and_a_stub() -> None:
    drills = [q.drill for q in items.by_id().values() if q.drill]
    assert drills
    for one in drills:
        text = drill.stub(one)
        assert f"def {one.task}(" in text and "NotImplementedError" in text and "import" in text
    with pytest.raises(DrillError, match="has the task nothing"):
        drill.stub(Drill(room="pruning", task="nothing", minutes=5))


def test_a_file_that_was_begun_is_not_overwritten(tmp_path: Path) -> None:
    one = Drill(room="pruning", task="threshold_mask", minutes=5)
    path = drill.start(one, tmp_path)
    path.write_text("mine")
    assert drill.start(one, tmp_path).read_text() == "mine"


def test_the_judge_says_what_a_right_and_an_unwritten_answer_are_worth(tmp_path: Path) -> None:
    one = Drill(room="pruning", task="threshold_mask", minutes=5)
    path = drill.start(one, tmp_path)
    unwritten = drill.judge(one, path)
    assert (unwritten.points, unwritten.status) == (0.0, "not_attempted")
    path.write_text(
        "def threshold_mask(weight, threshold):\n    if threshold < 0:\n"
        "        raise ValueError(f'threshold must not be negative, got {threshold}')\n"
        "    return weight.abs() > threshold\n"
    )
    written = drill.judge(one, path)
    assert written.points == written.most > 0
    path.write_text("def threshold_mask(:\n")
    assert drill.judge(one, path).points == 0


def test_places_and_clocks_are_readable() -> None:
    assert place_of("pruning#3 By hand") == '"3 By hand" in lessons/02_pruning.ipynb'
    assert [clock(245), clock(59.6), clock(-3)] == ["4:05", "1:00", "0:00"]


def test_every_question_of_code_asks_for_a_judged_task() -> None:
    from autograder.rooms import find_room

    tasks = {
        room: find_room(room).tasks for room in {q.drill.room for q in items.by_id().values() if q.drill}
    }
    for question in items.by_id().values():
        if isinstance(question, Question) and question.drill:
            assert question.drill.task in tasks[question.drill.room], question.id
