"""Several cases put at once come back as if each had been asked alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from autograder import grade
from autograder.job import Answer, BrokenAnswer, Source
from autograder.task import Judge, LearnerError, Missing, NotAttempted, Outcome, Scenario


def call_double(work: Any, x: Any) -> Any:
    return work.double(x)


CALL = Scenario("call_double", "def call_double(work, x):\n    return work.double(x)\n", call_double)
CASES = [{"x": torch.full((2,), float(number))} for number in range(4)]
Put = Callable[[str], grade.RoomJudge]


@pytest.fixture
def put(room: grade.Room, workers: grade.Workers) -> Iterator[Put]:
    """A judge of the check `test_double_ones` on a submission's text."""
    sessions: list[grade.Session] = []

    def start(text: str) -> grade.RoomJudge:
        source = Source((("ana.py", text),), wanted=("double",))
        sessions.append(grade.Session(room, workers, source, 7, workers.learner))
        return grade.RoomJudge(sessions[-1], room.tasks["double"][0], [])

    yield start
    for session in sessions:
        session.close()


def what_comes(asked: Iterator[Any]) -> list[Any]:
    """Values as lists; the Outcome that ended them, by its class."""
    found: list[Any] = []
    try:
        for value in asked:
            found.append(value.tolist() if isinstance(value, torch.Tensor) else value)
    except Outcome as outcome:
        found.append(type(outcome))
    return found


TEXTS = {
    "right": "def double(x):\n    return x * 2\n",
    "one buffer for all answers": "import torch\nbuffer = torch.zeros(2)\n"
    "def double(x):\n    return torch.mul(x, 2, out=buffer)\n",
    "raises at the third case": "def double(x):\n    return x * [2, 2, None, 2][int(x[0])]\n",
    "draws random numbers": "import torch\ndef double(x):\n    return x * 2 + torch.rand(2)\n",
    "changes its input": "def double(x):\n    return x.mul_(2)\n",
    "is a stub": "def double(x):\n    raise NotImplementedError\n",
    "is missing": "",
    "returns no value that travels": "def double(x):\n    return double\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_all_at_once_is_one_after_the_other(put: Put, text: str) -> None:
    alone = what_comes(Judge.each(put(text), CALL, CASES))
    together = put(text)
    assert what_comes(together.each(CALL, CASES)) == alone
    assert len(together.trail) == 1, "more than one question was put"


def test_an_outcome_comes_in_its_turn(put: Put) -> None:
    asked = put(TEXTS["raises at the third case"]).each(CALL, CASES)
    assert [next(asked).tolist(), next(asked).tolist()] == [[0.0, 0.0], [2.0, 2.0]]
    with pytest.raises(LearnerError, match="TypeError"):
        next(asked)
    assert what_comes(put(TEXTS["is a stub"]).each(CALL, CASES)) == [NotAttempted]
    assert what_comes(put(TEXTS["is missing"]).each(CALL, CASES)) == [Missing]


def test_a_value_nested_too_deep_comes_as_its_name(put: Put) -> None:
    text = "def double(x):\n    y = 1\n    for _ in range(40):\n        y = [y]\n    return y\n"
    came = list(put(text).each(CALL, CASES))
    assert len(came) == len(CASES) and all("nested deeper than" in str(value) for value in came)


def test_an_endless_case_ends_all(put: Put) -> None:
    loop = "def double(x):\n    while x[0] == 3:\n        pass\n    return x * 2\n"
    asked = put(loop).each(CALL, CASES, cpu_seconds=0.3)
    assert [outcome.__name__ for outcome in what_comes(asked)] == ["TimedOut"]


@pytest.mark.parametrize("tree", ["[]", '["l", ["t", 1.0]]', "1.0", "null"])
def test_an_answer_to_fewer_cases_is_none(tree: str) -> None:
    text = bytearray(b'{"id": 5, "value": %s, "sizes": []}' % tree.encode())
    with pytest.raises(BrokenAnswer):
        Answer(5, text, bytearray()).values("double", 4)


def test_a_forged_case_is_an_error_of_the_learner() -> None:
    text = bytearray(b'{"id": 5, "value": ["l", ["t", 1.0, 2.0], 3.0, ["l"], ["d"]], "sizes": []}')
    values = Answer(5, text, bytearray()).values("double", 4)
    assert [isinstance(value, LearnerError) for value in values] == [True] * 4
