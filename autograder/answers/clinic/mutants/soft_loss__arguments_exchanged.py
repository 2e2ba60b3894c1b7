"""Exchanges the arguments: the divergence of the teacher from the student."""

import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    student = F.softmax(student_logits, dim=1)
    teacher = F.log_softmax(teacher_logits.detach(), dim=1)
    return F.kl_div(teacher, student, reduction="batchmean")
