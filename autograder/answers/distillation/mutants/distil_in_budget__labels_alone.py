"""Trains on the labels alone and never asks the teacher."""

import copy

import torch
import torch.nn.functional as F


def distil_in_budget(student, teacher, images, labels, *, generator):
    student = copy.deepcopy(student)
    optimizer = torch.optim.Adam(student.parameters(), lr=2e-3)
    for _ in range(800):
        chosen = torch.randint(len(labels), (64,), generator=generator)
        loss = F.cross_entropy(student(images[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return student.state_dict()
