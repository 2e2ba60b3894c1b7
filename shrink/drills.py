"""Drills: small variants of the rooms' functions, as an interview asks for them at a whiteboard."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def quantize_per_group(weight: Tensor, *, group: int = 32, bits: int = 4) -> tuple[Tensor, Tensor]:
    """Quantizes a matrix symmetrically with one scale for every `group` neighbours of a row.

    Formula: scale = max |w| of the group / (2^(bits-1) - 1); code = round(w / scale), a half to the even
    code.

    Args:
        weight: float32 (out, in); the last group of a row is shorter where in is no multiple of group.
        group: neighbours along the input dimension that share a scale, >= 1.
        bits: width of a code, 2 .. 8.

    Returns:
        codes, int8 (out, in), within +-(2^(bits-1) - 1); scales, float32 (out, ceil(in / group)), 1 where a
        group is all zero.

    Raises:
        ValueError: group is below 1.

    Source: Gholami et al. 2021, "A Survey of Quantization Methods", section III-E (sub-channelwise).

    >>> quantize_per_group(torch.tensor([[7.0, -2.0, 0.5, 0.0]]), group=2)
    (tensor([[ 7, -2,  7,  0]], dtype=torch.int8), tensor([[1.0000, 0.0714]]))
    """
    if group < 1:
        raise ValueError(f"group must be at least 1, got {group}")
    rows, columns = weight.shape
    blocks = F.pad(weight, (0, -columns % group)).reshape(rows, math.ceil(columns / group), group)
    largest = blocks.abs().amax(dim=2)  # (out, groups)
    scales = torch.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1.0)
    codes = (blocks / scales[:, :, None]).round().to(torch.int8)
    return codes.flatten(1)[:, :columns], scales


def pack_int4(codes: Tensor) -> Tensor:
    """Packs two 4-bit codes into a byte.

    Formula: byte_i = (code_2i mod 16) + 16 * (code_2i+1 mod 16): two's complement, the first code in the low
    four bits.

    Args:
        codes: int8 (n,), each in -8 .. 7.

    Returns:
        uint8 (ceil(n / 2),); with an odd n the high four bits of the last byte are 0.

    Raises:
        ValueError: a code lies outside -8 .. 7.

    Source: the ONNX specification, types INT4 and UINT4 (the same layout).

    >>> pack_int4(torch.tensor([1, 2, -1], dtype=torch.int8))
    tensor([33, 15], dtype=torch.uint8)
    """
    outside = codes[(codes < -8) | (codes > 7)]
    if len(outside) > 0:
        raise ValueError(f"codes must lie in -8 .. 7, got {int(outside[0])}")
    nibbles = F.pad(codes, (0, len(codes) % 2)).to(torch.uint8) & 15
    return nibbles[::2] | nibbles[1::2] << 4


def unpack_int4(packed: Tensor, count: int) -> Tensor:
    """Takes two 4-bit codes out of each byte: what `pack_int4` put in.

    Formula: a nibble u stands for the code u below 8, and for u - 16 from 8 on; the low one comes first.

    Args:
        packed: uint8 (bytes,).
        count: how many codes there are: twice the bytes, or one less.

    Returns:
        int8 (count,), each in -8 .. 7.

    Raises:
        ValueError: so many codes do not take that many bytes.

    Source: the ONNX specification, types INT4 and UINT4 (the same layout).

    >>> unpack_int4(torch.tensor([33, 15], dtype=torch.uint8), 3)
    tensor([ 1,  2, -1], dtype=torch.int8)
    """
    if not 2 * len(packed) - 1 <= count <= 2 * len(packed):
        raise ValueError(f"count must fit {len(packed)} bytes of two codes, got {count}")
    nibbles = torch.stack([packed & 15, packed >> 4], dim=1).flatten()[:count].to(torch.int8)
    return torch.where(nibbles > 7, nibbles - 16, nibbles)


def quantize_per_token(x: Tensor, *, bits: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    """Quantizes activations with a scale and a zero point for each row, found when the row arrives.

    Formula: low = min(row, 0), high = max(row, 0); scale = (high - low) / (2^bits - 1);
    zero_point = round(-low / scale); code = round(x / scale) + zero_point, clamped to 0 .. 2^bits - 1.

    Args:
        x: float32 (tokens, features).
        bits: width of a code, 2 .. 8.

    Returns:
        codes, uint8 (tokens, features); scales, float32 (tokens,); zero_points, int32 (tokens,). A row of
        zeros has scale 1 and zero point 0.

    Source: Xiao et al. 2023, "SmoothQuant", section 2 (per token); Jacob et al. 2018, section 2.1 (affine).

    >>> quantize_per_token(torch.tensor([[-1.0, 0.0, 1.5], [3.0, 6.0, 15.0]]), bits=4)[0]
    tensor([[ 0,  6, 15],
            [ 3,  6, 15]], dtype=torch.uint8)
    """
    top = 2**bits - 1
    low, high = x.amin(dim=1).clamp(max=0), x.amax(dim=1).clamp(min=0)  # (tokens,)
    scales = torch.where(high > low, (high - low) / top, 1.0)
    zero_points = (-low / scales).round()
    codes = (x / scales[:, None]).round() + zero_points[:, None]
    return codes.clamp(max=top).to(torch.uint8), scales, zero_points.to(torch.int32)


def quantize_blockwise(weight: Tensor, codebook: Tensor, *, block: int = 64) -> tuple[Tensor, Tensor]:
    """Stores each weight as the nearest of a few levels, after dividing its block by its largest magnitude.

    Formula: absmax = max |w| of the block; code = argmin_j |w / absmax - codebook_j|.

    Args:
        weight: float32, any shape; blocks run through it row by row and across the ends of rows.
        codebook: float32 (levels,), ascending in [-1, 1], at most 256 levels; a tie may go either way.
        block: weights that share a scale, >= 1; the last block may be shorter.

    Returns:
        codes, uint8, the shape of `weight`; absmax, float32 (ceil(n / block),). A block of zeros has absmax 0
        and the codes of the level nearest to 0.

    Raises:
        ValueError: block is below 1.

    Source: Dettmers et al. 2023, "QLoRA", sections 2 and 3 (block-wise quantization, NF4).

    >>> quantize_blockwise(torch.tensor([4.0, -1.0, 0.5, 0.1]), torch.tensor([-1.0, 0.0, 0.5, 1.0]), block=2)
    (tensor([3, 1, 3, 1], dtype=torch.uint8), tensor([4.0000, 0.5000]))
    """
    if block < 1:
        raise ValueError(f"block must be at least 1, got {block}")
    blocks = F.pad(weight.flatten(), (0, -weight.numel() % block)).view(-1, block)
    absmax = blocks.abs().amax(dim=1)  # (blocks,)
    scaled = blocks / torch.where(absmax > 0, absmax, 1.0)[:, None]
    codes = (scaled[:, :, None] - codebook).abs().argmin(dim=2).to(torch.uint8)
    return codes.flatten()[: weight.numel()].view(weight.shape), absmax


def fake_quantize(x: Tensor, scale: float, *, bits: int = 8) -> Tensor:
    """Rounds to the grid of a symmetric quantizer and lets the gradient through as if it had not.

    Formula: y = scale * clamp(round(x / scale), -limit, limit), limit = 2^(bits-1) - 1;
    dy/dx = 1 where |x| <= limit * scale, else 0 (the straight-through estimator).

    Args:
        x: float32, any shape, often with requires_grad.
        scale: distance of two neighbouring levels, > 0.
        bits: width of a code, 2 .. 8.

    Returns:
        float32, the shape of `x`, on the grid.

    Raises:
        ValueError: scale is not above 0.

    Source: Bengio et al. 2013, "Estimating or Propagating Gradients Through Stochastic Neurons"; Jacob et al.
    2018, section 3.

    >>> x = torch.tensor([0.3, -0.9, 5.0], requires_grad=True)
    >>> y = fake_quantize(x, 0.5, bits=3)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([0.5, -1.0, 1.5], [1.0, 1.0, 0.0])
    """
    if not scale > 0:
        raise ValueError(f"scale must be above 0, got {scale}")
    limit = 2 ** (bits - 1) - 1
    inside = x.clamp(-limit * scale, limit * scale)  # the gradient of clamp is the one that is wanted
    rounded = (inside / scale).round() * scale
    return inside + (rounded - inside).detach()


def stochastic_round(x: Tensor, generator: torch.Generator) -> Tensor:
    """Rounds up or down by chance, so that the mean of many roundings is the number itself.

    Formula: floor(x) + 1 with probability x - floor(x), else floor(x).

    Args:
        x: float32, any shape.
        generator: where all randomness comes from; the same state gives the same result.

    Returns:
        float32, the shape of `x`, whole numbers; a whole number stays what it is.

    Source: Gupta et al. 2015, "Deep Learning with Limited Numerical Precision", section 3.

    >>> stochastic_round(torch.tensor([2.0, -3.0]), torch.Generator().manual_seed(0))
    tensor([ 2., -3.])
    """
    # floor(x + u) would be shorter, but for a large x the sum is rounded before the floor sees it.
    return x.floor() + (torch.rand(x.shape, generator=generator) < x - x.floor())


def n_of_m_mask(weight: Tensor, *, keep: int = 2, group: int = 4) -> Tensor:
    """Keeps the largest few of every group of neighbours: 2:4 sparsity and its relatives.

    Formula: of each `group` neighbours along the last dimension exactly `keep` stay, those of largest |w|.

    Args:
        weight: float32 (..., in), in a multiple of group.
        keep: how many of a group stay, in 0 .. group.
        group: neighbours that are counted together; ties may be broken either way.

    Returns:
        bool, the shape of `weight`, True = keep.

    Raises:
        ValueError: keep lies outside 0 .. group, or group does not divide the last dimension.

    Source: Mishra et al. 2021, "Accelerating Sparse Deep Neural Networks", section 3.

    >>> n_of_m_mask(torch.tensor([[0.1, -0.9, 0.3, 0.2]]))
    tensor([[False,  True,  True, False]])
    """
    if not 0 <= keep <= group:
        raise ValueError(f"keep must lie in 0 .. group = {group}, got {keep}")
    if weight.shape[-1] % group != 0:
        raise ValueError(f"group must divide the last dimension {weight.shape[-1]}, got {group}")
    blocks = weight.abs().reshape(-1, group)
    largest = blocks.topk(keep, dim=1).indices  # (groups, keep)
    mask = torch.zeros(blocks.shape, dtype=torch.bool).scatter(1, largest, True)
    return mask.view(weight.shape)


def low_rank_factors(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Splits a matrix into two thin ones whose product is the nearest matrix of that rank.

    Formula: left @ right = U_r diag(s_r) V_r^T, the `rank` largest singular values of W.

    Args:
        weight: float32 (out, in).
        rank: columns of the left and rows of the right factor, in 1 .. min(out, in).

    Returns:
        left, float32 (out, rank); right, float32 (rank, in). How the singular values are shared between the
        two is free.

    Raises:
        ValueError: rank lies outside 1 .. min(out, in).

    Source: Eckart and Young 1936, "The approximation of one matrix by another of lower rank".

    >>> left, right = low_rank_factors(torch.tensor([[3.0, 0.0], [0.0, 1.0]]), 1)
    >>> left @ right
    tensor([[3., 0.],
            [0., 0.]])
    """
    if not 1 <= rank <= min(weight.shape):
        raise ValueError(f"rank must lie in 1 .. {min(weight.shape)}, got {rank}")
    u, s, vh = torch.linalg.svd(weight, full_matrices=False)
    return u[:, :rank] * s[:rank], vh[:rank]


def merge_lora(weight: Tensor, a: Tensor, b: Tensor, *, alpha: float) -> Tensor:
    """Adds a low-rank update to the weight it was trained for, so that inference pays nothing for it.

    Formula: W + alpha / rank * B A.

    Args:
        weight: float32 (out, in), frozen while a and b were trained.
        a: float32 (rank, in), applied first.
        b: float32 (out, rank).
        alpha: the factor that the training divided by the rank.

    Returns:
        float32 (out, in), a new tensor.

    Raises:
        ValueError: a and b differ in their rank.

    Source: Hu et al. 2022, "LoRA", section 4.1.

    >>> merge_lora(torch.eye(2), torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0], [0.0]]), alpha=0.5)
    tensor([[1.5000, 1.0000],
            [0.0000, 1.0000]])
    """
    if len(a) != b.shape[1]:
        raise ValueError(f"a and b must have one rank, got {len(a)} and {b.shape[1]}")
    return weight + alpha / len(a) * (b @ a)


def smooth_linear(weight: Tensor, activation_max: Tensor, *, alpha: float = 0.5) -> tuple[Tensor, Tensor]:
    """Moves outliers of the activations into the weights, channel by channel, without changing the product.

    Formula: s_j = max|x_j|^alpha / max|w_j|^(1 - alpha); (x / s) @ (W * s)^T = x @ W^T.

    Args:
        weight: float32 (out, in).
        activation_max: float32 (in,), the largest |x_j| of each input channel on calibration data, >= 0.
        alpha: how much of the difficulty moves into the weights, in [0, 1].

    Returns:
        smoothed, float32 (out, in), equal to weight * scales; scales, float32 (in,), 1 for a channel whose
        activations or weights are all 0.

    Raises:
        ValueError: alpha lies outside [0, 1].

    Source: Xiao et al. 2023, "SmoothQuant", section 4.

    >>> smooth_linear(torch.tensor([[1.0, 0.5], [-4.0, 0.25]]), torch.tensor([16.0, 2.0]))
    (tensor([[ 2.0000,  1.0000],
            [-8.0000,  0.5000]]), tensor([2., 2.]))
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
    weight_max = weight.abs().amax(dim=0)  # (in,)
    scales = activation_max**alpha / weight_max ** (1 - alpha)
    scales = torch.where((activation_max > 0) & (weight_max > 0), scales, 1.0)
    return weight * scales, scales


def fold_input_batchnorm(bn: nn.BatchNorm1d, linear: nn.Linear) -> nn.Linear:
    """Folds a batch norm into the linear layer that comes *after* it.

    Formula: with f = gamma / sqrt(var + eps): W' = W diag(f), b' = b + W (beta - mean * f).

    Args:
        bn: over the inputs of `linear`, with running statistics and affine parameters.
        linear: with or without bias; both arguments stay as they are.

    Returns:
        A linear layer with bias that gives linear(bn(x)) as it is in eval mode, for x (N, in).

    Raises:
        ValueError: bn keeps no running statistics.

    Source: Ioffe and Szegedy 2015, "Batch Normalization", section 3.1.

    >>> bn, linear = nn.BatchNorm1d(3).eval(), nn.Linear(3, 2)
    >>> x = torch.ones(1, 3)
    >>> torch.allclose(fold_input_batchnorm(bn, linear)(x), linear(bn(x)))
    True
    """
    if bn.running_mean is None or bn.running_var is None:
        raise ValueError(f"bn must keep running statistics, got {bn}")
    factor = bn.weight / (bn.running_var + bn.eps).sqrt()  # (in,)
    shift = bn.bias - bn.running_mean * factor
    folded = nn.Linear(linear.in_features, linear.out_features)
    with torch.no_grad():
        folded.weight.copy_(linear.weight * factor)
        folded.bias.copy_(F.linear(shift, linear.weight, linear.bias))
    return folded


def decode_step(
    query: Tensor, key: Tensor, value: Tensor, keys: Tensor, values: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Lets one new token attend to itself and to all before it, whose keys and values were kept.

    Formula: K = [keys; key], V = [values; value]; output = softmax(K query / sqrt(d)) V.

    Args:
        query: float32 (d,), of the new token, one head.
        key: float32 (d,).
        value: float32 (d,).
        keys: float32 (t, d), of the t tokens before it; t may be 0.
        values: float32 (t, d).

    Returns:
        output, float32 (d,); the caches for the next token, float32 (t + 1, d) each, new tensors.

    Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1.

    >>> empty = torch.zeros(0, 2)
    >>> output, keys, values = decode_step(torch.ones(2), torch.ones(2), torch.arange(2.0), empty, empty)
    >>> output, tuple(keys.shape)
    (tensor([0., 1.]), (1, 2))
    """
    keys = torch.cat([keys, key[None]])
    values = torch.cat([values, value[None]])
    attention = (keys @ query / math.sqrt(len(query))).softmax(dim=0)  # (t + 1,)
    return attention @ values, keys, values


def verify_draft(target: Tensor, draft: Tensor, tokens: Tensor, uniforms: Tensor) -> tuple[int, Tensor]:
    """Says how many tokens of a draft the large model accepts, and from what to draw the next one.

    Formula: token i is accepted if uniforms_i <= p_i(token) / q_i(token); the first that is not ends it. Then
    the next token is drawn from max(p_i - q_i, 0), normalised; after a whole draft from the last row of p.

    Args:
        target: float32 (k + 1, vocabulary), p, the large model's probabilities at every place of the draft
            and behind it.
        draft: float32 (k, vocabulary), q, the small model's; what it drew has a probability above 0.
        tokens: int64 (k,), what it drew.
        uniforms: float32 (k,), random numbers in [0, 1), one for each decision.

    Returns:
        How many tokens are accepted, 0 .. k, an int; the distribution of the next one, float32 (vocabulary,).

    Source: Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding", algorithm 1.

    >>> p, q = torch.tensor([[0.5, 0.5], [0.2, 0.8]]), torch.tensor([[1.0, 0.0]])
    >>> verify_draft(p, q, torch.tensor([0]), torch.tensor([0.7]))
    (0, tensor([0., 1.]))
    """
    for at, token in enumerate(tokens.tolist()):
        if uniforms[at] * draft[at, token] > target[at, token]:
            rest = (target[at] - draft[at]).clamp(min=0)
            return at, rest / rest.sum()
    return len(tokens), target[-1].clone()
