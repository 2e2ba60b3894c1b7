"""The file of a candidate's answers: killed at any moment, opened by two programs, and what comes up when."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fsrs import Rating

from interview import progress
from interview.progress import Progress, ProgressError

ITEMS = ["bank/one", "napkin/two#7", "bank/three"]
TYPE = """
import sys
from pathlib import Path
from interview.progress import Progress

store = Progress(Path(sys.argv[1]))
session = store.take_up("quiz") or store.begin("quiz", {}, ["bank/one"])
print(session.id, flush=True)
for count in range(1, 1_000_000):
    store.keep(session, 0, "x" * count, topic="pruning", seconds=count / 10)
    print(count, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "below" / "progress.db")


def typist(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", TYPE, str(path)], stdout=subprocess.PIPE, text=True)


def read_until(program: subprocess.Popen[str], least: int) -> None:
    assert program.stdout is not None
    for line in program.stdout:
        if int(line) >= least:
            return
    raise AssertionError("the program ended by itself")


def test_kill_9_while_typing_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    for least in (5, 30, 60):
        program = typist(path)
        read_until(program, least)
        program.send_signal(signal.SIGKILL)
        rest = program.communicate()[0].split()
        last = max([least, *map(int, rest)])
        store = Progress(path)
        (answer,) = store.answers()
        assert len(answer.typed) >= last and set(answer.typed) == {"x"} and not answer.answered
        store.close()


def test_a_session_of_a_killed_program_goes_on_and_that_of_a_running_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    program = typist(path)
    read_until(program, 3)
    store = Progress(path)
    assert store.take_up("quiz") is None, "it is held by a program that runs"
    assert store.take_up("mock") is None
    program.kill()
    program.wait()
    session = store.take_up("quiz")
    assert session is not None and session.items == ("bank/one",)
    assert store.take_up("quiz") == session, "what is ours we get again"
    store.end(session)
    assert store.take_up("quiz") is None


def test_two_sessions_at_once_lose_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    Progress(path).close()

    def work(name: str) -> None:
        mine = Progress(path)
        session = mine.begin("quiz", {}, [f"bank/{name}-{k}" for k in range(40)])
        for place in range(40):
            mine.keep(session, place, f"answer {place}", topic=name, seconds=1.0)
            mine.score(session, place, 1.0, 2.0)
        mine.end(session)
        mine.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = Progress(path)
    answers = store.answers()
    assert len(answers) == 80 and len(store.due()) == 80
    assert all(answer.typed == f"answer {answer.place}" and answer.share == 0.5 for answer in answers)


def test_what_was_known_comes_later_than_what_was_not(store: Progress) -> None:
    session = store.begin("quiz", {"language": "en"}, ITEMS)
    for place, points in enumerate((10.0, 0.0, 8.0)):
        store.keep(session, place, "", topic="pruning", seconds=1)
        store.score(session, place, points, 10.0)
    due = store.due()
    assert set(due) == {"bank/one", "napkin/two", "bank/three"}, (
        "arithmetic is remembered without its numbers"
    )
    assert due["napkin/two"] < due["bank/three"] < due["bank/one"]
    assert due["bank/one"] > datetime.now(UTC) + timedelta(days=2)


def test_scoring_again_moves_the_same_card(store: Progress) -> None:
    for _ in range(2):
        session = store.begin("quiz", {}, ITEMS[:1])
        store.keep(session, 0, "yes", topic="pruning", seconds=1)
        store.score(session, 0, 1.0, 1.0)
    assert len(store.due()) == 1 and len(store.answers()) == 2


@pytest.mark.parametrize(
    ("share", "grade"),
    [(0.0, Rating.Again), (0.49, Rating.Again), (0.5, Rating.Hard), (0.7, Rating.Good), (1.0, Rating.Easy)],
)
def test_points_become_the_scheduler_s_grades(share: float, grade: Rating) -> None:
    assert progress.rating(share) == grade


def test_a_failed_change_changes_nothing(store: Progress) -> None:
    session = store.begin("quiz", {}, ITEMS)
    store.keep(session, 0, "kept", topic="pruning", seconds=1)

    def fail_half_way() -> None:
        with store.change():
            store.file.execute("UPDATE answers SET typed = 'lost'")
            store.file.execute("no statement")

    with pytest.raises(sqlite3.OperationalError):
        fail_half_way()
    assert store.answers(session)[0].typed == "kept"


def test_what_is_no_progress_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, and long enough to be no database at all\n" * 40)
    with pytest.raises(ProgressError, match=r"notes\.txt is no progress file.*--progress"):
        Progress(path)
    newer = Progress(tmp_path / "newer.db")
    newer.file.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(ProgressError, match="newer version"):
        Progress(tmp_path / "newer.db")


def test_a_program_is_known_by_number_and_birth() -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    time.sleep(0.1)
    import psutil

    born = psutil.Process(sleeper.pid).create_time()
    assert progress.runs(f"{sleeper.pid} {born:.2f}")
    assert not progress.runs(f"{sleeper.pid} {born - 5:.2f}")
    sleeper.kill()
    sleeper.wait()
    assert not progress.runs(f"{sleeper.pid} {born:.2f}") and not progress.runs("nonsense")
