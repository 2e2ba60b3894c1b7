"""Takes the softmax over the batch instead of the classes."""

import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    student = F.log_softmax(student_logits, dim=0)
    return F.kl_div(student, teacher_logits.detach().softmax(dim=0), reduction="batchmean")
