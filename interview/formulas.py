"""The arithmetic of answers: bytes, operations, ratios, times. Each function is one formula."""

import math


def kv_cache_bytes(
    *, layers: int, kv_heads: int, head_dim: int, tokens: int, batch: int = 1, bits: int = 16
) -> float:
    """Bytes of the keys and values a transformer keeps: 2 * layers * kv_heads * head_dim numbers a token."""
    return 2 * layers * kv_heads * head_dim * tokens * batch * bits / 8


# Bytes of weights


def weights_bytes(*, parameters: float, bits: float) -> float:
    """Bytes of `parameters` numbers of `bits` bits each: parameters * bits / 8.

    >>> weights_bytes(parameters=7e9, bits=4)
    3500000000.0
    """
    return parameters * bits / 8


def effective_bits(*, bits: float, group: int, scale_bits: float = 16, zero_bits: float = 0) -> float:
    """Bits a weight when each group has a scale and perhaps a zero point: bits + (scale + zero) / group.

    Source: Dettmers et al. 2023 (QLoRA), section 3, counts the constants of a block so.

    >>> effective_bits(bits=4, group=128)
    4.125
    """
    return bits + (scale_bits + zero_bits) / group


def group_quantized_bytes(
    *, weights: float, bits: float, group: int, scale_bits: float = 16, zero_bits: float = 0
) -> float:
    """Bytes of a group-quantized matrix, scales and zero points included: weights * effective bits / 8.

    >>> group_quantized_bytes(weights=4096 * 4096, bits=4, group=128)
    8650752.0
    """
    return weights * effective_bits(bits=bits, group=group, scale_bits=scale_bits, zero_bits=zero_bits) / 8


def double_quantization_bits_saved(*, group: int = 64, super_group: int = 256) -> float:
    """Bits a weight saved when 32-bit scales of groups become 8-bit ones with a 32-bit scale per super group.

    Source: Dettmers et al. 2023 (QLoRA), section 3: 32 / 64 becomes 8 / 64 + 32 / (64 * 256).

    >>> round(double_quantization_bits_saved(), 3)
    0.373
    """
    return 32 / group - (8 / group + 32 / (group * super_group))


def mx_bits(*, element_bits: float, block: int = 32, scale_bits: float = 8) -> float:
    """Bits an element of a microscaling format: its own and its share of the block's common scale.

    Source: Rouhani et al. 2023: 32 elements share one scale of 8 bits.

    >>> mx_bits(element_bits=4)
    4.25
    """
    return element_bits + scale_bits / block


def codebook_ratio(*, weights: float, clusters: int, bits: float = 32) -> float:
    """Times that weight sharing shrinks a tensor: n * b / (n * log2(k) + k * b).

    Source: Han, Mao, Dally 2016, section 3, equation 1.

    >>> codebook_ratio(weights=16, clusters=4)
    3.2
    """
    return weights * bits / (weights * math.log2(clusters) + clusters * bits)


def csr_bytes(
    *, rows: int, kept: float, value_bits: float = 32, index_bits: float = 32, pointer_bits: float = 32
) -> float:
    """Bytes of a matrix in compressed sparse rows: a value and a column index each, rows + 1 pointers.

    >>> csr_bytes(rows=3, kept=10)
    96.0
    """
    return (kept * (value_bits + index_bits) + (rows + 1) * pointer_bits) / 8


def csr_break_even_sparsity(
    *, rows: int, columns: int, value_bits: float = 32, index_bits: float = 32, pointer_bits: float = 32
) -> float:
    """Sparsity above which compressed sparse rows take fewer bytes than the dense matrix, in [0, 1].

    >>> round(csr_break_even_sparsity(rows=1024, columns=1024), 3)
    0.5
    """
    dense = rows * columns * value_bits
    return 1 - (dense - (rows + 1) * pointer_bits) / (value_bits + index_bits) / (rows * columns)


def bitmask_break_even_sparsity(*, value_bits: float) -> float:
    """Sparsity above which one bit a place and the kept values take fewer bits than all values: 1 / b.

    >>> bitmask_break_even_sparsity(value_bits=8)
    0.125
    """
    return 1 / value_bits


def list_break_even_sparsity(*, index_bits: float) -> float:
    """Sparsity above which an index a kept value takes fewer bits than one bit a place: 1 - 1 / i.

    >>> list_break_even_sparsity(index_bits=16)
    0.9375
    """
    return 1 - 1 / index_bits


def two_four_bytes(*, weights: float, bits: float) -> float:
    """Bytes of a 2:4 sparse tensor: half the values, and two bits of position for each that is kept.

    Source: Mishra et al. 2021.

    >>> two_four_bytes(weights=16, bits=16)
    18.0
    """
    return weights / 2 * (bits + 2) / 8


def gap_entries(*, gap: int, bits: int) -> int:
    """Entries that a distance takes when it is stored in `bits` bits with padding: ceil(gap / (2**bits - 1)).

    Source: after Han, Mao, Dally 2016, figure 2; every distance lies in [1, 2**bits - 1], as in the lesson.

    >>> gap_entries(gap=7, bits=3), gap_entries(gap=8, bits=3)
    (1, 2)
    """
    return math.ceil(gap / ((1 << bits) - 1))


def pruned_layer_bytes(
    *, weights: float, sparsity: float, code_bits: int, index_bits: int, padding: float = 0
) -> float:
    """Bytes of a pruned layer with shared values: a code and a distance an entry, and 2**code_bits floats.

    `padding` is the number of padding entries over that of kept ones.
    Source: Han, Mao, Dally 2016, sections 2 and 3.

    >>> pruned_layer_bytes(weights=1e6, sparsity=0.75, code_bits=5, index_bits=5)
    312628.0
    """
    entries = weights * (1 - sparsity) * (1 + padding)
    return entries * (code_bits + index_bits) / 8 + (1 << code_bits) * 4


def adam_checkpoint_bytes(*, parameters: float) -> float:
    """Bytes of a checkpoint from which training goes on: 32-bit weights and the two moments of Adam.

    >>> adam_checkpoint_bytes(parameters=1e9)
    12000000000.0
    """
    return parameters * (4 + 4 + 4)


def mixed_adam_bytes(*, parameters: float, gpus: int = 1) -> float:
    """Bytes a GPU of weights, gradients and Adam state in mixed precision, all of it sharded: 16 a parameter.

    Source: Rajbhandari et al. 2020 (ZeRO), section 3.1: 2 + 2 for 16-bit weights and gradients, 12 for Adam.

    >>> mixed_adam_bytes(parameters=7.5e9, gpus=1) / 1e9
    120.0
    """
    return 16 * parameters / gpus


# Parameters and multiply-accumulates of layers


def linear_parameters(*, inputs: int, outputs: int, bias: bool = True) -> int:
    """Parameters of a linear layer: outputs * (inputs + 1 with a bias).

    >>> linear_parameters(inputs=784, outputs=300)
    235500
    """
    return outputs * (inputs + bias)


def conv_parameters(*, inputs: int, outputs: int, kernel: int, groups: int = 1, bias: bool = False) -> int:
    """Parameters of a convolution: outputs * (inputs / groups * kernel**2 + 1 with a bias).

    >>> conv_parameters(inputs=64, outputs=128, kernel=3)
    73728
    """
    return outputs * (inputs // groups * kernel * kernel + bias)


def conv_macs(*, inputs: int, outputs: int, kernel: int, height: int, width: int, groups: int = 1) -> int:
    """Multiply-accumulates of a convolution with an output of height x width: weights * pixels.

    Source: Howard et al. 2017 (MobileNets), section 3.1.

    >>> conv_macs(inputs=64, outputs=64, kernel=3, height=56, width=56)
    115605504
    """
    return height * width * conv_parameters(inputs=inputs, outputs=outputs, kernel=kernel, groups=groups)


def separable_macs(*, inputs: int, outputs: int, kernel: int, height: int, width: int) -> int:
    """Multiply-accumulates of a depthwise and a pointwise convolution: h * w * inputs * (k**2 + outputs).

    Source: Howard et al. 2017 (MobileNets), section 3.1, equation 5.

    >>> separable_macs(inputs=64, outputs=64, kernel=3, height=56, width=56)
    14651392
    """
    return height * width * inputs * (kernel * kernel + outputs)


def separable_gain(*, outputs: int, kernel: int) -> float:
    """Times fewer operations of a depthwise separable convolution: 1 / (1 / outputs + 1 / kernel**2).

    Source: Howard et al. 2017 (MobileNets), section 3.1.

    >>> round(separable_gain(outputs=128, kernel=3), 2)
    8.41
    """
    return 1 / (1 / outputs + 1 / kernel**2)


def inverted_residual_macs(
    *, inputs: int, outputs: int, expansion: int, kernel: int, height: int, width: int
) -> int:
    """Multiply-accumulates of an inverted residual at stride 1: h * w * d * t * (d + k**2 + d').

    Source: Sandler et al. 2018 (MobileNetV2), section 3.3.

    >>> inverted_residual_macs(inputs=24, outputs=24, expansion=6, kernel=3, height=56, width=56)
    25740288
    """
    return height * width * inputs * expansion * (inputs + kernel * kernel + outputs)


def conv_output(*, size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Rows, or columns, that a convolution or pooling puts out: floor((size + 2 p - k) / stride) + 1.

    >>> conv_output(size=28, kernel=5), conv_output(size=224, kernel=7, stride=2, padding=3)
    (24, 112)
    """
    return (size + 2 * padding - kernel) // stride + 1


def receptive_field(*, before: int, kernel: int, jump: int) -> int:
    """Pixels that an output sees after one more layer: before + (kernel - 1) * jump.

    `jump` is the product of the strides of the layers before it.

    >>> receptive_field(before=3, kernel=3, jump=2)
    7
    """
    return before + (kernel - 1) * jump


def folding_saves(*, channels: int) -> int:
    """Numbers a file loses when batch norm is folded into a convolution without bias: 4 go, a bias comes.

    Source: Jacob et al. 2018, section 3.2, folds the factor into the weights and the shift into the bias.

    >>> folding_saves(channels=64)
    192
    """
    return (4 - 1) * channels


def width_resolution_macs(*, macs: float, width: float, resolution: float) -> float:
    """Multiply-accumulates of pointwise layers after scaling channels and sides: macs * (width * res)**2.

    Source: Howard et al. 2017 (MobileNets), sections 3.3 and 3.4.

    >>> width_resolution_macs(macs=569e6, width=0.5, resolution=0.5)
    35562500.0
    """
    return macs * width**2 * resolution**2


def low_rank_parameters(*, rows: int, columns: int, rank: int) -> int:
    """Numbers of two factors in place of a matrix: rank * (rows + columns).

    Source: Denton et al. 2014, section 3.

    >>> low_rank_parameters(rows=1024, columns=4096, rank=64)
    327680
    """
    return rank * (rows + columns)


def low_rank_break_even(*, rows: int, columns: int) -> int:
    """Largest rank at which two factors hold fewer numbers than the matrix: below m * n / (m + n).

    >>> low_rank_break_even(rows=1024, columns=1024)
    511
    """
    return (rows * columns - 1) // (rows + columns)


def lora_parameters(*, layers: int, matrices: int, width: int, rank: int) -> int:
    """Trainable parameters of LoRA on square matrices: layers * matrices * 2 * width * rank.

    Source: Hu et al. 2022, section 4.2.

    >>> lora_parameters(layers=96, matrices=2, width=12288, rank=4)
    18874368
    """
    return layers * matrices * 2 * width * rank


def search_space_digits(*, choices: int, places: int) -> float:
    """Decimal logarithm of the number of networks with `choices` at each of `places`.

    >>> round(search_space_digits(choices=6, places=20), 2)
    15.56
    """
    return places * math.log10(choices)
