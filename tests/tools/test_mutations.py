"""The rules that change a function: each makes what it says, and nothing that only looks different."""

import ast
import textwrap

import pytest

from tools.mutations import Mutant, mutants


def made(text: str) -> list[Mutant]:
    definition = ast.parse(textwrap.dedent(text)).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.ClassDef)
    return mutants(definition)


def changes(text: str) -> set[str]:
    return {mutant.change.partition(" -> ")[2] for mutant in made(text)}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("return a < b", {"return a <= b", "return a >= b"}),
        ("return a - b", {"return a + b", "return a", "return b - a"}),
        ("return x.abs()", {"return x", "return x.abs_()", "return x.square()"}),
        ("return x.sum(dim=1, keepdim=True)", {"return x.sum(dim=2, keepdim=True)", "return x.sum(dim=1)",
                                               "return x.mean(dim=1, keepdim=True)"}),
        ("return f(a, b)", {"return f(b, a)", "return f(a)"}),
        ("return a and b", {"return a or b", "return a", "return b"}),
        ("return round(a)", {"return int(a)", "return a"}),
        ("return a[:k]", {"return a[k:]", "return a"}),
        ("return 8", {"return 9", "return 7", "return -8"}),
        ("return b if a else c", {"return b", "return c"}),
        ("return [i for i in a if i]", {"return [i for i in a]"}),
        ("return a / b", {"return a * b", "return a // b", "return a.div_(b)"}),
        ("return torch.round(a)", {"return a", "return torch.floor(a)"}),
    ],
)  # fmt: skip
def test_an_expression_is_changed(line: str, wanted: set[str]) -> None:
    assert wanted <= changes(f"def g(a: Tensor, b, c, k, x, f, i):\n    {line}")


def test_statements_go_and_errors_are_not_raised() -> None:
    text = """
    def g(a):
        if a > 1:
            raise ValueError(f"a must be at most {1}, got {a}")
        a = a + 1
        with no_grad():
            a += 2
        try:
            h(a)
        finally:
            close()
    """
    found = changes(text)
    assert {"if True:", "if False:", "pass", "a -= 2", "a = 2"} <= found
    assert "raise RuntimeError(f'a must be at most {1}, got {a}')" in found
    assert not any("{2}" in change or "{0}" in change for change in found), "the wording of a message changed"


def test_annotations_and_docstrings_stay() -> None:
    found = made('def g(a: list[1], *, bits: int = 8) -> tuple[2]:\n    """Adds 3."""\n    return a\n')
    head = "def g(a: list[1], *, bits: int={}) -> tuple[2]:"
    assert {mutant.change for mutant in found} == {
        f"{head.format(8)} -> {head.format(value)}" for value in (9, 7, -8)
    }


def test_every_mutant_is_python_and_another_than_the_others() -> None:
    text = """
    class Layer:
        def first(self, x):
            return x + x

        def second(self, x):
            self.a = x.clamp(0, 1)
            for item in x:
                if not item:
                    break
            return self.a @ x
    """
    found = made(text)
    assert (
        len({mutant.source for mutant in found}) == len({mutant.key for mutant in found}) == len(found) > 15
    )
    for mutant in found:
        ast.parse(mutant.source)
    assert {mutant.function for mutant in found} == {"Layer.first", "Layer.second"}
