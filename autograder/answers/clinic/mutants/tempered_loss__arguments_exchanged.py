"""Exchanges the arguments: the divergence of the teacher from the student."""

import torch.nn.functional as F


def tempered_loss(student_logits, teacher_logits, temperature):
    student = F.softmax(student_logits / temperature, dim=1)
    teacher = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    return temperature**2 * F.kl_div(teacher, student, reduction="batchmean")
