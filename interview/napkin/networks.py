"""How many parameters and multiply-accumulates layers have, and what factoring, folding and pruning leave "
"of them."""

import math
from itertools import pairwise
from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step


def mlp_parameters(draw: Random) -> Problem:
    """Parameters of a multilayer perceptron for MNIST."""
    first, second = pick(draw, 256, 300, 400, 512), pick(draw, 64, 100, 128)
    widths = (784, first, second, 10)
    weights = sum(a * b for a, b in pairwise(widths))
    return Problem(
        level="junior", topic="measuring", covers=("A5", "E10"), lesson="measuring#3 By hand",
        given={"first": first, "second": second},
        text=ask(
            "A perceptron for MNIST has layers of 784, {first}, {second} and 10 units. How many parameters "
            "does it have, biases included?",
            "一个用于 MNIST 的多层感知机，各层单元数为 784、{first}、{second} 和 10。计入偏置，它一共有多少"
            "参数？",
            first=first, second=second,
        ),
        answer=sum(formulas.linear_parameters(inputs=a, outputs=b) for a, b in pairwise(widths)),
        unit="parameters", tolerance=0.001,
        steps=(
            step("weights", f"784 * {first} + {first} * {second} + {second} * 10"),
            step("biases", f"{first} + {second} + 10"),
            step("parameters", f"785 * {first} + ({first} + 1) * {second} + ({second} + 1) * 10",
                 "parameters"),
        ),
        slips=(
            slip(weights, "the biases are left out", "漏掉了偏置"),
            slip(784 * first + first * 10 + first + 10, "the second hidden layer is left out",
                 "漏掉了第二个隐藏层"),
            slip(weights + sum(widths), "inputs have no bias", "输入层没有偏置"),
        ),
    )  # fmt: skip


def conv_parameters(draw: Random) -> Problem:
    """Parameters of a convolution, perhaps grouped."""
    inputs, outputs = pick(draw, (32, 64), (64, 64), (64, 128), (128, 256), (256, 512))
    kernel, groups = pick(draw, 3, 5), pick(draw, 2, 4, 8)
    given = {"inputs": inputs, "outputs": outputs, "kernel": kernel, "groups": groups}
    full = formulas.conv_parameters(inputs=inputs, outputs=outputs, kernel=kernel)
    return Problem(
        level="junior", topic="efficient_blocks", covers=("A5",), lesson="measuring#3 By hand", given=given,
        text=ask(
            "A convolution without bias goes from {inputs} to {outputs} channels with a {kernel} x {kernel} "
            "kernel in {groups} groups. How many parameters does it have?",
            "一个无偏置的卷积层从 {inputs} 个通道到 {outputs} 个通道，卷积核为 {kernel} x {kernel}，分 "
            "{groups} 组。它有多少参数？",
            **given,
        ),
        answer=formulas.conv_parameters(inputs=inputs, outputs=outputs, kernel=kernel, groups=groups),
        unit="parameters", tolerance=0.01,
        steps=(
            step("inputs of a filter", f"{inputs} / {groups} * {kernel} * {kernel}"),
            step("all filters", f"{outputs} * ({inputs} / {groups} * {kernel} * {kernel})", "parameters"),
        ),
        slips=(
            slip(full, "the groups are left out", "没有考虑分组"),
            slip(full / groups**2,
                 "divided twice: each filter sees fewer inputs, but there are as many filters",
                 "除了两次：每个滤波器的输入变少了，滤波器的个数不变"),
            slip(outputs * inputs * kernel / groups, "one side of the kernel is left out",
                 "卷积核只算了一条边"),
        ),
    )  # fmt: skip


def conv_macs(draw: Random) -> Problem:
    """Multiply-accumulates of a strided convolution."""
    inputs, outputs, size = pick(
        draw, (16, 32, 32), (32, 64, 56), (64, 128, 28), (64, 128, 56), (128, 256, 28)
    )
    kernel, half = pick(draw, 3, 5), size // 2
    given = {"inputs": inputs, "outputs": outputs, "kernel": kernel}
    macs = formulas.conv_macs(**given, height=half, width=half)
    return Problem(
        level="junior", topic="measuring", covers=("A5", "D18"), lesson="measuring#3 By hand",
        sources=("howard2017, section 3.1",),
        given=given | {"size": size},
        text=ask(
            "A {kernel} x {kernel} convolution with stride 2 and \"same\" padding turns {inputs} channels of "
            "{size} x {size} pixels into {outputs} channels. How many multiply-accumulates is that for one "
            "image?",
            "一个 {kernel} x {kernel}、步长 2、same 填充的卷积，把 {size} x {size} 像素的 {inputs} 个通道变"
            "为 {outputs} 个通道。一张图像需要多少次乘加运算（MAC）？",
            **given, size=size,
        ),
        answer=macs, unit="MAC", tolerance=0.03,
        steps=(
            step("output pixels", f"({size} / 2) * ({size} / 2)"),
            step("weights", f"{outputs} * {inputs} * {kernel} * {kernel}"),
            step("products", f"{half} * {half} * {outputs} * {inputs} * {kernel} * {kernel}", "MAC"),
        ),
        slips=(
            slip(4 * macs, "the size of the input, not of the output: stride 2 leaves a quarter",
                 "用了输入的尺寸；步长 2 之后只剩四分之一的像素"),
            slip(2 * macs, "FLOPs: a multiply-accumulate is one operation here",
                 "这是 FLOPs；一次乘加只算一次 MAC"),
            slip(macs / inputs, "the input channels are left out, as in a depthwise convolution",
                 "漏掉了输入通道，变成了逐通道卷积"),
        ),
    )  # fmt: skip


def separable_macs(draw: Random) -> Problem:
    """Multiply-accumulates of a depthwise separable block."""
    inputs, outputs, size = pick(
        draw, (32, 64, 112), (64, 128, 56), (128, 128, 56), (256, 256, 28), (512, 512, 14)
    )
    kernel = pick(draw, 3, 5)
    given = {"inputs": inputs, "outputs": outputs, "kernel": kernel}
    pixels = size * size
    return Problem(
        level="mid", topic="efficient_blocks", covers=("A11",), sources=("howard2017, section 3.1",),
        given=given | {"size": size},
        text=ask(
            "A depthwise {kernel} x {kernel} convolution of stride 1 on {inputs} channels of {size} x {size} "
            "pixels is followed by a pointwise one to {outputs} channels. How many multiply-accumulates do "
            "the two take?",
            "在 {inputs} 个通道、{size} x {size} 像素上先做步长 1 的 {kernel} x {kernel} 逐通道卷积，再用逐点"
            "卷积变为 {outputs} 个通道。两者一共多少次乘加运算（MAC）？",
            **given, size=size,
        ),
        answer=formulas.separable_macs(**given, height=size, width=size), unit="MAC", tolerance=0.015,
        steps=(
            step("depthwise", f"{size} * {size} * {inputs} * {kernel} * {kernel}", "MAC"),
            step("pointwise", f"{size} * {size} * {inputs} * {outputs}", "MAC"),
            step("together", f"{size} * {size} * {inputs} * ({kernel} * {kernel} + {outputs})", "MAC"),
        ),
        slips=(
            slip(pixels * inputs * outputs * kernel**2, "the standard convolution", "这是标准卷积的计算量"),
            slip(pixels * inputs * outputs, "the depthwise part is left out", "漏掉了逐通道卷积"),
            slip(pixels * inputs * kernel**2, "the pointwise part is left out", "漏掉了逐点卷积"),
        ),
    )  # fmt: skip


def separable_gain(draw: Random) -> Problem:
    """How many times fewer operations depthwise separable convolutions need."""
    outputs, kernel = pick(draw, 16, 32, 64, 128, 256, 512), pick(draw, 3, 5, 7)
    return Problem(
        level="junior", topic="efficient_blocks", covers=("A11", "A18"), sources=("howard2017, section 3.1",),
        given={"outputs": outputs, "kernel": kernel},
        text=ask(
            "A {kernel} x {kernel} convolution with {outputs} output channels becomes a depthwise and a "
            "pointwise convolution. How many times fewer multiply-accumulates is that?",
            "把一个 {kernel} x {kernel}、输出 {outputs} 个通道的卷积换成逐通道卷积加逐点卷积。乘加运算量减少"
            "为原来的多少分之一（填倍数）？",
            outputs=outputs, kernel=kernel,
        ),
        answer=formulas.separable_gain(outputs=outputs, kernel=kernel), unit="x", tolerance=0.015,
        steps=(
            step("share that is left", f"1 / {outputs} + 1 / {kernel}**2"),
            step("times fewer", f"1 / (1 / {outputs} + 1 / {kernel}**2)", "x"),
        ),
        slips=(
            slip(kernel**2, "the depthwise part is left out", "漏掉了逐通道卷积"),
            slip(outputs, "the pointwise part is left out", "漏掉了逐点卷积"),
            slip(1 / outputs + 1 / kernel**2, "upside down: the share that is left",
                 "取反了：这是剩下的比例"),
        ),
    )  # fmt: skip


def inverted_residual_macs(draw: Random) -> Problem:
    """Multiply-accumulates of a block of MobileNetV2."""
    inputs, size = pick(draw, (24, 56), (32, 28), (64, 14), (96, 14), (160, 7))
    expansion = pick(draw, 3, 4, 6)
    wide, pixels = inputs * expansion, size * size
    return Problem(
        level="senior", topic="efficient_blocks", covers=("A11", "A18"), sources=("sandler2018, section 3.3",
        ),
        given={"inputs": inputs, "size": size, "expansion": expansion},
        text=ask(
            "An inverted residual block keeps {inputs} channels of {size} x {size} pixels: pointwise to "
            "{expansion} times as many, depthwise 3 x 3 with stride 1, pointwise back. How many "
            "multiply-accumulates does it take?",
            "一个倒残差块输入输出均为 {inputs} 个通道、{size} x {size} 像素：逐点卷积扩展到 {expansion} 倍通"
            "道，再做步长 1 的 3 x 3 逐通道卷积，再用逐点卷积变回。一共多少次乘加运算（MAC）？",
            inputs=inputs, size=size, expansion=expansion,
        ),
        answer=formulas.inverted_residual_macs(inputs=inputs, outputs=inputs, expansion=expansion, kernel=3,
        height=size, width=size),
        unit="MAC", tolerance=0.02,
        steps=(
            step("wide channels", f"{inputs} * {expansion}"),
            step("a pixel", f"{wide} * ({inputs} + 9 + {inputs})", "MAC"),
            step("the block", f"{size} * {size} * {wide} * ({inputs} + 9 + {inputs})", "MAC"),
        ),
        slips=(
            slip(pixels * wide * (2 * inputs), "the depthwise part is left out", "漏掉了逐通道卷积"),
            slip(pixels * wide * (inputs + 9), "one of the two pointwise parts is left out",
                 "两个逐点卷积漏了一个"),
            slip(pixels * inputs * (2 * inputs + 9), "the expansion is left out", "漏掉了扩展倍数"),
        ),
    )  # fmt: skip


def flattened_features(draw: Random) -> Problem:
    """Inputs of the first linear layer behind two convolutions."""
    size, kernel = pick(draw, 28, 32), pick(draw, 3, 5)
    first, second = pick(draw, 6, 16, 20, 32), pick(draw, 16, 50, 64)
    after = formulas.conv_output(size=size, kernel=kernel) // 2
    final = formulas.conv_output(size=after, kernel=kernel) // 2
    return Problem(
        level="junior", topic="measuring", covers=("E11", "F13"), lesson="measuring#3 By hand",
        given={"size": size, "kernel": kernel, "first": first, "second": second},
        text=ask(
            "An image of {size} x {size} pixels passes a {kernel} x {kernel} convolution without padding to "
            "{first} channels, 2 x 2 max pooling, such a convolution to {second} channels, and such a "
            "pooling. How many inputs does the linear layer behind it have?",
            "一张 {size} x {size} 像素的图像依次经过：无填充的 {kernel} x {kernel} 卷积（输出 {first} 个通"
            "道）、2 x 2 最大池化、同样的卷积（输出 {second} 个通道）、同样的池化。后面的全连接层有多少个"
            "输入？",
            size=size, kernel=kernel, first=first, second=second,
        ),
        answer=second * final * final, unit="features", tolerance=0,
        steps=(
            step("side after the first pair", f"floor(({size} - {kernel} + 1) / 2)"),
            step("side after the second pair", f"floor(({after} - {kernel} + 1) / 2)"),
            step("features", f"{second} * {final} * {final}", "features"),
        ),
        slips=(
            slip(second * (size // 4) ** 2, "without padding each convolution takes kernel - 1 pixels away",
                 "没有填充时，每次卷积都会减少 kernel - 1 个像素"),
            slip(final * final, "the channels are left out", "漏掉了通道数"),
            slip(second * after * after, "the second convolution and pooling are left out",
                 "漏掉了第二次卷积和池化"),
        ),
    )  # fmt: skip


def receptive_field(draw: Random) -> Problem:
    """What a pixel behind some convolutions sees."""
    kernel = pick(draw, 3, 5, 7)
    strides = pick(draw, (1, 2, 1, 2), (2, 1, 2, 1), (2, 2, 1, 1), (1, 2, 2, 1), (2, 2, 2, 1))
    field, jump, parts = 1, 1, []
    for stride in strides:
        field = formulas.receptive_field(before=field, kernel=kernel, jump=jump)
        parts.append(f"{kernel - 1} * {jump}")
        jump *= stride
    return Problem(
        level="mid", topic="efficient_blocks", given={"kernel": kernel, "strides": strides},
        text=ask(
            "Four {kernel} x {kernel} convolutions follow one another with strides {strides}. How many "
            "pixels wide is the receptive field of an output?",
            "四个 {kernel} x {kernel} 卷积依次相连，步长为 {strides}。一个输出的感受野边长是多少像素？",
            kernel=kernel, strides=", ".join(map(str, strides)),
        ),
        answer=field, unit="pixels", tolerance=0,
        steps=(
            step("distance of neighbours before the last layer", " * ".join(map(str, strides[:3])), "pixels"),
            step("field", "1 + " + " + ".join(parts), "pixels"),
        ),
        slips=(
            slip(1 + 4 * (kernel - 1), "the strides are left out", "没有考虑步长"),
            slip(kernel**4, "kernels multiplied; each layer adds", "把卷积核边长相乘了；其实每层是相加"),
            slip(field - 1, "the pixel itself is left out", "漏掉了像素自身"),
        ),
    )  # fmt: skip


def folded_batchnorm(draw: Random) -> Problem:
    """Numbers a file loses when batch norm is folded."""
    channels = [pick(draw, 16, 24, 32), pick(draw, 32, 48, 64), pick(draw, 64, 96, 128), pick(draw, 128, 256)]
    total = sum(channels)
    return Problem(
        level="mid", topic="quantization", covers=("E7",), lesson="quantization#4 Build",
        sources=("jacob2018, section 3.2",),
        given={"channels": channels},
        text=ask(
            "Four convolutions without bias put out {channels} channels, each followed by batch norm. How "
            "many numbers fewer does the file hold after folding, the counters of batches aside?",
            "四个无偏置卷积的输出通道数为 {channels}，每个后面都有批归一化。折叠之后文件里少了多少个数（不计"
            "批次计数器）？",
            channels=", ".join(map(str, channels)),
        ),
        answer=sum(formulas.folding_saves(channels=count) for count in channels), unit="numbers", tolerance=0,
        steps=(
            step("channels", " + ".join(map(str, channels))),
            step("weight, bias, mean and variance go", f"4 * {total}"),
            step("a bias a channel comes", f"4 * {total} - {total}", "numbers"),
        ),
        slips=(
            slip(4 * total, "the convolutions get biases", "卷积多出了偏置，没有扣除"),
            slip(total, "running mean and variance are in the file too", "滑动均值和方差也在文件里"),
            slip(2 * total, "weight and bias alone; mean and variance go as well, and a bias comes",
                 "只算了缩放和平移；均值和方差也会消失，同时多出偏置"),
        ),
    )  # fmt: skip


def peak_activations(draw: Random) -> Problem:
    """Memory for activations on a microcontroller."""
    size = pick(draw, 64, 96, 128)
    first, second, third = pick(draw, 8, 16), pick(draw, 16, 24, 32), pick(draw, 32, 48, 64)
    half, quarter = size // 2, size // 4
    tensors = [3 * size * size, first * half * half, second * half * half, third * quarter * quarter]
    pairs = [a + b for a, b in pairwise(tensors)]
    worst = pairs.index(max(pairs))
    terms = [
        f"3 * {size} * {size}",
        f"{first} * {half} * {half}",
        f"{second} * {half} * {half}",
        f"{third} * {quarter} * {quarter}",
    ]
    return Problem(
        level="senior", topic="deployment", covers=("A3", "E5"), sources=("pisarchyk2020", "lin2020"),
        given={"size": size, "first": first, "second": second, "third": third},
        text=ask(
            "An int8 net on a microcontroller takes a {size} x {size} image of 3 channels. Its layers run "
            "one after the other: {first} channels at stride 2, {second} at stride 1, {third} at stride 2. A "
            "layer needs its whole input and its whole output. How many kB of memory do the activations need "
            "at the peak?",
            "微控制器上的 int8 网络输入为 {size} x {size}、3 个通道的图像。各层依次执行：{first} 个通道（步"
            "长 2）、{second} 个通道（步长 1）、{third} 个通道（步长 2）。每层都需要完整的输入和完整的输出。"
            "激活值的内存峰值是多少 kB？",
            size=size, first=first, second=second, third=third,
        ),
        answer=max(pairs) / 1e3, unit="kB", tolerance=0.03,
        steps=(
            *(step(f"tensor {number}", term, "B") for number, term in enumerate(terms)),
            step(f"largest pair, tensors {worst} and {worst + 1}",
                 f"({tensors[worst]} + {tensors[worst + 1]}) / 1e3", "kB"),
        ),
        slips=(
            slip(max(tensors) / 1e3, "the largest tensor alone; a layer reads one and writes one",
                 "只算了最大的张量；每层要同时放下输入和输出"),
            slip(sum(tensors) / 1e3, "all tensors; what is used up can be overwritten",
                 "算了全部张量；用过的可以覆盖"),
            slip(max(pairs) * 4 / 1e3, "float32; int8 takes one byte", "按 float32 算了；int8 只占一个字节"),
        ),
    )  # fmt: skip


def pruned_channels(draw: Random) -> Problem:
    """What is left of a layer when every layer loses a share of its filters."""
    percent, channels = pick(draw, 20, 25, 30, 40, 50, 60, 70, 75), pick(draw, 64, 128, 256)
    keep = 1 - percent / 100
    return Problem(
        level="mid", topic="structured_pruning", covers=("C3", "E6"), sources=("li2017, section 3",),
        given={"percent": percent, "channels": channels},
        text=ask(
            "Every layer of a plain convolutional net loses {percent} % of its filters. How many percent of "
            "its multiply-accumulates does a 3 x 3 convolution in the middle, from {channels} to {channels} "
            "channels, keep?",
            "一个普通卷积网络的每一层都剪掉 {percent} % 的滤波器。中间一个从 {channels} 到 {channels} 个通道"
            "的 3 x 3 卷积，还剩百分之多少的乘加运算？",
            percent=percent, channels=channels,
        ),
        answer=100 * keep**2, unit="%", tolerance=0.03,
        steps=(
            step("its filters", f"1 - {percent} / 100"),
            step("times its input channels", f"100 * (1 - {percent} / 100)**2", "%"),
        ),
        slips=(
            slip(100 * keep, "its inputs are fewer too: the layer before was pruned",
                 "输入通道也变少了：前一层同样被剪枝"),
            slip(100 * keep**3, "the sides of the kernel do not shrink", "卷积核的边长不变"),
        ),
    )  # fmt: skip


def scaled_network(draw: Random) -> Problem:
    """A smaller MobileNet by width and resolution."""
    macs, width, resolution = (
        pick(draw, 300, 570, 600),
        pick(draw, 0.25, 0.5, 0.75),
        pick(draw, 96, 128, 160, 192),
    )
    left = formulas.width_resolution_macs(macs=macs * 1e6, width=width, resolution=resolution / 224)
    return Problem(
        level="mid", topic="efficient_blocks", covers=("A18", "A4"),
        sources=("howard2017, sections 3.3 and 3.4",),
        given={"macs": macs, "width": width, "resolution": resolution},
        text=ask(
            "A net takes {macs} million multiply-accumulates at 224 x 224 pixels, nearly all in pointwise "
            "convolutions. All channels are multiplied by {width}, and the image becomes {resolution} x "
            "{resolution}. About how many million are left?",
            "一个网络在 224 x 224 像素下需要 {macs}M 次乘加运算，几乎全部来自逐点卷积。所有通道数乘以 "
            "{width}，图像改为 {resolution} x {resolution}。大约还剩多少 M（百万）次？",
            macs=macs, width=width, resolution=resolution,
        ),
        answer=left / 1e6, unit="MMAC", tolerance=0.05,
        steps=(
            step("channels", f"{width}**2"),
            step("pixels", f"({resolution} / 224)**2"),
            step("left", f"{macs} * {width}**2 * ({resolution} / 224)**2", "MMAC"),
        ),
        slips=(
            slip(macs * width * (resolution / 224) ** 2,
                 "both inputs and outputs of a layer shrink: the width counts squared",
                 "输入和输出通道都变少：宽度要平方"),
            slip(macs * width**2 * resolution / 224, "rows and columns shrink: the resolution counts squared",
                 "行和列都变少：分辨率要平方"),
            slip(macs * width * resolution / 224, "both factors count squared", "两个因子都要平方"),
        ),
    )  # fmt: skip


def low_rank_break_even(draw: Random) -> Problem:
    """The rank below which factors pay."""
    rows, columns = pick(
        draw, (1024, 4096), (512, 2048), (768, 3072), (4096, 11008), (1000, 4000), (300, 784), (2048, 1000)
    )
    return Problem(
        level="junior", topic="low_rank", covers=("E8",), sources=("denton2014",), given={"rows": rows,
        "columns": columns},
        text=ask(
            "A {rows} x {columns} matrix is replaced by two factors. Up to which rank do they hold fewer "
            "numbers than the matrix?",
            "把一个 {rows} x {columns} 的矩阵换成两个因子矩阵。秩最大到多少时，两个因子的参数仍比原矩阵少？",
            rows=rows, columns=columns,
        ),
        answer=formulas.low_rank_break_even(rows=rows, columns=columns), unit="", tolerance=0.02,
        steps=(
            step("numbers of the matrix", f"{rows} * {columns}"),
            step("numbers a rank", f"{rows} + {columns}"),
            step("rank", f"floor(({rows} * {columns} - 1) / ({rows} + {columns}))"),
        ),
        slips=(
            slip(min(rows, columns), "the full rank: factors of that rank hold more than the matrix",
                 "这是满秩：此时因子比原矩阵还大"),
            slip(max(rows, columns), "one of the factors is left out", "漏掉了一个因子"),
            slip(min(rows, columns) / 2, "half the smaller side; that holds for square matrices",
                 "取了短边的一半；那只对方阵成立"),
        ),
    )  # fmt: skip


def low_rank_gain(draw: Random) -> Problem:
    """How many times fewer operations two factors take."""
    rows, columns = pick(draw, (1024, 4096), (4096, 4096), (2048, 8192), (768, 3072), (4096, 11008))
    rank = pick(draw, 32, 64, 128, 256)
    return Problem(
        level="junior", topic="low_rank", covers=("E8",), sources=("denton2014",), given={"rows": rows,
        "columns": columns, "rank": rank},
        text=ask(
            "A linear layer of {rows} x {columns} is replaced by two factors of rank {rank}. How many times "
            "fewer multiply-accumulates is that?",
            "把一个 {rows} x {columns} 的线性层换成两个秩为 {rank} 的因子。乘加运算量缩小多少倍？",
            rows=rows, columns=columns, rank=rank,
        ),
        answer=rows * columns / formulas.low_rank_parameters(rows=rows, columns=columns, rank=rank), unit="x",
        tolerance=0.03,
        steps=(
            step("before", f"{rows} * {columns}", "MAC"),
            step("after", f"{rank} * ({rows} + {columns})", "MAC"),
            step("times fewer", f"{rows} * {columns} / ({rank} * ({rows} + {columns}))", "x"),
        ),
        slips=(
            slip(columns / rank, "the factor on the side of the inputs is left out", "漏掉了输入一侧的因子"),
            slip(rows / rank, "the factor on the side of the outputs is left out", "漏掉了输出一侧的因子"),
            slip(rows * columns / rank**2, "the factors are not square", "因子不是方阵"),
        ),
    )  # fmt: skip


def lora_parameters(draw: Random) -> Problem:
    """Trainable parameters of adapters."""
    layers, width = pick(draw, (24, 2048), (32, 4096), (40, 5120), (48, 6144), (80, 8192))
    matrices, rank = pick(draw, 2, 4), pick(draw, 4, 8, 16, 32, 64)
    given = {"layers": layers, "width": width, "matrices": matrices, "rank": rank}
    total = formulas.lora_parameters(**given)
    return Problem(
        level="mid", topic="low_rank", covers=("E8",), sources=("hu2022, section 5.1",), given=given,
        text=ask(
            "LoRA of rank {rank} is put on {matrices} matrices of {width} x {width} in each of {layers} "
            "layers. How many parameters are trained?",
            "在 {layers} 层的每一层中，对 {matrices} 个 {width} x {width} 的矩阵加上秩为 {rank} 的 LoRA。需要"
            "训练多少参数？",
            **given,
        ),
        answer=total, unit="parameters", tolerance=0.02,
        steps=(
            step("a matrix", f"2 * {width} * {rank}"),
            step("a layer", f"{matrices} * 2 * {width} * {rank}"),
            step("all", f"{layers} * {matrices} * 2 * {width} * {rank}", "parameters"),
        ),
        slips=(
            slip(total / 2, "an adapter has two factors", "每个适配器有两个因子"),
            slip(layers * matrices * width**2, "the frozen matrices are not trained",
                 "被冻结的原矩阵不参与训练"),
            slip(total / layers, "one layer alone", "只算了一层"),
        ),
    )  # fmt: skip


def search_space(draw: Random) -> Problem:
    """How many networks a search space holds, as a power of ten."""
    kernels, expansions, layers = pick(draw, 2, 3), pick(draw, 2, 3, 4), pick(draw, 12, 16, 20, 21, 22)
    choices = kernels * expansions
    return Problem(
        level="mid", topic="architecture_search", covers=("A16", "C9"), sources=("cai2019", "tan2019"),
        given={"kernels": kernels, "expansions": expansions, "layers": layers},
        text=ask(
            "In each of {layers} layers a search chooses one of {kernels} kernel sizes and one of "
            "{expansions} expansion ratios. The space holds about 10 to which power of networks?",
            "在 {layers} 层的每一层中，搜索要从 {kernels} 种卷积核大小和 {expansions} 种扩展比中各选一个。搜"
            "索空间大约有 10 的多少次方个网络？",
            kernels=kernels, expansions=expansions, layers=layers,
        ),
        answer=formulas.search_space_digits(choices=choices, places=layers), unit="", tolerance=0.04,
        steps=(
            step("choices a layer", f"{kernels} * {expansions}"),
            step("digits a layer", f"log10({choices})"),
            step("power of ten", f"{layers} * log10({choices})"),
        ),
        slips=(
            slip(math.log10(choices * layers), "the choices of layers multiply, they do not add",
                 "各层的选择数应当相乘而不是相加"),
            *((slip(layers * math.log10(kernels + expansions), "kernels and expansions are chosen "
                                                               "independently: their numbers multiply",
                    "卷积核与扩展比相互独立：两者的个数应当相乘"),
                    ) if kernels + expansions != choices else ()),
            slip(layers * math.log2(choices), "the power of two", "这是 2 的幂次"),
        ),
    )  # fmt: skip


PROBLEMS = (
    mlp_parameters, conv_parameters, conv_macs, separable_macs, separable_gain, inverted_residual_macs,
    flattened_features, receptive_field,
    folded_batchnorm, peak_activations, pruned_channels, scaled_network, low_rank_break_even, low_rank_gain,
    lora_parameters, search_space,
)  # fmt: skip
