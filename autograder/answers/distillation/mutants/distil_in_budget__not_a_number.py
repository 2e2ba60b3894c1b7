"""Trains at a rate so high that the weights become NaN."""

import copy

import torch
import torch.nn.functional as F


def loss_of(student, teacher):
    return F.kl_div(F.log_softmax(student / 4, 1), F.softmax(teacher / 4, 1), reduction="batchmean") * 16


def distil_in_budget(student, teacher, images, labels, *, generator):
    student = copy.deepcopy(student)
    with torch.no_grad():
        answers = teacher(images)
    optimizer = torch.optim.SGD(student.parameters(), lr=1e6, momentum=0.9)
    for _ in range(60):
        chosen = torch.randint(len(images), (64,), generator=generator)
        loss = loss_of(student(images[chosen]), answers[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return student.state_dict()
