"""What is published on naming mistakes is in the results file, and holds for one task measured anew."""

import json

from autograder import grade
from autograder.rooms import find_room, room_keys
from tools import diagnosis_table


def rows() -> list[dict[str, object]]:
    return list(json.loads(diagnosis_table.RESULTS.read_text(encoding="utf-8"))["tasks"])


def test_the_page_says_what_the_results_file_says() -> None:
    assert diagnosis_table.PAGE.read_text(encoding="utf-8") == diagnosis_table.page(rows())


def test_every_task_was_measured() -> None:
    tasks = {(key, task) for key in room_keys().values() for task in find_room(key).tasks}
    assert {(row["room"], row["task"]) for row in rows()} == tasks


def test_a_task_measured_anew_names_all_its_mistakes() -> None:
    """One of the cheapest tasks; `make diagnosis` measures all of them."""
    with grade.Workers() as workers:
        row = diagnosis_table.measure(find_room("pruning"), "taylor_scores", workers)
    assert (row["named"], row["not_named"], row["when_unknown"]) == (row["mistakes"], [], 0)
    assert row["mistakes"] >= 8 and row["probes"] > 0
