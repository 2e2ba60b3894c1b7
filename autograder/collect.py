"""Who handed in what: a class out of a folder, an archive, nbgrader, Moodle, Canvas or Gradescope.

    flat            ana.ipynb  ben.py  cleo.zip                    learner: the file's name without its ending
    folders         ana/...  ben/...                               the folder's name; repositories too
    nbgrader        submitted/ana/02_pruning/02_pruning.ipynb      the folder's name
    Moodle          Ana Sy_1234_assignsubmission_file_/work.ipynb  "Ana Sy (1234)"; also as flat files
    Canvas          syana_LATE_1234_98765_work.ipynb               "syana (1234)"
    Gradescope      submission_98765/...  submission_metadata.yml  "Ana Sy (sid or address)", each of a group
    an archive      of any of these

Nobody is dropped: a learner whose work cannot be told apart, is a link or is not there at all stays in the
list with the reason, and what belongs to nobody is named.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml  # type: ignore[import-untyped]

from autograder import archives
from autograder.submission import NOT_HANDED_IN, Unreadable, choose

GRADESCOPE = ("submission_metadata.yml", "submission_metadata.yaml")
MOODLE = re.compile(r"(?P<who>.+?)_assignsubmission_(?P<plugin>[a-z]+)_?(?P<name>.*)", re.DOTALL)
CANVAS = re.compile(
    r"(?:(?P<who>.+?)_)??(?:LATE_)?(?P<id>\d+|anon_[A-Za-z0-9]+)_(?P<file>\d+|text|link)"
    r"(?:_|(?=\.))(?P<name>.+)",
    re.DOTALL,
)
ENDINGS = (".ipynb", ".py")
NOTHING = "nothing was handed in"


@dataclass(frozen=True)
class Found:
    """One learner's work: where it is, or why there is none to judge."""

    learner: str
    path: Path | None
    problem: str = ""
    name: str = ""  # the file's name as the learner gave it, where a learning platform changed it


@dataclass(frozen=True)
class Class:
    """Everyone, in the order of their names; and what was found that belongs to nobody."""

    learners: list[Found]
    left: list[str] = field(default_factory=list)


@contextmanager
def collected(place: Path, room: str) -> Iterator[Class]:
    """The class in a folder or an archive; an archive is unpacked beside and removed afterwards."""
    if place.is_dir():
        yield collect(place, room)
        return
    with TemporaryDirectory(prefix="class-") as name:
        folder = Path(name) / place.name
        left_out = archives.unpack(place, folder, archives.CLASS)
        found = collect(folder, room)
        yield Class(found.learners, [*found.left, *left_out])


def collect(folder: Path, room: str) -> Class:
    """The class in a folder; `room` is the key, such as 02_pruning."""
    folder = wrapped(folder, room)
    metadata = next((folder / name for name in GRADESCOPE if (folder / name).is_file()), None)
    entries = [entry for entry in sorted(folder.iterdir()) if not ignored(entry.name)]
    if metadata is not None:
        return gradescope(folder, metadata, [entry for entry in entries if entry != metadata])
    work = [entry for entry in entries if entry.is_dir() or hands_in(entry.name)]
    left = [entry.name for entry in entries if entry not in work and not MOODLE.fullmatch(entry.name)]
    if any(MOODLE.fullmatch(entry.name) for entry in entries):
        learners = moodle(entries)
        left += [entry.name for entry in work if not MOODLE.fullmatch(entry.name)]
    elif is_canvas(entries):
        learners, left = canvas(entries), []
    elif any((entry / room).is_dir() for entry in work):
        learners = [nbgrader(entry, room) for entry in work if entry.is_dir()]
        left += [entry.name for entry in work if not entry.is_dir()]
    else:
        learners = by_name(work)
    return Class(sorted((decided(one, room) for one in learners), key=order), left)


def order(found: Found) -> tuple[str, str]:
    return found.learner.casefold(), found.learner


def ignored(name: str) -> bool:
    return name.startswith(".") or name in NOT_HANDED_IN


def hands_in(name: str) -> bool:
    return name.endswith(ENDINGS) or archives.is_archive(name)


def wrapped(folder: Path, room: str) -> Path:
    """The folder that holds the class: nbgrader's `submitted`, or the one folder an archive was made of."""
    for _ in range(3):
        entries = [entry for entry in folder.iterdir() if not ignored(entry.name)]
        inner = folder / "submitted"
        if not inner.is_dir():
            if len(entries) != 1 or not entries[0].is_dir() or entries[0].is_symlink():
                break
            inner = entries[0]
            if MOODLE.fullmatch(inner.name) or (inner / room).is_dir() or is_one_learner(inner, room):
                break
        folder = inner
    return folder


def is_one_learner(folder: Path, room: str) -> bool:
    """Whether a folder holds one piece of work rather than a class."""
    try:
        return choose(folder, room).parent == folder
    except Unreadable:
        return False


@dataclass
class Handed:
    """What came from one learner: (the name they gave it, where it is), and why something is missing."""

    learner: str
    files: list[tuple[str, Path]] = field(default_factory=list)
    problem: str = NOTHING


def decided(handed: Handed, room: str) -> Found:
    """The one file or folder that is meant, or the reason why none can be."""
    links = [name for name, path in handed.files if path.is_symlink()]
    if links:
        problem = f"{links[0]} is a symbolic link; hand in the file itself"
        return Found(handed.learner, None, problem)
    stem = re.compile(rf"(?:{re.escape(room)}|{re.escape(room[3:])})(?:-\d+)?", re.IGNORECASE)
    named = [one for one in handed.files if stem.fullmatch(Path(one[0]).stem)]
    notebooks = [one for one in named if one[0].endswith(".ipynb")]
    for files in (notebooks, named, handed.files):
        if len(files) == 1:
            name, path = files[0]
            return Found(handed.learner, path, name="" if name == path.name else name)
    if not handed.files:
        return Found(handed.learner, None, handed.problem)
    names = " and ".join(name for name, _ in handed.files[:3])
    problem = f"{len(handed.files)} files could be meant ({names}); hand in one, named {room}.ipynb"
    return Found(handed.learner, None, problem)


def by_name(entries: list[Path]) -> Iterable[Handed]:
    """Files and folders named after their learners."""
    people: dict[str, Handed] = {}
    for entry in entries:
        learner = entry.name
        ending = next(
            (end for end in (*archives.ENDINGS, *archives.FOREIGN) if learner.lower().endswith(end)), ""
        )
        if not entry.is_dir():
            learner = learner[: -len(ending)] if ending else entry.stem
        people.setdefault(learner, Handed(learner)).files.append((entry.name, entry))
    return people.values()


def nbgrader(entry: Path, room: str) -> Handed:
    """A learner's folder with a folder a room."""
    place = entry / room
    if place.is_dir():
        return Handed(entry.name, [(place.name, place)])
    return Handed(entry.name, problem=f"{NOTHING} for {room}")


def moodle(entries: list[Path]) -> Iterable[Handed]:
    """Moodle's "Download all submissions", in folders or not: "Full Name_1234_assignsubmission_file_"."""
    people: dict[str, Handed] = {}
    for entry in entries:
        match = MOODLE.fullmatch(entry.name)
        if match is None:
            continue
        name, _, number = match["who"].rpartition("_")
        learner = f"{name} ({number})" if name and number.isdigit() else match["who"]
        handed = people.setdefault(learner, Handed(learner))
        if match["plugin"] != "file":
            handed.problem = f"only a text was handed in ({match['plugin']}), no file"
        elif entry.is_dir():
            handed.files.append((entry.name, entry))
        elif hands_in(match["name"]):
            handed.files.append((match["name"], entry))
        elif not handed.files:
            handed.problem = f"{match['name']} is neither a notebook (.ipynb) nor a Python file (.py)"
    return people.values()


def is_canvas(entries: list[Path]) -> bool:
    """Whether every file bears Canvas's name; the attachments' numbers are all different there."""
    matches = [CANVAS.fullmatch(entry.name) for entry in entries]
    numbers = [match["file"] for match in matches if match is not None and match["file"].isdigit()]
    return bool(entries) and None not in matches and len(set(numbers)) == len(numbers)


def canvas(entries: list[Path]) -> Iterable[Handed]:
    """Canvas's "Download Submissions": lastfirst_LATE_userid_attachmentid_name, LATE only if it was."""
    people: dict[str, Handed] = {}
    for entry in entries:
        match = CANVAS.fullmatch(entry.name)
        assert match is not None
        learner = f"{match['who']} ({match['id']})" if match["who"] else match["id"]
        handed = people.setdefault(learner, Handed(learner))
        if match["file"] in ("text", "link"):
            handed.problem = f"only a {match['file']} was handed in, no file"
        elif hands_in(match["name"]):
            handed.files.append((match["name"], entry))
        else:
            handed.problem = f"{match['name']} is neither a notebook (.ipynb) nor a Python file (.py)"
    return people.values()


class Plain(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with Ruby's own types in it, which say nothing here."""


Plain.add_multi_constructor("!", lambda loader, suffix, node: None)


def gradescope(folder: Path, metadata: Path, entries: list[Path]) -> Class:
    """Gradescope's "Export Submissions": a folder a submission, and a file that says whose they are."""
    try:
        data = yaml.load(metadata.read_text(encoding="utf-8"), Plain)
        assert isinstance(data, dict)
    except (OSError, ValueError, yaml.YAMLError, AssertionError, RecursionError) as error:
        raise Unreadable(f"{metadata.name} cannot be read; export the submissions again") from error
    learners: list[Found] = []
    known = {str(name): record for name, record in data.items()}
    for name, record in known.items():
        place = folder / Path(name).name
        problem = "" if place.exists() else f"{name} is not in the export"
        if place.is_symlink():
            problem = f"{name} is a symbolic link"
        for who in submitters(record) or [name]:
            learners.append(Found(who, None if problem else place, problem))
    reason = f"is not listed in {metadata.name}, so nobody can be named for it"
    for entry in entries:
        if entry.name not in known and (entry.is_dir() or hands_in(entry.name)):
            learners.append(Found(entry.name, None, f"{entry.name} {reason}"))
    left = [entry.name for entry in entries if not entry.is_dir() and not hands_in(entry.name)]
    return Class(sorted(once(learners), key=order), left)


def submitters(record: Any) -> list[str]:
    """The people of one submission: "Name (student number)", or the address where there is no number."""
    people = record.get(":submitters") if isinstance(record, dict) else None
    named = []
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict):
            name, mark = person.get(":name"), person.get(":sid") or person.get(":email")
            named.append(f"{name} ({mark})" if name and mark else str(name or mark or "somebody"))
    return named


def once(learners: list[Found]) -> Iterator[Found]:
    """One entry a learner: who appears with two submissions gets the reason instead of one of them."""
    people: dict[str, list[Found]] = {}
    for one in learners:
        people.setdefault(one.learner, []).append(one)
    for name, several in people.items():
        places = ", ".join(one.path.name for one in several if one.path)
        twice = Found(name, None, f"{len(several)} submissions bear this name ({places}); keep one")
        yield several[0] if len(several) == 1 else twice
