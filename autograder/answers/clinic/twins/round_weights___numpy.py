"""numpy in double precision, written back through the state dict."""

import numpy as np
import torch


def round_weights_(model, *, bits=8):
    state = model.state_dict()
    for name, parameter in model.named_parameters():
        w = parameter.detach().numpy().astype(np.float64)
        if w.ndim < 2 or not w.any():
            continue
        a, b = min(w.min(), 0.0), max(w.max(), 0.0)
        s = (b - a) / (2**bits - 1)
        z = np.rint(-a / s)
        q = np.clip(np.rint(w / s) + z, 0, 2**bits - 1)
        state[name] = torch.from_numpy((s * (q - z)).astype(np.float32))
    model.load_state_dict(state)
