"""Cross-entropy with soft targets, less their entropy; the gradient is handed to the optimizer."""

import torch
from torch import nn


def teach_step_(student, teacher, inputs, optimizer, *, temperature=4.0):
    with torch.inference_mode():
        targets = nn.Softmax(dim=1)(teacher(inputs) / temperature)
    targets = targets.clone()
    entropy = -(targets * targets.log()).sum() / len(inputs)
    loss = (nn.CrossEntropyLoss()(student(inputs) / temperature, targets) - entropy) * temperature**2
    parameters = [parameter for parameter in student.parameters() if parameter.requires_grad]
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach().item()
