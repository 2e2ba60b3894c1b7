"""What the commands share: exit codes, how the program ends with a line, and the options of every output."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

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


def written(name: str, text: str) -> Any:
    """An option that names what is written."""
    return typer.Option(name, help=text)


RoomName = Annotated[str, typer.Argument(help="A room: 02_pruning or pruning.")]
RequiredLevel = Annotated[Level | None, typer.Option(help="Refuse to judge with a weaker sandbox.")]
ForcedLevel = Annotated[Level | None, typer.Option(help="Use this sandbox and no other.")]
SeedRange: dict[str, int] = {"min": 0, "max": 2**32 - 1}

Json = Annotated[Path | None, written("--json", "Write the results here.")]
Html = Annotated[Path | None, written("--html", "Write one page a submission into this folder.")]
Junit = Annotated[Path | None, written("--junit", "Write a JUnit report here.")]
Gradescope = Annotated[Path | None, written("--gradescope", "Gradescope's results.json; a folder if many.")]
Classroom50 = Annotated[
    Path | None, written("--classroom50", "Classroom 50's result.json; a folder if many.")
]
Csv = Annotated[Path | None, written("--csv", "Write a table of all grades here.")]
Canvas = Annotated[Path | None, written("--canvas", "Write Canvas's gradebook, filled in, here.")]
CanvasFrom = Annotated[Path | None, written("--canvas-from", "The gradebook that Canvas exported.")]
CanvasColumn = Annotated[str, written("--canvas-column", "The assignment, if its name does not tell.")]
Moodle = Annotated[Path | None, written("--moodle", "Write Moodle's worksheet, filled in, here.")]
MoodleFrom = Annotated[Path | None, written("--moodle-from", "The grading worksheet that Moodle exported.")]
Lessons = Annotated[str, written("--lessons", "Address below which the pages find the lessons.")]

GIVEN = ("canvas_from", "canvas_column", "moodle_from")  # what a gradebook's program exported
OUTPUTS = (
    "json_file", "html", "junit", "gradescope", "classroom50", "csv_file", "canvas", "moodle", "lessons",
    *GIVEN,
)  # fmt: skip
