"""What limits a language model in service: bandwidth, computing, traffic between GPUs, waiting, guessing."""

from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step


def decode_rate(draw: Random) -> Problem:
    """The bound that memory sets to tokens a second."""
    billions, bits, bandwidth = pick(
        draw, (8, 4, 50), (3, 4, 60), (8, 4, 1000), (7, 8, 900), (14, 4, 400), (70, 4, 3350), (13, 8, 2000)
    )
    cache = pick(draw, 0.5, 1, 2)
    weights = billions * bits / 8
    given = {"billions": billions, "bits": bits, "bandwidth": bandwidth, "cache": cache}
    return Problem(
        level="mid", topic="deployment", covers=("B1", "E5"), sources=("pope2023, section 2",), given=given,
        text=ask(
            "A model of {billions}B parameters in {bits} bits answers one user; its cache holds {cache} GB. "
            "The memory delivers {bandwidth} GB/s. How many tokens a second can it write at most?",
            "一个 {billions}B 参数、{bits} 比特的模型只服务一个用户，KV 缓存有 {cache} GB。内存带宽为 "
            "{bandwidth} GB/s。每秒最多能生成多少个词元？",
            **given,
        ),
        answer=formulas.decode_rate(bandwidth=bandwidth, weights=weights, cache=cache), unit="tokens/s",
        tolerance=0.05,
        steps=(
            step("weights", f"{billions} * {bits} / 8", "GB"),
            step("read for a token", f"{billions} * {bits} / 8 + {cache}", "GB"),
            step("rate", f"{bandwidth} / ({billions} * {bits} / 8 + {cache})", "tokens/s"),
        ),
        slips=(
            *((slip(bandwidth / weights, "the cache is read too", "还要读 KV 缓存"),)
              if cache > 0.06 * weights else ()),
            slip(bandwidth / (billions * 2 + cache), "16-bit weights", "按 16 比特的权重算了"),
            slip(bandwidth / (billions * bits + cache), "bits taken for bytes", "把比特当成了字节"),
        ),
    )  # fmt: skip


def prefill_time(draw: Random) -> Problem:
    """The time to read a prompt."""
    billions, peak = pick(draw, (8, 312), (70, 989), (13, 312), (32, 989), (3, 30))
    tokens, percent = pick(draw, 1000, 2000, 4000, 8000), pick(draw, 40, 50, 60)
    given = {"billions": billions, "peak": peak, "tokens": tokens, "percent": percent}
    seconds = formulas.prefill_seconds(
        parameters=billions * 1e9, tokens=tokens, peak=peak * 1e12, utilization=percent / 100
    )
    return Problem(
        level="mid", topic="deployment", covers=("B5",), sources=("pope2023, section 2",), given=given,
        text=ask(
            "A model of {billions}B parameters reads a prompt of {tokens} tokens on hardware of {peak} "
            "TFLOP/s, of which it reaches {percent} %. How many seconds does that take, the scores of the "
            "attention left aside?",
            "一个 {billions}B 参数的模型处理 {tokens} 个词元的提示，硬件峰值为 {peak} TFLOP/s，实际达到 "
            "{percent} %。不计注意力分数的计算，需要多少秒？",
            **given,
        ),
        answer=seconds, unit="s", tolerance=0.05,
        steps=(
            step("work", f"2 * {billions}e9 * {tokens} / 1e12", "TFLOP"),
            step("speed", f"{peak} * {percent} / 100", "TFLOP/s"),
            step("time", f"2 * {billions}e9 * {tokens} / 1e12 / ({peak} * {percent} / 100)", "s"),
        ),
        slips=(
            slip(seconds / 2, "a parameter takes a multiplication and an addition: 2 FLOPs",
                 "每个参数要一次乘和一次加：2 FLOP"),
            slip(seconds * percent / 100, "the peak is not reached", "没有考虑达不到峰值"),
            slip(seconds * 3, "6 FLOPs a parameter: that is training", "每个参数 6 FLOP，那是训练"),
        ),
    )  # fmt: skip


def balanced_batch(draw: Random) -> Problem:
    """The batch at which decoding stops being bound by memory."""
    peak, bandwidth = pick(draw, (312, 2.0), (312, 1.5), (990, 3.3), (120, 0.9), (180, 0.6), (1000, 4.0))
    bits = pick(draw, 4, 8, 16)
    batch = formulas.balanced_batch(peak=peak, bandwidth=bandwidth, bits=bits)
    return Problem(
        level="staff", topic="deployment", covers=("B3",), sources=("pope2023, section 2", "williams2009"),
        given={"peak": peak, "bandwidth": bandwidth, "bits": bits},
        text=ask(
            "A GPU computes {peak} TFLOP/s in 16 bits and reads {bandwidth} TB/s. Weights are stored in "
            "{bits} bits and computed with in 16. From which batch on does a decoding step compute longer "
            "than it reads weights, the caches aside?",
            "一块 GPU 的 16 比特算力为 {peak} TFLOP/s，带宽为 {bandwidth} TB/s。权重以 {bits} 比特存储，用 "
            "16 比特计算。不计 KV 缓存，批大小从多少开始，一步解码的计算时间超过读权重的时间？",
            peak=peak, bandwidth=bandwidth, bits=bits,
        ),
        answer=batch, unit="sequences", tolerance=0.05,
        steps=(
            step("FLOPs in the time of a byte", f"{peak} / {bandwidth}"),
            step("FLOPs a byte of weights, per sequence", f"2 / ({bits} / 8)"),
            step("batch", f"{peak} / {bandwidth} * ({bits} / 8) / 2", "sequences"),
        ),
        slips=(
            slip(2 * batch, "a weight takes a multiplication and an addition: 2 FLOPs",
                 "每个权重要一次乘和一次加：2 FLOP"),
            slip(8 * batch, "bits taken for bytes", "把比特当成了字节"),
            slip(bandwidth / peak, "upside down: bytes for a FLOP", "取反了：这是每个 FLOP 的字节数"),
        ),
    )  # fmt: skip


def tensor_parallel_traffic(draw: Random) -> Problem:
    """What GPUs send to one another in a forward pass."""
    layers, width = pick(draw, (32, 4096), (80, 8192), (48, 6144), (40, 5120))
    tokens, gpus = pick(draw, 1024, 2048, 4096), pick(draw, 4, 8)
    given = {"layers": layers, "width": width, "tokens": tokens, "gpus": gpus}
    size = formulas.tensor_parallel_bytes(**given) / 1e9
    return Problem(
        level="staff", topic="deployment", covers=("B3",), sources=("shoeybi2019, section 3",), given=given,
        text=ask(
            "A decoder of {layers} layers and width {width} is split over {gpus} GPUs by tensor parallelism, "
            "with two ring all-reduces of 16-bit activations a layer. How many GB does each GPU send while a "
            "prompt of {tokens} tokens is read?",
            "一个 {layers} 层、宽度 {width} 的解码器用张量并行分到 {gpus} 块 GPU 上，每层对 16 比特的激活做两"
            "次环形 all-reduce。处理 {tokens} 个词元的提示时，每块 GPU 要发送多少 GB？",
            **given,
        ),
        answer=size, unit="GB", tolerance=0.05,
        steps=(
            step("a message", f"{tokens} * {width} * 2 / 1e6", "MB"),
            step("sent in an all-reduce", f"2 * ({gpus} - 1) / {gpus} * {tokens} * {width} * 2 / 1e6", "MB"),
            step("all", f"{layers} * 2 * 2 * ({gpus} - 1) / {gpus} * {tokens} * {width} * 2 / 1e9", "GB"),
        ),
        slips=(
            slip(size / 2, "one all-reduce a layer; attention and MLP have one each",
                 "每层只算了一次；注意力和 MLP 各有一次"),
            slip(layers * 2 * tokens * width * 2 / 1e9,
                 "a message sent once; a ring sends it 2 (n - 1) / n times",
                 "消息只算了一遍；环形方式要发 2 (n - 1) / n 遍"),
            slip(size / layers, "one layer alone", "只算了一层"),
        ),
    )  # fmt: skip


def pipeline_bubble(draw: Random) -> Problem:
    """The idle share of a pipeline."""
    stages, micro_batches = pick(draw, 4, 8, 16), pick(draw, 4, 8, 12, 16, 32)
    given = {"stages": stages, "micro_batches": micro_batches}
    share = 100 * formulas.pipeline_bubble(**given)
    return Problem(
        level="senior", topic="deployment", covers=("B3",), sources=("huang2019, section 2.3",), given=given,
        text=ask(
            "A network is split into a pipeline of {stages} equal stages, and a batch into {micro_batches} "
            "micro-batches. How many percent of the time does a stage wait?",
            "一个网络被切成 {stages} 个等长的流水线阶段，一个批次分为 {micro_batches} 个微批次。每个阶段有百"
            "分之多少的时间在空等？",
            **given,
        ),
        answer=share, unit="%", tolerance=0.03,
        steps=(
            step("steps in all", f"{micro_batches} + {stages} - 1"),
            step("steps waited", f"{stages} - 1"),
            step("share", f"100 * ({stages} - 1) / ({micro_batches} + {stages} - 1)", "%"),
        ),
        slips=(
            slip(100 * (stages - 1) / micro_batches, "over the steps worked, not over all",
                 "分母只算了工作的步数，应当是全部步数"),
            slip(100 * stages / (micro_batches + stages - 1),
                 "a stage works on its own: stages - 1 steps are waited",
                 "自己工作的那一步不算等待：等待 stages - 1 步"),
            slip(100 * micro_batches / (micro_batches + stages - 1), "the share worked", "这是工作的比例"),
        ),
    )  # fmt: skip


def speculative_tokens(draw: Random) -> Problem:
    """Tokens a run of the large model yields."""
    acceptance, guesses = pick(draw, 0.5, 0.6, 0.7, 0.8, 0.9), pick(draw, 2, 3, 4, 5)
    given = {"acceptance": acceptance, "guesses": guesses}
    tokens = formulas.speculative_tokens(acceptance=acceptance, guesses=guesses)
    terms = " + ".join(["1", *(f"{acceptance}**{power}" for power in range(1, guesses + 1))])
    return Problem(
        level="mid", topic="transformers", sources=("leviathan2023, equation 1",), given=given,
        text=ask(
            "In speculative decoding a small model guesses {guesses} tokens; each is accepted with "
            "probability {acceptance}, independently, up to the first rejection. How many tokens does one "
            "run of the large model yield on average?",
            "在投机解码中，小模型猜 {guesses} 个词元，每个词元独立地以概率 {acceptance} 被接受，遇到第一个被"
            "拒绝的就停止。大模型每运行一次平均产生多少个词元？",
            **given,
        ),
        answer=tokens, unit="tokens", tolerance=0.02,
        steps=(
            step("sum over guesses", terms, "tokens"),
            step("the same", f"(1 - {acceptance}**({guesses} + 1)) / (1 - {acceptance})", "tokens"),
        ),
        slips=(
            slip(tokens - 1, "the large model adds a token of its own",
                 "大模型自己还会产生一个词元"),
            slip(1 + acceptance * guesses, "a guess counts only if all before it were accepted",
                 "只有前面的都被接受，后面的才算数"),
            slip(guesses + 1, "not every guess is accepted", "并不是每个猜测都会被接受"),
        ),
    )  # fmt: skip


def speculative_speedup(draw: Random) -> Problem:
    """What speculative decoding gains in time."""
    acceptance, guesses, cost = (
        pick(draw, 0.6, 0.7, 0.8, 0.9),
        pick(draw, 3, 4, 5),
        pick(draw, 0.05, 0.1, 0.2),
    )
    given = {"acceptance": acceptance, "guesses": guesses, "cost": cost}
    tokens = formulas.speculative_tokens(acceptance=acceptance, guesses=guesses)
    return Problem(
        level="senior", topic="transformers", sources=("leviathan2023, theorem 3.8",), given=given,
        text=ask(
            "A small model guesses {guesses} tokens; each is accepted with probability {acceptance}, "
            "independently, up to the first rejection. One step of the small model takes {cost} of a run of "
            "the large one, which checks all guesses at once. How many times faster is that than the large "
            "model alone?",
            "小模型猜 {guesses} 个词元，每个独立地以概率 {acceptance} 被接受，遇到第一个被拒绝的就停止。小模"
            "型一步的时间是大模型一次运行的 {cost}；大模型一次检查所有猜测。与只用大模型相比快多少倍？",
            **given,
        ),
        answer=formulas.speculative_speedup(acceptance=acceptance, guesses=guesses, cost=cost), unit="x",
        tolerance=0.03,
        steps=(
            step("tokens a round", f"(1 - {acceptance}**({guesses} + 1)) / (1 - {acceptance})", "tokens"),
            step("time of a round", f"{guesses} * {cost} + 1"),
            step("speed-up",
                 f"(1 - {acceptance}**({guesses} + 1)) / (1 - {acceptance}) / ({guesses} * {cost} + 1)", "x"),
        ),
        slips=(
            slip(tokens, "the guesses take time too", "小模型猜词元也要花时间"),
            slip(tokens / (cost + 1), "one guess, not all of them, is counted in time",
                 "时间里只算了一次猜测"),
            slip((guesses + 1) / (guesses * cost + 1), "not every guess is accepted",
                 "并不是每个猜测都会被接受"),
        ),
    )  # fmt: skip


PROBLEMS = (
    decode_rate, prefill_time, balanced_batch, tensor_parallel_traffic, pipeline_bubble,
    speculative_tokens, speculative_speedup,
)  # fmt: skip
