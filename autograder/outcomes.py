"""What a job did instead of answering, in words: from an exit code, or from what a worker reports."""

import signal
from typing import Any

from autograder import wire
from autograder.task import Crashed, LearnerError, Missing, NotAttempted, Outcome, OutOfMemory


def cause_of_death(code: Any) -> str:
    """A sentence's end from an exit code."""
    if not isinstance(code, int):
        return "ended the process that ran it"
    if code >= 0:
        return f"ended the process with exit code {code} (os._exit or the like)"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "an unknown signal"
    words = {"SIGSEGV": "a segmentation fault", "SIGKILL": "SIGKILL, perhaps for want of memory"}
    return f"crashed the process with {words.get(name, name)}"


def outcome(error: Any, task: str) -> Outcome:
    """The Outcome a worker's report stands for; the report is a learner's word and may be anything."""
    fields = error if isinstance(error, dict) else {}

    def text(name: str, size: int = 500) -> str:
        value = fields.get(name)
        return wire.clean(value)[:size] if isinstance(value, str) else ""

    kind, problems = text("kind"), fields.get("problems")
    first = (
        next((wire.clean(item)[:300] for item in problems if isinstance(item, str)), "")
        if isinstance(problems, list)
        else ""
    )
    if kind == "missing":
        return Missing(
            f"{text('text', 80)} is not defined"
            + (f"; not everything could be loaded: {first}" if first else "")
        )
    if kind == "stub":
        function = text("function", 80)
        if function == task or not function:
            return NotAttempted(f"{task} is not written yet")
        return LearnerError(
            ["NotImplementedError"], f"{task} uses {function}, which is not written yet", text("place")
        )
    if kind == "memory":
        return OutOfMemory(f"{task} asked for more memory than a submission has: {text('text', 120)}")
    if kind == "exit":
        return Crashed(f"{task} called sys.exit")
    if kind == "large":
        return Crashed(f"{task} returned far too much: {text('text', 120)}")
    types = fields.get("types")
    names = (
        [wire.clean(name)[:80] for name in types[:20] if isinstance(name, str)]
        if isinstance(types, list)
        else []
    )
    note = f"; not everything could be loaded: {first}" if first and "NameError" in names else ""
    return LearnerError(names, text("text") + note, text("place", 300))
