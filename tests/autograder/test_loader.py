"""Loading statement by statement: what a fault costs, and what a notebook leaves out."""

import pytest

from autograder.loader import describe, load, needed, parse


def module(text: str) -> tuple[dict[str, object], list[str]]:
    loaded = load([("ana.py", text)], notebook=False, wanted=[])
    return loaded.namespace, loaded.problems


def notebook(*cells: str, wanted: str = "f") -> tuple[dict[str, object], list[str]]:
    named = [(f"cell {at}", text) for at, text in enumerate(cells, 1)]
    loaded = load(named, notebook=True, wanted=[wanted])
    return loaded.namespace, loaded.problems


def test_a_failing_statement_is_noted_and_the_next_one_runs() -> None:
    space, problems = module("a = 1\nb = 1 / 0\nc = 3\nraise SystemExit(4)\nd = 4\n")
    assert (space["a"], space["c"], space["d"], "b" in space) == (1, 3, 4, False)
    assert problems == [
        "ana.py, line 2: ZeroDivisionError: division by zero",
        "ana.py, line 4: SystemExit: 4",
    ]


def test_a_syntax_error_in_a_module_costs_its_own_block() -> None:
    space, problems = module(
        "def f():\n    return 1\n\ndef g(:\n    pass\n\n@staticmethod\ndef h():\n    return 2\n"
    )
    assert "f" in space and "g" not in space and "h" in space
    assert problems[0].startswith("ana.py, line 4: SyntaxError")


def test_a_future_import_holds_for_what_follows() -> None:
    space, problems = module(
        "from __future__ import annotations\n\ndef f(x: Nowhere) -> Never:\n    return x\n"
    )
    assert problems == [] and "f" in space


def test_a_dataclass_with_annotations_as_text_works() -> None:
    space, problems = module(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n"
        "@dataclass\nclass A:\n    x: int\n\ny = A(3).x\n"
    )
    assert problems == [] and space["y"] == 3


def test_main_blocks_do_not_run() -> None:
    space, _ = module("a = 1\nif __name__ == '__main__':\n    a = 2\n")
    assert space["a"] == 1


def test_a_notebook_runs_what_its_functions_need_and_no_more() -> None:
    space, problems = notebook(
        "import math\nimport no_such_package",
        "table = {}",
        "table['two'] = 2",
        "slow = [0 for _ in range(10 ** 12)]",
        "for i in range(10 ** 12): pass",
        "def helper(): return table['two'] + math.pi",
        "def f(): return helper()",
        "f()",
    )
    assert problems == [] and space["f"]() > 5  # type: ignore[operator]
    assert "slow" not in space


def test_the_last_definition_counts_as_it_does_in_a_kernel() -> None:
    space, _ = notebook("def f(): return 1", "def f(): return 2")
    assert space["f"]() == 2  # type: ignore[operator]


@pytest.mark.parametrize(
    "cell",
    [
        "%timeit f()\ndef f(): return 1",
        "!ls\ndef f(): return 1",
        "%%time\ndef f(): return 1",
        "f?\ndef f(): return 1",
    ],
)
def test_magics_do_not_cost_a_cell(cell: str) -> None:
    space, problems = notebook(cell)
    assert problems == [] and space["f"]() == 1  # type: ignore[operator]


def test_cells_of_other_languages_are_left_out() -> None:
    assert notebook("%%bash\nrm -rf nothing", "def f(): pass")[1] == []


def test_one_broken_cell_costs_only_itself() -> None:
    space, problems = notebook("def f(): return 1", "def g(:", "def h(): return 2")
    assert "f" in space and problems[0].startswith("cell 2: SyntaxError")


def test_needed_follows_names_through_each_other() -> None:
    nodes = parse("a = 1\nb = a\nc = 2\ndef f(): return b\n", "cell 1", notebook=True)
    kept = needed([describe("cell 1", node) for node in nodes], {"f"})
    assert [sorted(statement.binds) for statement in kept] == [["a"], ["b"], ["f"]]


def test_the_same_text_loaded_twice_runs_twice_and_is_compiled_once() -> None:
    text = "from __future__ import annotations\nseen = []\ndef f(x: Unknown):\n    return x\n"
    (first, problems), (second, _) = module(text), module(text)
    assert problems == [] and first["seen"] is not second["seen"] and first["f"] is not second["f"]
    assert first["f"].__code__ is second["f"].__code__  # type: ignore[attr-defined]
