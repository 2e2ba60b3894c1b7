"""Detaches the student instead of the teacher, so the soft term moves nobody who learns."""

import torch.nn.functional as F


def mixed_loss(student_logits, teacher_logits, labels, *, alpha):
    student = F.log_softmax(student_logits.detach(), dim=1)
    soft = F.kl_div(student, F.softmax(teacher_logits.detach(), dim=1), reduction="batchmean")
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
