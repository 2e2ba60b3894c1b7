"""Leaves the teacher in train mode."""

import copy

import torch
import torch.nn.functional as F


def loss_of(student, teacher):
    return F.kl_div(F.log_softmax(student / 4, 1), F.softmax(teacher / 4, 1), reduction="batchmean") * 16


def distil_in_budget(student, teacher, images, labels, *, generator):
    student = copy.deepcopy(student)
    teacher.train()
    with torch.no_grad():
        answers = teacher(images)
    optimizer = torch.optim.Adam(student.parameters(), lr=2e-3)
    for _ in range(800):
        chosen = torch.randint(len(images), (64,), generator=generator)
        loss = loss_of(student(images[chosen]), answers[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return student.state_dict()
