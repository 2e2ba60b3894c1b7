"""`python -m autograder`: grade, class, selfcheck, doctor. Exit codes: 0 judged, 2 bad usage or unreadable,
3 our own fault.
"""

import gc
import os
import sys

if __name__ == "__main__" and not os.path.samefile(os.path.dirname(os.path.dirname(__file__)), "."):
    # Python looks first where it was started: a folder of submissions may hold a numpy.py
    sys.path[:] = [folder for folder in sys.path if folder not in ("", os.getcwd())]

from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: the grader compares small tensors

import typer
from rich.console import Console
from typer._click.exceptions import ClickException

from autograder import cli
from autograder.cli import BAD_USAGE, INFRASTRUCTURE, Fault

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Judges work that it does not trust.")


@app.command()
def grade(
    room: cli.RoomName,
    paths: Annotated[list[Path], typer.Argument(help="Notebooks, Python files, folders or archives.")],
    seed: Annotated[int, typer.Option(**cli.SeedRange, help="Inputs come from this seed.")] = 7,
    require_sandbox: cli.RequiredLevel = None,
    sandbox: cli.ForcedLevel = None,
    json_file: cli.Json = None,
    html: cli.Html = None,
    junit: cli.Junit = None,
    gradescope: cli.Gradescope = None,
    classroom50: cli.Classroom50 = None,
    csv_file: cli.Csv = None,
    canvas: cli.Canvas = None,
    canvas_from: cli.CanvasFrom = None,
    canvas_column: cli.CanvasColumn = "",
    moodle: cli.Moodle = None,
    moodle_from: cli.MoodleFrom = None,
    lessons: cli.Lessons = "",
) -> None:
    """Judge submissions; whatever their score, the exit code is 0."""
    outputs = {name: value for name, value in locals().items() if name in cli.OUTPUTS}
    from autograder import board, exports, report
    from autograder import grade as grading
    from autograder.job import InfraError
    from autograder.sandbox import LEVELS

    for path in paths:
        if not path.exists():
            raise Fault(BAD_USAGE, f"{path} does not exist")
    try:
        found = grading.find_room(room)
        exports.check(found.key, **{name: outputs[name] for name in cli.GIVEN})
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
    except (grading.UnknownRoom, exports.ExportError) as error:
        raise Fault(BAD_USAGE, str(error)) from error
    except InfraError as error:
        raise Fault(INFRASTRUCTURE, str(error)) from error
    try:
        for note in exports.write(results, **outputs):
            print(note, file=sys.stderr)
    except exports.ExportError as error:
        raise Fault(BAD_USAGE, str(error)) from error
    except OSError as error:
        raise Fault(BAD_USAGE, f"cannot write {error.filename}: {error.strerror}") from error
    statuses = {result.status for result in results}
    if "infra_error" in statuses:
        raise SystemExit(INFRASTRUCTURE)
    if "unreadable" in statuses:
        raise SystemExit(BAD_USAGE)


@app.command("class")
def judge_class(
    room: cli.RoomName,
    folder: Annotated[
        Path, typer.Argument(help="A folder or archive; nbgrader, Moodle, Canvas, Gradescope.")
    ],
    jobs: Annotated[int, typer.Option(min=1, help="Processes that judge at a time.")] = os.cpu_count() or 1,
    dask: Annotated[str, typer.Option(help="Judge by Dask: local, or a scheduler's address.")] = "",
    slurm: Annotated[bool, typer.Option("--slurm", help="Judge by SLURM jobs, as many as --jobs.")] = False,
    cluster_options: Annotated[
        Path | None, typer.Option(help="YAML or JSON for the cluster: queue, cores, memory ...")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an earlier run: results that hold are kept.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Judge all anew; the earlier run's results are set aside.")
    ] = False,
    store: Annotated[
        Path | None, typer.Option(help="Folder where results are kept (default: in .cache/class).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(**cli.SeedRange, help="One seed for everybody, instead of the secret.")
    ] = None,
    secret: Annotated[
        Path | None, typer.Option(help="File of the secret behind the inputs; made if missing.")
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="Leave this task out; may be repeated.")] = None,
    require_sandbox: cli.RequiredLevel = None,
    sandbox: cli.ForcedLevel = None,
    json_file: cli.Json = None,
    html: cli.Html = None,
    junit: cli.Junit = None,
    gradescope: cli.Gradescope = None,
    classroom50: cli.Classroom50 = None,
    csv_file: cli.Csv = None,
    canvas: cli.Canvas = None,
    canvas_from: cli.CanvasFrom = None,
    canvas_column: cli.CanvasColumn = "",
    moodle: cli.Moodle = None,
    moodle_from: cli.MoodleFrom = None,
    lessons: cli.Lessons = "",
) -> None:
    """Judge a whole class. Results are kept as they arrive, so a run that was stopped loses nothing.

    A second run over the same class needs --resume or --fresh. The exit code is 0 whatever the scores, also
    if somebody's work could not be read (a line names them); 2 is bad usage, 3 a fault of the judge.
    """
    outputs = {name: value for name, value in locals().items() if name in cli.OUTPUTS}
    if dask and slurm:
        raise Fault(BAD_USAGE, "--dask and --slurm exclude each other")
    cluster: dict[str, Any] | None = None
    if dask or slurm:
        cluster = {"address": dask, "slurm": slurm, "options": cluster_options}
    gc.disable()  # imports leave no garbage worth looking for
    from autograder import class_command

    gc.enable()
    class_command.judge_class(
        room, folder, jobs=jobs, store=store, resume=resume, fresh=fresh, seed=seed, secret_file=secret,
        without=without or [], sandbox=sandbox, require_sandbox=require_sandbox, cluster=cluster, **outputs,
    )  # fmt: skip


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
