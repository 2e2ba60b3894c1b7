"""The formulas of answers: what each promises in its form, and figures that papers state."""

import ast
import doctest
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from interview import figures, formulas, napkin
from tests.interview.test_napkin import oracle

FORMULAS: dict[str, Callable[..., float]] = {
    name: function
    for name, function in vars(formulas).items()
    if inspect.isfunction(function) and function.__module__ == formulas.__name__
}
SOURCES = {name: inspect.getsource(question) for name, question in napkin.BY_NAME.items()}
INSIDE = {"all_reduce_bytes": "tensor_parallel_bytes"}
each = pytest.mark.parametrize("name", FORMULAS)


@each
def test_a_formula_is_documented_typed_and_takes_keywords(name: str) -> None:
    function = FORMULAS[name]
    summary = (function.__doc__ or "").strip().splitlines()[0]
    assert summary.endswith(".") and len(summary) <= 110
    signature = inspect.signature(function)
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_POSITIONAL}
    assert signature.return_annotation in (int, float)
    assert all(parameter.annotation in (int, float, bool) for parameter in signature.parameters.values())
    assert len(doctest.DocTestFinder().find(function, name)[0].examples) == 1


def test_the_examples_hold() -> None:
    result = doctest.testmod(formulas)
    assert result.failed == 0 and result.attempted == len(FORMULAS)


def test_every_formula_is_used_by_a_question() -> None:
    folder = Path(str(napkin.__file__)).parent
    used = {
        node.attr
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "formulas"
    }
    inner = {"csr_bytes", "all_reduce_bytes"}  # for the bank; inside another
    assert set(FORMULAS) - used <= inner
    assert used <= set(FORMULAS)


@pytest.mark.parametrize(
    ("expression", "stated", "tolerance"),
    [
        # Dettmers et al. 2023, section 3: 0.373 bits a parameter are saved, about 3 GB for a model of 65B
        ("double_quantization_bits_saved()", 0.373, 0.001),
        ("65 * double_quantization_bits_saved() / 8", 3, 0.02),
        # Han, Mao, Dally 2016, section 3, figure 3: a 4 x 4 layer with 4 shared values, 3.2 times smaller
        ("codebook_ratio(weights=16, clusters=4)", 3.2, 1e-9),
        # Hu et al. 2022, table 4: 4.7 M parameters with rank 1 on queries and values of GPT-3
        ("lora_parameters(layers=96, matrices=2, width=12288, rank=1)", 4.7e6, 0.005),
        # Howard et al. 2017, section 3.1: 8 to 9 times fewer operations with 3 x 3 kernels
        ("separable_gain(outputs=256, kernel=3)", 8.7, 0.01),
        # Rajbhandari et al. 2020, figure 1: a model of 7.5B parameters, 120 GB; 1.9 GB on each of 64 GPUs
        ("mixed_adam_bytes(parameters=7.5e9) / 1e9", 120, 1e-9),
        ("mixed_adam_bytes(parameters=7.5e9, gpus=64) / 1e9", 1.9, 0.02),
        # Micikevicius et al. 2022, table 1: the largest number of E5M2; IEEE 754: of half precision
        ("largest_float(exponent_bits=5, mantissa_bits=2)", 57344, 1e-9),
        ("largest_float(exponent_bits=5, mantissa_bits=10)", 65504, 1e-9),
        # DeepSeek-AI 2024, table 1: 9 / 2 times the head dimension, a token and layer
        ("latent_cache_bytes(layers=1, latent=4 * 128, rope=64, tokens=1, bits=8) / 128", 4.5, 1e-9),
        # Leviathan, Kalman, Matias 2023, table 1, with guesses that cost nothing
        ("speculative_speedup(acceptance=0.8, guesses=5, cost=0)", 3.69, 0.001),
        ("speculative_speedup(acceptance=0.9, guesses=10, cost=0)", 6.86, 0.001),
    ],
)
def test_formulas_give_what_papers_state(expression: str, stated: float, tolerance: float) -> None:
    assert figures.evaluate(expression) == pytest.approx(stated, rel=tolerance)


@each
def test_a_change_of_a_formula_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oracles do not lean on the formulas: with any of them wrong, some question's answer is refused."""
    if name == "csr_bytes":
        assert formulas.csr_bytes(rows=2, kept=3, value_bits=8, index_bits=8, pointer_bits=16) == (
            3 + 3 + 2 * 3
        )
        return
    original = FORMULAS[name]
    monkeypatch.setattr(formulas, name, lambda *args, **named: original(*args, **named) * 1.5 + 1)
    refused, called = [], INSIDE.get(name, name)
    for question, source in SOURCES.items():
        if f"formulas.{called}(" in source:
            problem = napkin.problem(question, 5)
            found = oracle(question)(**problem.given)
            if abs(problem.answer - found) > problem.tolerance * abs(found):
                refused.append(question)
    assert refused, f"no oracle notices a wrong {name}"
