"""What rounding does: steps, errors, noise, outliers, accumulators, multipliers, and the largest float."""

import math
from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step


def rounding_error(draw: Random) -> Problem:
    """The largest error that rounding makes."""
    low, high, bits = pick(draw, -1, -0.5, -2), pick(draw, 3, 2, 4.5, 6), pick(draw, 3, 4, 5, 6, 8)
    width = formulas.affine_step(low=low, high=high, bits=bits)
    given = {"low": -low, "high": high, "bits": bits}
    return Problem(
        level="junior", topic="quantization", covers=("A8", "C6"), lesson="quantization#3 By hand",
        sources=("jacob2018, section 2.1",),
        given=given,
        text=ask(
            "Numbers from -{low} to {high} are rounded to the nearest of the codes of {bits} bits, which are "
            "spread evenly over exactly that range. How large can the error be?",
            "把 -{low} 到 {high} 之间的数舍入到最近的 {bits} 比特编码，编码恰好均匀覆盖这个范围。误差最大是"
            "多少？",
            **given,
        ),
        answer=width / 2, unit="", tolerance=0.01,
        steps=(
            step("range", f"{high} + {-low}"),
            step("step", f"({high} + {-low}) / (2**{bits} - 1)"),
            step("half of it", f"({high} + {-low}) / (2**{bits} - 1) / 2"),
        ),
        slips=(
            slip(width, "a whole step; rounding goes to the nearest code",
                 "这是整个步长；舍入是到最近的编码"),
            slip(high / (2**bits - 1) / 2, "the negative part of the range is left out", "漏掉了负的部分"),
            slip((high - low) / (2 ** (bits - 1) - 1) / 2,
                 "a bit spent on the sign; the codes cover the range as it is",
                 "多用了一个符号位；编码直接覆盖整个范围"),
        ),
    )  # fmt: skip


def zero_point(draw: Random) -> Problem:
    """The code of zero."""
    low, high = pick(
        draw, (1, 3), (0.5, 3.5), (2, 6), (1, 4.1), (0.3, 2.25), (1.5, 4.5), (0.2, 0.8), (3, 2.1), (2.4, 1.7)
    )
    bits = pick(draw, 4, 6, 8)
    code = formulas.zero_point(low=-low, high=high, bits=bits)
    top = 2**bits - 1
    return Problem(
        level="junior", topic="quantization", covers=("A8", "E7"), lesson="quantization#3 By hand",
        sources=("jacob2018, section 2.1",),
        given={"low": low, "high": high, "bits": bits},
        text=ask(
            "Activations from -{low} to {high} are quantized affinely to unsigned codes of {bits} bits, the "
            "smallest code for the smallest number. Which code stands for 0?",
            "把 -{low} 到 {high} 的激活值仿射量化为 {bits} 比特的无符号编码，最小的编码对应最小的数。哪个编码"
            "表示 0（零点）？",
            low=low, high=high, bits=bits,
        ),
        answer=code, unit="", tolerance=0,
        steps=(
            step("step", f"({high} + {low}) / (2**{bits} - 1)"),
            step("steps from the bottom to 0", f"{low} * (2**{bits} - 1) / ({high} + {low})"),
            step("the nearest code", f"floor({low} * (2**{bits} - 1) / ({high} + {low}) + 0.5)"),
        ),
        slips=(
            slip(top - code, "counted from the top of the range", "从上端数了"),
            slip(2 ** (bits - 1), "the middle code; the range is lopsided", "取了中间的编码；范围并不对称"),
            slip(-code, "the sign; codes are unsigned", "符号错了；编码无符号"),
        ),
    )  # fmt: skip


def quantization_noise(draw: Random) -> Problem:
    """Decibels a bit."""
    bits, kind = pick(draw, 3, 4, 5, 6, 7, 8, 10), 12
    level = formulas.uniform_sqnr(bits=bits)
    return Problem(
        level="mid", topic="quantization", covers=("A15",), lesson="quantization#5 Experiment",
        sources=("gish1968",), given={"bits": bits},
        text=ask(
            "A signal is spread evenly over the whole range of a quantizer of {bits} bits. How many dB does "
            "it stand above the noise of rounding?",
            "信号均匀分布在一个 {bits} 比特量化器的整个范围内。信号比舍入噪声高多少 dB？",
            bits=bits,
        ),
        answer=level, unit="dB", tolerance=0.02,
        steps=(
            step("variance of the signal, range 1", f"1 / {kind}"),
            step("variance of the noise", f"(1 / 2**{bits})**2 / {kind}"),
            step("level", f"10 * log10(2**(2 * {bits}))", "dB"),
        ),
        slips=(
            slip(level / 2, "10 and not 20 decibels for a factor of ten in amplitude",
                 "幅度差 10 倍是 20 dB，不是 10 dB"),
            slip(level + 10 * math.log10(1.5), "1.76 dB more: that is a sine wave of full swing",
                 "多了 1.76 dB：那是满幅正弦波的情形"),
            slip(level - 20 * math.log10(2), "a bit for the sign; the range is covered as it is",
                 "多扣了一个符号位"),
        ),
    )  # fmt: skip


def outlier_bits(draw: Random) -> Problem:
    """Bits that an outlier takes away."""
    bits, outlier = pick(draw, (8, 8), (8, 10), (8, 20), (8, 32), (8, 50), (8, 64), (6, 5), (6, 10), (6, 20))
    left = formulas.bits_left(bits=bits, outlier=outlier)
    return Problem(
        level="mid", topic="quantization", covers=("A15", "E7"), lesson="quantization#5 Experiment",
        sources=("dettmers2022", "xiao2023"),
        given={"bits": bits, "outlier": outlier},
        text=ask(
            "One channel of an activation is {outlier} times larger than all others and sets the common "
            "range of a {bits}-bit quantizer. How many bits remain in effect for the others?",
            "激活值的一个通道比其他通道大 {outlier} 倍（为其 {outlier} 倍），并决定了 {bits} 比特量化器的共同"
            "范围。其他通道实际还剩多少比特？",
            outlier=outlier, bits=bits,
        ),
        answer=left, unit="bit", tolerance=0.04,
        steps=(
            step("codes in their part of the range", f"2**{bits} / {outlier}"),
            step("bits", f"{bits} - log2({outlier})", "bit"),
        ),
        slips=(
            slip(math.log2(outlier), "the bits lost, not those that remain", "这是损失的比特，不是剩下的"),
            slip(bits / outlier, "bits divided by the factor; a bit is a factor of two",
                 "不能用比特数除以倍数；1 比特对应 2 倍"),
            slip(bits, "the range is common to all channels", "所有通道共用一个范围"),
        ),
    )  # fmt: skip


def accumulator_length(draw: Random) -> Problem:
    """Products that an accumulator takes without overflow."""
    accumulator, weight_bits, input_bits = pick(draw, (32, 8, 8), (24, 8, 8), (16, 4, 4), (24, 4, 8),
    (32, 4, 8), (24, 6, 8), (32, 8, 4), (24, 4, 4),
                                                (16, 4, 3), (16, 3, 4))  # fmt: skip
    weight, input_ = 2 ** (weight_bits - 1) - 1, 2**input_bits - 1
    count = formulas.safe_products(accumulator_bits=accumulator, weight_limit=weight, input_limit=input_)
    return Problem(
        level="mid", topic="quantization", covers=("A15", "E7"), lesson="quantization#4 Build",
        sources=("jacob2018",),
        given={"accumulator": accumulator, "weight_bits": weight_bits, "input_bits": input_bits,
        "weight": weight, "input_": input_},
        text=ask(
            "Signed {weight_bits}-bit weights, from -{weight} to {weight}, are multiplied with unsigned "
            "{input_bits}-bit inputs, from 0 to {input_}, and summed in a signed {accumulator}-bit "
            "accumulator. How many products can be summed without any risk of overflow?",
            "有符号 {weight_bits} 比特权重（-{weight} 到 {weight}）与无符号 {input_bits} 比特输入（0 到 "
            "{input_}）相乘，累加到有符号 {accumulator} 比特的累加器。最多累加多少个乘积，一定不会溢出？",
            accumulator=accumulator, weight_bits=weight_bits, input_bits=input_bits, weight=weight,
            input_=input_,
        ),
        answer=count, unit="products", tolerance=0.03,
        steps=(
            step("largest product", f"{weight} * {input_}"),
            step("largest sum", f"2**({accumulator} - 1) - 1"),
            step("products", f"floor((2**({accumulator} - 1) - 1) / ({weight} * {input_}))", "products"),
        ),
        slips=(
            slip(2 * count, "the accumulator has a sign bit", "累加器有一个符号位"),
            slip(((1 << (accumulator - 1)) - 1) // (weight * (input_ // 2)),
                 "unsigned inputs reach twice as far as signed ones", "无符号输入的范围是有符号的两倍"),
            slip(((1 << (accumulator - 1)) - 1) // input_, "products are summed, not inputs",
                 "累加的是乘积，不是输入"),
        ),
    )  # fmt: skip


def fixed_point_shift(draw: Random) -> Problem:
    """The shift of an integer multiplier."""
    input_scale, weight_scale = pick(draw, 0.02, 0.05, 0.1, 0.04), pick(draw, 0.002, 0.005, 0.01, 0.003)
    output_scale = pick(draw, 0.05, 0.1, 0.2, 0.07)
    multiplier = input_scale * weight_scale / output_scale
    shift = formulas.fixed_point_shift(multiplier=multiplier)
    given = {"input_scale": input_scale, "weight_scale": weight_scale, "output_scale": output_scale}
    return Problem(
        level="senior", topic="quantization", covers=("E7",), lesson="quantization#4 Build",
        sources=("jacob2018, section 2.2",), given=given,
        text=ask(
            "Sums of products are turned into output codes with M = {input_scale} * {weight_scale} / "
            "{output_scale}. In integers M is m * 2^-k with m from 2^30 up to, not including, 2^31. What "
            "is k?",
            "累加结果乘以 M = {input_scale} * {weight_scale} / {output_scale} 变为输出编码。用整数表示时，M "
            "写成 m * 2^-k，其中 m 不小于 2^30 且小于 2^31。k 是多少？",
            **given,
        ),
        answer=shift, unit="", tolerance=0,
        steps=(
            step("M", f"{input_scale} * {weight_scale} / {output_scale}"),
            step("power of two below it", f"floor(log2({input_scale} * {weight_scale} / {output_scale}))"),
            step("k", f"30 - floor(log2({input_scale} * {weight_scale} / {output_scale}))"),
        ),
        slips=(
            slip(shift + 1, "m would reach 2^31", "这样 m 会达到 2^31"),
            slip(shift - 1, "m would stay below 2^30", "这样 m 会小于 2^30"),
            slip(60 - shift, "the sign of the exponent", "指数的符号反了"),
        ),
    )  # fmt: skip


def largest_float(draw: Random) -> Problem:
    """The largest number of a small float."""
    exponent, mantissa = pick(
        draw, (5, 2), (4, 3), (5, 10), (3, 4), (3, 2), (3, 3), (4, 2), (5, 3), (4, 4), (4, 7)
    )
    largest = formulas.largest_float(exponent_bits=exponent, mantissa_bits=mantissa)
    bias = 2 ** (exponent - 1) - 1
    return Problem(
        level="senior", topic="quantization", covers=("E7",), sources=("micikevicius2022, section 3",),
        given={"exponent": exponent, "mantissa": mantissa},
        text=ask(
            "A float has a sign, {exponent} exponent bits and {mantissa} mantissa bits, with its top "
            "exponent kept for infinity and NaN as in IEEE 754. What is the largest finite number?",
            "一种浮点格式有一个符号位、{exponent} 个指数位和 {mantissa} 个尾数位，最大的指数按 IEEE 754 保留"
            "给无穷和 NaN。最大的有限数是多少？",
            exponent=exponent, mantissa=mantissa,
        ),
        answer=largest, unit="", tolerance=0.01,
        steps=(
            step("bias, and largest exponent", f"2**({exponent} - 1) - 1"),
            step("largest mantissa", f"2 - 2**-{mantissa}"),
            step("products", f"(2 - 2**-{mantissa}) * 2**{bias}"),
        ),
        slips=(
            slip(2 * largest, "the top exponent is kept for infinity", "最大的指数保留给无穷"),
            slip(2.0**bias, "the mantissa is left out", "漏掉了尾数"),
            slip((2 - 2.0**-mantissa) * 2.0 ** (2**exponent - 2), "the bias is left out", "漏掉了指数偏置"),
        ),
    )  # fmt: skip


PROBLEMS = (
    rounding_error,
    zero_point,
    quantization_noise,
    outlier_bits,
    accumulator_length,
    fixed_point_shift,
    largest_float,
)
