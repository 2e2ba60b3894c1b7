"""Numbers in answers: which of them are figures, and whether each comes from where it is said to come."""

import ast
import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

from interview import formulas
from interview.schema import Figure, Question

RESULTS = Path(__file__).resolve().parent.parent / "data" / "results"
NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
UNITS = (
    r"%|x\b|×|times\b|percent|points?\b|[kKMGT]i?B\b|B\b|bytes\b|[mnu]?s\b|seconds\b|milliseconds\b|pJ\b|mJ\b|J\b|W\b"
    r"|TOPS\b|[GT]?FLOPs?\b|[MG]MACs?\b|MACs\b|million\b|billion\b"
)
TOKEN = re.compile(rf"(?<![\w.,])({NUMBER})(?![\d])(?:[ -]?({UNITS}))?")
SUPPOSING = re.compile(r"\b(suppose|say|for\s+example)\b", re.IGNORECASE)
NAME = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:-\d+)+\b")  # LeNet-300-100, ResNet-20
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.USub: operator.neg,
}  # fmt: skip


class FigureError(ValueError):
    """A figure without an origin, or one that its origin does not give."""


def stated(text: str) -> Iterator[str]:
    """The figures of a text: numbers with a decimal point, of three digits or more, or with a unit."""
    for match in TOKEN.finditer(NAME.sub("", text)):
        number, unit = match[1], match[2]
        year = re.fullmatch(r"(19|20)\d\d", number) and not unit
        if not year and (unit or "." in number or len(number.replace(",", "")) >= 3):
            yield number


def numbers(text: str) -> set[str]:
    """All numbers of a text, as they stand there."""
    return set(re.findall(NUMBER, text))


def check(question: Question) -> None:
    """Every figure of the English answers has an origin, every origin gives what is said.

    Raises:
        FigureError: names the question, the figure, and what is wrong with it.
    """
    given = numbers(question.question.en)
    covered = [number for figure in question.figures for number in numbers(figure.says)]
    for text in question.answers:
        for number in stated(text):
            if number not in given and number not in covered:
                raise FigureError(f"{question.id}: nothing says where {number} comes from in {text[:80]!r}")
    for figure in question.figures:
        if not any(figure.says in text for text in question.answers):
            raise FigureError(f"{question.id}: no answer says {figure.says!r}")
        if figure.computed:
            check_value(question.id, figure)
        if figure.assumed and not supposed(figure.says, question.answers):
            raise FigureError(
                f"{question.id}: {figure.says!r} is assumed, but no sentence supposes it"
                " (suppose, say, for example)"
            )


def supposed(figure: str, texts: Iterable[str]) -> bool:
    """Whether a sentence that states the figure says that it is an example's own choice."""
    sentences = (sentence for text in texts for sentence in re.split(r"(?<=[.!?;:])\s+", text))
    return any(figure in sentence and SUPPOSING.search(sentence) for sentence in sentences)


def check_value(name: str, figure: Figure) -> None:
    """The expression of a figure rounds to the first number of what is said."""
    number = re.search(NUMBER, figure.says)
    if number is None:
        raise FigureError(f"{name}: {figure.says!r} holds no number")
    text = number[0].replace(",", "")
    step = 10.0 ** -len(text.partition(".")[2])
    value = evaluate(figure.computed)
    if bare(figure.computed):
        raise FigureError(
            f"{name}: {figure.computed} for {figure.says!r} computes nothing; write how it follows from other"
            " numbers, a recorded result, a source, or assumed: true in a sentence that supposes it"
        )
    if not abs(value - float(text)) <= step / 2 * (1 + 1e-9):
        raise FigureError(f"{name}: {figure.says!r}, but {figure.computed} is {value:.6g}")


def bare(expression: str) -> bool:
    """Whether an expression is one number and nothing else, perhaps with a minus."""
    node = ast.parse(expression, mode="eval").body
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def evaluate(expression: str) -> float:
    """The value of Python arithmetic over numbers, `formulas`, functions of math, and `recorded`.

    Raises:
        FigureError: it holds anything else, or cannot be computed.
    """
    try:
        return float(_value(ast.parse(expression, mode="eval").body))
    except (SyntaxError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        raise FigureError(f"{expression!r} cannot be computed: {error}") from None


def recorded(name: str, path: str, *, number: int = 0) -> float:
    """A value of data/results/NAME.json, its place in it as 'key.0.key'; of a text, its number `number`."""
    content = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    steps = [int(part) if part.isdigit() else part for part in path.split(".")]
    value = reduce(lambda value, step: value[step], steps, content)
    return float(re.findall(NUMBER, value)[number].replace(",", "") if isinstance(value, str) else value)


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](_value(node.operand))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arguments = [_value(argument) for argument in node.args]
        return _function(node.func.id)(*arguments, **{k.arg or "": _value(k.value) for k in node.keywords})
    raise ValueError(f"{ast.unparse(node)} is no arithmetic")


def _function(name: str) -> Callable[..., Any]:
    if name == "recorded":
        return recorded
    for module in (formulas, math):
        function = getattr(module, name, None)
        if callable(function) and not name.startswith("_"):
            return function  # type: ignore[no-any-return]
    raise ValueError(f"there is no formula {name!r}")
