"""Gives alpha to the labels and the rest to the teacher."""

import torch.nn.functional as F


def mixed_loss(student_logits, teacher_logits, labels, *, alpha):
    student = F.log_softmax(student_logits, dim=1)
    soft = F.kl_div(student, F.softmax(teacher_logits.detach(), dim=1), reduction="batchmean")
    return (1 - alpha) * soft + alpha * F.cross_entropy(student_logits, labels)
