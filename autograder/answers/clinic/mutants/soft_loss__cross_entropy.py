"""Leaves the teacher's entropy in, so the loss of a student who agrees is not zero."""

import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    return F.cross_entropy(student_logits, teacher_logits.detach().softmax(dim=1))
