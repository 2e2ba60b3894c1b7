"""The formula written out with logsumexp."""

import torch


def soft_loss(student_logits, teacher_logits):
    log_q = student_logits - student_logits.logsumexp(dim=1, keepdim=True)
    with torch.no_grad():
        log_p = teacher_logits - teacher_logits.logsumexp(dim=1, keepdim=True)
    return (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
