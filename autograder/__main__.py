"""`python -m autograder`: grade, selfcheck, doctor. Exit codes: 0 judged, 2 bad usage or unreadable, 3 our
own fault.
"""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: the grader compares small tensors

import typer
from rich.console import Console
from typer._click.exceptions import ClickException

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Judges work that it does not trust.")
BAD_USAGE, INFRASTRUCTURE = 2, 3


class Level(StrEnum):
    process = "process"
    landlock = "landlock"
    full = "full"


class Fault(Exception):
    """An end of the program: its exit code and the one line that is printed."""

    def __init__(self, code: int, line: str) -> None:
        super().__init__(line)
        self.code = code


@app.command()
def grade(
    room: Annotated[str, typer.Argument(help="A room: 02_pruning or pruning.")],
    paths: Annotated[list[Path], typer.Argument(help="Notebooks, Python files or folders.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one page a submission into this folder.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Inputs come from this seed.")] = 7,
    require_sandbox: Annotated[
        Level | None, typer.Option(help="Refuse to judge with a weaker sandbox.")
    ] = None,
    sandbox: Annotated[Level | None, typer.Option(help="Use this sandbox and no other.")] = None,
) -> None:
    """Judge submissions; whatever their score, the exit code is 0."""
    from autograder import board, report
    from autograder import grade as grading
    from autograder.job import InfraError
    from autograder.sandbox import LEVELS

    for path in paths:
        if not path.exists():
            raise Fault(BAD_USAGE, f"{path} does not exist")
    try:
        found = grading.find_room(room)
        with grading.Workers(sandbox) as workers:
            if require_sandbox and LEVELS.index(workers.level) < LEVELS.index(require_sandbox):
                offered = f"this machine offers the sandbox {workers.level}, not {require_sandbox}"
                raise Fault(INFRASTRUCTURE, f"{offered}; see: python -m autograder doctor")
            results = []
            for result in grading.grade_all(found, paths, seed=seed, workers=workers):
                report.show(result, Console())
                if board.enter(result):
                    print("On the local board: python -m autograder board")
                results.append(result)
    except grading.UnknownRoom as error:
        raise Fault(BAD_USAGE, str(error)) from error
    except InfraError as error:
        raise Fault(INFRASTRUCTURE, str(error)) from error
    try:
        if json_file:
            report.write(json_file, report.to_json(results))
        for result in results if html else []:
            report.write(Path(html or ".") / f"{result.submission}.html", report.page(result))
    except OSError as error:
        raise Fault(BAD_USAGE, f"cannot write {error.filename}: {error.strerror}") from error
    statuses = {result.status for result in results}
    if "infra_error" in statuses:
        raise SystemExit(INFRASTRUCTURE)
    if "unreadable" in statuses:
        raise SystemExit(BAD_USAGE)


@app.command()
def selfcheck(
    room: Annotated[str | None, typer.Argument(help="One room; all of them if none is named.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Inputs come from this seed.")] = 7,
) -> None:
    """Judge the judge: reference 100 %, stub 0 %, twins pass, every mutant is caught in its own task."""
    from autograder import grade as grading
    from autograder import rooms, selfcheck
    from autograder.job import InfraError

    try:
        found = [grading.find_room(name) for name in ([room] if room else rooms.room_keys().values())]
        with grading.Workers() as workers:
            reports = []
            for one in found:
                reports.append(selfcheck.check_room(one, workers, seed=seed))
                selfcheck.show(reports[-1], Console())
    except grading.UnknownRoom as error:
        raise Fault(BAD_USAGE, str(error)) from error
    except InfraError as error:
        raise Fault(INFRASTRUCTURE, str(error)) from error
    if any(report.faults for report in reports):
        raise SystemExit(1)


@app.command()
def board() -> None:
    """Show the results that earned a place on this machine's board."""
    from autograder import board

    try:
        found = board.entries()
    except board.DamagedBoard as error:
        raise Fault(BAD_USAGE, str(error)) from error
    if not found:
        print("nothing is on the board yet: the exercises say what earns a place")
        return
    Console().print(board.table(found))


@app.command()
def doctor() -> None:
    """Say what this machine offers the judge, and what to install."""
    from autograder import doctor

    for line in doctor.report():
        print(line, flush=True)


def main() -> None:
    """Bad usage is one line on stderr, never a traceback."""
    try:
        app(standalone_mode=False)
    except Fault as fault:
        print(f"autograder: {fault}", file=sys.stderr)
        raise SystemExit(fault.code) from None
    except ClickException as error:
        print(f"autograder: {error.format_message()}", file=sys.stderr)
        raise SystemExit(BAD_USAGE) from None
    except (typer.Abort, KeyboardInterrupt):
        print("autograder: stopped", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
