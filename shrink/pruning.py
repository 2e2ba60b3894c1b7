"""Pruning: which weights may be zero, and how to keep them zero while the rest learn. Masks: True = keep."""

import copy
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


def threshold_mask(weight: Tensor, threshold: float) -> Tensor:
    """Keeps the weights whose magnitude exceeds a threshold.

    Formula: mask_i = (|w_i| > threshold).

    Args:
        weight: float32, any shape.
        threshold: >= 0, in the unit of the weights; a weight of exactly this magnitude is pruned.

    Returns:
        bool, the shape of `weight`, True = keep.

    Raises:
        ValueError: threshold is negative.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3.

    >>> threshold_mask(torch.tensor([0.3, -0.2, 0.1]), 0.15)
    tensor([ True,  True, False])
    """
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs() > threshold


def magnitude_mask(weight: Tensor, sparsity: float) -> Tensor:
    """Prunes the given fraction of a tensor, the weights of smallest magnitude.

    Formula: with n weights, exactly round(sparsity * n) entries of the mask are False, at the smallest |w|.

    Args:
        weight: float32, any shape.
        sparsity: fraction of zeros, in [0, 1]; ties may be broken either way.

    Returns:
        bool, the shape of `weight`, True = keep.

    Raises:
        ValueError: sparsity lies outside [0, 1].

    Source: Zhu and Gupta 2017, "To prune, or not to prune", section 3.

    >>> magnitude_mask(torch.tensor([0.3, -0.2, 0.1, -0.4]), 0.5)
    tensor([ True, False, False,  True])
    """
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    order = weight.abs().flatten().argsort()  # (n,), positions from the smallest to the largest
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.view(weight.shape)


def neuron_mask(weight: Tensor, threshold: float) -> Tensor:
    """Keeps the neurons (rows, or filters of a convolution) whose mean weight magnitude exceeds a threshold.

    Formula: mask_o = (mean over i of |w_oi| > threshold), i running over all dimensions behind the first.

    Args:
        weight: float32 (out, ...), for instance (out, in) or (out, in, kh, kw).
        threshold: >= 0, in the unit of the weights.

    Returns:
        bool (out,), True = keep.

    Raises:
        ValueError: threshold is negative.

    Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", section 3.1 (there with the sum).

    >>> neuron_mask(torch.tensor([[0.3, -0.5], [0.1, 0.1]]), 0.2)
    tensor([ True, False])
    """
    if not threshold >= 0:
        raise ValueError(f"threshold must be at least 0, got {threshold}")
    return weight.abs().reshape(weight.shape[0], -1).mean(dim=1) > threshold  # (out,)


def global_magnitude_masks(weights: Mapping[str, Tensor], sparsity: float) -> dict[str, Tensor]:
    """Prunes the given fraction of several tensors together, with one ranking by magnitude over all of them.

    Formula: with n weights in all tensors, exactly round(sparsity * n) entries of all masks are False, at the
    smallest |w|; a tensor of small weights may lose more than the others.

    Args:
        weights: name -> float32 tensor of any shape.
        sparsity: fraction of zeros over all tensors, in [0, 1]; ties may be broken either way.

    Returns:
        name -> bool mask of the tensor's shape, True = keep.

    Raises:
        ValueError: sparsity lies outside [0, 1].

    Source: Frankle and Carbin 2019, "The Lottery Ticket Hypothesis", section 4 (global pruning).

    >>> global_magnitude_masks({"a": torch.tensor([3.0, -1.0]), "b": torch.tensor([[2.0], [0.5]])}, 0.5)
    {'a': tensor([ True, False]), 'b': tensor([[ True],
            [False]])}
    """
    flat = torch.cat([torch.zeros(0), *(weight.flatten() for weight in weights.values())])  # (n,)
    parts = magnitude_mask(flat, sparsity).split([weight.numel() for weight in weights.values()])
    return {name: part.view(weights[name].shape).clone() for name, part in zip(weights, parts, strict=True)}


def taylor_scores(weight: Tensor, grad: Tensor) -> Tensor:
    """Estimates by how much the loss changes when a weight is removed, from the gradient alone.

    Formula: L(w_i = 0) - L(w) = -g_i w_i + ..., hence score_i = |w_i * g_i|.

    Args:
        weight: float32, any shape.
        grad: float32, the shape of `weight`, dL/dw.

    Returns:
        float32, the shape of `weight`, >= 0; the unit is that of the loss.

    Source: Molchanov et al. 2017, "Pruning Convolutional Neural Networks for Resource Efficient Inference",
    section 2.2; LeCun et al. 1990, "Optimal Brain Damage", section 2, takes the second order.

    >>> taylor_scores(torch.tensor([2.0, -3.0]), torch.tensor([0.5, 1.0]))
    tensor([1., 3.])
    """
    return (weight * grad).abs()


def mask_from_scores(scores: Tensor, sparsity: float) -> Tensor:
    """Prunes the given fraction of a tensor, the entries with the lowest scores; scores may be negative.

    Formula: with n scores, exactly round(sparsity * n) entries of the mask are False, at the lowest scores.

    Args:
        scores: float32, any shape; -2 is lower than 1.
        sparsity: fraction of zeros, in [0, 1]; ties may be broken either way.

    Returns:
        bool, the shape of `scores`, True = keep.

    Raises:
        ValueError: sparsity lies outside [0, 1].

    Source: LeCun et al. 1990, "Optimal Brain Damage", section 2.2 (delete the parameters of low saliency).

    >>> mask_from_scores(torch.tensor([0.3, -2.0, 0.1, 0.4]), 0.5)
    tensor([ True, False, False,  True])
    """
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparsity must lie in [0, 1], got {sparsity}")
    order = scores.flatten().argsort()  # (n,), positions from the lowest to the highest
    mask = torch.ones(scores.numel(), dtype=torch.bool)
    mask[order[: round(sparsity * scores.numel())]] = False
    return mask.view(scores.shape)


def polynomial_sparsity(
    step: int, *, start: int, end: int, final: float, initial: float = 0.0, power: float = 3
) -> float:
    """Says which sparsity gradual pruning has reached at a step: fast at first, slowly towards the end.

    Formula: s(t) = final + (initial - final) * (1 - (t - start) / (end - start)) ^ power, start <= t <= end.

    Args:
        step: t, the training step.
        start: up to this step the sparsity is `initial`.
        end: from this step on the sparsity is `final`; end >= start.
        final: fraction of zeros at the end, in [0, 1].
        initial: fraction of zeros at the start, in [0, 1].
        power: 3 in the paper; 1 is a straight line.

    Returns:
        The sparsity at `step`, a float.

    Raises:
        ValueError: final or initial lies outside [0, 1], or end < start.

    Source: Zhu and Gupta 2017, "To prune, or not to prune", section 3, equation 1.

    >>> polynomial_sparsity(50, start=0, end=100, final=0.5)
    0.4375
    """
    for name, value in (("final", final), ("initial", initial)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {value}")
    if end < start:
        raise ValueError(f"end must be at least start = {start}, got {end}")
    if step <= start:
        return float(initial)
    if step >= end:
        return float(final)
    remaining: float = (1 - (step - start) / (end - start)) ** power
    return final + (initial - final) * remaining


def apply_masks_(model: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Sets the pruned weights of the model to zero in place; its parameters stay the same objects.

    Formula: w_i <- w_i where mask_i, else 0.

    Args:
        model: changed in place.
        masks: parameter name (as in `model.named_parameters()`) -> bool mask of its shape, True = keep;
            parameters without a mask are left alone.

    Raises:
        KeyError: a name is not that of a parameter.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3.

    >>> layer = nn.Linear(2, 1)
    >>> apply_masks_(layer, {"weight": torch.tensor([[False, False]])})
    >>> layer.weight.tolist()
    [[0.0, 0.0]]
    """
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name in masks:
        if name not in parameters:
            raise KeyError(f"masks names {name!r}, which is not a parameter of the model")
    with torch.no_grad():  # in place on a leaf is allowed only outside the graph
        for name, mask in masks.items():
            parameters[name].masked_fill_(~mask, 0.0)


def masked_step_(model: nn.Module, masks: Mapping[str, Tensor], optimizer: torch.optim.Optimizer) -> None:
    """Takes one optimiser step after which every pruned weight is exactly zero, whatever momentum it had.

    Formula: w <- step(w), then w_i <- 0 where mask_i is False; kept weights move as a plain step moves them.

    Args:
        model: changed in place; its gradients have been computed.
        masks: parameter name -> bool mask of its shape, True = keep.
        optimizer: holds the model's parameters; momentum and weight decay are its own business.

    Raises:
        KeyError: a name is not that of a parameter.

    Source: Zhu and Gupta 2017, "To prune, or not to prune", section 3; Han et al. 2015, section 3.

    >>> layer = nn.Linear(2, 1)
    >>> layer(torch.ones(1, 2)).sum().backward()
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    >>> masked_step_(layer, {"weight": torch.tensor([[True, False]])}, optimizer)
    >>> layer.weight[0, 1].item()
    0.0
    """
    # Masking the gradient instead would not do: momentum and weight decay still move the weight.
    optimizer.step()
    apply_masks_(model, masks)


def sensitivity(
    model: nn.Module,
    evaluate: Callable[[nn.Module], float],
    *,
    names: Sequence[str],
    sparsities: Sequence[float],
) -> dict[str, list[float]]:
    """Finds out how much pruning each tensor bears: prunes one at a time by magnitude, evaluates the model.

    Formula: result[name][k] = evaluate(the model whose tensor `name` alone is pruned to sparsities[k]).

    Args:
        model: changed during the call and restored exactly, also when `evaluate` raises.
        evaluate: takes the model, returns a number such as its accuracy.
        names: parameter names, pruned one after the other, never together.
        sparsities: fractions of zeros in [0, 1], each applied to the original weights.

    Returns:
        name -> the results of `evaluate`, one for each sparsity, in the order given.

    Raises:
        KeyError: a name is not that of a parameter.
        ValueError: a sparsity lies outside [0, 1].

    Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", section 3.2; Han et al. 2015, figure 6.

    >>> layer = nn.Linear(4, 1)
    >>> sensitivity(layer, lambda m: int(m.weight.count_nonzero()), names=["weight"], sparsities=[0.0, 0.5])
    {'weight': [4, 2]}
    """
    parameters = dict(model.named_parameters(remove_duplicate=False))
    results: dict[str, list[float]] = {}
    for name in names:
        dense = parameters[name].detach().clone()
        results[name] = []
        try:
            for sparsity in sparsities:
                parameters[name].data.copy_(dense * magnitude_mask(dense, sparsity))
                results[name].append(evaluate(model))
        finally:
            parameters[name].data.copy_(dense)
    return results


def prune_lenet(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Prunes LeNet-300-100 to at least 12 times fewer weights and retrains it to at most 1.7 % error.

    Formula: ratio = 266,200 / |{non-zero weights in the three matrices}|; the 410 biases do not count.

    Args:
        model: LeNet-300-100 as trained, `shrink.nets.lenet_300_100()` with its checkpoint; left as it is.
        images: float32 (60000, 784), the training images, normalised as `shrink.data.to_float` does.
        labels: int64 (60000,), digits 0 to 9.

    Returns:
        The state dict of the pruned network: names, shapes and dtype as in `model.state_dict()`, pruned
        weights exactly 0.

    Source: Han et al. 2015, "Learning both Weights and Connections", table 1 (LeNet-300-100, 12 times fewer
    weights, 1.59 % error); Zhu and Gupta 2017, section 3 (gradual pruning).

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 10))
    >>> state = prune_lenet(model, torch.rand(20, 784), torch.arange(20) % 10)
    >>> int(state["1.weight"].count_nonzero() + state["3.weight"].count_nonzero()) <= (784 + 10) * 300 / 12
    True
    """
    model = copy.deepcopy(model).train()
    weights = {name: p.data for name, p in model.named_parameters() if p.dim() > 1}  # biases stay dense
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    generator = torch.Generator().manual_seed(0)
    epochs = 5
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - epoch / epochs)
        masks = global_magnitude_masks(weights, polynomial_sparsity(epoch + 1, start=0, end=3, final=0.92))
        for chosen in torch.randperm(len(images), generator=generator).split(256):
            optimizer.zero_grad()
            F.cross_entropy(model(images[chosen]), labels[chosen]).backward()
            masked_step_(model, masks, optimizer)
    return model.state_dict()


def save_sparse(path: str | Path, state: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
    """Writes a state dict in which a zero costs one bit: a packed bitmask and the kept values of each tensor.

    Formula: a tensor of n float32 weights of which k are kept takes ceil(n / 8) + 4 k bytes instead of 4 n.

    Args:
        path: the file, in safetensors format; it appears whole or not at all.
        state: name -> tensor; those without a mask are stored densely.
        masks: name -> bool mask of the tensor's shape, True = keep; pruned entries come back as 0.

    Raises:
        KeyError: a mask has a name that `state` lacks.
        ValueError: a mask's shape differs from its tensor's.

    Source: Han et al. 2016, "Deep Compression", section 2 stores positions too, as differences.
    """
    stored = {name: tensor.contiguous() for name, tensor in state.items() if name not in masks}
    for name, mask in masks.items():
        if mask.shape != state[name].shape:
            raise ValueError(
                f"masks[{name!r}] must have shape {tuple(state[name].shape)}, got {tuple(mask.shape)}"
            )
        stored[f"{name}.bits"] = torch.from_numpy(np.packbits(mask.numpy()))  # uint8 (ceil(n / 8),)
        stored[f"{name}.kept"] = state[name][mask]  # (k,), row-major
    shapes = {name: json.dumps(mask.shape) for name, mask in masks.items()}
    unfinished = Path(f"{path}.part")
    save_file(stored, unfinished, metadata=shapes)
    os.replace(unfinished, path)


def load_sparse(path: str | Path) -> dict[str, Tensor]:
    """Reads a file of `save_sparse` back into a dense state dict, zeros included.

    Args:
        path: the file.

    Returns:
        name -> tensor, as it was saved, pruned entries exactly 0.

    Raises:
        ValueError: the file is damaged or was not written by `save_sparse`; the message names it.
    """
    try:
        with safe_open(path, framework="pt") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dict
            shapes = {name: json.loads(shape) for name, shape in (file.metadata() or {}).items()}
        for name, shape in shapes.items():
            bits = np.unpackbits(stored.pop(f"{name}.bits").numpy(), count=int(np.prod(shape, dtype=int)))
            kept = stored.pop(f"{name}.kept")
            stored[name] = torch.zeros(shape, dtype=kept.dtype)
            stored[name][torch.from_numpy(bits.astype(bool)).view(shape)] = kept
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: damaged, or not a file of save_sparse ({error})") from error
    return stored
