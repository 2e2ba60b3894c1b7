"""Takes the logarithm of a zero probability, which gives NaN for a teacher that is certain."""

import torch.nn.functional as F


def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    student = F.log_softmax(student_logits / temperature, dim=1)
    teacher = F.softmax(teacher_logits.detach() / temperature, dim=1)
    soft = (teacher * (teacher.log() - student)).sum(dim=1).mean() * temperature**2
    return alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, labels)
