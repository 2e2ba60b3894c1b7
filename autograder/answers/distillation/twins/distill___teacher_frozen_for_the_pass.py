"""requires_grad is switched off and on again."""

import torch.nn.functional as F


def loss_of(student, teacher, labels, temperature, alpha):
    log_q = F.log_softmax(student / temperature, dim=1)
    p = F.softmax(teacher.detach() / temperature, dim=1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature**2
    return alpha * soft + (1 - alpha) * F.cross_entropy(student, labels)


def distill_(student, teacher, batches, *, optimizer, temperature=4.0, alpha=0.9):
    modes, flags = teacher.training, [p.requires_grad for p in teacher.parameters()]
    teacher.eval().requires_grad_(False)
    losses = []
    try:
        for inputs, labels in batches:
            loss = loss_of(student(inputs), teacher(inputs), labels, temperature, alpha)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach().numpy().item())
    finally:
        teacher.train(modes)
        for parameter, flag in zip(teacher.parameters(), flags, strict=True):
            parameter.requires_grad_(flag)
    return losses
