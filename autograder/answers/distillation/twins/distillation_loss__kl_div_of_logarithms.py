"""F.kl_div with log_target."""

import torch
import torch.nn.functional as F


def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    with torch.no_grad():
        teacher = (teacher_logits / temperature).log_softmax(dim=-1)
    student = (student_logits / temperature).log_softmax(dim=-1)
    soft = F.kl_div(student, teacher, log_target=True, reduction="sum") / len(labels)
    hard = F.nll_loss(student_logits.log_softmax(dim=-1), labels)
    return temperature * temperature * alpha * soft + hard - alpha * hard
