"""Softens the teacher and leaves the student sharp."""

import torch.nn.functional as F


def tempered_loss(student_logits, teacher_logits, temperature):
    student = F.log_softmax(student_logits, dim=1)
    teacher = F.softmax(teacher_logits.detach() / temperature, dim=1)
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean")
