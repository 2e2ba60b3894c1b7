"""Divides log-probabilities by the temperature and does not normalise them again."""

import torch.nn.functional as F


def tempered_loss(student_logits, teacher_logits, temperature):
    student = F.log_softmax(student_logits, dim=1) / temperature
    teacher = F.softmax(teacher_logits.detach() / temperature, dim=1)
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean")
