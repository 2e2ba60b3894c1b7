"""The limit of high temperatures: squared difference of logits."""

import copy

import torch
import torch.nn.functional as F


def distil_in_budget(student, teacher, images, labels, *, generator):
    student = copy.deepcopy(student).train()
    inputs = [images]
    for _ in range(9):
        down, right = torch.randint(0, 3, (2, len(images)), generator=generator)
        padded = F.pad(images, (1, 1, 1, 1), value=float(images.min()))
        each = torch.arange(len(images)).view(-1, 1, 1)
        rows = (down.view(-1, 1) + torch.arange(28)).unsqueeze(2)
        columns = (right.view(-1, 1) + torch.arange(28)).unsqueeze(1)
        inputs.append(padded[each, 0, rows, columns].unsqueeze(1))
    inputs = torch.cat(inputs)
    with torch.no_grad():
        answers = torch.cat([teacher(part) for part in inputs.split(1000)])
    answers -= answers.mean(dim=1, keepdim=True)
    optimizer = torch.optim.AdamW(student.parameters(), lr=4e-3)
    steps = 3000
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        chosen = torch.randperm(len(inputs), generator=generator)[:128]
        optimizer.zero_grad()
        F.mse_loss(student(inputs[chosen]), answers[chosen]).backward()
        optimizer.step()
        schedule.step()
    return student.state_dict()
