"""A hook behind the step sets the zeros."""

import torch


def masked_step_(model, masks, optimizer):
    def clear(*_):
        with torch.no_grad():
            for name, mask in masks.items():
                model.get_parameter(name).copy_(model.get_parameter(name).where(mask, torch.tensor(0.0)))

    hook = optimizer.register_step_post_hook(clear)
    optimizer.step()
    hook.remove()
    optimizer.zero_grad()
