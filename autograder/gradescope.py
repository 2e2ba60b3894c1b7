"""What runs on Gradescope: `python -m autograder.gradescope` judges /autograder/submission into results.json.

The folder /autograder may be another one: AUTOGRADER names it. The room and the secret are files beside the
course, put there by `make gradescope`. Gradescope runs all of this as root in a container of its own; a
learner's code runs below that in the judge's sandbox, as nobody, and reads neither the course nor the secret
nor the results. Which walls the container allows is found out at every run: less than REQUIRED judges nobody,
and no level below landlock keeps the secret.

A fault of the judge writes no results.json. Gradescope then shows a failed autograder instead of a zero, its
instructor's log says why, and "Rerun Autograder" judges again.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch

from autograder import exports, grade, submission, wire
from autograder.job import InfraError
from autograder.report import Result
from autograder.rooms import ROOT
from autograder.sandbox import LEVELS
from autograder.secret import secret

REQUIRED = "landlock"
INFRASTRUCTURE = 3


def main() -> int:
    """Judge what was handed in; 0 when results.json was written."""
    base = Path(os.environ.get("AUTOGRADER", "/autograder"))
    target = base / "results" / "results.json"
    target.unlink(missing_ok=True)
    try:
        result = judged(base / "submission")
        result.learner = learners(base / "submission_metadata.json")
    except (InfraError, OSError, ValueError) as error:
        print(f"not judged, a fault of the judge: {error}", flush=True)
        return INFRASTRUCTURE
    for note in exports.write([result], gradescope=target):
        print(note)
    print(f"{result.status}, sandbox {result.sandbox}: {result.points:g} of {result.max_points:g}")
    if result.status == "infra_error":
        print(result.message, flush=True)
        return INFRASTRUCTURE
    return 0


def judged(work: Path) -> Result:
    """The result of what lies in this folder, with inputs that follow from it and the secret."""
    room = grade.find_room((ROOT / "room").read_text(encoding="utf-8").strip())
    key = secret(ROOT / "secret")
    with grade.Workers() as workers:
        required = os.environ.get("REQUIRE_SANDBOX", REQUIRED)
        if LEVELS.index(workers.level) < LEVELS.index(required):
            raise InfraError(f"this container allows the sandbox level {workers.level}, not {required}")
        workers.probe_seed = grade.seed_for(b"probes", key)
        try:
            name, data = submission.take(work, room.key)
            seed, source = grade.seed_for(data, key), submission.parse(data, name).source
        except submission.Unreadable as error:
            return grade.unreadable(room, work.name, str(error), seed=0, workers=workers)
        return grade.judge(room, source, name, seed=seed, workers=workers)


def learners(metadata: Path) -> str:
    """The names of those who handed in, where Gradescope says so."""
    try:
        record: Any = json.loads(metadata.read_text(encoding="utf-8"))
        names = [user["name"] for user in record["users"]]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return wire.clean(", ".join(name for name in names if isinstance(name, str)))


if __name__ == "__main__":
    sys.exit(main())
