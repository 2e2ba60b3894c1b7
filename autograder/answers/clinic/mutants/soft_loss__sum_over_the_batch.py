"""Adds up the batch instead of taking its mean."""

import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    student = F.log_softmax(student_logits, dim=1)
    return F.kl_div(student, teacher_logits.detach().softmax(dim=1), reduction="sum")
