"""Multiplies the logits by the temperature, which sharpens what should be softened."""

import torch.nn.functional as F


def tempered_loss(student_logits, teacher_logits, temperature):
    student = F.log_softmax(student_logits * temperature, dim=1)
    teacher = F.log_softmax(teacher_logits.detach() * temperature, dim=1)
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean", log_target=True)
