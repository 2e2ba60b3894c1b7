"""How many bits codes take: entropy, Huffman's words, masks, whole pruned layers, vectors of weights, "
"checkpoints."""

import math
from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, show, slip, step


def entropy_file(draw: Random) -> Problem:
    """The size that the entropy promises."""
    percents = pick(
        draw,
        (50, 25, 12.5, 12.5),
        (70, 10, 10, 10),
        (80, 10, 5, 5),
        (90, 5, 5),
        (60, 20, 20),
        (75, 12.5, 12.5),
        (40, 20, 20, 20),
    )
    count = pick(draw, 100_000, 250_000, 400_000, 1_000_000)
    shares = [percent / 100 for percent in percents]
    bits = formulas.entropy(*shares)
    terms = " - ".join(f"{share} * log2({share})" for share in shares)
    width = 2 if len(shares) > 2 else 1
    return Problem(
        level="mid", topic="weight_sharing", covers=("E2",), lesson="weight_sharing#3 By hand",
        sources=("shannon1948",),
        given={"percents": percents, "count": count},
        text=ask(
            "{count} codes take {symbols} values, with shares of {percents} %. They are independent. How "
            "many kB does an ideal entropy coder make of them?",
            "{count} 个编码取 {symbols} 种值，所占比例为 {percents} %，彼此独立。理想的熵编码器能把它们压缩到"
            "多少 kB？",
            count=count, symbols=len(shares),
            percents=", ".join(show(percent) for percent in percents),
        ),
        answer=bits * count / 8e3, unit="kB", tolerance=0.03,
        steps=(
            step("entropy", f"-{terms}", "bit a code"),
            step("file", f"{count} * (-{terms}) / 8 / 1e3", "kB"),
        ),
        slips=(
            slip(width * count / 8e3, "codes of equal length", "按等长编码算了"),
            slip(bits * count / 8e3 * 0.6931471805599453, "natural logarithms: nats, not bits",
                 "用了自然对数：单位是奈特而不是比特"),
            slip(bits * count / 1e3, "bits taken for bytes", "把比特当成了字节"),
        ),
    )  # fmt: skip


def huffman_mean(draw: Random) -> Problem:
    """Bits a code of Huffman's words."""
    percents = pick(draw, (55, 20, 15, 10), (60, 20, 10, 10), (70, 15, 10, 5), (80, 10, 5, 5), (90, 5, 3, 2),
    (40, 30, 20, 10), (60, 25, 10, 5),
                    (45, 25, 20, 10))  # fmt: skip
    shares = [percent / 100 for percent in percents]
    mean, bound = formulas.huffman_mean(*shares), formulas.entropy(*shares)
    _, second, third, fourth = percents
    return Problem(
        level="junior", topic="weight_sharing", covers=("E2",), lesson="weight_sharing#3 By hand",
        sources=("huffman1952",),
        given={"percents": percents},
        text=ask(
            "Four codes have shares of {percents} %. How many bits does a code take on average in a Huffman "
            "code?",
            "四种编码所占比例为 {percents} %。用霍夫曼编码，平均每个编码占多少比特？",
            percents=", ".join(map(str, percents)),
        ),
        answer=mean, unit="bit", tolerance=0.008,
        steps=(
            step("the two rarest are joined", f"{third} + {fourth}", "%"),
            step("these and the next", f"{third} + {fourth} + {second}", "%"),
            step("sum of the joined nodes", f"({third + fourth} + {third + fourth + second} + 100) / 100",
                 "bit"),
        ),
        slips=(
            slip(bound, "the entropy; words have whole numbers of bits", "这是熵；码字长度必须是整数比特"),
            slip(2, "words of equal length", "按等长码字算了"),
            slip(1.5, "the mean of shares that fall by halves",
                 "这是比例依次减半时的平均值") if abs(mean - 1.5) > 0.02 else
            slip(2.25, "the words weighed equally: 1, 2, 3 and 3 bits",
                 "各码字按同样权重平均了：1、2、3、3 比特"),
        ),
    )  # fmt: skip


def mask_entropy(draw: Random) -> Problem:
    """What the mask of a pruned layer costs at best."""
    percent, count = pick(draw, 75, 80, 90, 95, 98, 99), pick(draw, 266_200, 400_000, 1_000_000, 4_000_000)
    kept = (100 - percent) / 100
    bits = formulas.entropy(kept, 1 - kept)
    return Problem(
        level="senior", topic="sparsity", covers=("F16",), lesson="weight_sharing#5 Experiment",
        sources=("shannon1948",),
        given={"percent": percent, "count": count},
        text=ask(
            "{percent} % of {count} weights are zero, at places without any pattern. How many kB does an "
            "ideal entropy coder need for the places alone?",
            "{count} 个权重中有 {percent} % 为零，位置没有任何规律。理想的熵编码器仅存储这些位置需要多少 "
            "kB？",
            percent=percent, count=count,
        ),
        answer=bits * count / 8e3, unit="kB", tolerance=0.04,
        steps=(
            step("entropy", f"-{kept} * log2({kept}) - {1 - kept:g} * log2({1 - kept:g})", "bit a place"),
            step("mask", f"{count} * (-{kept} * log2({kept}) - {1 - kept:g} * log2({1 - kept:g})) / 8 / 1e3",
                 "kB"),
        ),
        slips=(
            slip(count / 8e3, "a bit for each place; rare events are worth less",
                 "每个位置都用了 1 比特；稀有事件的掩码更便宜"),
            slip(-kept * math.log2(kept) * count / 8e3, "the zeros have to be told too",
                 "零的那一项也要算"),
            slip(bits * count / 1e3, "bits taken for bytes", "把比特当成了字节"),
        ),
    )  # fmt: skip


def pruned_layer(draw: Random) -> Problem:
    """How much Deep Compression shrinks a layer before Huffman."""
    weights, percent = pick(
        draw, (235_200, 90), (235_200, 92), (400_000, 92), (2_359_296, 65), (37_748_736, 91), (16_777_216, 91)
    )
    code_bits, index_bits, padding = pick(draw, 4, 5, 6), pick(draw, 4, 5), pick(draw, 5, 10)
    size = formulas.pruned_layer_bytes(
        weights=weights,
        sparsity=percent / 100,
        code_bits=code_bits,
        index_bits=index_bits,
        padding=padding / 100,
    )
    kept = weights * (1 - percent / 100)
    return Problem(
        level="senior", topic="weight_sharing", covers=("E2", "F16"), lesson="weight_sharing#4 Build",
        sources=("han2016, sections 2 and 3",),
        given={"weights": weights, "percent": percent, "code_bits": code_bits, "index_bits": index_bits,
        "padding": padding},
        text=ask(
            "A layer of {weights} 32-bit weights keeps all but {percent} %. A kept weight has a code of "
            "{code_bits} bits and a distance of {index_bits} bits, and padding adds {padding} % to the "
            "entries. There is one codebook of 32-bit values. How many times smaller is that than the dense "
            "layer?",
            "一个有 {weights} 个 32 比特权重的层剪掉了 {percent} %。每个保留的权重有一个 {code_bits} 比特的编"
            "码和一个 {index_bits} 比特的间距，填充项使条目增加 {padding} %。另有一个 32 比特数值的码本。与稠"
            "密层相比缩小了多少倍？",
            weights=weights, percent=percent, code_bits=code_bits, index_bits=index_bits, padding=padding,
        ),
        answer=weights * 4 / size, unit="x", tolerance=0.025,
        steps=(
            step("entries", f"{weights} * (1 - {percent} / 100) * (1 + {padding} / 100)"),
            step("codebook", f"2**{code_bits} * 32", "bit"),
            step("all", f"{weights} * (1 - {percent} / 100) * (1 + {padding} / 100) * ({code_bits} + "
                        f"{index_bits}) + 2**{code_bits} * 32", "bit"),
            step("times smaller", f"{weights} * 32 / ({weights} * (1 - {percent} / 100) * (1 + "
                                  f"{padding} / 100) * ({code_bits} + {index_bits})"
                 f" + 2**{code_bits} * 32)", "x"),
        ),
        slips=(
            slip(32 * weights / (kept * code_bits),
                 "the distances are left out: places cost bits too", "漏掉了间距：位置也要占比特"),
            slip(100 / (100 - percent), "the ratio of weights, not of bytes",
                 "这是权重个数之比，不是字节数之比"),
            slip(32 / (code_bits + index_bits), "the pruned weights are left out", "没有考虑剪枝"),
        ),
    )  # fmt: skip


def average_bits(draw: Random) -> Problem:
    """Mean bits of mixed precision."""
    first, last = pick(draw, 5, 10, 15), pick(draw, 10, 20)
    high, middle, low = pick(draw, (16, 8, 4), (8, 6, 4), (8, 4, 2), (16, 4, 2), (8, 4, 3))
    rest = 100 - first - last
    return Problem(
        level="junior", topic="quantization", covers=("E7", "E12"), lesson="quantization#6 Limits",
        sources=("dong2019", "wang2019"),
        given={"first": first, "last": last, "high": high, "middle": middle, "low": low},
        text=ask(
            "{first} % of a network's weights are stored in {high} bits, {last} % in {middle}, and all "
            "others in {low}. How many bits does a weight take on average?",
            "一个网络有 {first} % 的权重以 {high} 比特存储，{last} % 以 {middle} 比特存储，其余都是 {low} 比"
            "特。平均每个权重占多少比特？",
            first=first, last=last, high=high, middle=middle, low=low,
        ),
        answer=(first * high + last * middle + rest * low) / 100, unit="bit", tolerance=0.01,
        steps=(
            step("the others", f"100 - {first} - {last}", "%"),
            step("average", f"({first} * {high} + {last} * {middle} + {rest} * {low}) / 100", "bit"),
        ),
        slips=(
            slip((high + middle + low) / 3, "the widths averaged without their shares", "没有按比例加权"),
            slip((first * high + last * middle) / 100, "the others are left out", "漏掉了其余的权重"),
            slip(low, "the widest weights take more than their share", "位宽大的权重占用超出其比例"),
        ),
    )  # fmt: skip


def vector_codes(draw: Random) -> Problem:
    """Bits a weight of vector quantization."""
    dimensions = pick(draw, 4, 8)
    log_entries, width = pick(draw, (8, 512), (8, 1024), (12, 1024), (12, 2048), (16, 4096), (16, 8192))
    entries, weights = 2**log_entries, width * width
    return Problem(
        level="senior", topic="weight_sharing", covers=("E2",), sources=("stock2020", "egiazarian2024"),
        given={"dimensions": dimensions, "entries": entries, "width": width},
        text=ask(
            "A matrix of {width} x {width} weights is cut into vectors of {dimensions}; each is replaced by "
            "an index into one codebook of {entries} vectors in 16-bit numbers. How many bits does a weight "
            "take, the codebook included?",
            "把一个 {width} x {width} 的权重矩阵切成 {dimensions} 维的向量，每个向量换成一个索引，指向同一个"
            "有 {entries} 个向量、数值为 16 比特的码本。计入码本，平均每个权重占多少比特？",
            dimensions=dimensions, entries=entries, width=width,
        ),
        answer=formulas.vector_code_bits(dimensions=dimensions, entries=entries, weights=weights), unit="bit",
        tolerance=0.005,
        steps=(
            step("an index", f"log2({entries})", "bit"),
            step("codebook", f"{entries} * {dimensions} * 16", "bit"),
            step("a weight",
                 f"log2({entries}) / {dimensions} + {entries} * {dimensions} * 16 / ({width} * {width})",
                 "bit"),
        ),
        slips=(
            slip(log_entries + entries * dimensions * 16 / weights,
                 "an index for every weight; a vector shares it",
                 "给每个权重都算了索引；其实整个向量共用一个"),
            slip(log_entries / dimensions, "the codebook is left out", "漏掉了码本"),
        ),
    )  # fmt: skip


def adam_checkpoint(draw: Random) -> Problem:
    """The file from which training can go on."""
    millions = pick(draw, 11.7, 25.6, 44.5, 86, 110, 350, 774, 1300, 3000, 7000)
    size = formulas.adam_checkpoint_bytes(parameters=millions * 1e6) / 1e9
    return Problem(
        level="junior", topic="measuring", covers=("A5", "B1"), lesson="measuring#2 Measure",
        given={"millions": millions},
        text=ask(
            "A network of {millions} million float32 parameters is trained with Adam. How many GB does a "
            "checkpoint hold from which training can go on?",
            "用 Adam 训练一个有 {millions}M 个 float32 参数的网络。要能从检查点继续训练，一个检查点有多少 "
            "GB？",
            millions=millions,
        ),
        answer=size, unit="GB", tolerance=0.03,
        steps=(
            step("a parameter, weight and two moments", "4 + 4 + 4", "B"),
            step("checkpoint", f"{millions} * (4 + 4 + 4) / 1e3", "GB"),
        ),
        slips=(
            slip(size / 3, "the two moments of Adam are left out", "漏掉了 Adam 的两个动量"),
            slip(size * 2 / 3, "Adam keeps two moments, not one", "Adam 有两个动量，不是一个"),
            slip(size * 4 / 3, "gradients are not kept", "梯度不需要保存"),
        ),
    )  # fmt: skip


PROBLEMS = (
    entropy_file,
    huffman_mean,
    mask_entropy,
    pruned_layer,
    average_bits,
    vector_codes,
    adam_checkpoint,
)
