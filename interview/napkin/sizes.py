"""How many bytes weights take: codes and scales, masks and indices, codebooks, the state of an optimiser."""

from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step


def group_quantized_bytes(draw: Random) -> Problem:
    """A 4-bit matrix with a scale per group."""
    rows, columns = pick(draw, (4096, 4096), (4096, 11008), (4096, 14336), (5120, 13824), (8192, 8192))
    bits, group = pick(draw, 3, 4), pick(draw, 32, 64, 128)
    weights = rows * columns
    return Problem(
        level="junior", topic="quantization", covers=("E7",), lesson="quantization#3 By hand",
        sources=("frantar2023", "lin2024"),
        given={"rows": rows, "columns": columns, "bits": bits, "group": group},
        text=ask(
            "A matrix of {rows} x {columns} weights is quantized to {bits} bits, with one 16-bit scale for "
            "every {group} weights and no zero points. How many MB does it take?",
            "一个 {rows} x {columns} 的权重矩阵量化为 {bits} 比特，每 {group} 个权重共用一个 16 比特的缩放因"
            "子，没有零点。它占多少 MB？",
            rows=rows, columns=columns, bits=bits, group=group,
        ),
        answer=formulas.group_quantized_bytes(weights=weights, bits=bits, group=group) / 1e6, unit="MB",
        tolerance=0.01,
        steps=(
            step("weights", f"{rows} * {columns}"),
            step("bits a weight", f"{bits} + 16 / {group}"),
            step("the matrix", f"{weights} * ({bits} + 16 / {group}) / 8 / 1e6", "MB"),
        ),
        slips=(
            slip(weights * bits / 8 / 1e6, "the scales are left out", "漏掉了缩放因子"),
            slip(weights * (bits + 32 / group) / 8 / 1e6, "scales of 32 bits, not of 16",
                 "把缩放因子当成了 32 比特而不是 16 比特"),
            slip(weights * (1 + 2 / group) / 1e6, "a whole byte for each code: the codes are not packed",
                 "每个编码占了一整个字节，没有紧密打包"),
        ),
    )  # fmt: skip


def effective_bits(draw: Random) -> Problem:
    """Bits a weight, scale and zero point included."""
    bits, group, zero_bits = pick(draw, 2, 3, 4), pick(draw, 16, 32, 64, 128), pick(draw, 4, 8, 16)
    return Problem(
        level="junior", topic="quantization", covers=("E7",), lesson="quantization#6 Limits",
        sources=("dettmers2023, section 3",),
        given={"bits": bits, "group": group, "zero_bits": zero_bits},
        text=ask(
            "Weights are stored in {bits} bits. Every group of {group} has a scale of 16 bits and a zero "
            "point of {zero_bits} bits. How many bits does a weight take in effect?",
            "权重以 {bits} 比特存储，每 {group} 个一组，每组有一个 16 比特的缩放因子和一个 {zero_bits} 比特的"
            "零点。平均每个权重实际占多少比特？",
            bits=bits, group=group, zero_bits=zero_bits,
        ),
        answer=formulas.effective_bits(bits=bits, group=group, zero_bits=zero_bits), unit="bit",
        tolerance=0.005,
        steps=(
            step("of a group", f"16 + {zero_bits}", "bit"),
            step("share of a weight", f"(16 + {zero_bits}) / {group}", "bit"),
            step("in effect", f"{bits} + (16 + {zero_bits}) / {group}", "bit"),
        ),
        slips=(
            slip(bits, "scale and zero point are left out", "漏掉了缩放因子和零点"),
            slip(bits + 16 / group, "the zero point is left out", "漏掉了零点"),
            slip(bits + 16 + zero_bits, "each weight pays for a scale of its own; a group shares it",
                 "给每个权重都算了一个缩放因子，其实整组共用"),
        ),
    )  # fmt: skip


def double_quantization(draw: Random) -> Problem:
    """What quantizing the scales saves in a whole model."""
    billions, group = pick(draw, 7, 13, 33, 65, 70), pick(draw, 32, 64)
    bits = formulas.double_quantization_bits_saved(group=group)
    return Problem(
        level="senior", topic="llm_quantization", sources=("dettmers2023, section 3",),
        given={"billions": billions, "group": group},
        text=ask(
            "A model of {billions}B parameters has one 32-bit scale for every {group} weights. Now the "
            "scales are themselves stored in 8 bits, with one 32-bit constant for every 256 of them. How "
            "many GB does that save?",
            "一个 {billions}B 参数的模型，每 {group} 个权重有一个 32 比特的缩放因子。现在把缩放因子本身也量化"
            "为 8 比特，每 256 个缩放因子再共用一个 32 比特的常数。一共节省多少 GB？",
            billions=billions, group=group,
        ),
        answer=bits * billions / 8, unit="GB", tolerance=0.03,
        steps=(
            step("before", f"32 / {group}", "bit a weight"),
            step("after", f"8 / {group} + 32 / ({group} * 256)", "bit a weight"),
            step("saved", f"{billions}e9 * (32 / {group} - 8 / {group} - 32 / ({group} * 256)) / 8 / 1e9",
                 "GB"),
        ),
        slips=(
            slip(32 / group * billions / 8, "the 8-bit scales that remain are left out",
                 "没有扣掉仍然保留的 8 比特缩放因子"),
            slip((8 / group + 32 / (group * 256)) * billions / 8, "what is left, not what is saved",
                 "算成了剩下的部分，而不是省下的部分"),
        ),
    )  # fmt: skip


def microscaling_bytes(draw: Random) -> Problem:
    """A model in a microscaling format."""
    name, element_bits = pick(draw, ("MXFP4", 4), ("MXFP6", 6), ("MXFP8", 8))
    billions = pick(draw, 1, 3, 8, 14, 32, 70)
    return Problem(
        level="mid", topic="quantization", covers=("E7",), sources=("rouhani2023",),
        given={"element_bits": element_bits, "billions": billions},
        text=ask(
            "{billions}B weights are stored in a microscaling format with {element_bits}-bit elements: "
            "blocks of 32 share one scale of 8 bits. How many GB is that?",
            "{billions}B 个权重以微缩放（MX）格式存储，元素为 {element_bits} 比特，每 32 个元素的块共用一个 "
            "8 比特的缩放因子。一共多少 GB？",
            billions=billions, element_bits=element_bits,
        ),
        answer=billions * formulas.mx_bits(element_bits=element_bits) / 8, unit="GB", tolerance=0.01,
        steps=(
            step(f"bits an element of {name}", f"{element_bits} + 8 / 32", "bit"),
            step("all", f"{billions}e9 * ({element_bits} + 8 / 32) / 8 / 1e9", "GB"),
        ),
        slips=(
            slip(billions * element_bits / 8, "the common scales are left out", "漏掉了共用的缩放因子"),
            slip(billions * (element_bits + 16 / 32) / 8,
                 "a scale of 16 bits; here it is a power of two in 8",
                 "把缩放因子当成了 16 比特；这里是 8 比特的 2 的幂"),
        ),
    )  # fmt: skip


def codebook_ratio(draw: Random) -> Problem:
    """How much k-means weight sharing shrinks a layer."""
    rows, columns = pick(draw, (10, 20), (16, 27), (32, 72), (16, 144), (10, 100), (64, 64))
    bits = pick(draw, 2, 3, 4)
    weights, clusters = rows * columns, 2**bits
    dense, codes, book = 32 * weights, weights * bits, 32 * clusters
    return Problem(
        level="junior", topic="weight_sharing", covers=("B1", "E2"), lesson="weight_sharing#3 By hand",
        sources=("han2016, section 3, equation 1",),
        given={"rows": rows, "columns": columns, "clusters": clusters},
        text=ask(
            "A layer of {rows} x {columns} 32-bit weights is reduced by k-means to {clusters} shared values. "
            "How many times smaller is it, the codebook of 32-bit values included and without entropy "
            "coding?",
            "一个 {rows} x {columns} 的层，权重为 32 比特，用 k-means 聚成 {clusters} 个共享值。计入 32 比特"
            "的码本、不做熵编码，压缩比是多少倍？",
            rows=rows, columns=columns, clusters=clusters,
        ),
        answer=formulas.codebook_ratio(weights=weights, clusters=clusters), unit="x", tolerance=0.01,
        steps=(
            step("dense", f"{rows} * {columns} * 32", "bit"),
            step("codes", f"{rows} * {columns} * {bits}", "bit"),
            step("codebook", f"{clusters} * 32", "bit"),
            step("ratio", f"{dense} / ({codes} + {book})", "x"),
        ),
        slips=(
            slip(dense / codes, "the codebook is left out", "漏掉了码本"),
            slip(dense / (weights * clusters + book), "a code of k bits; log2(k) suffice",
                 "每个编码用了 k 比特，其实 log2(k) 比特就够"),
            slip((codes + book) / dense, "upside down: compressed over original",
                 "比值取反了：压缩后除以压缩前"),
        ),
    )  # fmt: skip


def csr_break_even(draw: Random) -> Problem:
    """Where compressed sparse rows begin to save bytes."""
    size = pick(draw, 512, 1024, 2048, 4096)
    value_bits, index_bits = pick(draw, (32, 16), (32, 32), (16, 16), (8, 16), (16, 32), (8, 32))
    even = formulas.csr_break_even_sparsity(
        rows=size, columns=size, value_bits=value_bits, index_bits=index_bits
    )
    dense = size * size * value_bits
    shares_equal = value_bits == index_bits  # both are a half, so taking one for the other does not show
    return Problem(
        level="mid", topic="sparsity", covers=("A17", "F16"), lesson="pruning#5 Experiment",
        sources=("han2016, section 2",),
        given={"size": size, "value_bits": value_bits, "index_bits": index_bits},
        text=ask(
            "A {size} x {size} matrix of {value_bits}-bit values is stored as compressed sparse rows (CSR) "
            "with {index_bits}-bit column indices and 32-bit row pointers. Above which sparsity, in percent "
            "of zeros, is that smaller than the dense matrix?",
            "一个 {size} x {size} 的矩阵，数值为 {value_bits} 比特，以压缩稀疏行（CSR）格式存储，列索引 "
            "{index_bits} 比特，行指针 32 比特。零的比例（百分数）超过多少时，它才比稠密存储更小？",
            size=size, value_bits=value_bits, index_bits=index_bits,
        ),
        answer=100 * even, unit="%", tolerance=0.02,
        steps=(
            step("dense", f"{size} * {size} * {value_bits}", "bit"),
            step("pointers", f"({size} + 1) * 32", "bit"),
            step("kept weights at equal size",
                 f"({dense} - ({size} + 1) * 32) / ({value_bits} + {index_bits})"),
            step("zeros", f"100 * (1 - ({dense} - ({size} + 1) * 32) / ({value_bits} + {index_bits}) / "
                          f"({size} * {size}))", "%"),
        ),
        slips=(
            slip(0, "indices are taken to cost nothing", "以为索引不占空间"),
            slip(200 * index_bits / (value_bits + 2 * index_bits),
                 "a row and a column index for each value; CSR stores the column alone",
                 "给每个值都存了行号和列号；CSR 只存列号"),
            *(() if shares_equal else (
                slip(100 - 100 * even, "the share that is kept, not the share of zeros",
                     "算成了保留的比例，而不是零的比例"),
            )),
        ),
    )  # fmt: skip


def bitmask_break_even(draw: Random) -> Problem:
    """Where a mask of one bit a place begins to save bytes, or an index list begins to beat it."""
    value_bits, weights = pick(draw, 4, 8, 16), pick(draw, 100_000, 250_000, 1_000_000)
    return Problem(
        level="junior", topic="sparsity", covers=("F16",), lesson="pruning#5 Experiment",
        given={"value_bits": value_bits, "weights": weights},
        text=ask(
            "{weights} weights of {value_bits} bits are stored as 1 bit a place (zero or not) followed by "
            "the values that are not zero. Above which sparsity, in percent of zeros, is that smaller than "
            "the dense tensor?",
            "{weights} 个 {value_bits} 比特的权重这样存储：每个位置用 1 比特标记是否为零，后面只存非零值。零"
            "的比例（百分数）超过多少时，它才比稠密存储更小？",
            value_bits=value_bits, weights=weights,
        ),
        answer=100 * formulas.bitmask_break_even_sparsity(value_bits=value_bits), unit="%", tolerance=0.01,
        steps=(
            step("mask", f"{weights} * 1", "bit"),
            step("zeros that pay for it", f"{weights} / {value_bits}"),
            step("of all", f"100 / {value_bits}", "%"),
        ),
        slips=(
            slip(100 - 100 / value_bits, "the share that is kept, not the share of zeros",
                 "算成了保留的比例，而不是零的比例"),
            slip(50, "an index as wide as its value; the mask takes one bit",
                 "把索引当成和数值一样宽；掩码只占 1 比特"),
        ),
    )  # fmt: skip


def index_list_break_even(draw: Random) -> Problem:
    """Where an index a kept value beats a mask."""
    index_bits, value_bits = pick(draw, 5, 8, 10, 12, 16), pick(draw, 4, 8, 16)
    return Problem(
        level="mid", topic="sparsity", covers=("F16",), lesson="pruning#5 Experiment",
        given={"index_bits": index_bits, "value_bits": value_bits},
        text=ask(
            "The positions of kept {value_bits}-bit weights can be stored as a mask of 1 bit a place, or as "
            "an index of {index_bits} bits for each kept weight. Above which sparsity, in percent of zeros, "
            "is the list of indices smaller?",
            "保留下来的 {value_bits} 比特权重的位置有两种存法：每个位置 1 比特的掩码，或者每个保留权重一个 "
            "{index_bits} 比特的索引。零的比例（百分数）超过多少时，索引列表更小？",
            index_bits=index_bits, value_bits=value_bits,
        ),
        answer=100 * formulas.list_break_even_sparsity(index_bits=index_bits), unit="%", tolerance=0.01,
        steps=(
            step("kept at equal size", f"1 / {index_bits}", "of all weights"),
            step("zeros", f"100 * (1 - 1 / {index_bits})", "%"),
        ),
        slips=(
            slip(100 / index_bits, "the share that is kept, not the share of zeros",
                 "算成了保留的比例，而不是零的比例"),
            slip(100 - 100 / (index_bits + value_bits), "the values count on both sides alike",
                 "两种存法都要存数值，不该算进去"),
        ),
    )  # fmt: skip


def two_four_bytes(draw: Random) -> Problem:
    """A matrix in the 2:4 format of sparse tensor cores."""
    rows, columns = pick(draw, (1024, 4096), (4096, 4096), (4096, 11008), (8192, 8192), (2048, 8192))
    bits = pick(draw, 8, 16)
    weights = rows * columns
    return Problem(
        level="mid", topic="sparsity", covers=("A17", "C3"), lesson="pruning#6 Limits", sources=("mishra2021",
        ),
        given={"rows": rows, "columns": columns, "bits": bits},
        text=ask(
            "A {rows} x {columns} matrix of {bits}-bit weights is pruned to the 2:4 pattern and stored "
            "compressed, with 2 bits of position for each kept value. How many MB does it take?",
            "一个 {rows} x {columns} 的 {bits} 比特权重矩阵按 2:4 模式剪枝并压缩存储，每个保留值另有 2 比特的"
            "位置信息。它占多少 MB？",
            rows=rows, columns=columns, bits=bits,
        ),
        answer=formulas.two_four_bytes(weights=weights, bits=bits) / 1e6, unit="MB", tolerance=0.01,
        steps=(
            step("kept", f"{rows} * {columns} / 2"),
            step("a kept value", f"{bits} + 2", "bit"),
            step("all", f"{rows} * {columns} / 2 * ({bits} + 2) / 8 / 1e6", "MB"),
        ),
        slips=(
            slip(weights / 2 * bits / 8 / 1e6, "the positions are left out: it is more than half",
                 "漏掉了位置信息：结果大于一半"),
            slip(weights * (bits / 2 + 2) / 8 / 1e6,
                 "2 bits for every weight; only kept ones have a position",
                 "给每个权重都算了 2 比特，其实只有保留的才有"),
            slip(weights * bits / 8 / 1e6, "the dense matrix", "这是稠密矩阵的大小"),
        ),
    )  # fmt: skip


def relative_index_bits(draw: Random) -> Problem:
    """Bits of a pruned row whose positions are distances with padding."""
    bits, code_bits = pick(draw, 3, 4), pick(draw, 4, 5)
    longest = 2**bits - 1
    gaps = [
        pick(draw, 1, 2, 3, 5, 6),
        pick(draw, 9, 12, 13) + longest - 7,
        pick(draw, 1, 4, 7),
        pick(draw, 3, 2, 20),
    ]
    gaps.append(pick(draw, 2 * longest + 3, 3 * longest, 3 * longest + 1))
    entries = sum(formulas.gap_entries(gap=gap, bits=bits) for gap in gaps)
    shown = ", ".join(map(str, gaps))
    parts = " + ".join(f"ceil({gap} / {longest})" for gap in gaps)
    return Problem(
        level="senior", topic="weight_sharing", covers=("E2", "F16"), lesson="weight_sharing#3 By hand",
        sources=("han2016, section 2, figure 2",),
        given={"gaps": gaps, "bits": bits, "code_bits": code_bits},
        text=ask(
            "The kept weights of a sparse row stand at distances {gaps} from one another. A distance is "
            "stored in {bits} bits as 1 to {longest}; a longer one is bridged by padding entries of "
            "{longest}. Each entry also holds a {code_bits}-bit code. How many bits does the row take?",
            "一行稀疏权重中，保留的权重彼此间距为 {gaps}。间距用 {bits} 比特存储，取值 1 到 {longest}；更长的"
            "间距用间距为 {longest} 的填充项来补。每一项还带一个 {code_bits} 比特的编码。这一行一共占多少"
            "比特？",
            gaps=shown, bits=bits, longest=longest, code_bits=code_bits,
        ),
        answer=entries * (bits + code_bits), unit="bit", tolerance=0,
        steps=(
            step("entries", parts),
            step("bits", f"{entries} * ({bits} + {code_bits})", "bit"),
        ),
        slips=(
            slip(len(gaps) * (bits + code_bits), "the padding entries are left out", "漏掉了填充项"),
            slip(entries * bits + len(gaps) * code_bits, "a padding entry holds a code too",
                 "填充项也带编码，没有算进去"),
            slip(entries * bits, "the codes are left out", "漏掉了编码"),
        ),
    )  # fmt: skip


PROBLEMS = (
    group_quantized_bytes, effective_bits, double_quantization, microscaling_bytes, codebook_ratio,
    csr_break_even,
    bitmask_break_even, index_list_break_even, two_four_bytes, relative_index_bits,
)  # fmt: skip
