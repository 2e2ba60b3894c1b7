"""A loop over the batch, labels picked by hand, in double precision."""

import torch


def distillation_loss(student_logits, teacher_logits, labels, *, temperature=4.0, alpha=0.9):
    total = 0.0
    student_logits, teacher_logits = student_logits.double(), teacher_logits.detach().double()
    for student, teacher, label in zip(student_logits, teacher_logits, labels, strict=True):
        p, q = torch.softmax(teacher / temperature, 0), torch.log_softmax(student / temperature, 0)
        soft = sum(share * (share.log() - log) for share, log in zip(p, q, strict=True) if share > 0)
        total = total + alpha * temperature**2 * soft - (1 - alpha) * torch.log_softmax(student, 0)[label]
    return (total / len(labels)).float()
