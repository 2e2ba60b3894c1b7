"""Words -> questions that hold them, the best first, in English or Chinese."""

import sqlite3

from interview import bank
from interview.schema import Question


def text_of(question: Question) -> str:
    """Everything that can be found of a question."""
    parts = [question.id, question.topic, question.question.en, question.question.zh]
    parts += [question.short.en, question.short.zh, question.long, question.wrong.answer]
    parts += [part for follow in question.follow_ups for part in (follow.question, follow.answer)]
    return "\n".join(parts)


def search(words: str, limit: int = 20) -> list[Question]:
    """Questions with all the words, ranked by how rare and how frequent they are (BM25 over trigrams).

    A word of one or two characters, as many Chinese ones are, has to stand in the text but does not rank.
    """
    wanted = words.split()
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, text, tokenize = 'trigram')")
    index.executemany("INSERT INTO texts VALUES (?, ?)", [(q.id, text_of(q)) for q in bank.questions()])
    long = [word.replace('"', '""') for word in wanted if len(word) >= 3]
    short = [word for word in wanted if len(word) < 3]
    query, values = "SELECT id FROM texts WHERE 1", list[str]()
    if long:
        query, values = f"{query} AND texts MATCH ?", [" ".join(f'"{word}"' for word in long)]
    for word in short:
        query, values = f"{query} AND instr(lower(text), lower(?))", [*values, word]
    rows = index.execute(query + (" ORDER BY rank" if long else "") + f" LIMIT {int(limit)}", values)
    known = {question.id: question for question in bank.questions()}
    found = [known[name] for (name,) in rows]
    index.close()
    return found
