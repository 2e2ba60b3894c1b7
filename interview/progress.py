"""What a candidate has answered: one SQLite file, safe against a kill at any moment and two sessions at once.

A session is a list of items (see `interview.items`) that are answered one after the other. What is typed is
kept with every key, so a killed program goes on in the middle of a word. A session belongs to one running
program at a time; of a program that no longer runs, it is taken over. When an item comes up again is decided
by FSRS (package `fsrs`) from the points of its answers.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]
from fsrs import Card, Rating, Scheduler

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT / ".cache" / "interview" / "progress.db"
VERSION = 1
TABLES = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, settings TEXT NOT NULL, items TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT, holder TEXT NOT NULL
);
CREATE TABLE answers (
    session INTEGER NOT NULL REFERENCES sessions(id), place INTEGER NOT NULL, item TEXT NOT NULL,
    topic TEXT NOT NULL, typed TEXT NOT NULL, answered INTEGER NOT NULL DEFAULT 0, points REAL, most REAL,
    seconds REAL NOT NULL, at TEXT NOT NULL, PRIMARY KEY (session, place)
);
CREATE TABLE cards (item TEXT PRIMARY KEY, topic TEXT NOT NULL, card TEXT NOT NULL, due TEXT NOT NULL);
"""
SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)  # days, not minutes
GRADES = ((0.5, Rating.Again), (0.7, Rating.Hard), (0.95, Rating.Good))  # below this share of the points


class ProgressError(Exception):
    """The file cannot be used, or a session cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Session:
    """A quiz or a mock interview: its items in order, and how it was asked for."""

    id: int
    kind: str
    settings: dict[str, Any]
    items: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """One item of a session: what was typed so far, whether that is all, and what it was worth."""

    place: int
    item: str
    topic: str
    typed: str
    answered: int
    points: float | None
    most: float | None
    seconds: float

    @property
    def share(self) -> float:
        return (self.points or 0.0) / self.most if self.most else 0.0


class Progress:
    """The file, open. Every change is one transaction; none waits for the user."""

    def __init__(self, path: Path = DEFAULT) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self.file = sqlite3.connect(path, timeout=30, isolation_level=None)
            self.file.execute("PRAGMA journal_mode = WAL")
            self.file.execute("PRAGMA synchronous = FULL")
            with self.change():
                version = self.file.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    for statement in filter(str.strip, TABLES.split(";")):
                        self.file.execute(statement)
                    self.file.execute(f"PRAGMA user_version = {VERSION}")
        except sqlite3.DatabaseError as error:
            raise ProgressError(
                f"{path} is no progress file ({error}): name another with --progress"
            ) from None
        if version > VERSION:
            raise ProgressError(f"{path} was written by a newer version of the course: update the course")

    @contextmanager
    def change(self) -> Iterator[None]:
        """A transaction that has the file for itself."""
        self.file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.file.execute("ROLLBACK")
            raise
        self.file.execute("COMMIT")

    def begin(self, kind: str, settings: dict[str, Any], items: Sequence[str]) -> Session:
        """A new session, held by this program."""
        values = (kind, json.dumps(settings, sort_keys=True), json.dumps(list(items)), now(), holder())
        with self.change():
            row = self.file.execute(
                "INSERT INTO sessions (kind, settings, items, started, holder) VALUES (?, ?, ?, ?, ?)", values
            )
        return Session(int(row.lastrowid or 0), kind, settings, tuple(items))

    def take_up(self, kind: str) -> Session | None:
        """The newest unfinished session of this kind that no running program holds; it is now ours."""
        with self.change():
            rows = self.file.execute(
                "SELECT id, settings, items, holder FROM sessions WHERE kind = ? AND ended IS NULL "
                "ORDER BY id DESC", (kind,),
            ).fetchall()  # fmt: skip
            for number, settings, items, held in rows:
                if held == holder() or not runs(held):
                    self.file.execute("UPDATE sessions SET holder = ? WHERE id = ?", (holder(), number))
                    return Session(number, kind, json.loads(settings), tuple(json.loads(items)))
        return None

    def end(self, session: Session) -> None:
        """The session is over, whether all was answered or not."""
        with self.change():
            self.file.execute("UPDATE sessions SET ended = ? WHERE id = ?", (now(), session.id))

    def keep(self, session: Session, place: int, typed: str, *, topic: str, seconds: float) -> None:
        """What is typed at the moment; `seconds` so far spent on it."""
        with self.change():
            self.file.execute(
                "INSERT INTO answers (session, place, item, topic, typed, seconds, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET typed = excluded.typed, seconds = excluded.seconds",
                (session.id, place, session.items[place], topic, typed, seconds, now()),
            )

    def answered(self, session: Session, place: int) -> None:
        """The answer is complete; its points may come later."""
        with self.change():
            self.file.execute(
                "UPDATE answers SET answered = 1, at = ? WHERE session = ? AND place = ?",
                (now(), session.id, place),
            )

    def score(self, session: Session, place: int, points: float, most: float) -> None:
        """What the answer was worth; with that, when the item comes up again."""
        with self.change():
            self.file.execute(
                "UPDATE answers SET answered = 1, points = ?, most = ?, at = ?"
                " WHERE session = ? AND place = ?",
                (points, most, now(), session.id, place),
            )
            item, topic = self.file.execute(
                "SELECT item, topic FROM answers WHERE session = ? AND place = ?", (session.id, place)
            ).fetchone()
            name = card_name(item)
            row = self.file.execute("SELECT card FROM cards WHERE item = ?", (name,)).fetchone()
            card = Card.from_json(row[0]) if row else Card(card_id=1)
            card, _ = SCHEDULER.review_card(card, rating(points / most if most else 0.0))
            self.file.execute(
                "INSERT OR REPLACE INTO cards VALUES (?, ?, ?, ?)",
                (name, topic, card.to_json(), card.due.isoformat()),
            )

    def answers(self, session: Session | None = None) -> list[Answer]:
        """The answers of a session in order, or all there are, oldest first."""
        where = ("WHERE session = ? ORDER BY place", (session.id,)) if session else ("ORDER BY at", ())
        rows = self.file.execute(
            f"SELECT place, item, topic, typed, answered, points, most, seconds FROM answers {where[0]}",
            where[1],
        )
        return [Answer(*row) for row in rows]

    def due(self) -> dict[str, datetime]:
        """Item -> when it should be asked again, the earliest first."""
        rows = self.file.execute("SELECT item, due FROM cards ORDER BY due, item")
        return {item: datetime.fromisoformat(when) for item, when in rows}

    def close(self) -> None:
        self.file.close()


def card_name(item: str) -> str:
    """What is remembered: a question, or a kind of arithmetic whatever its numbers."""
    return item.partition("#")[0]


def rating(share: float) -> Rating:
    """How well an answer that earned this share of its points was known."""
    return next((grade for below, grade in GRADES if share < below), Rating.Easy)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def holder() -> str:
    """This program, told apart from a later one that gets the same number."""
    process = psutil.Process()
    return f"{process.pid} {process.create_time():.2f}"


def runs(held: str) -> bool:
    """Whether the program that wrote `held` is still running."""
    number, _, born = held.partition(" ")
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" == born
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        return True
