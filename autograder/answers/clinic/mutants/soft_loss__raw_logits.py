"""Gives kl_div the logits themselves."""

import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    return F.kl_div(student_logits, teacher_logits.detach().softmax(dim=1), reduction="batchmean")
