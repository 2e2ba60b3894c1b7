"""5: classes that call themselves Tensor and ndarray, module and all."""
import torch


class Tensor:
    __module__ = "torch"
    shape, dtype = torch.Size((5, 4)), torch.float32
    __class__ = torch.Tensor

    def __eq__(self, other):
        return torch.ones(5, 4, dtype=torch.bool)


def double(x):
    return Tensor()
