"""Results files say what they were made from, and a stale one fails here."""

import json
from pathlib import Path

import pytest

from tools import results
from tools.rooms import ROOT

RECORDED = sorted((ROOT / "data" / "results").glob("[0-9][0-9]_*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_figures_were_made_by_the_code_as_it_is(path: Path) -> None:
    recorder = next(iter(json.loads(path.read_text())["made_from"]))
    again = f"python -m {recorder.removesuffix('.py').replace('/', '.')}"
    assert results.outdated(path) == [], f"run `{again}` again"


RECORDER = '''
"""Records."""
from shrink import pruning, training
from shrink.nets import small

def main():
    net = small(training.load_checkpoint("tiny"))
    return pruning.mask(net)
'''
PRUNING = '''
LIMIT = 3

def helper(x):
    return x + LIMIT

def mask(x):
    """Doc."""
    return helper(x)

def other(x):
    return x
'''


@pytest.fixture
def course(tmp_path: Path) -> Path:
    files = {
        "tools/record.py": RECORDER,
        "shrink/pruning.py": PRUNING,
        "shrink/nets.py": "def small(x):\n    return x\n",
        "shrink/training.py": "def load_checkpoint(name):\n    return name\n",
        "data/checkpoints/tiny.safetensors": "weights",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    results.write("03_toy", {"rows": [1]}, made_by=str(tmp_path / "tools/record.py"), root=tmp_path)
    return tmp_path


def test_a_fresh_file_is_not_outdated_and_keeps_its_content(course: Path) -> None:
    path = course / "data" / "results" / "03_toy.json"
    assert json.loads(path.read_text())["rows"] == [1]
    assert results.outdated(path, course) == []
    assert list(path.parent.iterdir()) == [path], "nothing half-written stays"


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("tools/record.py", "return pruning", "return 2 * pruning", True),
        ("tools/record.py", "Records.", "Other words.", False),
        ("shrink/pruning.py", "LIMIT = 3", "LIMIT = 4", True),
        ("shrink/pruning.py", "helper(x):\n    return x + LIMIT", "helper(x):\n    return x", True),
        ("shrink/pruning.py", "Doc.", "Other words.", False),
        ("shrink/pruning.py", "def other(x):\n    return x", "def other(x):\n    return 9", False),
        ("shrink/nets.py", "return x", "return -x", True),
        ("data/checkpoints/tiny.safetensors", "weights", "others", True),
    ],
)
def test_what_makes_a_file_outdated(course: Path, file: str, old: str, new: str, stale: bool) -> None:
    recorder = str(course / "tools/record.py")
    text, code = (course / file).read_text(), results.code_digest(recorder, course)
    assert old in text
    (course / file).write_text(text.replace(old, new))
    assert results.outdated(course / "data/results/03_toy.json", course) == ([file] if stale else [])
    changed = results.code_digest(recorder, course) != code
    assert changed == (stale and file.endswith(".py")), "stored runs are those of this code"


def test_a_recorder_that_is_gone_makes_its_file_outdated(course: Path) -> None:
    (course / "tools/record.py").unlink()
    assert "tools/record.py" in results.outdated(course / "data/results/03_toy.json", course)
