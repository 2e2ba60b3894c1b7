"""Trains on the teacher's first choice alone, as if it were a label."""

import torch
import torch.nn.functional as F


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    with torch.no_grad():
        labels = teacher(inputs).argmax(dim=1)
    loss = F.cross_entropy(student(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
