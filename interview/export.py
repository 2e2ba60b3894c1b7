"""The bank as a deck for Anki, as a table, and as a page. The same bank gives the same bytes."""

import csv
import html
import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import genanki  # type: ignore[import-untyped, unused-ignore]

from interview import bank
from interview.asking import place_of
from interview.schema import Question

DECK, MODEL = 1_734_220_871, 1_518_936_402  # numbers by which Anki knows deck and note type again
MADE = 1_700_000_000.0  # a fixed moment: a deck has to hold one
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a cell may not begin: a spreadsheet would compute it
STYLE = """
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
body { color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; margin-top: 3rem; border-bottom: 1px solid #ccc; }
h3 { font-size: 1.05rem; margin: 2rem 0 .3rem; } .about { color: #666; font-size: .85rem; margin: 0; }
p.long, li { white-space: pre-line; } summary { cursor: pointer; color: #1f5fa8; } .zh { color: #444; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } .zh { color: #bbb; } }
"""
COLUMNS = (
    "id", "topic", "level", "kind", "question", "question_zh", "short", "short_zh", "long", "follow_ups",
    "wrong_answer", "why_wrong", "rubric", "rubric_zh", "sources", "lesson",
)  # fmt: skip


def write(path: Path, make: Callable[[Path], object]) -> None:
    """The file `path` from `make`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    make(part)
    os.replace(part, path)


def anki(path: Path) -> None:
    """A deck: the question in both languages in front, answer, rubric and sources behind."""
    model = genanki.Model(
        MODEL,
        "Shrink interview",
        fields=[{"name": "Front"}, {"name": "Back"}],
        templates=[{
            "name": "Card", "qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr id=answer>{{Back}}",
        }],
        css=".card { font: 18px/1.4 sans-serif; text-align: left; } .about { color: #888; font-size: 14px; }",
    )  # fmt: skip
    deck = genanki.Deck(DECK, "Shrink: model compression interview")
    for question in bank.questions():
        tags = [question.topic, question.level, question.kind.replace(" ", "_")]
        guid = genanki.guid_for("shrink", question.id)
        deck.add_note(genanki.Note(model, [front(question), back(question)], guid=guid, tags=tags))
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "deck.apkg"
        genanki.Package(deck).write_to_file(str(raw), timestamp=MADE)
        write(path, lambda part: _undated(raw, part))


def _undated(raw: Path, target: Path) -> None:
    """The archive with the dates of its entries set to a fixed one."""
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in sorted(source.namelist()):
            copy.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), source.read(name))


def front(question: Question) -> str:
    about = f"{question.topic.replace('_', ' ')} · {question.level} · {question.kind}"
    both = f"{escaped(question.question.en)}<br><br>{escaped(question.question.zh)}"
    return f'<p class="about">{escaped(about)}</p>{both}'


def back(question: Question) -> str:
    rubric = "".join(f"<li>{p.points} · {escaped(p.en)}<br>{escaped(p.zh)}</li>" for p in question.rubric)
    sources = "".join(f"<li>{escaped(bank.cite(source))}</li>" for source in question.sources)
    wrong = f"{escaped(question.wrong.answer)} <i>{escaped(question.wrong.why)}</i>"
    return (
        f"<p>{escaped(question.short.en)}</p><p>{escaped(question.short.zh)}</p><ul>{rubric}</ul>"
        f'<p>Common, and wrong: {wrong}</p><ul class="about">{sources}</ul>'
    )


def table(path: Path) -> None:
    """One row a question, in UTF-8 with the mark that spreadsheets want; no cell is a formula."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for question in bank.questions():
        rows.writerow([plain(cell) for cell in cells(question)])
    write(path, lambda part: part.write_bytes(text.getvalue().encode("utf-8-sig")))


def cells(question: Question) -> list[str]:
    follow = "\n".join(f"{one.question} {one.answer}" for one in question.follow_ups)
    return [
        question.id, question.topic, question.level, question.kind,
        question.question.en, question.question.zh, question.short.en, question.short.zh, question.long,
        follow, question.wrong.answer, question.wrong.why,
        "\n".join(f"{point.points} · {point.en}" for point in question.rubric),
        "\n".join(f"{point.points} · {point.zh}" for point in question.rubric),
        "\n".join(bank.cite(source) for source in question.sources),
        place_of(question.lesson) if question.lesson else "",
    ]  # fmt: skip


def plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def page(path: Path) -> None:
    """One page that needs nothing else: no script, no request; answers are folded away."""
    topics: dict[str, list[Question]] = {}
    for question in bank.questions():
        topics.setdefault(question.topic, []).append(question)
    body = [f"<h1>Interview questions on model compression</h1><p>{len(bank.questions())} questions.</p><ul>"]
    body += [f'<li><a href="#{topic}">{escaped(topic.replace("_", " "))}</a></li>' for topic in topics]
    body.append("</ul>")
    for topic, questions in topics.items():
        body.append(f'<h2 id="{topic}">{escaped(topic.replace("_", " "))}</h2>')
        body += [entry(question) for question in questions]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    text = (
        f'<!doctype html><html lang="en"><head>{head}<title>Interview questions</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )
    write(path, lambda part: part.write_text(text, encoding="utf-8"))


def entry(question: Question) -> str:
    follow = "".join(
        f"<li><b>{escaped(one.question)}</b> {escaped(one.answer)}</li>" for one in question.follow_ups
    )
    rubric = "".join(
        f'<li>{p.points} · {escaped(p.en)} <span class="zh">{escaped(p.zh)}</span></li>'
        for p in question.rubric
    )
    sources = "".join(f"<li>{escaped(bank.cite(source))}</li>" for source in question.sources)
    return (
        f'<h3 id="{question.id}">{escaped(question.question.en)}</h3><p class="zh" lang="zh">'
        f"{escaped(question.question.zh)}</p>"
        f'<p class="about">{question.level} · {question.kind} · {question.id}</p>'
        f"<details><summary>Answer</summary><p>{escaped(question.short.en)}</p>"
        f'<p class="zh" lang="zh">{escaped(question.short.zh)}</p>'
        f'<p class="long">{escaped(question.long)}</p>'
        f"<p>Asked next:</p><ul>{follow}</ul><p>Common, and wrong: {escaped(question.wrong.answer)} "
        f"{escaped(question.wrong.why)}</p><p>Points:</p><ul>{rubric}</ul>"
        f"<p>Sources:</p><ul>{sources}</ul></details>"
    )


def escaped(text: str) -> str:
    return html.escape(text).replace("\n\n", "<br><br>")
