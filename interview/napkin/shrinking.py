"""What is left of layers that are pruned, narrowed or factored; adapters; how many networks there are."""

import math
from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step


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
    pruned_channels, scaled_network, low_rank_break_even, low_rank_gain, lora_parameters, search_space,
)  # fmt: skip
