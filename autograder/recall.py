"""A check that is answered as it was before ends as it ended before.

A verdict depends on the seed and on what comes back from the job, and on nothing else. So the grader keeps,
for each check and seed, what was asked and how it was answered, as a tree of digests: a submission whose
answers are known byte for byte gets the known result, and neither inputs nor a verdict are computed again.
An answer that is new is judged by the verdict itself, which is fed with what has come already. Questions
with large inputs, and calls that broke their process, are not kept.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from autograder.job import Answer, Question
from autograder.report import CheckResult
from autograder.task import Outcome

MAX_CHECKS = 2048  # trees that are kept: those of all checks of a room, in every variant
MAX_ENDS = 32  # of one tree
MAX_BYTES = 1 << 16  # of a question


@dataclass(frozen=True)
class Call:
    """A question and the conditions of its call."""

    question: Question
    cpu_seconds: float
    fresh: bool


@dataclass
class Moment:
    """A point in a check: what is asked next and where each answer leads; or how the check ended."""

    call: Call | None = None
    after: dict[bytes, "Moment"] = field(default_factory=dict)
    end: tuple[CheckResult, dict[str, float]] | None = None  # with what was measured


Trail = list[tuple[Call, Answer | Outcome]]  # one check: what was asked and what came


class Memory:
    """The trees of a grader's checks, those used last."""

    def __init__(self) -> None:
        self.trees: OrderedDict[object, tuple[Moment, list[int]]] = OrderedDict()

    def tree(self, key: object) -> Moment:
        """The beginning of a check; `key` says which check, reference and seed it is."""
        if key not in self.trees:
            self.trees[key] = (Moment(), [0])
            if len(self.trees) > MAX_CHECKS:
                self.trees.popitem(last=False)
        self.trees.move_to_end(key)
        return self.trees[key][0]

    def keep(self, key: object, trail: Trail, result: CheckResult, metrics: dict[str, float]) -> None:
        """Enter a check that was judged, if all of it can be kept."""
        digests = [answer.digest if isinstance(answer, Answer) else b"" for _, answer in trail]
        moment, ends = self.trees.get(key, (Moment(), [MAX_ENDS]))
        if ends[0] >= MAX_ENDS or not all(digests) or not all(small(call.question) for call, _ in trail):
            return
        ends[0] += 1
        for (call, _), digest in zip(trail, digests, strict=True):
            if moment.call is None:
                moment.call = call
            moment = moment.after.setdefault(digest, Moment())
        moment.end = (result, metrics)


def small(question: Question) -> bool:
    return not question.large and len(question.text) + sum(map(len, question.inline)) <= MAX_BYTES
