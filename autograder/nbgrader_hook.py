"""nbgrader's side of the judge: a reader and two preprocessors, named in nbgrader_config.py.

`Reader` opens what was handed in, even if it is no notebook: the judge decides what that is worth.
`RestoreCells` stands in place of DeduplicateIds: whatever a learner did to a cell's metadata, that of the
release comes back, and a copied, stripped or deleted cell costs nothing and stops nobody.
`JudgeAnswers` stands in place of Execute: no kernel starts. The submitted file goes to the judge, and each
test cell gets the points of its task as its output, which is where nbgrader reads them; formgrader, late
penalties, feedback and export work as ever.
"""

# mypy: allow-untyped-calls
import atexit
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.diagnosis import where
from autograder.secret import secret

if TYPE_CHECKING:
    from autograder.grade import Workers

CHECK = "check_"  # a test cell is named after its task
UNREADABLE = "What was handed in could not be shown as a notebook. It was judged as it is."


class Reader(NotebookExporter):
    """Reads any file as a notebook; of one that is none, a page that says so remains."""

    def from_file(self, file_stream: Any, resources: Any = None, **kw: Any) -> Any:
        try:
            notebook = nbformat.reads(file_stream.read().lstrip("\ufeff"), as_version=4)
            for position, cell in enumerate(notebook.cells):
                cell["id"] = f"cell-{position}"  # copies of a cell share an id, which the format forbids
            notebook.nbformat_minor = 5
            nbformat.validate(notebook)
        except Exception:  # there is no end to the ways a file can be broken
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(UNREADABLE)])
        return self.from_notebook_node(notebook, resources=resources, **kw)


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Give the release's cells their metadata back, drop it from all others, add test cells that are gone."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            released = released_cells(gradebook, about["notebook"], about["assignment"])
        found: set[str] = set()
        for cell in reversed(nb.cells):  # of two copies the last one counts, as in a kernel
            given = cell.metadata.pop("nbgrader", None)
            name = given.get("grade_id") if isinstance(given, dict) else None
            if isinstance(name, str) and name in released and name not in found:
                found.add(name)
                become(cell, released[name]["cell_type"])
                cell.metadata["nbgrader"] = NotebookNode(released[name])
        for name, metadata in released.items():
            if metadata["grade"] and name not in found:
                cell = nbformat.v4.new_code_cell(metadata={"nbgrader": NotebookNode(metadata)})
                nb.cells.append(cell)  # OverwriteCells fills in its text
        return nb, resources


def released_cells(gradebook: Gradebook, notebook: str, assignment: str) -> dict[str, dict[str, Any]]:
    """The nbgrader metadata of every cell the release knows by name."""
    known = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: cell.max_score for cell in known.grade_cells}
    solutions = {cell.name for cell in known.solution_cells}
    return {
        cell.name: {
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
            "grade": cell.name in points,
            "grade_id": cell.name,
            "locked": bool(cell.locked),
            "points": points.get(cell.name, 0),
            "schema_version": 3,
            "solution": cell.name in solutions,
            "task": False,
        }
        for cell in known.source_cells
    }


def become(cell: NotebookNode, cell_type: str) -> None:
    """Undo a change of a cell's type; its text stays."""
    if cell.cell_type == cell_type:
        return
    for key in ("outputs", "execution_count", "attachments"):
        cell.pop(key, None)
    cell["cell_type"] = cell_type
    if cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None


class JudgeAnswers(NbGraderPreprocessor):  # type: ignore[misc]
    """Have the submitted file judged, and leave each task's points and messages in its test cell."""

    secret_file = Unicode(
        help="Inputs for marks come from this file's bytes and the submission's hash; made if missing."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = resources["nbgrader"]
        folders = self.parent.parent.coursedir  # the exporter's parent is the Autograde converter
        folder = folders.format_path(folders.submitted_directory, about["student"], about["assignment"])
        graded = {
            cell.metadata.nbgrader["grade_id"].removeprefix(CHECK): cell
            for cell in nb.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
        }
        path = Path(folder) / f"{about['notebook']}.ipynb"
        report = judge(about["notebook"], path, list(graded), secret(Path(self.secret_file)))
        if report["status"] == "infra_error":
            # Raised, nbgrader reports this learner apart and goes on with the next: no zero is recorded.
            raise RuntimeError(f"the judge failed, not the work of {about['student']}: {report['message']}")
        tasks = {task["name"]: task for task in report["tasks"]}
        for name, cell in graded.items():
            points = float(cell.metadata.nbgrader["points"])
            if report["status"] == "unreadable":
                unread = {"name": name, "status": "not_run", "points": 0, "max_points": points, "checks": []}
                tasks[name] = {**unread, "message": report["message"]}
            elif name not in tasks:
                raise RuntimeError(f"{about['notebook']} has a test cell for {name!r}, which no check knows")
            cell["outputs"] = outputs(tasks[name], points)
        return nb, resources


def judge(room: str, path: Path, tasks: list[str], key: bytes) -> dict[str, Any]:
    """The report of one submission, in the form of `python -m autograder grade --json`."""
    from autograder import grade, submission

    found, pool = grade.find_room(room), workers()
    seed = grade.seed_for(path.read_bytes(), key)
    pool.probe_seed = grade.seed_for(b"probes", key)
    try:
        source = submission.read(path, room).source
        result = grade.judge(found, source, path.name, seed=seed, workers=pool, tasks=tasks)
    except submission.Unreadable as error:
        result = grade.unreadable(found, path.name, str(error), seed=seed, workers=pool)
    if result.status == "infra_error":  # the next learner gets new workers
        pool.close()
        workers.cache_clear()
    return result.model_dump()


@functools.cache
def workers() -> "Workers":
    """One pair of zygotes for the whole class, however many submissions nbgrader walks through."""
    from autograder.grade import Workers

    pool = Workers()
    atexit.register(pool.close)
    return pool


def outputs(task: dict[str, Any], points: float) -> list[NotebookNode]:
    """A task's verdict as the outputs of its test cell: lines to read, and the number that nbgrader takes."""
    share = task["points"] / task["max_points"] if task["max_points"] else 0.0
    score = points * min(max(share, 0.0), 1.0)  # a release may be older than the checks: its points hold
    return [
        nbformat.v4.new_output("stream", name="stdout", text="\n".join(lines(task)) + "\n"),
        nbformat.v4.new_output("execute_result", data={"text/plain": repr(round(score, 6))}),
    ]


def lines(task: dict[str, Any]) -> list[str]:
    """What a learner reads: the task's status, each check with its mistake and its hint, the lesson."""
    reached = f"{task['points']:g} of {task['max_points']:g} points"
    text = [f"{task['name']}: {task['status'].replace('_', ' ')}, {reached}"]
    if not task["checks"] and task["message"]:  # otherwise it repeats that of the first check
        text.append(task["message"])
    for check in task["checks"]:
        text.append(f"{'passed' if check['passed'] else 'failed'}  {check['name']}")
        text += [f"        {line}" for line in (check.get("message"), check.get("hint")) if line]
    if task["checks"] and task.get("mistake"):  # behind the first check's words stands the diagnosis
        first = next((check.get("message", "") for check in task["checks"] if not check["passed"]), "")
        text.append(task["message"].removeprefix(first).strip())
    elif task.get("lesson"):
        text.append(where(task["lesson"]).strip())
    return [line for line in text if line]
