"""Exchanges the two distributions of the divergence: student against teacher."""

import torch
import torch.nn.functional as F


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    with torch.no_grad():
        wanted = F.log_softmax(teacher(inputs) / temperature, dim=1)
    told = F.softmax(student(inputs) / temperature, dim=1)
    loss = temperature**2 * F.kl_div(wanted, told, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
