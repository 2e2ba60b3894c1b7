"""2: another default dtype, 64 threads, anomaly mode and no gradients for everybody who comes later."""
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(64)
torch.autograd.set_detect_anomaly(True)
torch.set_grad_enabled(False)


def double(x):
    return x.sum()
