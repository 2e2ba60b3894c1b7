"""How many parameters and multiply-accumulates layers have, what they see, and what memory they need."""

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


PROBLEMS = (
    mlp_parameters, conv_parameters, conv_macs, separable_macs, separable_gain, inverted_residual_macs,
    flattened_features, receptive_field, folded_batchnorm, peak_activations,
)  # fmt: skip
