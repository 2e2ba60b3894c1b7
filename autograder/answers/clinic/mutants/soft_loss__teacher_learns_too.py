"""Lets the gradient reach the teacher."""

import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    student = F.log_softmax(student_logits, dim=1)
    teacher = F.log_softmax(teacher_logits, dim=1)
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True)
