"""The optimiser calls a closure; the teacher is switched by hand."""

import torch
import torch.nn.functional as F


def loss_of(student, teacher, labels, temperature, alpha):
    log_q = F.log_softmax(student / temperature, dim=1)
    p = F.softmax(teacher.detach() / temperature, dim=1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature**2
    return alpha * soft + (1 - alpha) * F.cross_entropy(student, labels)


def distill_(student, teacher, batches, *, optimizer, temperature=4.0, alpha=0.9):
    was = [module.training for module in teacher.modules()]
    teacher.train(False)
    losses = []
    for batch in batches:
        inputs, labels = batch[0], batch[1]
        with torch.set_grad_enabled(False):
            answers = teacher(inputs)

        def closure(inputs=inputs, labels=labels, answers=answers):
            optimizer.zero_grad()
            loss = loss_of(student(inputs), answers, labels, temperature, alpha)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).detach().item())
    for module, training in zip(teacher.modules(), was, strict=True):
        module.training = training
    return losses
