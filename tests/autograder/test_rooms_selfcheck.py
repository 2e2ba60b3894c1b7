"""The judge of each room is judged: reference 100 %, stub 0 %, twins accepted, every mutant caught."""

import pytest

from autograder import grade, selfcheck
from autograder.rooms import find_room, room_keys


@pytest.mark.timeout(1500)  # the experiments train networks, once for each answer
@pytest.mark.parametrize("key", room_keys().values())
def test_the_judge_of_a_room_has_no_faults(key: str, workers: grade.Workers) -> None:
    report = selfcheck.check_room(find_room(key), workers)
    assert report.faults == []
    assert report.reference is not None and report.reference.points == report.reference.max_points
    few = {task: tally for task, tally in report.tallies.items() if tally.mutants < 4 or tally.twins < 2}
    assert few == {}, "each task has at least four wrong answers and two unusual right ones"
