"""Adds to the gradients of earlier steps instead of starting from none."""

import torch
import torch.nn.functional as F


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    with torch.no_grad():
        wanted = F.softmax(teacher(inputs) / temperature, dim=1)
    told = F.log_softmax(student(inputs) / temperature, dim=1)
    loss = temperature**2 * F.kl_div(told, wanted, reduction="batchmean")
    loss.backward()
    optimizer.step()
    return loss.item()
