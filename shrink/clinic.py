"""The clinic: faulty listings that circulate about compression, repaired; each function stands alone."""

import copy
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# ---- pruning -----------------------------------------------------------------------------------------------


def prune_smallest(weight: Tensor, sparsity: float) -> Tensor:
    """Sets the given fraction of a tensor to zero, the weights of smallest magnitude.

    Formula: of n weights exactly round(sparsity * n) become 0, those of smallest |w|; no other changes.

    Args:
        weight: float32, any shape; left as it is.
        sparsity: fraction of zeros, in [0, 1]; ties may be broken either way.

    Returns:
        float32, the shape of `weight`: the pruned weight.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3; Zhu and Gupta 2017, "To
    prune, or not to prune", section 3.

    >>> prune_smallest(torch.tensor([0.3, -0.2, 0.1, -0.4]), 0.5)
    tensor([ 0.3000,  0.0000,  0.0000, -0.4000])
    """
    order = weight.abs().flatten().argsort()  # (n,), positions from the smallest to the largest
    pruned = weight.flatten().clone()
    pruned[order[: round(sparsity * len(order))]] = 0.0
    return pruned.view(weight.shape)


def train_pruned_(
    layer: nn.Linear, mask: Tensor, batches: Iterable[tuple[Tensor, Tensor]], *, lr: float
) -> None:
    """Prunes a layer and trains what is left, the pruned weights exactly zero at every step.

    Formula: w <- w * mask; then for each batch one step of SGD with momentum 0.9 on the mean cross-entropy of
    the layer's outputs, and again w <- w * mask.

    Args:
        layer: changed in place; its weight (out, in) and bias stay the same Parameter objects.
        mask: bool (out, in), True = keep.
        batches: (inputs float32 (N, in), labels int64 (N,) in [0, out)), one step each.
        lr: learning rate, > 0.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3; Zhu and Gupta 2017, "To
    prune, or not to prune", section 3.

    >>> layer = nn.Linear(3, 2)
    >>> batch = torch.ones(4, 3), torch.tensor([0, 1, 1, 1])
    >>> train_pruned_(layer, torch.tensor([[True, False, True], [False, True, True]]), [batch, batch], lr=0.1)
    >>> (layer.weight == 0).tolist()
    [[False, True, False], [True, False, False]]
    """
    layer.weight.data.mul_(mask)  # in place: an optimizer keeps the Parameter it was given
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr, momentum=0.9)
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(layer(inputs), labels).backward()
        optimizer.step()
        layer.weight.data.mul_(mask)


def pruned_layer(layer: nn.Linear, threshold: float) -> nn.Linear:
    """Copies a layer with its small weights set to zero; the copy takes the same inputs.

    Formula: w'_ij = w_ij where |w_ij| > threshold, else 0; the bias is that of the layer.

    Args:
        layer: weight float32 (out, in), with or without bias; left as it is.
        threshold: >= 0, in the unit of the weights; a weight of exactly this magnitude is pruned.

    Returns:
        A new layer of the same sizes, which shares no memory with the old one.

    Source: Han et al. 2015, "Learning both Weights and Connections", section 3.

    >>> layer = nn.Linear(2, 2)
    >>> layer.weight.data = torch.tensor([[0.5, -0.1], [0.2, -0.75]])
    >>> pruned_layer(layer, 0.2).weight.tolist()
    [[0.5, 0.0], [0.0, -0.75]]
    """
    pruned = copy.deepcopy(layer)
    pruned.weight.data.masked_fill_(layer.weight.abs() <= threshold, 0.0)
    return pruned


# ---- quantization ------------------------------------------------------------------------------------------


def quantize_signed(weight: Tensor, *, bits: int = 8) -> tuple[Tensor, float]:
    """Quantizes weights of both signs to signed codes, symmetric about zero.

    Formula: scale = max |w| / (2^(bits-1) - 1); code = the integer nearest to w / scale.

    Args:
        weight: float32, any shape, at least one weight.
        bits: width of a code, 2 .. 8.

    Returns:
        (codes, scale): int8, the shape of `weight`, within +-(2^(bits-1) - 1); a float > 0 with w about
        scale * code. All weights zero: scale 1.0.

    Source: Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference", section
    2.2.

    >>> quantize_signed(torch.tensor([1.0, -2.1, 0.5, 4.0]), bits=4)[0]
    tensor([ 2, -4,  1,  7], dtype=torch.int8)
    """
    largest = weight.abs().max().item()
    scale = largest / (2 ** (bits - 1) - 1) if largest > 0 else 1.0
    return (weight / scale).round().to(torch.int8), scale


def codes_and_back(weight: Tensor, scale: float, zero_point: int) -> tuple[Tensor, Tensor]:
    """Quantizes weights to 8-bit codes with a given scale and zero point, and turns the codes back.

    Formula: code = clamp(round(w / scale) + zero_point, 0, 255); w' = scale * (code - zero_point).

    Args:
        weight: float32, any shape.
        scale: > 0, the distance of two neighbouring levels.
        zero_point: the code of 0.0, in 0 .. 255.

    Returns:
        (codes, restored): uint8 and float32, both of the shape of `weight`.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 2.1.

    >>> codes_and_back(torch.tensor([-0.5, 0.0, 0.8]), 0.25, 2)
    (tensor([0, 2, 5], dtype=torch.uint8), tensor([-0.5000,  0.0000,  0.7500]))
    """
    codes = ((weight / scale).round() + zero_point).clamp(0, 255).to(torch.uint8)
    restored = scale * (codes.float() - zero_point)  # uint8 would wrap around below the zero point
    return codes, restored


def stretch_to_int8(weight: Tensor) -> tuple[Tensor, float, float]:
    """Stretches the range of a weight over all 256 codes of int8.

    Formula: u = (w - low) / (high - low), in [0, 1]; code = round(255 * u) - 128, low and high being the
    smallest and the largest weight. Back: w' = low + (code + 128) / 255 * (high - low).

    Args:
        weight: float32, any shape, at least one weight.

    Returns:
        (codes, low, high): int8, the shape of `weight`, and two floats. All weights equal: all codes -128.

    Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", section 3.1 (range of weights).

    >>> stretch_to_int8(torch.tensor([-1.0, 0.0, 1.0, 4.0]))
    (tensor([-128,  -77,  -26,  127], dtype=torch.int8), -1.0, 4.0)
    """
    low, high = weight.min().item(), weight.max().item()
    unit = (weight - low) / ((high - low) or 1.0)  # equal weights: 0 / 1 instead of 0 / 0
    return ((255 * unit).round() - 128).to(torch.int8), low, high


# ---- distillation ------------------------------------------------------------------------------------------


def soft_loss(student_logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Says how far the student's distribution is from the teacher's: 0 when they agree, never less.

    Formula: mean over the batch of KL(p || q) = sum over c of p_c (log p_c - log q_c), p = softmax(teacher),
    q = softmax(student).

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.

    Returns:
        A float32 scalar with a gradient for the student.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2 (there the
    cross-entropy with soft targets, which has the same gradient).

    >>> soft_loss(torch.zeros(1, 2), torch.tensor([[0.0, 1.0986]]))  # p = (1/4, 3/4), q = (1/2, 1/2)
    tensor(0.1308)
    """
    student = F.log_softmax(student_logits, dim=1)
    teacher = F.log_softmax(teacher_logits.detach(), dim=1)
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True)


def tempered_loss(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """The divergence of softened distributions, with gradients of the same size at every temperature.

    Formula: T^2 * mean over the batch of KL(softmax(teacher / T) || softmax(student / T)).

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.
        temperature: T > 0; the larger, the flatter.

    Returns:
        A float32 scalar with a gradient for the student.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2.

    >>> tempered_loss(torch.zeros(1, 2), torch.tensor([[0.0, 2 * 1.0986]]), 2.0)  # 4 times that of soft_loss
    tensor(0.5232)
    """
    student = F.log_softmax(student_logits / temperature, dim=1)
    teacher = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    divergence = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def mixed_loss(student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, *, alpha: float) -> Tensor:
    """Mixes what the teacher says with what the labels say, both said to the student.

    Formula: alpha * KL(softmax(teacher) || softmax(student)) + (1 - alpha) * cross-entropy(student, labels),
    both means over the batch.

    Args:
        student_logits: float32 (N, C).
        teacher_logits: float32 (N, C); no gradient reaches them.
        labels: int64 (N,), in [0, C).
        alpha: the teacher's share, in [0, 1].

    Returns:
        A float32 scalar with a gradient for the student.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2, at temperature 1.

    >>> mixed_loss(torch.zeros(1, 2), torch.tensor([[0.0, 1.0986]]), torch.tensor([0]), alpha=0.5)
    tensor(0.4120)
    """
    student = F.log_softmax(student_logits, dim=1)
    teacher = F.log_softmax(teacher_logits.detach(), dim=1)
    soft = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
    return alpha * soft + (1 - alpha) * F.nll_loss(student, labels)
