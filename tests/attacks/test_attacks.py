"""Attacks in a reduced form: the fastest of each kind, at the strongest level this machine offers, as the
user who runs the tests. `make attacks` runs all of them at every level and as an ordinary user, too.
"""

import json
import sys
from typing import Any

import pytest

from tools import attacks
from tools.attack_submissions import all_attacks
from tools.rooms import ROOT

FAST = [
    "exit_at_import", "sys_exit_at_import", "exit_in_function", "segfault_in_function", "kill_everything",
    "patched_torch", "patched_builtins", "patched_sending", "planted_beside", "planted_while_running",
    "notebook_magics", "notebook_forged_outputs", "lying_equality", "lying_tensor", "lying_length",
    "search_course", "search_gc", "search_proc", "search_gradebook", "writes_results", "writes_detached",
    "pickle_returned", "frame_forged", "frame_oversized", "frame_impossible_shape", "frame_colliding_keys",
    "loop_signal_proof", "fork_bomb", "memory_bomb", "return_bomb", "network_tcp", "network_io_uring",
    "leak_by_output", "state_between_checks", "seed_of_the_judge", "state_in_global", "state_in_file",
    "fake_integers", "changes_its_input", "right_but_with_gradient", "prints_and_warns",
]  # fmt: skip
KNOWN = {attack.name: attack for attack in all_attacks()}


@pytest.fixture(scope="module")
def stopped() -> dict[str, list[str]]:
    """Attack -> what was not stopped, at the first level that works here."""
    for level in attacks.LEVELS:
        found = attacks.run(attacks.current_user(), level, FAST)
        if found:
            return found
    reason = "no attack could be run at any level; see: python -m autograder doctor"
    if sys.platform == "linux":  # level process works on every Linux: the harness is at fault
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.parametrize("name", FAST)
def test_nothing_is_gained_and_nothing_broken(name: str, stopped: dict[str, list[str]]) -> None:
    assert stopped[name] == []


def test_there_are_attacks_of_every_kind_a_submission_can_hold() -> None:
    assert {attack.number for attack in KNOWN.values()} == {*range(1, 16), 18}
    assert {KNOWN[name].number for name in FAST} == {*range(1, 16), 18}
    assert len(KNOWN) >= 100


def recorded() -> Any:
    return json.loads((ROOT / "data" / "results" / "attacks.json").read_text(encoding="utf-8"))


def test_the_page_shows_what_was_recorded() -> None:
    text = attacks.PAGE.read_text(encoding="utf-8")
    between = text.partition(attacks.BEGIN)[2].partition(attacks.END)[0]
    assert between.strip() == attacks.page_part(recorded()).strip()


def test_what_was_recorded_are_these_attacks() -> None:
    assert recorded()["submissions"] == attacks.digest(attacks.files()), "run make attacks"


def test_full_and_landlock_stop_every_attack() -> None:
    for name, attack in recorded()["attacks"].items():
        for where, why in attack["levels"].items():
            assert why == [] or where.endswith("process"), f"{name}, {where}: {why}"
