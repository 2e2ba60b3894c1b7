"""The arithmetic of answers: bytes, operations, ratios, times. Each function is one formula."""

import math


def kv_cache_bytes(
    *, layers: int, kv_heads: int, head_dim: int, tokens: int, batch: int = 1, bits: int = 16
) -> float:
    """Bytes of the keys and values a transformer keeps: 2 * layers * kv_heads * head_dim numbers a token.

    Source: Ainslie et al. 2023, section 2, on key-value heads fewer than query heads.

    >>> kv_cache_bytes(layers=32, kv_heads=8, head_dim=128, tokens=1)
    131072.0
    """
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

    Source: Hu et al. 2022, section 5.1.

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


# Transformers


def latent_cache_bytes(*, layers: int, latent: int, rope: int, tokens: int, bits: int = 16) -> float:
    """Bytes of the cache of multi-head latent attention: layers * (latent + rope) numbers a token.

    Source: DeepSeek-AI 2024 (DeepSeek-V2), section 2.1.4 and table 1.

    >>> latent_cache_bytes(layers=60, latent=512, rope=64, tokens=1)
    69120.0
    """
    return layers * (latent + rope) * tokens * bits / 8


def block_parameters(*, width: int, heads: int, kv_heads: int, head_dim: int, hidden: int) -> int:
    """Parameters of the matrices of a decoder block: queries, keys, values, output, and a gated MLP of three.

    >>> block_parameters(width=4096, heads=32, kv_heads=8, head_dim=128, hidden=14336)
    218103808
    """
    attention = 2 * width * heads * head_dim + 2 * width * kv_heads * head_dim
    return attention + 3 * width * hidden


def sequences_that_fit(*, memory: float, weights: float, cache: float) -> int:
    """Sequences whose caches fit beside the weights: floor((memory - weights) / cache), all in bytes.

    >>> sequences_that_fit(memory=24e9, weights=16e9, cache=1e9)
    8
    """
    return math.floor((memory - weights) / cache)


def decode_rate(*, bandwidth: float, weights: float, cache: float = 0, batch: int = 1) -> float:
    """Tokens a second when a step reads weights and caches once: batch * bandwidth / (weights + cache).

    `weights` and `cache` (of the whole batch) in bytes, `bandwidth` in bytes a second.
    Source: Pope et al. 2023, section 2: decoding at small batches is bound by memory.

    >>> decode_rate(bandwidth=1e12, weights=14e9, cache=6e9)
    50.0
    """
    return batch * bandwidth / (weights + cache)


def prefill_seconds(*, parameters: float, tokens: int, peak: float, utilization: float = 1) -> float:
    """Seconds to read a prompt at 2 FLOPs a parameter and token: 2 * parameters * tokens / (peak * share).

    Source: Pope et al. 2023, section 2.

    >>> prefill_seconds(parameters=8e9, tokens=2000, peak=320e12, utilization=0.5)
    0.2
    """
    return 2 * parameters * tokens / (peak * utilization)


def balanced_batch(*, peak: float, bandwidth: float, bits: float) -> float:
    """Batch at which a decoding step computes as long as it reads weights: peak / bandwidth * bits / 8 / 2.

    Source: Pope et al. 2023, section 2; 2 FLOPs a weight and sequence against bits / 8 bytes a weight.

    >>> balanced_batch(peak=300e12, bandwidth=1.5e12, bits=16)
    200.0
    """
    return peak / bandwidth * bits / 8 / 2


def attention_balance_tokens(*, width: int) -> int:
    """Context at which scores and weighted values cost a token as many FLOPs as its 12 * width**2 parameters.

    2 * 12 * width**2 = 2 * 2 * tokens * width, so 6 * width. Source of 12 * width**2: Vaswani et al. 2017,
    with an inner width of 4 * width.

    >>> attention_balance_tokens(width=4096)
    24576
    """
    return 6 * width


def all_reduce_bytes(*, message: float, gpus: int) -> float:
    """Bytes that each GPU sends in a ring all-reduce: 2 * (gpus - 1) / gpus * message.

    >>> all_reduce_bytes(message=8e6, gpus=4)
    12000000.0
    """
    return 2 * (gpus - 1) / gpus * message


def tensor_parallel_bytes(*, layers: int, tokens: int, width: int, gpus: int, bits: int = 16) -> float:
    """Bytes each GPU sends in a forward pass of tensor parallelism: two all-reduces a layer.

    Source: Shoeybi et al. 2019 (Megatron-LM), section 3.

    >>> tensor_parallel_bytes(layers=32, tokens=1, width=4096, gpus=2)
    524288.0
    """
    return layers * 2 * all_reduce_bytes(message=tokens * width * bits / 8, gpus=gpus)


def pipeline_bubble(*, stages: int, micro_batches: int) -> float:
    """Share of time that a pipeline's stages wait, in [0, 1]: (p - 1) / (m + p - 1).

    Source: Huang et al. 2019 (GPipe), section 2.3.

    >>> pipeline_bubble(stages=4, micro_batches=9)
    0.25
    """
    return (stages - 1) / (micro_batches + stages - 1)


def speculative_tokens(*, acceptance: float, guesses: int) -> float:
    """Tokens expected of one run of the large model: (1 - a**(g + 1)) / (1 - a).

    Source: Leviathan, Kalman, Matias 2023, equation 1.

    >>> round(speculative_tokens(acceptance=0.5, guesses=3), 3)
    1.875
    """
    return (1 - acceptance ** (guesses + 1)) / (1 - acceptance)


def speculative_speedup(*, acceptance: float, guesses: int, cost: float) -> float:
    """Speed-up when a guess costs `cost` runs of the large model: expected tokens / (guesses * cost + 1).

    Source: Leviathan, Kalman, Matias 2023, theorem 3.8.

    >>> round(speculative_speedup(acceptance=0.5, guesses=3, cost=0.05), 3)
    1.63
    """
    return speculative_tokens(acceptance=acceptance, guesses=guesses) / (guesses * cost + 1)


# Time and energy


def matmul_intensity(*, batch: int, inputs: int, outputs: int, bits: float = 16) -> float:
    """FLOPs a byte of a matrix product that reads both operands and writes the result once.

    2 * b * n * m / ((b * n + n * m + b * m) * bits / 8). Source: Williams et al. 2009,
    on operational intensity.

    >>> matmul_intensity(batch=2, inputs=2, outputs=2, bits=8)
    1.3333333333333333
    """
    moved = (batch * inputs + inputs * outputs + batch * outputs) * bits / 8
    return 2 * batch * inputs * outputs / moved


def ridge_intensity(*, peak: float, bandwidth: float) -> float:
    """FLOPs a byte from which computing is the limit and no longer the memory: peak / bandwidth.

    Source: Williams et al. 2009, the ridge point of the roofline.

    >>> ridge_intensity(peak=300e12, bandwidth=1.5e12)
    200.0
    """
    return peak / bandwidth


def attainable(*, peak: float, bandwidth: float, intensity: float) -> float:
    """FLOPs a second under the roofline: min(peak, bandwidth * intensity).

    Source: Williams et al. 2009.

    >>> attainable(peak=100.0, bandwidth=2.0, intensity=10.0)
    20.0
    """
    return min(peak, bandwidth * intensity)


def amdahl(*, share: float, factor: float) -> float:
    """Speed-up of the whole when a share of its time becomes `factor` times faster: 1 / (1 - p + p / s).

    Source: Amdahl 1967.

    >>> amdahl(share=0.5, factor=2)
    1.3333333333333333
    """
    return 1 / (1 - share + share / factor)


def amdahl_factor(*, share: float, whole: float) -> float:
    """How many times faster a share of the time must become for the whole to be `whole` times faster.

    p / (1 / whole - (1 - p)). Source: Amdahl 1967, solved for the part.

    >>> amdahl_factor(share=0.75, whole=2)
    3.0
    """
    return share / (1 / whole - (1 - share))


def sparse_speedup(*, sparsity: float, efficiency: float) -> float:
    """Speed-up of a sparse kernel that does a share of a dense kernel's products a second: e / (1 - s).

    >>> sparse_speedup(sparsity=0.75, efficiency=0.5)
    2.0
    """
    return efficiency / (1 - sparsity)


def transfer_seconds(*, size: float, rate: float) -> float:
    """Seconds to send `size` bytes at `rate` bits a second: size * 8 / rate.

    >>> transfer_seconds(size=25e6, rate=50e6)
    4.0
    """
    return size * 8 / rate


def inference_energy(*, macs: float, mac: float, reads: float, read: float) -> float:
    """Energy of an answer, in the unit of `mac` and `read`: macs * mac + reads * read.

    Source: Han et al. 2015, figure 1, after Horowitz 2014: 3.7 + 0.9 pJ and 640 pJ for 32 bits in 45 nm.

    >>> inference_energy(macs=1000, mac=4.6, reads=10, read=640)
    11000.0
    """
    return macs * mac + reads * read


def battery_inferences(*, milliampere_hours: float, volts: float, share: float, joules: float) -> float:
    """Answers that a share of a battery pays for: mAh / 1000 * 3600 * V * share / joules.

    >>> battery_inferences(milliampere_hours=1000, volts=4, share=0.5, joules=0.5)
    14400.0
    """
    return milliampere_hours / 1000 * 3600 * volts * share / joules


def macs_a_frame(*, operations: float, utilization: float, frames: float) -> float:
    """Multiply-accumulates for a frame on hardware of `operations` a second, two of them a MAC.

    >>> macs_a_frame(operations=4e12, utilization=0.25, frames=50)
    10000000000.0
    """
    return operations * utilization / 2 / frames


def cascade_cost(*, small: float, large: float, settled: float) -> float:
    """Mean cost when a small net answers a share of inputs and the large one is asked for the rest.

    small + (1 - settled) * large. Source: Teerapittayanon et al. 2016, on early exits.

    >>> cascade_cost(small=1, large=10, settled=0.75)
    3.5
    """
    return small + (1 - settled) * large


# Codes


def entropy(*probabilities: float) -> float:
    """Bits a symbol that no code without context goes below: -sum p * log2(p).

    Source: Shannon 1948, theorem 9. The one formula with positional arguments.

    >>> entropy(0.5, 0.25, 0.25)
    1.5
    """
    return -sum(p * math.log2(p) for p in probabilities if p)


def huffman_mean(*probabilities: float) -> float:
    """Bits a symbol of a Huffman code: the sum of the probabilities of all joined nodes.

    Source: Huffman 1952.

    >>> huffman_mean(0.5, 0.25, 0.25)
    1.5
    """
    heap, total = sorted(probabilities), 0.0
    while len(heap) > 1:
        joined = heap[0] + heap[1]
        total += joined
        heap = sorted([*heap[2:], joined])
    return total


def vector_code_bits(*, dimensions: int, entries: int, weights: float, entry_bits: float = 16) -> float:
    """Bits a weight when `dimensions` weights share one index into a codebook, the codebook included.

    log2(entries) / dimensions + entries * dimensions * entry_bits / weights. Source: Stock et al. 2020,
    section 3.

    >>> vector_code_bits(dimensions=8, entries=256, weights=2**20)
    1.03125
    """
    return math.log2(entries) / dimensions + entries * dimensions * entry_bits / weights


# Rounding


def affine_step(*, low: float, high: float, bits: int) -> float:
    """Distance of neighbouring codes that cover [low, high]: (high - low) / (2**bits - 1).

    Source: Jacob et al. 2018, section 2.1.

    >>> affine_step(low=-1.0, high=2.0, bits=2)
    1.0
    """
    return (high - low) / ((1 << bits) - 1)


def zero_point(*, low: float, high: float, bits: int) -> int:
    """The code of 0.0 when codes from 0 on cover [low, high]: round(-low / step).

    Source: Jacob et al. 2018, section 2.1.

    >>> zero_point(low=-1.0, high=2.0, bits=8)
    85
    """
    return round(-low / affine_step(low=low, high=high, bits=bits))


def uniform_sqnr(*, bits: float) -> float:
    """Signal over rounding noise in dB, for a signal spread evenly over the range: 20 * log10(2) * bits.

    The signal has the variance R**2 / 12, the noise (R / 2**bits)**2 / 12. Source of the noise: Gish,
    Pierce 1968.

    >>> round(uniform_sqnr(bits=8), 2)
    48.16
    """
    return 20 * math.log10(2) * bits


def bits_left(*, bits: float, outlier: float) -> float:
    """Bits for ordinary values when the range is set by one `outlier` times larger: bits - log2(outlier).

    Source: Dettmers et al. 2022 and Xiao et al. 2023 on outliers of activations.

    >>> bits_left(bits=8, outlier=64)
    2.0
    """
    return bits - math.log2(outlier)


def safe_products(*, accumulator_bits: int, weight_limit: int, input_limit: int) -> int:
    """Products of codes whose sum never overflows: floor((2**(bits - 1) - 1) / (weight_limit * input_limit)).

    >>> safe_products(accumulator_bits=32, weight_limit=127, input_limit=255)
    66311
    """
    return ((1 << (accumulator_bits - 1)) - 1) // (weight_limit * input_limit)


def fixed_point_shift(*, multiplier: float) -> int:
    """The shift k of multiplier = m * 2**-k with m in [2**30, 2**31): 30 - floor(log2(multiplier)).

    Source: Jacob et al. 2018, section 2.2.

    >>> fixed_point_shift(multiplier=0.0037)
    39
    """
    return 30 - math.floor(math.log2(multiplier))


def largest_float(*, exponent_bits: int, mantissa_bits: int) -> float:
    """Largest finite number of a float whose top exponent is kept for infinity, as in IEEE 754.

    (2 - 2**-m) * 2**(2**(e - 1) - 1). Source: Micikevicius et al. 2022, section 3, of E5M2.

    >>> largest_float(exponent_bits=5, mantissa_bits=2)
    57344.0
    """
    return (2 - 2.0**-mantissa_bits) * 2.0 ** ((1 << (exponent_bits - 1)) - 1)


# Training, distilling, pruning, searching, measuring


def softened(*logits: float, temperature: float) -> float:
    """Probability of the first class at a temperature: exp(z / T) over the sum of these.

    Source: Hinton, Vinyals, Dean 2015, section 2.

    >>> round(softened(4.0, 0.0, temperature=4.0), 3)
    0.731
    """
    return math.exp(logits[0] / temperature) / sum(math.exp(logit / temperature) for logit in logits)


def soft_gradient_shrinks(*, temperature: float) -> float:
    """Times that the gradient of soft targets shrinks from temperature 1, for logits near 0: T**2.

    Source: Hinton, Vinyals, Dean 2015, section 2.1.

    >>> soft_gradient_shrinks(temperature=4)
    16
    """
    return temperature * temperature


def distillation_cost(*, teacher: float, student: float) -> float:
    """Cost of a training step with a teacher over one without: (3 * student + teacher) / (3 * student).

    Forward costs of both; backward passes cost two forward ones, and the teacher has none.

    >>> distillation_cost(teacher=6, student=1)
    3.0
    """
    return (3 * student + teacher) / (3 * student)


def accuracy_error(*, accuracy: float, images: int) -> float:
    """Standard error of an accuracy counted on independent images: sqrt(p * (1 - p) / n).

    >>> accuracy_error(accuracy=0.5, images=2500)
    0.01
    """
    return math.sqrt(accuracy * (1 - accuracy) / images)


def images_to_tell(*, accuracy: float, difference: float, z: float = 1.96) -> float:
    """Images on which a difference of two accuracies is `z` standard errors: 2 * p * (1 - p) * z**2 / d**2.

    For independent test sets of that size; on the same images a paired test needs fewer.

    >>> round(images_to_tell(accuracy=0.5, difference=0.1, z=2))
    200
    """
    return 2 * accuracy * (1 - accuracy) * z**2 / difference**2


def polynomial_sparsity(
    *, step: float, start: float, end: float, final: float, initial: float = 0, power: int = 3
) -> float:
    """Sparsity of gradual pruning: final + (initial - final) * (1 - (t - start) / (end - start))**power.

    Source: Zhu, Gupta 2017, equation 1.

    >>> polynomial_sparsity(step=50, start=0, end=100, final=0.5)
    0.4375
    """
    return final + (initial - final) * (1 - (step - start) / (end - start)) ** power


def pruning_rounds(*, share: float, kept: float) -> int:
    """Rounds that prune `share` of what is left until at most `kept` is: ceil(log(kept) / log(1 - share)).

    Source: Frankle, Carbin 2019, section 2, iterative magnitude pruning.

    >>> pruning_rounds(share=0.5, kept=0.2)
    3
    """
    return math.ceil(math.log(kept) / math.log(1 - share))


def evolution_hours(*, population: int, generations: int, minutes: float, elite: int = 0) -> float:
    """GPU hours of a genetic search; the elite is taken over and not trained again.

    (population + (generations - 1) * (population - elite)) * minutes / 60.

    >>> evolution_hours(population=10, generations=4, minutes=6, elite=2)
    3.4
    """
    return (population + (generations - 1) * (population - elite)) * minutes / 60
