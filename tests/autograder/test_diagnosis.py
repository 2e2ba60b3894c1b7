"""A known mistake is told by its results, however it is written; anything else is not."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder import diagnosis, grade
from autograder.job import Source
from autograder.report import TaskResult
from autograder.rooms import ANSWERS, ROOT, answers, find_room, room_keys

Explained = Callable[..., TaskResult]

WRITTEN_ANOTHER_WAY = {
    "magnitude_mask__forgets_abs": """
def magnitude_mask(weight, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError("sparsity is not possible: " + str(sparsity))
    flat = [float(w) for w in weight.flatten()]
    dropped = sorted(range(len(flat)), key=lambda at: flat[at])[:round(len(flat) * sparsity)]
    mask = [at not in dropped for at in range(len(flat))]
    return torch.tensor(mask, dtype=torch.bool).reshape(weight.shape)
""",
    "magnitude_mask__sparsity_is_what_stays": """
def magnitude_mask(weight, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError(f"no such sparsity: {sparsity}")
    mask = np.zeros(weight.numel(), dtype=bool)
    best = np.argsort(-np.abs(weight.numpy().reshape(-1)), kind="stable")
    mask[best[: round(sparsity * weight.numel())]] = True
    return torch.from_numpy(mask.reshape(weight.shape))
""",
    "masked_step___masks_the_gradient_alone": """
def masked_step_(model, masks, optimizer):
    for name, parameter in model.named_parameters():
        if name in masks and parameter.grad is not None:
            parameter.grad[~masks[name]] = 0.0
    optimizer.step()
""",
    "polynomial_sparsity__straight_line": """
def polynomial_sparsity(step, *, start, end, final, initial=0.0, power=3):
    share = (min(max(step, start), end) - start) / (end - start)
    return (1 - share) * initial + share * final
""",
    "distillation_loss__kl_arguments_exchanged": """
def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    q = torch.log_softmax(student_logits / temperature, -1)
    p = torch.log_softmax(teacher_logits.detach() / temperature, -1)
    kl = (q.exp() * (q - p)).sum() / len(labels)
    hard = -torch.log_softmax(student_logits, -1)[range(len(labels)), labels].mean()
    return temperature * temperature * alpha * kl + (1 - alpha) * hard
""",
    "distillation_loss__no_square_of_the_temperature": """
def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    student = (student_logits / temperature).log_softmax(1)
    teacher = (teacher_logits / temperature).softmax(1).detach()
    soft = torch.nn.KLDivLoss(reduction="batchmean")(student, teacher)
    return alpha * soft + (1 - alpha) * torch.nn.CrossEntropyLoss()(student_logits, labels)
""",
    "affine_params__scale_over_2_to_the_bits": """
def affine_params(low, high, *, bits=8):
    low, high = min(0.0, low), max(0.0, high)
    if high - low == 0:
        return 1.0, 0
    scale = (high - low) / (1 << bits)
    return scale, max(0, min((1 << bits) - 1, round(-low / scale)))
""",
    "precision_recall_f1__exchanged": """
def precision_recall_f1(confusion):
    rows = []
    for at in range(len(confusion)):
        right, row, column = confusion[at, at], confusion[at].sum(), confusion[:, at].sum()
        rows.append([right / max(row, 1), right / max(column, 1), 2 * right / max(row + column, 1)])
    return torch.tensor(rows)
""",
    "huffman_decode__least_significant_bit_first": """
def huffman_decode(data, code, count):
    words = {word: symbol for symbol, word in code.items()}
    found, word = [], ""
    for place in range(8 * len(data)):
        word += str(data[place // 8] >> place % 8 & 1)
        if len(found) < count and word in words:
            found.append(words[word])
            word = ""
    return found
""",
}
UNKNOWN = {
    "magnitude_mask": """
def magnitude_mask(weight, sparsity):
    if not 0 <= sparsity <= 1:
        raise ValueError("sparsity")
    keep = weight.numel() - round(sparsity * weight.numel())
    mask = torch.zeros(weight.numel(), dtype=torch.bool)
    mask[(weight.flatten() - 0.37).abs().argsort(descending=True)[:keep]] = True
    return mask.view(weight.shape)
""",
    "distillation_loss": """
def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    return (student_logits - teacher_logits).abs().mean() * alpha * temperature
""",
}
FORGETS_TWICE = "def threshold_mask(weight, threshold):\n    return weight > threshold"


def task_of(stem: str) -> tuple[str, str]:
    """(topic, task) of a known wrong answer."""
    file = next(ANSWERS.glob(f"*/mutants/{stem}.py"))
    room = find_room(file.parent.parent.name)
    return room.topic, next(task for task, other in answers(room, "mutants") if other == file)


@pytest.fixture(scope="module")
def explained(workers: grade.Workers) -> Iterator[Explained]:
    """Judges the text of one task as a learner's."""

    def run(topic: str, task: str, text: str, seed: int = 7) -> TaskResult:
        source = Source((("ana.py", f"import numpy as np\nimport torch\n{text}"),))
        result = grade.judge(find_room(topic), source, "ana.py", seed=seed, workers=workers, tasks=[task])
        assert result.status == "judged", result.message
        return result.tasks[0]

    yield run
    workers.mistakes.clear()


@pytest.mark.parametrize("stem", WRITTEN_ANOTHER_WAY)
def test_a_known_mistake_is_told_however_it_is_written(stem: str, explained: Explained) -> None:
    topic, task = task_of(stem)
    found = explained(topic, task, WRITTEN_ANOTHER_WAY[stem])
    assert (found.mistake, found.status in ("failed", "partial")) == (stem, True), found.message
    assert diagnosis.sentence(stem, topic) in found.message
    assert found.lesson.partition("#")[0] in found.message


@pytest.mark.parametrize("task", UNKNOWN)
def test_an_unknown_mistake_is_given_no_name(task: str, explained: Explained) -> None:
    topic = {"magnitude_mask": "pruning", "distillation_loss": "distillation"}[task]
    found = explained(topic, task, UNKNOWN[task])
    assert found.status != "passed"
    assert (found.mistake, "known mistake" in found.message) == ("", False)
    assert found.lesson.startswith("lessons/")


def test_two_mistakes_are_both_named_the_one_that_shows_most_first(explained: Explained) -> None:
    found = explained("pruning", "threshold_mask", FORGETS_TWICE)
    assert found.mistake == "threshold_mask__forgets_abs", found.message
    for stem in ("threshold_mask__forgets_abs", "threshold_mask__accepts_a_negative_threshold"):
        assert diagnosis.sentence(stem, "pruning") in found.message


def test_a_mistake_beside_an_unknown_one_is_not_named(explained: Explained) -> None:
    text = FORGETS_TWICE.replace("weight >", "weight * (1 if len(weight) else 0) + (weight == 1e30) <")
    assert explained("pruning", "threshold_mask", text).mistake == ""


@pytest.mark.parametrize(
    "path", sorted(ANSWERS.glob("pruning/twins/magnitude_mask__*.py")), ids=lambda p: p.stem
)
def test_a_right_answer_has_neither_mistake_nor_lesson(path: Path, explained: Explained) -> None:
    found = explained("pruning", "magnitude_mask", path.read_text(encoding="utf-8"))
    assert (found.status, found.mistake, found.lesson, found.message) == ("passed", "", "", "")


@pytest.mark.parametrize("status", ["def total(x):\n    raise NotImplementedError", ""])
def test_what_is_not_there_has_a_lesson_and_no_mistake(status: str, explained: Explained) -> None:
    found = explained("pruning", "taylor_scores", status.replace("total(x)", "taylor_scores(weight, grad)"))
    assert (found.mistake, found.lesson) == ("", "lessons/02_pruning.ipynb#3-By-hand")


def test_neither_the_seed_of_the_marks_nor_that_of_the_probes_changes_the_diagnosis(
    explained: Explained, workers: grade.Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = "magnitude_mask__sparsity_is_what_stays"
    found = {
        explained("pruning", "magnitude_mask", WRITTEN_ANOTHER_WAY[stem], seed).mistake for seed in (1, 2)
    }
    for seed in (5, 6):
        workers.mistakes.clear()
        monkeypatch.setattr(workers, "probe_seed", seed)
        found.add(explained("pruning", "magnitude_mask", WRITTEN_ANOTHER_WAY[stem]).mistake)
    workers.mistakes.clear()
    assert found == {stem}


def test_points_do_not_depend_on_the_diagnosis(explained: Explained, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = "masked_step___masks_the_gradient_alone"
    told = explained("pruning", "masked_step_", WRITTEN_ANOTHER_WAY[stem])
    monkeypatch.setattr(diagnosis, "diagnose", lambda *arguments: [])
    untold = explained("pruning", "masked_step_", WRITTEN_ANOTHER_WAY[stem])
    assert (told.points, told.status, told.checks) == (untold.points, untold.status, untold.checks)
    assert told.mistake == stem and untold.mistake == ""


# ---- a room of its own -----------------------------------------------------------------------------------

REFUSES = "    if isinstance(x, str):\n        raise TypeError('x')\n"
TOY = {
    "mutants/double__adds_two": f"def double(x):\n{REFUSES}    return x + 2",
    "mutants/double__triples": f"def double(x):\n{REFUSES}    return 3 * x",
    "mutants/double__accepts_text": "def double(x):\n    return x * 2",
    "mutants/double__never_ends": "def double(x):\n    while True:\n        pass",
    "mutants/double__ends_the_process": "import os\n\ndef double(x):\n    os._exit(3)",
    "twins/double__adds": f"def double(x):\n{REFUSES}    return x + x",
}


@pytest.fixture
def toy(toy_root: Path, monkeypatch: pytest.MonkeyPatch, workers: grade.Workers) -> Iterator[Explained]:
    """Judges the text of `double` in a room whose known mistakes loop and crash, too."""
    for name, text in TOY.items():
        file = toy_root / "autograder" / "answers" / "toy" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'"""Does what {file.stem} says."""\n\n{text}\n')
    monkeypatch.setattr(diagnosis, "ALL_CPU_SECONDS", 0.3)
    workers.mistakes.clear()
    room = grade.find_room("toy", toy_root / "autograder" / "checks")

    def run(text: str) -> TaskResult:
        judged = grade.judge(
            room, Source((("ana.py", text),)), "a", seed=7, workers=workers, tasks=["double"]
        )
        return judged.tasks[0]

    yield run
    workers.mistakes.clear()


def test_known_mistakes_that_loop_or_crash_spoil_no_other(toy: Explained, workers: grade.Workers) -> None:
    found = toy("def double(x):\n    if type(x) is str:\n        raise TypeError('x')\n    return x + 1 + 1")
    assert found.mistake == "double__adds_two"
    (known,) = workers.mistakes.values()
    assert set(known.mistakes) == {
        "double__adds_two", "double__triples", "double__accepts_text",
    }  # fmt: skip


def test_an_answer_that_crashes_where_it_is_probed_keeps_its_judgement(
    toy: Explained, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The check asks for 3 x 4 numbers; the probes' are others, on which this one ends its process.
    seen = "import os, torch\nASKED = []\ndef double(x):\n    ASKED.append(1)\n"
    found = toy(f"{seen}    if len(ASKED) > 3:\n        os._exit(1)\n    return 3 * x")
    assert (found.status, found.mistake) == ("failed", "")


def test_a_message_gains_the_sentence_and_nothing_of_a_probe(
    toy: Explained, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TOY["mutants/double__triples"]
    told = toy(text).message
    monkeypatch.setattr(diagnosis, "diagnose", lambda *arguments: [])
    known = "Your results equal those of a known mistake: Does what double__triples says."
    assert told == f"{toy(text).message}\n{known}"


# ---- sentences and lessons -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", room_keys().values())
def test_each_known_mistake_is_one_plain_sentence_of_its_own(key: str) -> None:
    room = find_room(key)
    seen: dict[tuple[str, str], str] = {}
    for task, file in answers(room, "mutants"):
        text = diagnosis.sentence(file.stem, room.topic)
        assert 20 <= len(text) <= 140 and text[0].isupper() and text.endswith("."), f"{file.stem}: {text}"
        assert ". " not in text and ".." not in text, f"{file.stem} takes more than one sentence: {text}"
        other = seen.setdefault((task, text), file.stem)
        assert other == file.stem, f"{file.stem} and {other} say the same: {text}"
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        assert text == docstring, f"{file.stem}: one line, please"


@pytest.mark.parametrize("key", room_keys().values())
def test_each_task_names_a_heading_of_a_lesson(key: str) -> None:
    """Of the room's own lesson; in practice, which has none, of any."""
    room = find_room(key)
    assert set(room.lessons) == set(room.tasks)
    for task, lesson in room.lessons.items():
        path, _, anchor = lesson.partition("#")
        assert path == f"lessons/{key}.ipynb" or key == room.topic, f"{task}: {lesson}"
        assert anchor in headings(path), f"{task}: {lesson}"


def headings(lesson: str) -> set[str]:
    cells = json.loads((ROOT / lesson).read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return {heading.replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
