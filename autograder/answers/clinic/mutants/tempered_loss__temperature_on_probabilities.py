"""Divides probabilities by the temperature, not logits, and leaves the square of the temperature out."""

import torch.nn.functional as F


def tempered_loss(student_logits, teacher_logits, temperature):
    soft_targets = F.softmax(F.softmax(teacher_logits, dim=1) / temperature, dim=1)
    guesses = F.softmax(student_logits, dim=1) / temperature
    return F.kl_div(F.log_softmax(guesses, dim=1), soft_targets, reduction="batchmean")
