"""Instant feedback in the learner's kernel: public checks, hints, and what the marks will add."""

from pathlib import Path
from typing import Any

import pytest

from autograder import feedback
from autograder.task import scenario
from shrink import clinic


def double(x: Any) -> Any:
    return x * 2


def test_a_right_function_passes_and_hears_what_the_marks_add(
    toy_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feedback.check("double", double, folder=toy_root / "autograder" / "checks")
    assert capsys.readouterr().out == (
        "passed  doubles ones\nThe marks will additionally test: "
        "doubles anything; refuses what is no tensor.\n"
    )


def test_what_is_said_is_broken_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    feedback.check("test_for_prune_smallest", clinic.test_for_prune_smallest)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "The marks will additionally test: accepts right functions in any style and",
        "        catches wrong ones of every kind.",
    ]


def test_a_wrong_one_sees_its_mistake_and_the_hint(
    toy_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(feedback.CheckFailed, match="0 of 1 checks passed"):
        feedback.check("double", lambda x: x + 3, folder=toy_root / "autograder" / "checks")
    out = capsys.readouterr().out
    assert "failed  doubles ones: double at [0]: expected 2, got 4 (2 of 2 entries differ)" in out
    assert "Hint: All the same? Multiply, do not add." in out


def broken(x: Any) -> Any:
    return x.no_such_method()


def stub(x: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "words"), [(broken, "line"), (stub, "is not written yet"), (len, "expected a tensor")]
)
def test_errors_come_as_a_sentence(
    function: Any, words: str, toy_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(feedback.CheckFailed):
        feedback.check("double", function, folder=toy_root / "autograder" / "checks")
    assert words in capsys.readouterr().out


def test_in_a_notebook_the_failure_is_one_line() -> None:
    assert feedback.CheckFailed("a: 0 of 1 checks passed")._render_traceback_() == [
        "CheckFailed: a: 0 of 1 checks passed"
    ]


def test_an_unknown_task_is_named(toy_root: Path) -> None:
    with pytest.raises(ValueError, match="no task 'triple'"):
        feedback.check("triple", double, folder=toy_root / "autograder" / "checks")


def test_a_public_check_may_fetch_a_checkpoint_in_the_learners_kernel() -> None:
    @scenario
    def biases(work, name):  # type: ignore[no-untyped-def]
        from shrink.training import load_checkpoint

        return load_checkpoint(name)[-1].bias

    found = feedback.LocalJudge("double", {}).trusted(biases, name="lenet_300_100")
    assert found.shape == (10,)
