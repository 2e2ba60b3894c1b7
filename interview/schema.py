"""What a question of the bank is. One file a topic, `bank/<topic>.yaml`, a list of questions:

    - id: magnitude-criterion             lower case, words joined by "-", unique in the whole bank
      level: junior                       junior, mid, senior, staff
      kind: concept                       concept, derivation, napkin arithmetic, code, debugging,
                                          system design, trade-off
      covers: [A13, C4]                   ids of the syllabus (tools/rooms.py), possibly none
      lesson: pruning#3 By hand           topic#heading of a lesson, or left out
      question: {en: ..., zh: ...}
      short: {en: ..., zh: ...}           the 30-second answer, at most 90 words
      long: ...                           the 3-minute answer, English, 100 to 450 words, plain text
      follow_ups:                         what is asked next, with the answers
        - {question: ..., answer: ...}
      wrong: {answer: ..., why: ...}      the common wrong answer, and why it is wrong
      rubric:                             what an answer is given points for, 4 to 10 in all
        - {points: 2, en: ..., zh: ...}
      sources: ["han2016, section 3"]     keys of sources.yaml, with the place where that helps
      figures:                            where the numbers come from, see below
        - {says: "32 MB", computed: "8192 * 4096 / 2**20"}
        - {says: "40x", source: "han2016, table 1"}
        - {says: "2 ms", assumed: true}   what an example takes for granted, and no claim
      drill: {room: pruning, task: magnitude_mask, minutes: 10}    kind code alone: the judge's task

A *figure* is a number in an English answer that somebody could doubt: with a decimal point, of three digits
or more, or followed by %, x, times or a unit. What the question gives, years, and "4-bit" are none. Each
figure stands in the `says` of an entry that computes it (Python arithmetic, no bare number, with
`interview.formulas` and `recorded("NN_topic", "key.0.key")`, a value of data/results, or with `number=1` the
second number of a text there; it has to round to what is said), names the paper that states it, or says that
an example assumes it, as its sentence then does. Names such as LeNet-300-100 are no figures.
A Chinese text holds no number that its English one lacks.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]
Level = Literal["junior", "mid", "senior", "staff"]
Kind = Literal[
    "concept", "derivation", "napkin arithmetic", "code", "debugging", "system design", "trade-off"
]


class Strict(BaseModel):
    """A part of a question; a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Both(Strict):
    """A text in English and Chinese."""

    en: Text
    zh: Text


class FollowUp(Strict):
    """What an interviewer asks next."""

    question: Text
    answer: Text


class Wrong(Strict):
    """The answer that many give, and what is wrong with it."""

    answer: Text
    why: Text


class Point(Both):
    """One thing that earns points."""

    points: int = Field(ge=1, le=5)


class Figure(Strict):
    """Where a number in an answer comes from: an expression, a paper, or the answer's own example."""

    says: Text
    computed: str = ""
    source: str = ""
    assumed: bool = False

    @model_validator(mode="after")
    def one_origin(self) -> "Figure":
        if sum(map(bool, (self.computed, self.source, self.assumed))) != 1:
            raise ValueError(f"the figure {self.says!r} is either computed, or has a source, or is assumed")
        return self


class Drill(Strict):
    """A task of the judge, and the minutes it should take."""

    room: Text
    task: Text
    minutes: int = Field(ge=5, le=20)


class Question(Strict):
    """One question of the bank."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    level: Level
    kind: Kind
    covers: list[str] = []
    lesson: str = ""
    question: Both
    short: Both
    long: Text
    follow_ups: list[FollowUp] = Field(min_length=1)
    wrong: Wrong
    rubric: list[Point] = Field(min_length=2)
    sources: list[Text] = []
    figures: list[Figure] = []
    drill: Drill | None = None
    topic: str = ""  # the name of the file, filled in by the reader

    @model_validator(mode="after")
    def fits(self) -> "Question":
        if (self.kind == "code") != (self.drill is not None):
            raise ValueError("a question of kind code, and no other, has a drill")
        if not 4 <= self.points <= 10:
            raise ValueError(f"the rubric gives 4 to 10 points in all, not {self.points}")
        if words(self.short.en) > 90:
            raise ValueError(f"the short answer has {words(self.short.en)} words, at most 90 fit into 30 s")
        if not 100 <= words(self.long) <= 450:
            raise ValueError(f"the long answer has {words(self.long)} words, 100 to 450 are asked for")
        return self

    @property
    def points(self) -> int:
        return sum(point.points for point in self.rubric)

    @property
    def answers(self) -> list[str]:
        """Every English text in which a figure may stand."""
        texts = [self.short.en, self.long, self.wrong.answer, self.wrong.why]
        return texts + [part for follow in self.follow_ups for part in (follow.question, follow.answer)]


def words(text: str) -> int:
    return len(re.findall(r"\S+", text))
