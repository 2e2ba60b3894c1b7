"""Masks the gradients alone, so old values and momentum of pruned weights survive."""


def masked_step_(model, masks, optimizer):
    parameters = dict(model.named_parameters())
    for name, mask in masks.items():
        if parameters[name].grad is not None:
            parameters[name].grad.mul_(mask)
    optimizer.step()
