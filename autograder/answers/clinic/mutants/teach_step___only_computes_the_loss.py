"""Computes the loss and its gradients, but takes no step."""

import torch
import torch.nn.functional as F


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    with torch.no_grad():
        wanted = F.softmax(teacher(inputs) / temperature, dim=1)
    told = F.log_softmax(student(inputs) / temperature, dim=1)
    loss = temperature**2 * F.kl_div(told, wanted, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    return loss.item()
