"""KL as cross-entropy with soft targets less the teacher's entropy."""

import torch
import torch.nn.functional as F


def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    logits = teacher_logits.detach() / temperature
    targets = logits.softmax(dim=1)
    entropy = -torch.special.xlogy(targets, targets).sum(dim=1).mean()
    soft = F.cross_entropy(student_logits / temperature, targets) - entropy
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
