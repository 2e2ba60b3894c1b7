"""Takes a plain optimiser step and applies no mask."""


def masked_step_(model, masks, optimizer):
    optimizer.step()
