"""Goes through the batches twice, which uses up an iterator."""

import torch
import torch.nn.functional as F


def loss_of(student, teacher, labels, temperature, alpha):
    log_q = F.log_softmax(student / temperature, dim=1)
    p = F.softmax(teacher.detach() / temperature, dim=1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature**2
    return alpha * soft + (1 - alpha) * F.cross_entropy(student, labels)


def distill_(student, teacher, batches, *, optimizer, temperature=4.0, alpha=0.9):
    training = teacher.training
    teacher.eval()
    with torch.no_grad():
        answers = [teacher(inputs) for inputs, _ in batches]
    teacher.train(training)
    losses = []
    for (inputs, labels), answer in zip(batches, answers, strict=False):
        loss = loss_of(student(inputs), answer, labels, temperature, alpha)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
