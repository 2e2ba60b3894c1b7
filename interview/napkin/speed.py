"""What takes time and energy: rooflines, Amdahl's law, sparse kernels, links, batteries."""

from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step


def matmul_intensity(draw: Random) -> Problem:
    """FLOPs a byte of a linear layer at some batch."""
    batch, width = pick(draw, 1, 4, 16, 64, 256), pick(draw, 2048, 4096, 8192)
    moved = f"({batch} * {width} + {width} * {width} + {batch} * {width})"
    return Problem(
        level="mid", topic="deployment", covers=("B1", "B3"), sources=("williams2009",),
        given={"batch": batch, "width": width},
        text=ask(
            "A linear layer of {width} x {width} 16-bit weights is applied to a batch of {batch}. Inputs, "
            "weights and outputs cross the memory bus once. What is its arithmetic intensity in FLOPs a "
            "byte?",
            "一个 {width} x {width} 的 16 比特线性层处理大小为 {batch} 的批次。输入、权重和输出各经过内存总线"
            "一次。它的算术强度是多少 FLOP/字节？",
            batch=batch, width=width,
        ),
        answer=formulas.matmul_intensity(batch=batch, inputs=width, outputs=width), unit="FLOP/B",
        tolerance=0.04,
        steps=(
            step("work", f"2 * {batch} * {width} * {width}", "FLOP"),
            step("bytes", f"2 * {moved}", "B"),
            step("intensity", f"2 * {batch} * {width} * {width} / (2 * {moved})", "FLOP/B"),
        ),
        slips=(
            slip(batch / (1 + 2 * batch / width) / 2, "a multiply-accumulate is two FLOPs",
                 "一次乘加是两个 FLOP"),
            slip(2 * batch / (1 + 2 * batch / width), "16 bits are two bytes", "16 比特是两个字节"),
            slip(width / 2, "the weights are read too", "还要读权重"),
        ),
    )  # fmt: skip


def ridge_point(draw: Random) -> Problem:
    """Where a roofline bends."""
    peak, unit, bandwidth = pick(
        draw,
        (312, "T", 2000),
        (990, "T", 3350),
        (120, "T", 900),
        (30, "T", 600),
        (4, "T", 50),
        (200, "G", 25),
    )
    scale = {"T": 1e3, "G": 1.0}[unit]
    return Problem(
        level="junior", topic="deployment", covers=("B1",), sources=("williams2009",), given={"peak": peak,
        "bandwidth": bandwidth},
        text=ask(
            "A processor computes {peak} {unit}FLOP/s and reads {bandwidth} GB/s. From which arithmetic "
            "intensity on, in FLOPs a byte, is computing its limit?",
            "一个处理器的算力为 {peak} {unit}FLOP/s，内存带宽为 {bandwidth} GB/s。算术强度超过多少 FLOP/字节"
            "时，瓶颈变为计算？",
            peak=peak, unit=unit, bandwidth=bandwidth,
        ),
        answer=formulas.ridge_intensity(peak=peak * scale, bandwidth=bandwidth), unit="FLOP/B",
        tolerance=0.04,
        steps=(
            step("GFLOPs a second", f"{peak} * {scale:.0f}", "GFLOP/s"),
            step("ridge", f"{peak} * {scale:.0f} / {bandwidth}", "FLOP/B"),
        ),
        slips=(
            slip(bandwidth / peak / scale, "upside down: bytes for a FLOP", "取反了：这是每个 FLOP 的字节数"),
            slip(peak * scale / bandwidth * 2, "numbers of two bytes; the question is about bytes",
                 "按两个字节的数计算了；问的是每字节"),
        ),
    )  # fmt: skip


def roofline(draw: Random) -> Problem:
    """What a layer reaches under a roofline."""
    peak, bandwidth = pick(draw, 100, 120, 312), pick(draw, 0.9, 1.5, 2)
    intensity = pick(draw, 1, 4, 16, 30, 500, 800)
    reached = formulas.attainable(peak=peak, bandwidth=bandwidth, intensity=intensity)
    bound = peak / bandwidth
    return Problem(
        level="mid", topic="deployment", covers=("B1", "B5"), sources=("williams2009",),
        given={"peak": peak, "bandwidth": bandwidth, "intensity": intensity},
        text=ask(
            "A GPU computes {peak} TFLOP/s and reads {bandwidth} TB/s. How many TFLOP/s can a layer of "
            "{intensity} FLOPs a byte reach at most?",
            "一块 GPU 的算力为 {peak} TFLOP/s，带宽为 {bandwidth} TB/s。算术强度为 {intensity} FLOP/字节的层"
            "最多能达到多少 TFLOP/s？",
            peak=peak, bandwidth=bandwidth, intensity=intensity,
        ),
        answer=reached, unit="TFLOP/s", tolerance=0.03,
        steps=(
            step("ridge", f"{peak} / {bandwidth}", "FLOP/B"),
            step("what memory allows", f"{bandwidth} * {intensity}", "TFLOP/s"),
            step("below the ridge memory decides", f"{bandwidth} * {intensity}", "TFLOP/s")
            if intensity < bound else step("above the ridge the peak decides", f"{peak} * 1", "TFLOP/s"),
        ),
        slips=(
            slip(peak, "the layer waits for memory", "该层受内存带宽限制") if intensity < bound else
            slip(bandwidth * intensity, "nothing exceeds the peak", "不可能超过峰值算力"),
            slip(peak / intensity, "the peak divided by the intensity", "不是用峰值除以算术强度"),
        ),
    )  # fmt: skip


def amdahl(draw: Random) -> Problem:
    """What a faster part brings to the whole."""
    percent, factor = pick(draw, 40, 50, 60, 70, 80, 90), pick(draw, 2, 3, 4, 5, 8)
    share = percent / 100
    return Problem(
        level="junior", topic="measuring", covers=("A4", "B5"), lesson="measuring#6 Limits",
        sources=("amdahl1967",),
        given={"percent": percent, "factor": factor},
        text=ask(
            "Pruned layers take {percent} % of a network's time, and now run {factor} times faster. How many "
            "times faster is the network?",
            "被剪枝的层占网络运行时间的 {percent} %，现在快了 {factor} 倍（时间为原来的 {factor} 分之一）。整"
            "个网络快多少倍？",
            percent=percent, factor=factor,
        ),
        answer=formulas.amdahl(share=share, factor=factor), unit="x", tolerance=0.02,
        steps=(
            step("time that stays", f"1 - {percent} / 100"),
            step("time of the pruned layers", f"{percent} / 100 / {factor}"),
            step("speed-up", f"1 / (1 - {percent} / 100 + {percent} / 100 / {factor})", "x"),
        ),
        slips=(
            slip(factor, "the other layers take as long as before", "其余的层没有变快"),
            slip(1 - share + share * factor, "speeds averaged; times add up", "平均了速度；应当把时间相加"),
            slip(1 / (1 - share), "the pruned layers still take time: this is the limit",
                 "剪枝后的层仍要时间；这是极限值"),
        ),
    )  # fmt: skip


def amdahl_factor(draw: Random) -> Problem:
    """How much faster a part must become."""
    percent, whole = pick(
        draw, (60, 1.5), (60, 2), (75, 2), (75, 3), (80, 2), (80, 2.5), (80, 3), (90, 3), (90, 4), (90, 5)
    )
    share = percent / 100
    return Problem(
        level="mid", topic="measuring", covers=("B5",), lesson="measuring#6 Limits", sources=("amdahl1967",),
        given={"percent": percent, "whole": whole},
        text=ask(
            "Matrix products take {percent} % of a network's time. How many times faster must they become "
            "for the network to be {whole} times faster?",
            "矩阵乘法占网络运行时间的 {percent} %。要让整个网络快 {whole} 倍，矩阵乘法必须快多少倍？",
            percent=percent, whole=whole,
        ),
        answer=formulas.amdahl_factor(share=share, whole=whole), unit="x", tolerance=0.03,
        steps=(
            step("time allowed", f"1 / {whole}"),
            step("of it for matrix products", f"1 / {whole} - (1 - {percent} / 100)"),
            step("factor", f"{percent} / 100 / (1 / {whole} - (1 - {percent} / 100))", "x"),
        ),
        slips=(
            slip(whole, "the rest takes as long as before", "其余部分没有变快"),
            slip(whole / share, "speed is not shared out like time", "速度不能像时间那样按比例分摊"),
            slip(1 / (1 / whole - (1 - share)), "the part took a share of the time, not all of it",
                 "这一部分原来只占一部分时间，而不是全部"),
        ),
    )  # fmt: skip


def sparse_kernel(draw: Random) -> Problem:
    """What an unstructured sparse kernel gains, or loses."""
    sparsity, slower = pick(draw, 60, 70, 80, 90, 95, 98), pick(draw, 3, 4, 6, 8, 12, 25)
    gain = formulas.sparse_speedup(sparsity=sparsity / 100, efficiency=1 / slower)
    return Problem(
        level="mid", topic="sparsity", covers=("A17", "A13"), lesson="pruning#6 Limits",
        given={"sparsity": sparsity, "slower": slower},
        text=ask(
            "{sparsity} % of a matrix is zero. A sparse kernel skips the zeros, but does {slower} times "
            "fewer products a second than the dense one. How many times faster than dense is it? (Below 1 it "
            "is slower.)",
            "一个矩阵有 {sparsity} % 的零。稀疏算子跳过零，但每秒完成的乘积数只有稠密算子的 1/{slower}。它比"
            "稠密算子快多少倍？（小于 1 表示更慢。）",
            sparsity=sparsity, slower=slower,
        ),
        answer=gain, unit="x", tolerance=0.03,
        steps=(
            step("products left", f"1 - {sparsity} / 100"),
            step("time for them", f"(1 - {sparsity} / 100) * {slower}"),
            step("speed-up", f"1 / ((1 - {sparsity} / 100) * {slower})", "x"),
        ),
        slips=(
            slip(gain * slower, "the kernel's lower speed is left out", "没有考虑稀疏算子更慢"),
            slip(1 / (sparsity / 100 * slower), "the zeros are what is skipped", "零是被跳过的部分"),
            slip(1 / gain, "upside down: the time over the dense time", "取反了：这是时间之比"),
        ),
    )  # fmt: skip


def download_time(draw: Random) -> Problem:
    """How long a phone loads a model."""
    millions, bits, rate = (
        pick(draw, 5, 25, 60, 100, 300),
        pick(draw, 4, 8, 16, 32),
        pick(draw, 10, 20, 50, 100),
    )
    size = formulas.weights_bytes(parameters=millions * 1e6, bits=bits)
    seconds = formulas.transfer_seconds(size=size, rate=rate * 1e6)
    return Problem(
        level="junior", topic="deployment", covers=("B1", "E1"), lesson="measuring#1 Question",
        given={"millions": millions, "bits": bits, "rate": rate},
        text=ask(
            "A phone downloads a model of {millions} million parameters in {bits} bits over a link of {rate} "
            "Mbit/s. How many seconds does that take?",
            "手机通过 {rate} Mbit/s 的网络下载一个 {millions}M 参数、{bits} 比特的模型，需要多少秒？",
            millions=millions, bits=bits, rate=rate,
        ),
        answer=seconds, unit="s", tolerance=0.03,
        steps=(
            step("file", f"{millions} * {bits} / 8", "MB"),
            step("in bits", f"{millions} * {bits}", "Mbit"),
            step("time", f"{millions} * {bits} / {rate}", "s"),
        ),
        slips=(
            slip(seconds / 8, "the link is given in bits, the file in bytes", "网速是比特，文件大小是字节"),
            slip(millions / rate * 8 if bits != 8 else millions / rate * 32,
                 "a byte for each parameter" if bits != 8 else "four bytes for each parameter",
                 "每个参数按一个字节算了" if bits != 8 else "每个参数按四个字节算了"),
        ),
    )  # fmt: skip


def inference_energy(draw: Random) -> Problem:
    """Energy of an answer, computing and reading weights."""
    macs, weights = pick(
        draw, (8, 0.06), (12.5, 0.08), (40, 0.27), (100, 1), (150, 0.5), (200, 2.5), (300, 3.5), (300, 4),
        (600, 4), (600, 3.5), (1000, 6), (1800, 11.5), (4000, 25),
    )  # fmt: skip
    computing, reading = macs * 4.6, weights * 640
    return Problem(
        level="mid", topic="measuring", covers=("A5", "B3", "C1"), lesson="measuring#5 Experiment",
        sources=("horowitz2014", "han2015, figure 1"), given={"macs": macs, "weights": weights},
        text=ask(
            "A float32 net takes {macs} million multiply-accumulates and reads each of its {weights} million "
            "weights from DRAM once. In a 45 nm process a multiplication takes 3.7 pJ, an addition 0.9 pJ, a "
            "read of 32 bits from DRAM 640 pJ. How many microjoules does an answer take?",
            "一个 float32 网络需要 {macs}M 次乘加运算，并从 DRAM 把 {weights}M 个权重各读一次。在 45 nm 工艺"
            "下，一次乘法 3.7 pJ，一次加法 0.9 pJ，从 DRAM 读 32 比特 640 pJ。一次推理耗能多少微焦？",
            macs=macs, weights=weights,
        ),
        answer=formulas.inference_energy(macs=macs, mac=4.6, reads=weights, read=640), unit="uJ",
        tolerance=0.02,
        steps=(
            step("computing", f"{macs} * (3.7 + 0.9)", "uJ"),
            step("reading", f"{weights} * 640", "uJ"),
            step("together", f"{macs} * (3.7 + 0.9) + {weights} * 640", "uJ"),
        ),
        slips=(
            slip(computing, "the reads from DRAM are left out", "漏掉了读 DRAM 的能量"),
            slip(reading, "the computing is left out", "漏掉了计算的能量"),
            slip((macs + weights) * 640,
                 "each product reads its weight anew; a weight is used for many pixels",
                 "以为每次乘积都要重新读权重；其实一个权重用于许多像素"),
        ),
    )  # fmt: skip


def battery(draw: Random) -> Problem:
    """Answers that a share of a battery pays for."""
    capacity, volts = pick(draw, (3000, 3.8), (4000, 3.85), (5000, 3.85), (300, 3.7), (220, 3))
    percent, millijoules = pick(draw, 1, 2, 5, 10), pick(draw, 5, 10, 20, 50, 200)
    count = formulas.battery_inferences(
        milliampere_hours=capacity, volts=volts, share=percent / 100, joules=millijoules / 1e3
    )
    return Problem(
        level="mid", topic="deployment", covers=("A3", "E1", "E5"), lesson="measuring#5 Experiment",
        given={"capacity": capacity, "volts": volts, "percent": percent, "millijoules": millijoules},
        text=ask(
            "A battery holds {capacity} mAh at {volts} V. An answer of the net takes {millijoules} mJ. How "
            "many answers may it give for {percent} % of the battery?",
            "一块电池容量为 {capacity} mAh，电压 {volts} V。网络推理一次耗能 {millijoules} mJ。用电池的 "
            "{percent} % 可以推理多少次？",
            capacity=capacity, volts=volts, percent=percent, millijoules=millijoules,
        ),
        answer=count, unit="inferences", tolerance=0.05,
        steps=(
            step("battery", f"{capacity} / 1000 * 3600 * {volts}", "J"),
            step("budget", f"{capacity} / 1000 * 3600 * {volts} * {percent} / 100", "J"),
            step("answers", f"{capacity} / 1000 * 3600 * {volts} * {percent} / 100 / ({millijoules} / 1000)",
                 "inferences"),
        ),
        slips=(
            slip(count / 3600, "an hour has 3600 seconds: ampere-hours are not ampere-seconds",
                 "一小时有 3600 秒：安时不是安秒"),
            slip(count / volts, "the voltage is left out", "漏掉了电压"),
            slip(count * 100 / percent, "the whole battery, not its share", "用了整块电池，而不是其中一部分"),
        ),
    )  # fmt: skip


def frame_budget(draw: Random) -> Problem:
    """Multiply-accumulates that fit into a frame."""
    tops, percent, frames = (
        pick(draw, 1, 2, 4, 8, 26),
        pick(draw, 10, 20, 25, 30, 40),
        pick(draw, 15, 25, 30, 60),
    )
    macs = formulas.macs_a_frame(operations=tops * 1e12, utilization=percent / 100, frames=frames)
    return Problem(
        level="mid", topic="deployment", covers=("B5", "E5"), lesson="measuring#5 Experiment",
        given={"tops": tops, "percent": percent, "frames": frames},
        text=ask(
            "An accelerator is sold with {tops} TOPS; a multiply-accumulate counts as two operations. "
            "Networks reach {percent} % of that. How many multiply-accumulates may a net take to keep up "
            "with {frames} frames a second?",
            "一个加速器标称 {tops} TOPS，一次乘加算两次运算。网络实际能达到其中的 {percent} %。要跟上每秒 "
            "{frames} 帧，网络每帧最多可以有多少次乘加运算（MAC）？",
            tops=tops, percent=percent, frames=frames,
        ),
        answer=macs, unit="MAC", tolerance=0.04,
        steps=(
            step("operations a second", f"{tops}e12 * {percent} / 100"),
            step("MACs a second", f"{tops}e12 * {percent} / 100 / 2", "MAC/s"),
            step("a frame", f"{tops}e12 * {percent} / 100 / 2 / {frames}", "MAC"),
        ),
        slips=(
            slip(2 * macs, "a multiply-accumulate counts as two operations", "一次乘加算两次运算"),
            slip(macs * 100 / percent, "the peak is not reached", "没有考虑达不到峰值"),
            slip(macs * frames, "a second's work, not a frame's", "这是每秒的量，而不是每帧的"),
        ),
    )  # fmt: skip


def cascade(draw: Random) -> Problem:
    """Mean cost of a small net that passes on what is hard."""
    small, large, percent = pick(draw, 50, 60, 100), pick(draw, 300, 400, 600), pick(draw, 60, 70, 80, 90)
    settled = percent / 100
    mean = formulas.cascade_cost(small=small, large=large, settled=settled)
    return Problem(
        level="mid", topic="deployment", covers=("B5", "E4"), sources=("teerapittayanon2016",),
        given={"small": small, "large": large, "percent": percent},
        text=ask(
            "A small net of {small} million multiply-accumulates sees every image. It is sure of {percent} % "
            "of them; for the others the large net of {large} million runs as well. How many million does an "
            "image take on average?",
            "一个 {small}M 次乘加的小网络先处理每张图像，其中 {percent} % 它有把握；其余的再交给 {large}M 次"
            "乘加的大网络。平均每张图像需要多少 M（百万）次乘加？",
            small=small, large=large, percent=percent,
        ),
        answer=mean, unit="MMAC", tolerance=0.03,
        steps=(
            step("share passed on", f"1 - {percent} / 100"),
            step("mean", f"{small} + (1 - {percent} / 100) * {large}", "MMAC"),
        ),
        slips=(
            slip(settled * small + (1 - settled) * large, "the small net runs for every image",
                 "小网络对每张图像都要运行"),
            slip(small + settled * large, "the large net sees those the small one is not sure of",
                 "大网络只处理小网络没有把握的图像"),
            slip(small + large, "the large net does not run for every image", "大网络并不处理每张图像"),
        ),
    )  # fmt: skip


PROBLEMS = (
    matmul_intensity, ridge_point, roofline, amdahl, amdahl_factor, sparse_kernel, download_time,
    inference_energy, battery,
    frame_budget, cascade,
)  # fmt: skip
