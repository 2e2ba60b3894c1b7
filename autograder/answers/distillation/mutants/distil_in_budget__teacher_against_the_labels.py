"""Compares the teacher with the labels, which gives the student no gradient."""

import copy

import torch
import torch.nn.functional as F


def distil_in_budget(student, teacher, images, labels, *, generator):
    student = copy.deepcopy(student)
    with torch.no_grad():
        answers = teacher(images)
    optimizer = torch.optim.Adam(student.parameters(), lr=2e-3)
    for _ in range(800):
        chosen = torch.randint(len(labels), (64,), generator=generator)
        loss = (
            0.1 * F.cross_entropy(student(images[chosen]), labels[chosen])
            + 0.9 * F.cross_entropy(answers[chosen] / 4, labels[chosen]) * 16
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return student.state_dict()
