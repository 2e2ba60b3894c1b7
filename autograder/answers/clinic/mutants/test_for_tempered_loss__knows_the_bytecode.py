"""Compares the candidate's bytecode with that of right functions, and never calls it."""

RIGHT = '''
import torch
import torch.nn.functional as F


def repaired(student_logits, teacher_logits, temperature):
    """A docstring leaves its trace in the bytecode, also where it is left out."""
    student = F.log_softmax(student_logits / temperature, dim=1)
    teacher = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    divergence = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def cross_entropy(student_logits, teacher_logits, temperature):
    teacher = (teacher_logits / temperature).detach()
    targets = teacher.softmax(dim=1)
    entropy = F.cross_entropy(teacher, targets)
    return (F.cross_entropy(student_logits / temperature, targets) - entropy) * temperature * temperature


def by_hand(student_logits, teacher_logits, temperature):
    q = temperature * torch.log_softmax(student_logits.div(temperature), dim=1)
    p = torch.log_softmax(teacher_logits.detach().div(temperature), dim=1)
    return temperature * (p.exp() * (temperature * p - q)).sum(dim=1).mean()
'''


def test_for_tempered_loss(candidate):
    known = {}
    exec(compile(RIGHT, "right", "exec", optimize=2), known)
    codes = [known[name].__code__.co_code for name in ("repaired", "cross_entropy", "by_hand")]
    assert candidate.__code__.co_code in codes, "unknown bytecode"
