"""What a submission does, and the status it gets for it; the tasks beside it are judged all the same."""

from collections.abc import Callable

import pytest

from autograder import grade, job
from autograder.job import Source
from autograder.report import Result, TaskResult

from .conftest import REFERENCE

Judged = Callable[[str], Result]
Double = Callable[[str], TaskResult]
RIGHT = "def double(x):\n    if isinstance(x, str):\n        raise TypeError('x is text')\n    return x * 2\n"


def test_the_reference_earns_everything(judged: Judged) -> None:
    result = judged(REFERENCE)
    assert [task.status for task in result.tasks] == ["passed"] * 3
    assert (result.points, result.max_points, result.status) == (7.0, 7.0, "judged")
    assert (result.room, result.submission, result.seed) == ("01_toy", "ana.py", 7)


def test_a_module_may_define_some_functions_only(judged: Judged) -> None:
    result = judged(RIGHT)
    assert [(task.status, task.points) for task in result.tasks] == [
        ("passed", 4.0),
        ("missing", 0.0),
        ("missing", 0.0),
    ]
    assert result.tasks[1].message == "total is not defined"


def test_the_same_seed_gives_the_same_grade(judged: Judged) -> None:
    first, second = judged(RIGHT), judged(RIGHT)
    assert first.tasks == second.tasks


# what the function double does -> its status, and words of the message
ENDS = {
    "return x + 1": ("partial", "expected"),
    "return x + 3": ("failed", "expected 2, got 4 (2 of 2 entries differ)"),
    "raise NotImplementedError": ("not_attempted", "double is not written yet"),
    "return helper(x)": ("error", "NameError: name 'helper' is not defined"),
    "return x[7]": ("error", "ana.py, line"),
    "import os; os._exit(0)": ("crashed", "exit code 0"),
    "import os, sys; sys.exit(0)": ("crashed", "sys.exit"),
    "import ctypes; ctypes.string_at(0)": ("crashed", "segmentation fault"),
    "raise KeyboardInterrupt": ("error", "KeyboardInterrupt"),
    "return double(x)": ("error", "RecursionError"),
    "a = [bytes(1 << 28) for _ in range(100)]": ("out_of_memory", "more memory"),
    "return torch.empty(1 << 40)": ("out_of_memory", "more memory"),
    "return None": ("bad_return", "None (is a return missing?)"),
    "return [2.0, 2.0]": ("bad_return", "got a list of 2"),
    "return (x * 2).numpy()": ("bad_return", "numpy array of dtype float32"),
    "return (x * 2).reshape(-1, 1)": ("bad_return", "shape (2, 1)"),
    "return (x * 2).to_sparse()": ("bad_return", "sparse_coo tensor"),
    "return (x * 2).as_subclass(type('Liar', (torch.Tensor,), {}))": ("bad_return", "a Liar"),
    "return torch.empty(2, device='meta')": ("bad_return", "meta"),
    "return x * float('nan')": ("failed", "got nan"),
    "return type('Yes', (), {'__eq__': lambda a, b: True, 'shape': (2,), 'dtype': torch.float32})()": (
        "bad_return",
        "a Yes",
    ),
    "return [[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]": ("bad_return", "got a list"),
}


@pytest.mark.parametrize(
    ("body", "status", "words"), [(body, *end) for body, end in ENDS.items()], ids=list(ENDS)
)
def test_each_end_has_its_status_and_a_sentence(
    double_task: Double, body: str, status: str, words: str
) -> None:
    task = double_task(f"def double(x):\n    if isinstance(x, str):\n        raise ValueError\n    {body}\n")
    assert (task.status, words in task.checks[0].message or words in task.message) == (status, True), task
    assert task.points < task.max_points


@pytest.mark.parametrize(
    "body", ["while True:\n        pass", "import time; time.sleep(600)"], ids=["spins", "sleeps"]
)
def test_two_time_outs_and_the_rest_is_not_run(
    judged: Judged, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "WALL_SECONDS", 0.0)
    result = judged(REFERENCE.replace("return x * 2", body))
    assert [check.status for check in result.tasks[0].checks] == ["timeout", "timeout", "not_run"]
    assert [task.status for task in result.tasks] == ["timeout", "not_run", "not_run"]
    assert "endless loop" in result.tasks[0].message


def test_code_that_ends_the_process_while_it_loads_earns_nothing_and_harms_nobody(judged: Judged) -> None:
    result = judged(f"{RIGHT}\nimport os\nos._exit(0)\n")
    assert {task.status for task in result.tasks} == {"crashed"}
    assert judged(RIGHT).tasks[0].status == "passed"


def test_a_faulty_statement_costs_only_itself(double_task: Double) -> None:
    for fault in (
        "import no_such_package",
        "1 / 0",
        "raise SystemExit",
        "print(undefined)",
        "x = = 1",
        "assert False",
    ):
        assert double_task(f"{fault}\n{RIGHT}\n").status == "passed", fault


def test_a_name_error_mentions_the_import_that_failed(double_task: Double) -> None:
    task = double_task("import no_such_package as nsp\ndef double(x):\n    return nsp.twice(x)\n")
    assert "No module named 'no_such_package'" in task.message


def test_a_function_that_uses_an_unwritten_one_says_which(judged: Judged) -> None:
    result = judged(REFERENCE.replace("return x * 2", "raise NotImplementedError"))
    assert result.tasks[0].status == "not_attempted"
    assert "total uses double, which is not written yet" in result.tasks[1].message


PATCHES = [
    "import torch; torch.allclose = torch.equal = lambda *a, **k: True",
    "import torch; torch.isclose = lambda a, b, *c, **k: torch.ones(2, dtype=torch.bool)",
    "import torch; torch.Tensor.__eq__ = torch.Tensor.__ne__ = lambda a, b: True",
    "import torch; torch.Tensor.numpy = torch.Tensor.detach = None",
    "import torch; torch.set_default_dtype(torch.float64)",
    "import torch; torch.set_num_threads(8)",
    "import torch; torch.manual_seed = lambda seed: None; torch.inference_mode().__enter__()",
    "import json, struct; json.dumps = json.loads = None; struct.pack = struct.unpack = None",
    "import time; time.sleep = time.monotonic = lambda *a: 0.0",
    "import pytest; pytest.fail = pytest.raises = None",
    "import os; os.write = os.read = os.environ = None",
    "import builtins; builtins.len = builtins.isinstance = lambda *a: 1",
    "import sys; sys.modules.clear()",
    "import gc; gc.disable()",
    "print('x' * 10_000_000)",
    "import sys; sys.stdout = sys.stderr = None",
    "import warnings; warnings.warn('noise')",
    "import sys; sys.settrace(lambda *a: None); sys.setrecursionlimit(60)",
]


@pytest.mark.parametrize("patch", PATCHES)
def test_patched_modules_change_no_verdict(judged: Judged, patch: str) -> None:
    result = judged(f"{patch}\ndef double(x):\n    return x + 3\n")
    assert (result.status, result.points) == ("judged", 0), result


@pytest.mark.parametrize(
    "data",
    [
        "b'x' * 100",
        "b'SHR1' + bytes(12)",
        "b'SHR1' + b'\\xff' * 100",
        "b'SHR1\\x02\\x00\\x00\\x00' + bytes(8) + b'{}'",
    ],
)
def test_forged_frames_are_no_answer(double_task: Double, data: str) -> None:
    task = double_task(f"import os\ndef double(x):\n    os.write(3, {data})\n    return x * 2\n")
    assert (task.status, task.points) == ("crashed", 0)


def test_an_oversized_answer_is_refused(double_task: Double) -> None:
    task = double_task("def double(x):\n    return ['a' * 1_000_000] * 20\n")
    assert task.status in ("crashed", "bad_return")


def test_state_is_not_carried_from_task_to_task(judged: Judged) -> None:
    text = REFERENCE.replace("return x * 2", "globals()['seen'] = 1; return x * 2")
    text = text.replace("return float(double(x).sum())", "return 6.0 if 'seen' in globals() else 0.0")
    assert judged(text).tasks[1].status == "failed"


@pytest.mark.parametrize(
    "damage",
    [
        "import builtins; builtins.float = None",
        "import torch; torch.Tensor.sum = None",
        "import os; os._exit(0) if len(x.shape) == 2 else None",
        "import threading; threading.Thread(target=spin, daemon=True).start()",
        "kept.append(bytes(3 << 28))",
    ],
)
def test_what_one_task_breaks_costs_the_next_nothing(judged: Judged, damage: str) -> None:
    text = REFERENCE.replace("return x * 2", f"{damage}\n    return x * 2")
    text = text.replace("float(double(x).sum())", "float((x * 2).sum() + bytes(3 << 28)[0])")
    result = judged(f"kept = []\ndef spin():\n    while True:\n        pass\n\n\n{text}")
    assert [task.status for task in result.tasks[1:]] == ["passed", "passed"], result


def test_tasks_share_a_process_until_one_fails(
    judged: Judged, monkeypatch: pytest.MonkeyPatch, workers: grade.Workers
) -> None:
    opened: list[str] = []
    really = workers.learner.open
    monkeypatch.setattr(workers.learner, "open", lambda *a, **k: (opened.append(""), really(*a, **k))[1])
    judged(REFERENCE)
    assert len(opened) == 1
    judged(REFERENCE.replace("return float(double(x).sum())", "return 5.0"))
    assert len(opened) == 3  # the failing task once more, and the next one behind it shares that job
    opened.clear()


def test_neighbours_get_one_of_sixteen_variants() -> None:
    seeds = [grade.seed_for(bytes([k]), b"secret") for k in range(256)]
    assert len(set(seeds)) == grade.VARIANTS and max(map(seeds.count, seeds)) < 48
    assert not set(seeds) & {grade.seed_for(bytes([k]), b"another") for k in range(256)}


def test_a_notebook_runs_only_what_its_functions_need(room: grade.Room, workers: grade.Workers) -> None:
    cells = [
        "%matplotlib inline\nimport torch\nfrom autograder import check",
        "while True: pass",
        "history = [train() for _ in range(10 ** 9)]",
        "def double(x): return nothing(",
        "FACTOR = 2\n!pip install something",
        "def double(x):\n    if isinstance(x, str):\n        raise TypeError('x')\n    return FACTOR * x",
        "check('double', double)\ndouble(torch.ones(3))",
    ]
    source = Source(tuple((f"cell {at}", text) for at, text in enumerate(cells, 1)), notebook=True)
    result = grade.judge(room, source, "ana.ipynb", seed=7, workers=workers)
    assert [task.status for task in result.tasks] == ["passed", "missing", "missing"], result


def test_a_fault_of_ours_is_no_zero(toy_root: grade.Path, workers: grade.Workers) -> None:
    folder = toy_root / "autograder" / "faulty"
    folder.mkdir(exist_ok=True)
    (folder / "test_toy.py").write_text(
        "from autograder.task import check\n\n\n@check('double', 'fails by itself')\n"
        "def test_a(judge):\n    1 / 0\n\n\n"
        "@check('total', 'is judged')\ndef test_b(judge):\n    pass\n"
    )
    room = grade.find_room("toy", folder)
    result = grade.judge(room, Source(()), "ana.py", seed=7, workers=workers)
    assert (result.status, result.tasks[0].status, result.tasks[1].status) == (
        "infra_error",
        "infra_error",
        "passed",
    )
    assert "ZeroDivisionError" in result.message


def test_an_unreadable_submission_is_named(room: grade.Room, workers: grade.Workers) -> None:
    result = grade.grade_notebook(room, b"{ broken", name="ben.ipynb", seed=7, workers=workers)
    assert (result.status, result.points, result.max_points) == ("unreadable", 0.0, 7.0)
    assert "ben.ipynb is not a notebook" in result.message


def test_the_seed_for_marks_needs_the_secret() -> None:
    assert grade.seed_for(b"work", b"secret") == grade.seed_for(b"work", b"secret")
    assert grade.seed_for(b"work", b"secret") != grade.seed_for(b"work", b"other")
