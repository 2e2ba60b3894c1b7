"""A smaller net, labels alone, masks by one threshold; at last the codes stay and the shared values learn."""

import torch
import torch.nn.functional as F
from torch import nn

from shrink.weight_sharing import centroid_gradient, encode_network, kmeans_1d, nearest_code

KEPT, EPOCHS, SHARED_EPOCHS, BATCH = 7000, 14, 3, 250


def compress_lenet(model, images, labels, *, generator):
    first, second, last = (layer for layer in model if isinstance(layer, nn.Linear))
    rows = (second.weight.norm(dim=1) * last.weight.norm(dim=0)).topk(45).indices
    columns = (first.weight.norm(dim=1) * second.weight[rows].norm(dim=0)).topk(90).indices
    small = nn.Sequential(nn.Linear(784, 90), nn.ReLU(), nn.Linear(90, 45), nn.ReLU(), nn.Linear(45, 10))
    with torch.no_grad():
        small[0].weight[:], small[0].bias[:] = first.weight[columns], first.bias[columns]
        small[2].weight[:], small[2].bias[:] = second.weight[rows][:, columns], second.bias[rows]
        small[4].weight[:], small[4].bias[:] = last.weight[:, rows], last.bias
    weights = [small[at].weight for at in (0, 2, 4)]
    biases = [small[at].bias for at in (0, 2, 4)]
    total = sum(weight.numel() for weight in weights)
    masks = [torch.ones_like(weight, dtype=torch.bool) for weight in weights]

    optimizer = torch.optim.Adam(small.parameters())
    for at, progress in steps(small, images, labels, EPOCHS, generator):
        optimizer.param_groups[0]["lr"] = 2e-3 * min(1.0, 1.5 * (1 - progress))
        optimizer.step()
        if at % 30 == 0 and progress < 0.7:
            left = int(KEPT + (total - KEPT) * max(0.0, 1 - progress / 0.6) ** 3)
            sizes = torch.cat([weight.detach().abs().flatten() for weight in weights])
            cut = sizes.topk(left).values[-1]
            masks = [weight.detach().abs() >= cut for weight in weights]
        for weight, mask in zip(weights, masks, strict=True):
            weight.data *= mask

    masks = [weight.detach() != 0 for weight in weights]
    books = [kmeans_1d(weight.detach()[mask], 7) for weight, mask in zip(weights, masks, strict=True)]
    codes = [nearest_code(w.detach()[m], b) for w, m, b in zip(weights, masks, books, strict=True)]
    for weight, mask, book, code in zip(weights, masks, books, codes, strict=True):
        weight.data[mask] = book[code]
    optimizer = torch.optim.Adam([*books, *biases])
    for _, progress in steps(small, images, labels, SHARED_EPOCHS, generator):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - progress)
        for weight, mask, book, code in zip(weights, masks, books, codes, strict=True):
            book.grad = centroid_gradient(weight.grad[mask], code, len(book))
        optimizer.step()
        for weight, mask, book, code in zip(weights, masks, books, codes, strict=True):
            weight.data[mask] = book[code]

    state = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    for name, weight, bias in zip(("1", "3", "5"), weights, biases, strict=True):
        state[f"{name}.weight"][: weight.shape[0], : weight.shape[1]] = weight.detach()
        state[f"{name}.bias"][: len(bias)] = (bias.detach() * 16).round() / 16
    return encode_network(state)


def steps(net, images, labels, epochs, generator):
    """Behind each batch's gradient: its number, and how far training has come."""
    count = epochs * -(-len(images) // BATCH)
    at = 0
    for _ in range(epochs):
        for chosen in torch.randperm(len(images), generator=generator).split(BATCH):
            shift = torch.randint(-1, 2, (2,), generator=generator).tolist()
            moved = images[chosen].view(-1, 28, 28).roll(shift, dims=(1, 2)).reshape(-1, 784)
            net.zero_grad()
            F.cross_entropy(net(moved), labels[chosen]).backward()
            yield at, at / count
            at += 1
