"""Cross-entropy with soft targets less the teacher's entropy."""

import torch.nn.functional as F


def tempered_loss(student_logits, teacher_logits, temperature):
    teacher = (teacher_logits / temperature).detach()
    targets = teacher.softmax(dim=1)
    entropy = F.cross_entropy(teacher, targets)
    return (F.cross_entropy(student_logits / temperature, targets) - entropy) * temperature * temperature
