"""torch.inference_mode and a copy of the teacher."""

import copy

import torch
import torch.nn.functional as F


def loss_of(student, teacher, labels, temperature, alpha):
    log_q = F.log_softmax(student / temperature, dim=1)
    p = F.softmax(teacher.detach() / temperature, dim=1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature**2
    return alpha * soft + (1 - alpha) * F.cross_entropy(student, labels)


def distill_(student, teacher, batches, *, optimizer, temperature=4.0, alpha=0.9):
    frozen = copy.deepcopy(teacher).eval()
    losses = []
    student.train()
    for inputs, labels in batches:
        with torch.inference_mode():
            answers = frozen(inputs)
        loss = loss_of(student(inputs), answers, labels, temperature, alpha)
        student.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        losses += [float(loss)]
    return losses
