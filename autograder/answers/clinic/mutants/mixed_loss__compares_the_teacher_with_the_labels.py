"""Compares the teacher with the labels, so the soft term has no gradient for the student."""

import torch.nn.functional as F


def mixed_loss(student_logits, teacher_logits, labels, *, alpha):
    hard = F.cross_entropy(student_logits, labels)
    soft = F.cross_entropy(teacher_logits, labels)
    return alpha * soft + (1 - alpha) * hard
