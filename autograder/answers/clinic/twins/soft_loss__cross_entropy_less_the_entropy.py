"""Cross-entropy with soft targets less the teacher's entropy."""

import torch
import torch.nn.functional as F


def soft_loss(student_logits, teacher_logits):
    with torch.no_grad():
        targets = F.softmax(teacher_logits, dim=1)
        entropy = -torch.xlogy(targets, targets).sum() / len(targets)
    return F.cross_entropy(student_logits, targets) - entropy
