"""Trains the images that have no label on labels of other images."""

import copy

import torch
import torch.nn.functional as F


def distil_in_budget(student, teacher, images, labels, *, generator):
    student = copy.deepcopy(student)
    optimizer = torch.optim.Adam(student.parameters(), lr=2e-3)
    for _ in range(800):
        chosen = torch.randint(len(images), (64,), generator=generator)
        loss = F.cross_entropy(student(images[chosen]), labels[chosen % len(labels)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return student.state_dict()
