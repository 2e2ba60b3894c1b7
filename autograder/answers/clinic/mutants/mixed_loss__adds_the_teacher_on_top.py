"""Adds the soft term to the whole of the hard one."""

import torch.nn.functional as F


def mixed_loss(student_logits, teacher_logits, labels, *, alpha):
    student = F.log_softmax(student_logits, dim=1)
    soft = F.kl_div(student, F.softmax(teacher_logits.detach(), dim=1), reduction="batchmean")
    return alpha * soft + F.cross_entropy(student_logits, labels)
