"""Napkin arithmetic: answers found another way, steps that hold, slips told apart, typed answers."""

import doctest
import importlib
import re
from collections.abc import Callable
from functools import cache

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interview import bank, figures, napkin
from interview.napkin import Problem, Unreadable
from interview.napkin.problem import show
from interview.napkin.typed import close, scale_of
from tools.rooms import TOPICS, find

SEEDS = range(30)
MANY = range(400)  # where a seed costs little
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ROOMS = (
    *(
        "measuring",
        "pruning",
        "quantization",
        "distillation",
        "weight_sharing",
        "structured_pruning",
        "sparsity",
    ),
    *(
        "low_rank",
        "efficient_blocks",
        "quantization_aware_training",
        "architecture_search",
        "fusion",
        "together",
    ),
    *("deployment", "transformers"),
)
ANSWERS = {  # what lies outside is a mistake of the question: (at least, at most) by unit
    "%": (0.01, 100), "bit": (0.1, 1e4), "x": (0.001, 1e5), "dB": (1, 120), "GB": (0.05, 5000), "GiB": (0.05,
    5000),
}  # fmt: skip

each = pytest.mark.parametrize("name", napkin.NAMES)


@cache
def headings(topic: str) -> list[str]:
    cells = nbformat.read(find(topic).lesson, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


@cache
def drawn(name: str) -> list[Problem]:
    return [napkin.problem(name, seed) for seed in SEEDS]


def oracle(name: str) -> Callable[..., float]:
    """The independent route: the function of that name in the oracles of the problem's module."""
    module = napkin.BY_NAME[name].__module__.rpartition(".")[2]
    return getattr(importlib.import_module(f"tests.interview.oracles.{module}"), name)  # type: ignore[no-any-return]


@each
def test_the_answer_is_found_by_another_route(name: str) -> None:
    route, found = oracle(name), dict[str, float]()
    for problem in drawn(name):
        drawn_numbers = repr(problem.given)
        if drawn_numbers not in found:
            found[drawn_numbers] = route(**problem.given)
        other = found[drawn_numbers]
        rel = max(problem.tolerance / 5, 1e-9)
        assert problem.answer == pytest.approx(other, rel=rel), f"seed {problem.seed}"


@each
def test_steps_hold_and_end_at_the_answer(name: str) -> None:
    for problem in drawn(name):
        for line in problem.steps:
            expression, said = re.fullmatch(r"[^:]+: (.+) = ([\d,.e+-]+)(?: \D.*)?", line).groups()  # type: ignore[union-attr]
            value = figures.evaluate(expression)
            assert show(value) == said, line
        assert close(value, problem.answer, max(problem.tolerance / 10, 1e-9)), problem.steps[-1]
        assert problem.steps[-1].endswith(f" {problem.unit}".rstrip()) or problem.unit in ("", "x")


@each
def test_slips_lie_outside_the_tolerance_whatever_is_drawn(name: str) -> None:
    for seed in MANY:
        problem = napkin.problem(name, seed)
        for slip in problem.slips:
            assert not close(slip.value, problem.answer, problem.tolerance * 1.05), f"seed {seed}: {slip}"


@each
def test_slips_are_named(name: str) -> None:
    for problem in drawn(name):
        assert len(problem.slips) >= 2
        for slip in problem.slips:
            verdict = napkin.judge(problem, f"{slip.value:.12g} {problem.unit}")
            assert verdict.mark == "near"
            assert (
                verdict.note is not None
                and CHINESE.search(verdict.note.zh)
                and not CHINESE.search(verdict.note.en)
            )
        reasons = [slip.why.en for slip in problem.slips]
        assert len(set(reasons)) == len(reasons)


@each
def test_both_languages_hold_the_same_numbers_and_all_that_are_needed(name: str) -> None:
    for problem in drawn(name):
        english, chinese = problem.text.en, problem.text.zh
        assert CHINESE.search(chinese) and not CHINESE.search(english)
        assert figures.numbers(english) == figures.numbers(chinese)
        for value in problem.given.values():
            for number in value if isinstance(value, list | tuple) else [value]:
                assert show(number) in english, f"{number} is not told"


@each
def test_the_answer_is_right_as_one_would_type_it(name: str) -> None:
    for problem in drawn(name):
        for typed in (
            f"{problem.answer:.6g} {problem.unit}",
            f"{problem.answer:.12g}",
            f" ~{problem.answer:.6e}{problem.unit}",
        ):
            if (
                problem.tolerance
                or float(typed.split()[0].lstrip("~").removesuffix(problem.unit)) == problem.answer
            ):
                assert napkin.judge(problem, typed).mark == "right", typed
        assert napkin.judge(problem, f"{problem.answer * 1.437:.6g} {problem.unit}").mark != "right"


@each
def test_figures_are_realistic_and_vary(name: str) -> None:
    problems = drawn(name)
    low, high = ANSWERS.get(problems[0].unit, (1e-3, 1e13))
    assert all(low <= problem.answer <= high for problem in problems)
    assert all(problem.tolerance == 0 or 0.001 <= problem.tolerance <= 0.1 for problem in problems)
    assert all(problem.tolerance or problem.answer == round(problem.answer) < 1e5 for problem in problems)
    assert len({problem.text.en for problem in problems}) >= 5
    assert len({problem.answer for problem in problems}) >= 3


@each
def test_what_surrounds_a_question_exists(name: str) -> None:
    problem = napkin.problem(name, 0)
    assert (problem.id, problem.seed) == (name, 0)
    assert problem.topic in ROOMS or (bank.BANK / f"{problem.topic}.yaml").is_file()
    assert set(problem.covers) <= TOPICS
    assert all(bank.cite(source) for source in problem.sources)
    assert scale_of(problem.unit)
    if problem.lesson:
        topic, _, heading = problem.lesson.partition("#")
        assert heading in headings(topic)


@pytest.mark.parametrize("module", ["", ".problem", ".typed"])
def test_the_examples_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"interview.napkin{module}"))
    assert result.attempted and not result.failed


def test_names_are_not_taken_twice_and_an_unknown_one_is_refused() -> None:
    assert len(napkin.NAMES) == len(napkin.PROBLEMS)
    with pytest.raises(KeyError, match="no question of arithmetic is called 'nothing'"):
        napkin.problem("nothing", 0)


@each
def test_the_same_seed_draws_the_same_question(name: str) -> None:
    one, other = napkin.problem(name, 7), napkin.problem(name, 7)
    assert one == other and len({one, other}) == 1


def test_draws_are_what_they_were() -> None:
    """Frozen: progress files name questions by name and seed. The values stood in the first version."""
    assert napkin.problem("group_quantized_bytes", 1).given == {
        "rows": 5120,
        "columns": 13824,
        "bits": 3,
        "group": 32,
    }
    assert napkin.problem("relative_index_bits", 1).given["gaps"] == [3, 12, 7, 2, 22]


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("1.2e9", "B", 1.2e9), ("1,200,000", "parameters", 1.2e6), ("1 200 000", "parameters", 1.2e6),
        ("1_200_000", "parameters", 1.2e6), ("512 MB", "GB", 0.512), ("0.5GiB", "MB", 536.870912),
        ("512mb", "MB", 512), ("30 MB.", "MB", 30), ("3 G", "GB", 3), ("5 b", "bit", 5),
        ("1 byte", "bit", 8), ("4.25 bits per weight", "bit", 4.25), ("4.25 bits a weight", "bit", 4.25),
        ("4.25 比特每权重", "bit", 4.25), ("12%", "x", 0.12), ("12 ％", "%", 12), ("约 33 %", "%", 33),
        ("0.44 pp", "%", 0.44), ("1/3", "%", 100 / 3), ("1/3", "x", 1 / 3), ("½", "x", 0.5),
        ("~.5", "x", 0.5), ("12.", "x", 12), ("3x", "x", 3), ("3×", "x", 3), ("3 倍", "x", 3),
        ("1.2x10^9", "MAC", 1.2e9), ("1.2·10⁹", "MAC", 1.2e9), ("10⁻³", "s", 1e-3), ("2**20", "B", 2**20),
        ("7B", "parameters", 7e9), ("5 million params", "parameters", 5e6), ("12 亿", "parameters", 1.2e9),
        ("3万个", "parameters", 3e4), ("3 个", "sequences", 3), ("3 万亿", "FLOP", 3e12),
        ("2.4 亿次乘加", "MMAC", 240), ("240M", "MMAC", 240), ("1.5k tokens/s", "tokens/s", 1500),
        ("40 tok/s", "tokens/s", 40), ("40 tokens per second", "tokens/s", 40),
        ("40 词元/秒", "tokens/s", 40), ("3 tokens/ms", "tokens/s", 3000), ("300 TOPS", "TOP/s", 300),
        ("2 TFLOPS", "GFLOP/s", 2000), ("50 FLOP/byte", "FLOP/B", 50), ("1.5 GB/s", "MB/s", 1500),
        ("2.5mJ", "J", 2.5e-3), ("2.5MJ", "J", 2.5e6), ("3.9 毫焦", "uJ", 3900), ("3.9 µJ", "uJ", 3.9),
        ("-3 dB", "dB", -3), ("−3 dB", "dB", -3), ("20 ms", "s", 0.02), ("3 thousand ms", "s", 3),
        ("2 hours", "s", 7200), ("90.5 GPU hours", "h", 90.5), ("90 GPU-hours", "h", 90),
    ],
)  # fmt: skip
def test_answers_are_read_as_they_are_typed(typed: str, unit: str, value: float) -> None:
    assert napkin.read(typed, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("typed", "unit", "reason"),
    [
        ("", "GB", "nothing"), ("many", "GB", "no number"), ("12,5", "x", "decimal sign"),
        ("1,20,000", "x", "groups of three"), ("1 20 MB", "MB", "no unit that is known"),
        ("1_2", "x", "no unit that is known"), ("30-31", "MB", "no unit that is known"),
        ("5 apples", "x", "no unit that is known"), ("5 s", "GB", "does not measure"),
        ("2 FLOP", "MAC", "does not measure"), ("5 GB/", "GB", "does not measure"), ("1/0", "x", "finite"),
        ("0^-1", "x", "finite"), ("1e999", "x", "finite"), ("1e300*1e300", "x", "finite"),
        ("9**99999", "x", "finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_asked_again(typed: str, unit: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as caught:
        napkin.read(typed, unit)
    assert CHINESE.search(caught.value.text.zh)


@given(
    st.text(max_size=40), st.sampled_from(["GB", "x", "%", "parameter", "bit", "token/s", "J", "FLOP/B", ""])
)
@example("9" * 5000, "x")
@example("2^" + "9" * 5000, "x")
@example("1" + "*1" * 300, "x")
def test_no_text_does_anything_but_be_read_or_refused(typed: str, unit: str) -> None:
    try:
        value = napkin.read(typed, unit)
    except Unreadable:
        return
    assert value == value and abs(value) != float("inf")


@given(
    st.floats(1e-6, 1e15), st.sampled_from(["", "k", "M", "G", "Ki", "Mi", "Gi"]),
    st.sampled_from(["B", "bit"]),
    st.sampled_from(["{:.15g} {}", "{:.15g}{}", "  ≈ {:.14e} {} ", "{:,.3f} {}"]),
)  # fmt: skip
def test_a_size_survives_being_written_and_read(value: float, prefix: str, base: str, form: str) -> None:
    factor = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[prefix]
    text = form.format(value, prefix + base)
    written = float(f"{value:.3f}") if "," in form else value
    assert napkin.read(text, "B") == pytest.approx(written * factor / (8 if base == "bit" else 1), rel=1e-9)


@given(st.integers(1, 999), st.integers(1, 999))
def test_fractions_are_divided(above: int, below: int) -> None:
    assert napkin.read(f"{above}/{below}", "x") == pytest.approx(above / below)
    assert napkin.read(f"{above} / {below}", "%") == pytest.approx(100 * above / below)


def test_general_slips_have_names() -> None:
    problem = napkin.problem("group_quantized_bytes", 1)  # 30.97 MB
    for typed, said in (
        ("247.7 MB", "bits and bytes"), ("29.53", "2**10"), ("309.7 MB", "power of ten"), ("0.03097 MB",
        "power of ten"),
        ("61.9", "factor of two"),
    ):  # fmt: skip
        verdict = napkin.judge(problem, typed)
        assert verdict.mark == "near" and verdict.note is not None and said in verdict.note.en, typed
    note = napkin.judge(napkin.problem("csr_break_even", 1), "0.5").note
    assert note is not None and note.en.startswith("fraction")
    assert napkin.judge(problem, "44.4 MB") == napkin.Verdict("wrong", 44.4)
    assert napkin.judge(problem, "0 MB").mark == "wrong"
