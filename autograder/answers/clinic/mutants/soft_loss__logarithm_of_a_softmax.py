"""Takes the logarithm of a softmax, which is minus infinity when logits are far apart."""

import torch
import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    student = torch.log(F.softmax(student_logits, dim=1))
    return F.kl_div(student, F.softmax(teacher_logits.detach(), dim=1), reduction="batchmean")
