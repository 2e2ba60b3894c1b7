"""torch.distributions."""

import torch.nn.functional as F
from torch.distributions import Categorical, kl_divergence


def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    student = Categorical(logits=student_logits / temperature)
    teacher = Categorical(logits=teacher_logits.detach() / temperature)
    soft = kl_divergence(teacher, student).mean() * temperature**2
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
