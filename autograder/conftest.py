"""Makes `pytest autograder --submission PATH` judge a submission; see plugin.py."""

from autograder.plugin import (
    judge,
    pytest_addoption,
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
