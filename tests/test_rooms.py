"""Every room has all its doors, none leads nowhere, and what it covers exists."""

from pathlib import Path

import pytest

from tools.compose import exercise_tasks, front_matter
from tools.rooms import PROMISED, ROOT, TOPICS, Room, all_rooms, find, pages

ROOMS = all_rooms()
SCAFFOLDING = {"nets", "data", "training", "plots", "range_coder", "integer_file", "normed_file"}
COMPOSITION = {"together", "together_normed"}  # all rooms for the records; their own room is not open yet


def test_topics_are_the_syllabus() -> None:
    assert len(TOPICS) == 19 + 11 + 11 + 19 + 12 + 17
    assert {"A1", "A19", "B11", "C11", "D19", "E12", "F17"} <= TOPICS
    assert not {"A0", "A20", "E13", "F18", "G1"} & TOPICS


@pytest.mark.parametrize("key", ["pruning", "2_pruning", "02-pruning", "02_Pruning", "02_", "../02_pruning"])
def test_a_wrong_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key looks like 02_pruning"):
        Room(key)


def test_a_room_is_found_by_key_and_by_topic() -> None:
    assert find("02_pruning") == find("pruning") == Room("02_pruning")
    with pytest.raises(ValueError, match=r"'prunning'; rooms: 01_measuring"):
        find("prunning")


def test_rooms_are_numbered_without_gaps() -> None:
    numbers = [int(room.key[:2]) for room in ROOMS if room.taught]
    assert numbers == list(range(1, len(numbers) + 1))


def test_practice_stands_behind_the_rooms_and_has_no_lesson(tmp_path: Path) -> None:
    for name in ("clinic", "02_pruning", "other", "01_measuring"):
        (tmp_path / "source" / name).mkdir(parents=True)
    assert [room.key for room in all_rooms(tmp_path)] == ["01_measuring", "02_pruning", "clinic"]
    clinic = Room("clinic", tmp_path)
    assert (clinic.topic, clinic.kinds) == ("clinic", ("exercise",))
    assert tmp_path / "lessons" / "clinic.ipynb" not in list(clinic.doors())


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.key)
def test_no_door_is_missing(room: Room) -> None:
    missing = [str(door.relative_to(ROOT)) for door in room.doors() if not door.exists()]
    assert not missing


def test_no_door_leads_nowhere() -> None:
    keys = {room.key for room in ROOMS}
    topics = {room.topic for room in ROOMS}
    assert {path.stem for path in (ROOT / "lessons").glob("*")} == {
        room.key for room in (*ROOMS, *pages()) if "lesson" in room.kinds
    }
    for folder in ("exercises", "solutions"):
        found = {path.relative_to(ROOT / folder).as_posix() for path in files_below(ROOT / folder)}
        assert found == {f"{key}/{key}.ipynb" for key in keys}, folder
    texts = keys | {page.key for page in pages()}
    assert {path.name for path in (ROOT / "source").glob("*")} == texts | {"template"}
    for place, pattern in (("autograder/checks", "test_*.py"), ("tests/shrink", "test_*.py")):
        doors = {path.stem.removeprefix("test_") for path in (ROOT / place).glob(pattern)}
        assert doors - SCAFFOLDING - COMPOSITION == topics, place
    modules = {path.stem for path in (ROOT / "shrink").glob("*.py")}
    assert modules - {"__init__"} - SCAFFOLDING - COMPOSITION == topics


def files_below(folder: Path) -> list[Path]:
    """Files a clone would hold: what an editor leaves beside them does not count."""
    return [path for path in folder.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.key)
def test_a_room_covers_what_was_promised(room: Room) -> None:
    texts = [room.root / "source" / room.key / f"{kind}.py" for kind in room.kinds]
    covered = {topic for path in texts for topic in front_matter(path)["covers"]}
    assert room.topic in PROMISED, "a room that is opened says in tools/rooms.py what it has to cover"
    assert PROMISED[room.topic] <= covered <= TOPICS


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.key)
def test_every_task_that_is_judged_is_asked_for(room: Room) -> None:
    from tools.points import task_points

    assert sorted(exercise_tasks(room.exercise_source)) == sorted(task_points(room.checks))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.key)
def test_the_readme_leads_into_every_room(room: Room) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for door in (room.lesson, room.exercise) if room.taught else (room.exercise,):
        assert f"]({door.relative_to(ROOT).as_posix()})" in readme


@pytest.mark.parametrize("folder", ["shrink", "autograder"])
def test_numbers_appear_in_no_code(folder: str) -> None:
    """Inserting a room is a rename and one build. 02_pruning is the example in the judge's help texts."""
    keys = {room.key for room in ROOMS if room.taught} - {"02_pruning"}
    for path in (ROOT / folder).rglob("*.py"):
        assert not [key for key in keys if key in path.read_text(encoding="utf-8")], path
