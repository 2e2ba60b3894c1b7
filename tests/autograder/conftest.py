"""A toy room for the judge's own tests, and its workers: one zygote a level, shared by all tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from autograder import grade
from autograder.job import InfraError, Source
from autograder.report import Result, TaskResult
from autograder.zygote import Zygote

torch.set_num_threads(1)

REFERENCE = '''"""The toy room's reference."""

import torch

from shrink import nets


def double(x: torch.Tensor) -> torch.Tensor:
    if not isinstance(x, torch.Tensor):
        raise TypeError("x must be a tensor")
    return x * 2


def total(x: torch.Tensor) -> float:
    return float(double(x).sum())


def descend_(model: torch.nn.Module) -> None:
    torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9).step()
'''

CHECKS = '''"""The toy room's checks."""

import torch

from autograder.task import Judge, assert_close, check, real, scenario, tensor


@scenario
def call_double(work, x):
    return work.double(x)


@scenario
def call_total(work, x):
    return work.total(x)


@scenario
def call_descend(work, weight, grad):
    model = nn.Linear(3, 2, bias=False)
    model.weight.data.copy_(weight)
    model.weight.grad = grad
    work.descend_(model)
    return model.weight


@check("double", "doubles ones", public=True, hint="All the same? Multiply, do not add.")
def test_double_ones(judge: Judge) -> None:
    got = tensor(judge.run(call_double, x=torch.ones(2), cpu_seconds=1.0), what="double", shape=(2,))
    assert_close(got, torch.full((2,), 2.0), what="double")


@check("double", "doubles anything", points=2)
def test_double_anything(judge: Judge) -> None:
    x = torch.randn(3, 4, generator=judge.generator)
    got = judge.run(call_double, x=x, cpu_seconds=1.0)
    want = judge.reference(call_double, x=x)
    assert_close(tensor(got, what="double", dtype=torch.float32, shape=(3, 4)), want, what="double")


@check("double", "refuses what is no tensor")
def test_double_refuses(judge: Judge) -> None:
    judge.raises(call_double, TypeError, naming="x", x="text", cpu_seconds=1.0)


@check("total", "sums the doubled", points=2)
def test_total(judge: Judge) -> None:
    got = real(judge.run(call_total, x=torch.ones(3), cpu_seconds=1.0), what="total")
    assert got == 6.0, f"total of three ones: expected 6, got {got:g}"


@check("descend_", "moves against the gradient")
def test_descend(judge: Judge) -> None:
    weight = torch.randn(2, 3, generator=judge.generator)
    grad = torch.randn(2, 3, generator=judge.generator)
    got = tensor(judge.run(call_descend, weight=weight, grad=grad), what="the weight", shape=(2, 3))
    assert_close(got, weight - 0.1 * grad, what="the weight")
'''


@pytest.fixture(scope="session")
def toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one room, 01_toy."""
    root = tmp_path_factory.mktemp("course")
    (root / "source" / "01_toy").mkdir(parents=True)
    (root / "shrink").mkdir()
    (root / "shrink" / "toy.py").write_text(REFERENCE)
    (root / "autograder" / "checks").mkdir(parents=True)
    (root / "autograder" / "checks" / "test_toy.py").write_text(CHECKS)
    return root


@pytest.fixture(scope="session")
def room(toy_root: Path) -> grade.Room:
    return grade.find_room("toy", toy_root / "autograder" / "checks")


@pytest.fixture(scope="session")
def workers() -> Iterator[grade.Workers]:
    with grade.Workers() as started:
        yield started


Judged = Callable[[str], Result]


@pytest.fixture(scope="session")
def judged(room: grade.Room, workers: grade.Workers) -> Judged:
    """Judges the text of a module in the toy room."""

    def run(text: str) -> Result:
        return grade.judge(room, Source((("ana.py", text),)), "ana.py", seed=7, workers=workers)

    return run


@pytest.fixture(scope="session")
def double_task(judged: Judged) -> Callable[[str], TaskResult]:
    """The task `double` of a submission; the other functions are right."""
    rest = REFERENCE.replace("def double", "def unused")

    def run(text: str) -> TaskResult:
        result = judged(f"{rest}\n{text}")
        assert result.status == "judged", result.message
        assert [task.status for task in result.tasks[2:]] == ["passed"], "a task beside it suffered"
        return result.tasks[0]

    return run


LEVELS = [("full", True), ("full", False), ("landlock", False), ("process", False)]
NAMES = ["full with bubblewrap", "full with walls of its own", "landlock", "process"]


@pytest.fixture(scope="session", params=LEVELS, ids=NAMES)
def zygote(request: pytest.FixtureRequest) -> Iterator[Zygote]:
    """A learner's zygote of each level; a level this machine cannot give is skipped."""
    level, bubblewrap = request.param
    started = Zygote(level, trusted=False, bubblewrap=bubblewrap)
    try:
        started.wait_ready()
        started.open(Source(())).close()
    except InfraError as error:
        pytest.skip(str(error))
    yield started
    started.close()
