"""The length of a file of torch.save, with its archive around the numbers."""

import io

import torch


def dense_bytes(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return len(file.getvalue())
