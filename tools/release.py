"""The release of a solution notebook: nbgrader's ``generate_assignment``, without a gradebook."""

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

from tools.excerpt import BuildError
from tools.rooms import ROOT


def nbgrader_config(root: Path) -> Any:
    """What ``nbgrader_config.py`` says, with `root` as the course's folder."""
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    config.JudgeAnswers.secret_file = str(root / "secret")
    return config


def release(key: str, solution: bytes) -> bytes:
    """The exercise notebook that nbgrader makes of a solution notebook, byte for byte."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy deprecations inside nbgrader: not ours to answer
        from nbgrader.converters import GenerateAssignment, NbGraderException
        from nbgrader.coursedir import CourseDirectory

    with tempfile.TemporaryDirectory(prefix="release-") as name:
        root = Path(name).resolve()
        source = root / "solutions" / key / f"{key}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_bytes(solution)
        config = nbgrader_config(root)
        config.CourseDirectory.assignment_id = key
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        converter.log = logging.getLogger("shrink.release")
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            raise BuildError(f"{key}: nbgrader could not release the solution: {error}") from None
        return (root / "exercises" / key / f"{key}.ipynb").read_bytes()
