"""The judge: it grades work that it does not trust (see `python -m autograder --help`).

A notebook says `from autograder import check`; everything else is imported from the module it lives in.
Nothing heavy is imported here, so that `python -m autograder doctor` works on a half-installed machine.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["check"]


def check(task: str, *functions: Callable[..., Any]) -> None:
    """Run the public checks of `task` on your own function, here and now; the marks test more than these."""
    from autograder.feedback import check as run

    run(task, *functions)
