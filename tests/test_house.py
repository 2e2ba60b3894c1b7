"""What README.md and its neighbours promise is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tools.rooms import ROOT, all_rooms

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_map_of_rooms_shows_every_open_room_in_order() -> None:
    table = README.partition("<!-- rooms: begin -->")[2].partition("<!-- rooms: end -->")[0]
    doors = re.findall(r"\[lesson\]\((.+?)\) \| \[exercise\]\((.+?)\)", table)
    assert doors == [
        (room.lesson.relative_to(ROOT).as_posix(), room.exercise.relative_to(ROOT).as_posix())
        for room in all_rooms()
        if room.taught
    ]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/teaching.md", "data/README.md"])
def test_links_lead_somewhere_and_verbs_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert all((ROOT / page).parent.joinpath(link).exists() for link in links), links
    verbs = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"^    make ([a-z]+)|`make ([a-z]+)", text)) <= {(v, "") for v in verbs} | {
        ("", v) for v in verbs
    }


def test_the_engine_of_the_quantization_room_leaves_the_home_folder_alone(tmp_path: Path) -> None:
    program = "import shrink, onnxruntime; onnxruntime.SessionOptions()"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_", "CI"))}
    asked = [sys.executable, "-c", program]
    subprocess.run(asked, cwd=ROOT, check=True, env={**kept, "HOME": str(tmp_path)})
    assert list(tmp_path.rglob("*")) == []


def test_every_verb_is_one_line() -> None:
    recipes = re.findall(r"^[a-z]+:.*## .+\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert len(recipes) > 5
    assert all(recipe.count("\n") == 1 for recipe in recipes)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "`make test` runs all tests" in README
    assert re.search(r"^make test\b", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


def test_citation_and_project_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == project["version"]
    assert set(citation["license"]) == set(project["license"].split(" AND "))


def test_hooks_are_local() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]


def test_a_verb_without_a_name_lists_the_verbs() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"setup", "demo", "lab", "test"} <= set(re.findall(r"make (\w+)", listed))


LETTERS = ("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "lambda", "mu", "tau")
GREEK = {rf"\{name}" for name in LETTERS}


def symbols(text: str) -> set[str]:
    r"""Names in the formulas of a text: w, k, F, TP, \theta; commands that only lay out are no symbols."""
    text = re.sub(r"^# ?", "", text, flags=re.MULTILINE)  # a source text is Python comments
    formulas = re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", text, re.DOTALL)
    names = re.findall(r"\\?[A-Za-z]+", " ".join(display + inline for display, inline in formulas))
    return {name for name in names if not name.startswith("\\") or name in GREEK}


def test_every_symbol_of_the_texts_stands_in_the_notation() -> None:
    known = symbols((ROOT / "docs" / "notation.md").read_text())
    for room in all_rooms():
        for source in (room.lesson_source, room.exercise_source):
            if source.is_file():  # that it is there is another test's business
                assert symbols(source.read_text()) <= known, source
