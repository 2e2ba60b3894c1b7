"""Deck, table, page, search: the real programs read them, and the same bank gives the same bytes."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from rapidfuzz import fuzz, process

from interview import bank, export, search
from interview.bank import BankError

COUNT = len(bank.questions())


def test_anki_imports_the_deck(tmp_path: Path) -> None:
    deck = tmp_path / "deck.apkg"
    export.anki(deck)
    collection = Collection(str(tmp_path / "collection.anki2"))
    try:
        for _ in range(2):  # the second time nothing is added twice
            asked = ImportAnkiPackageRequest(package_path=str(deck), options=ImportAnkiPackageOptions())
            collection.import_anki_package(asked)
            assert collection.note_count() == collection.card_count() == COUNT
        note = collection.get_note(collection.find_notes("tag:pruning")[0])
        assert re.search(r"[\u4e00-\u9fff]", note["Front"]) and note["Back"]
    finally:
        collection.close()


@pytest.mark.parametrize("make", [export.anki, export.table, export.page])
def test_the_same_bank_gives_the_same_bytes(make, tmp_path: Path) -> None:
    make(tmp_path / "one")
    make(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_table_has_a_row_a_question_and_no_formula(tmp_path: Path) -> None:
    export.table(tmp_path / "bank.csv")
    with (tmp_path / "bank.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [question.id for question in bank.questions()]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(export.FORMULA)]
    assert export.plain("=1+1") == "'=1+1" and export.plain("1+1") == "1+1"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags, self.links, self.ids = list[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            assert not name.startswith("on"), "no handlers"
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")


def test_the_page_stands_alone(tmp_path: Path) -> None:
    export.page(tmp_path / "bank.html")
    page = Page()
    page.feed((tmp_path / "bank.html").read_text(encoding="utf-8"))
    assert page.tags.count("details") == COUNT and "script" not in page.tags
    assert page.links and {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_text_of_the_bank_is_no_markup() -> None:
    assert export.escaped("a < b & <script>") == "a &lt; b &amp; &lt;script&gt;"


def test_search_finds_words_in_both_languages() -> None:
    assert "ninety-percent-zeros-same-speed" in [q.id for q in search.search("sparse tensor cores zero")]
    assert "ninety-percent-zeros-same-speed" in [q.id for q in search.search("稠密算子")]
    assert "ninety-percent-zeros-same-speed" in [q.id for q in search.search("稠密 置零 权重"[:2])]
    assert search.search('no "such" word*') == []


def test_no_two_questions_are_alike() -> None:
    texts = [f"{question.question.en} {question.short.en}" for question in bank.questions()]
    alike = process.cdist(texts, texts, scorer=fuzz.token_sort_ratio, score_cutoff=78)
    names = [question.id for question in bank.questions()]
    pairs = [(names[i], names[j]) for i in range(COUNT) for j in range(i) if alike[i][j] > 0]
    assert not pairs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML"),
        ("a: 1", "is a list of questions"),
        ("- 3", "question 1: a question is a mapping"),
        ("- {id: A B}", "A B: id"),
    ],
)
def test_a_damaged_bank_names_file_and_place(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(text)
    with pytest.raises(BankError, match=rf"broken\.yaml.*{said}"):
        bank.read(tmp_path)
