"""Gives cross_entropy the student's probabilities, which it takes for logits."""

import torch.nn.functional as F


def mixed_loss(student_logits, teacher_logits, labels, *, alpha):
    student = F.softmax(student_logits, dim=1)
    soft = F.kl_div(student.log(), F.softmax(teacher_logits.detach(), dim=1), reduction="batchmean")
    return alpha * soft + (1 - alpha) * F.cross_entropy(student, labels)
