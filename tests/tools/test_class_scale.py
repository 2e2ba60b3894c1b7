"""The class of a thousand that `make bench` judges, reduced: twelve learners, no poison, no loop, three
tasks, one kill of each kind, one process at a time, no nbgrader. Poison is in tests/autograder/test_pool.py,
a loop in test_class_run.py.
"""

import json
from pathlib import Path

import pytest

from tools.class_runs import (
    Scene,
    checked,
    coordinator_killed,
    difference,
    own_cpu,
    undisturbed,
    worker_killed,
)
from tools.synthetic_class import EXPERIMENT, make_class, notebook, notebooks, tasks

JUDGED = ("magnitude_mask", "mask_from_scores", "polynomial_sparsity")


def test_the_files_are_the_same_after_each_kind_of_kill(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    left_out = [task for task in [*tasks(), EXPERIMENT] if task not in JUDGED]
    options = tuple(word for task in left_out for word in ("--without", task))
    scene = Scene(tmp_path, options, code=0)
    learners = make_class(tmp_path / "class", 12, poison=False)
    assert {"right", "wrong"} < set(learners.values()) and "loop" not in learners.values()
    whole = undisturbed(scene, "whole", "--jobs", "1")
    checked(scene, "whole", "whole", learners)
    assert own_cpu(scene, "whole")["learners"] > 0 and whole.samples[-1].coordinator > 50
    assert coordinator_killed(scene, "killed", 1, 12, "--jobs", "1").kills == 1
    checked(scene, "killed", "whole", learners)
    assert worker_killed(scene, "worker killed", 1, 8, "--dask", "local", "--jobs", "1").kills == 1
    checked(scene, "worker killed", "whole", learners)


def test_a_class_is_made_the_same_again_and_a_difference_is_found(tmp_path: Path) -> None:
    first = make_class(tmp_path / "a", 60)
    assert make_class(tmp_path / "b", 60) == first and len(set(first.values())) > 6
    assert not difference(tmp_path / "a", tmp_path / "b")
    changed = next((tmp_path / "b").glob("*.py"))
    changed.write_text(changed.read_text() + "#")
    assert difference(tmp_path / "a", tmp_path / "b").startswith(changed.name)


def test_notebooks_hold_what_their_module_holds(tmp_path: Path) -> None:
    text = "# head\nimport os\n\n\ndef one():\n    return 1  # é\n\nx = one()\n# tail\n"
    cells = json.loads(notebook(text))["cells"]
    assert "".join(cell["source"] for cell in cells) == text and len(cells) == 4
    made = notebooks(tmp_path / "n", 3)
    assert len({file.read_bytes() for file in made}) == 3
