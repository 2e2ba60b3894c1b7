"""nbgrader on this course: solutions -> exercises, and grading by our judge in place of a kernel.

    nbgrader generate_assignment 02_pruning      the room, in the gradebook
    nbgrader autograde 02_pruning                .cache/class/submitted/ANA/02_pruning/02_pruning.ipynb
    nbgrader generate_feedback 02_pruning        .cache/class/feedback/ANA/02_pruning/02_pruning.html
    nbgrader export                              .cache/class/grades.csv

The gradebook and all that belongs to a class lie in .cache/class, outside what git sees.
"""

import os
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined] # noqa: F821  (nbgrader defines it)
root = Path(__file__).resolve().parent  # type: ignore[name-defined]
course = root / ".cache" / "class"
course.mkdir(parents=True, exist_ok=True)
# nbgrader calls `alembic` by name when it makes a gradebook; .venv need not be activated for that.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: the judge compares small tensors
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = "shrink"
c.CourseDirectory.root = str(root)
c.CourseDirectory.db_url = f"sqlite:///{course / 'gradebook.db'}"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = ".cache/class/submitted"
c.CourseDirectory.autograded_directory = ".cache/class/autograded"
c.CourseDirectory.feedback_directory = ".cache/class/feedback"
# nbgrader copies every other file of a source folder into the release; its own defaults come first.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py", "*.md"]
c.Exchange.root = str(course / "exchange")
c.CsvExportPlugin.to = str(course / "grades.csv")

STUB = 'raise NotImplementedError("write this function, then run the check below")'
c.ClearSolutions.code_stub = {"python": STUB}

# Learners' code runs in the judge's sandboxed worker alone; nbgrader keeps gradebook, penalties and feedback.
c.Autograde.exporter_class = "autograder.nbgrader_hook.Reader"
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "autograder.nbgrader_hook.RestoreCells",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.JudgeAnswers.secret_file = str(course / "secret")
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_hook.JudgeAnswers",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
