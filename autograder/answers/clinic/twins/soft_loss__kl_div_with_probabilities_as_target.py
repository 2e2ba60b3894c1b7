"""kl_div in its plain form: the student's logarithms, the teacher's probabilities."""

import torch
from torch import nn


def soft_loss(student_logits, teacher_logits):
    targets = torch.softmax(teacher_logits, dim=-1).detach()
    return nn.KLDivLoss(reduction="sum")(torch.log_softmax(student_logits, dim=-1), targets) / len(targets)
