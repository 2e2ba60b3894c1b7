"""The bank: schema, figures with an origin, translations, sources, links, coverage, no two alike."""

import re

import nbformat
import pytest

from interview import bank, figures
from interview.schema import Figure, Question
from tools.compose import front_matter
from tools.rooms import ROOT, TOPICS, all_rooms

QUESTIONS = bank.questions()
each = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@each
def test_every_figure_has_an_origin_that_gives_it(question: Question) -> None:
    figures.check(question)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Suppose a layer takes 2 ms. It waits.", True),
        ("With, say, 2 ms for a layer it waits.", True),
        ("Two logits of, for\nexample, 2 ms and 3 ms.", True),
        ("Suppose a layer waits. It takes 2 ms.", False),
        ("Layers take 2 ms.", False),
    ],
)
def test_an_assumed_figure_stands_in_a_sentence_that_supposes_it(text: str, right: bool) -> None:
    assert figures.supposed("2 ms", [text]) == right


@pytest.mark.parametrize("constant", ["60", "0.98", "1e3", "-60", "(60)"])
def test_a_bare_number_computes_nothing(constant: str) -> None:
    figure = Figure(says=constant, computed=constant)
    with pytest.raises(figures.FigureError, match="computes nothing; write how it follows"):
        figures.check_value("some-question", figure)


def test_a_number_that_a_result_states_in_words_can_be_read() -> None:
    place = "recorded('04_distillation', 'rows.4.0', number={})"  # "25,080, 40 % wrong labels or none"
    assert figures.evaluate(place.format(1)) == 40
    with pytest.raises(figures.FigureError, match="cannot be computed"):
        figures.evaluate(place.format(2))


@each
def test_every_source_is_a_known_paper(question: Question) -> None:
    named = question.sources + [figure.source for figure in question.figures if figure.source]
    assert all(bank.cite(source) for source in named)
    assert named or question.figures or not any(figures.numbers(text) for text in question.answers)


@each
def test_translations_are_there_and_hold_no_number_of_their_own(question: Question) -> None:
    for text in (question.question, question.short, *question.rubric):
        assert CHINESE.search(text.zh) and not CHINESE.search(text.en)
        assert figures.numbers(text.zh) <= figures.numbers(text.en), text.zh


@each
def test_links_lead_to_a_heading_and_ids_exist(question: Question) -> None:
    assert set(question.covers) <= TOPICS
    if question.lesson:
        topic, _, heading = question.lesson.partition("#")
        assert heading in headings()[topic]


def headings() -> dict[str, set[str]]:
    """Topic -> headings of its lesson."""
    found = {}
    for room in all_rooms():
        if room.taught:
            cells = nbformat.read(room.lesson, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            found[room.topic] = set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    return found


def test_keys_of_papers_tell_author_and_year() -> None:
    for key, paper in bank.papers().items():
        assert re.fullmatch(rf"[a-z]+{paper.year}[b-z]?", key), key


def test_every_id_of_the_syllabus_is_covered() -> None:
    texts = [room.root / "source" / room.key / f"{kind}.py" for room in all_rooms() for kind in room.kinds]
    taught = {topic for path in texts for topic in front_matter(path)["covers"]}
    asked = {topic for question in QUESTIONS for topic in question.covers}
    assert not TOPICS - taught - asked, f"nowhere covered: {sorted(TOPICS - taught - asked)} in {ROOT.name}"
