"""Learns from the labels alone and never asks the teacher."""

import torch.nn.functional as F


def distill_(student, teacher, batches, *, optimizer, temperature=4.0, alpha=0.9):
    losses = []
    for inputs, labels in batches:
        loss = F.cross_entropy(student(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
