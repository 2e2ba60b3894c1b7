"""Makes `pytest autograder --submission=PATH` judge a submission; see plugin.py."""

import sys

import pytest

from autograder import plugin
from autograder.plugin import (
    judge,
    pytest_collection_modifyitems,
    pytest_internalerror,
    pytest_pyfunc_call,
    pytest_sessionfinish,
)

__all__ = [
    "judge",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_internalerror",
    "pytest_pyfunc_call",
    "pytest_sessionfinish",
]
collect_ignore = ["answers"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Refuses `--submission PATH`: pytest, which does not know the option yet, takes PATH for a folder of
    tests, and runs the conftest.py a learner has left there.
    """
    if "--submission" in sys.argv:
        raise pytest.UsageError(
            "write --submission=PATH, with an equals sign: pytest runs a conftest.py in PATH else"
        )
    plugin.pytest_addoption(parser)
