"""What large language models need: memory for weights and caches, time for prompts and tokens, traffic "
"between GPUs."""

from random import Random

from interview import formulas
from interview.napkin.problem import Problem, ask, pick, slip, step

GIB = 2.0**30


def llm_weights(draw: Random) -> Problem:
    """Memory for the weights of a language model at few bits."""
    billions, bits, group = pick(draw, 7, 8, 13, 32, 70), pick(draw, 3, 4, 8), pick(draw, 32, 64, 128)
    given = {"billions": billions, "bits": bits, "group": group}
    return Problem(
        level="junior", topic="llm_quantization", covers=("B1", "E7"), sources=("frantar2023", "lin2024"),
        given=given,
        text=ask(
            "A language model has {billions}B parameters. How many GB do they take in {bits} bits with one "
            "16-bit scale for every {group}?",
            "一个语言模型有 {billions}B 参数。以 {bits} 比特存储、每 {group} 个参数共用一个 16 比特的缩放因子"
            "时，占多少 GB？",
            **given,
        ),
        answer=formulas.group_quantized_bytes(weights=billions * 1e9, bits=bits, group=group) / 1e9,
        unit="GB", tolerance=0.01,
        steps=(
            step("bits a parameter", f"{bits} + 16 / {group}", "bit"),
            step("all", f"{billions}e9 * ({bits} + 16 / {group}) / 8 / 1e9", "GB"),
        ),
        slips=(
            slip(billions * bits / 8, "the scales are left out", "漏掉了缩放因子"),
            slip(billions * 2, "16-bit weights", "按 16 比特的权重算了"),
            slip(billions * (bits + 32 / group) / 8, "scales of 32 bits, not of 16",
                 "缩放因子是 16 比特，不是 32 比特"),
        ),
    )  # fmt: skip


def kv_cache(draw: Random) -> Problem:
    """The cache of keys and values of a batch."""
    layers, heads, kv_heads = pick(draw, (32, 32, 8), (28, 28, 4), (40, 40, 10), (80, 64, 8), (48, 48, 8))
    tokens, batch = pick(draw, 2048, 4096, 8192, 32768), pick(draw, 4, 8, 16, 32)
    head_dim = 128
    size = (
        formulas.kv_cache_bytes(
            layers=layers, kv_heads=kv_heads, head_dim=head_dim, tokens=tokens, batch=batch
        )
        / GIB
    )
    return Problem(
        level="mid", topic="transformers", covers=("A4",), sources=("ainslie2023", "kwon2023"),
        given={"layers": layers, "heads": heads, "kv_heads": kv_heads, "head_dim": head_dim, "tokens": tokens,
        "batch": batch},
        text=ask(
            "A decoder of {layers} layers has {heads} query heads and {kv_heads} key-value heads of "
            "{head_dim} numbers each. How many GiB does the 16-bit cache take for {batch} sequences of "
            "{tokens} tokens?",
            "一个 {layers} 层的解码器有 {heads} 个查询头和 {kv_heads} 个键值头，每个头 {head_dim} 维。"
            "{batch} 条长度为 {tokens} 个词元的序列，16 比特的 KV 缓存占多少 GiB？",
            layers=layers, heads=heads, kv_heads=kv_heads, head_dim=head_dim, tokens=tokens, batch=batch,
        ),
        answer=size, unit="GiB", tolerance=0.05,
        steps=(
            step("numbers a token", f"2 * {layers} * {kv_heads} * {head_dim}"),
            step("a token", f"2 * {layers} * {kv_heads} * {head_dim} * 2", "B"),
            step("all", f"2 * {layers} * {kv_heads} * {head_dim} * 2 * {tokens} * {batch} / 2**30", "GiB"),
        ),
        slips=(
            slip(size / 2, "keys and values are two tensors", "键和值是两个张量"),
            slip(size * heads / kv_heads, "query heads; only key-value heads are kept",
                 "用了查询头的个数；缓存里只有键值头"),
            slip(size / batch, "one sequence, not the batch", "只算了一条序列，没有乘批大小"),
            slip(size / layers, "one layer alone", "只算了一层"),
        ),
    )  # fmt: skip


def latent_cache(draw: Random) -> Problem:
    """The cache of multi-head latent attention."""
    layers, latent, rope = pick(draw, 27, 60, 61), 512, 64
    heads, tokens = pick(draw, 16, 64, 128), pick(draw, 4096, 8192, 32768, 131072)
    size = formulas.latent_cache_bytes(layers=layers, latent=latent, rope=rope, tokens=tokens) / GIB
    full = formulas.kv_cache_bytes(layers=layers, kv_heads=heads, head_dim=128, tokens=tokens) / GIB
    return Problem(
        level="staff", topic="transformers", covers=("E8",), sources=("deepseek2024, section 2.1",),
        given={"layers": layers, "latent": latent, "rope": rope, "heads": heads, "tokens": tokens},
        text=ask(
            "Multi-head latent attention keeps for each token and layer one latent vector of {latent} "
            "numbers and one shared rotary key of {rope}. How many GiB of 16-bit cache do {tokens} tokens "
            "take in {layers} layers with {heads} heads of 128?",
            "多头潜在注意力（MLA）为每个词元、每一层保存一个 {latent} 维的潜在向量和一个共享的 {rope} 维旋转"
            "位置键。模型有 {layers} 层、{heads} 个 128 维的头，{tokens} 个词元的 16 比特缓存占多少 GiB？",
            latent=latent, rope=rope, tokens=tokens, layers=layers, heads=heads,
        ),
        answer=size, unit="GiB", tolerance=0.05,
        steps=(
            step("numbers a token", f"{layers} * ({latent} + {rope})"),
            step("all", f"{layers} * ({latent} + {rope}) * 2 * {tokens} / 2**30", "GiB"),
        ),
        slips=(
            slip(full, "keys and values of all heads: ordinary attention",
                 "这是普通多头注意力：所有头的键和值"),
            slip(2 * size, "keys and values come from the same latent vector: it is kept once",
                 "键和值都由同一个潜在向量得到，只存一份"),
            slip(size * latent / (latent + rope), "the rotary key is left out", "漏掉了旋转位置键"),
        ),
    )  # fmt: skip


def longest_context(draw: Random) -> Problem:
    """How many tokens a given memory holds."""
    layers, kv_heads = pick(draw, (32, 8), (28, 4), (80, 8), (32, 32), (48, 8))
    memory, bits = pick(draw, 2, 4, 6, 8, 10, 16), pick(draw, 8, 16)
    token = formulas.kv_cache_bytes(layers=layers, kv_heads=kv_heads, head_dim=128, tokens=1, bits=bits)
    return Problem(
        level="mid", topic="transformers", covers=("A3", "E5"), sources=("kwon2023", "ainslie2023"),
        given={"layers": layers, "kv_heads": kv_heads, "memory": memory, "bits": bits},
        text=ask(
            "After the weights, {memory} GB are free for the cache of one sequence. The decoder has {layers} "
            "layers with {kv_heads} key-value heads of 128 numbers, stored in {bits} bits. How many tokens "
            "fit?",
            "放下权重之后，还剩 {memory} GB 用于一条序列的 KV 缓存。解码器有 {layers} 层，每层 {kv_heads} 个 "
            "128 维的键值头，以 {bits} 比特存储。最多能放多少个词元？",
            memory=memory, layers=layers, kv_heads=kv_heads, bits=bits,
        ),
        answer=memory * 1e9 / token, unit="tokens", tolerance=0.08,
        steps=(
            step("a token", f"2 * {layers} * {kv_heads} * 128 * {bits} / 8", "B"),
            step("tokens", f"{memory}e9 / {token:.0f}", "tokens"),
        ),
        slips=(
            slip(2 * memory * 1e9 / token, "keys and values are two tensors", "键和值是两个张量"),
            slip(layers * memory * 1e9 / token, "one layer alone", "只算了一层"),
            slip(kv_heads * memory * 1e9 / token, "one head alone", "只算了一个头"),
        ),
    )  # fmt: skip


def batch_that_fits(draw: Random) -> Problem:
    """How many sequences fit beside the weights."""
    (billions, layers, kv_heads), memory = pick(draw, ((8, 32, 8), 24), ((8, 32, 8), 48), ((7, 28, 4), 24),
    ((14, 48, 8), 48),
                                                ((32, 64, 8), 80), ((70, 80, 8), 80))  # fmt: skip
    bits, tokens = pick(draw, 4, 8), pick(draw, 4096, 8192)
    cache = formulas.kv_cache_bytes(layers=layers, kv_heads=kv_heads, head_dim=128, tokens=tokens)
    weights = formulas.weights_bytes(parameters=billions * 1e9, bits=bits)
    given = {
        "billions": billions,
        "layers": layers,
        "kv_heads": kv_heads,
        "memory": memory,
        "bits": bits,
        "tokens": tokens,
    }
    return Problem(
        level="senior", topic="transformers", covers=("A3", "B3"), sources=("kwon2023",), given=given,
        text=ask(
            "A GPU with {memory} GB serves a model of {billions}B parameters in {bits} bits (scales and "
            "other needs aside). It has {layers} layers, {kv_heads} key-value heads of 128 numbers, and a "
            "16-bit cache. How many sequences of {tokens} tokens can it hold at once?",
            "一块 {memory} GB 的 GPU 运行一个 {billions}B 参数、{bits} 比特的模型（不计缩放因子和其他开销）。"
            "模型有 {layers} 层、{kv_heads} 个 128 维的键值头，KV 缓存为 16 比特。最多能同时容纳多少条 "
            "{tokens} 个词元的序列？",
            **given,
        ),
        answer=formulas.sequences_that_fit(memory=memory * 1e9, weights=weights, cache=cache),
        unit="sequences", tolerance=0.05,
        steps=(
            step("weights", f"{billions} * {bits} / 8", "GB"),
            step("cache of a sequence", f"2 * {layers} * {kv_heads} * 128 * 2 * {tokens} / 1e9", "GB"),
            step("sequences", f"floor(({memory}e9 - {billions}e9 * {bits} / 8) / (2 * {layers} * {kv_heads} "
                              f"* 128 * 2 * {tokens}))", "sequences"),
        ),
        slips=(
            slip(memory * 1e9 // cache, "the weights take memory too", "权重也占显存"),
            slip((memory * 1e9 - weights) * 2 // cache, "keys and values are two tensors",
                 "键和值是两个张量"),
            slip((memory * 1e9 - weights) * layers // cache, "one layer alone", "只算了一层"),
        ),
    )  # fmt: skip


def block_parameters(draw: Random) -> Problem:
    """Parameters of a block with grouped queries and a gated MLP."""
    width, heads, kv_heads, hidden = pick(
        draw, (4096, 32, 8, 14336), (4096, 32, 32, 11008), (8192, 64, 8, 28672), (3584, 28, 4, 18944), (5120,
        40, 8, 13824),
        (2048, 32, 8, 8192),
    )  # fmt: skip
    head_dim = width // heads
    attention = 2 * width * width + 2 * width * kv_heads * head_dim
    return Problem(
        level="mid", topic="transformers", covers=("A5",), sources=("ainslie2023", "vaswani2017"),
        given={"width": width, "heads": heads, "kv_heads": kv_heads, "head_dim": head_dim, "hidden": hidden},
        text=ask(
            "A decoder block of width {width} has {heads} query heads and {kv_heads} key-value heads of "
            "{head_dim} numbers, and a gated MLP of three matrices with {hidden} hidden units. How many "
            "parameters do its matrices have?",
            "一个宽度为 {width} 的解码器块有 {heads} 个查询头和 {kv_heads} 个键值头，每个头 {head_dim} 维；门"
            "控 MLP 由三个矩阵组成，隐藏单元为 {hidden}。这些矩阵一共有多少参数？",
            width=width, heads=heads, kv_heads=kv_heads, head_dim=head_dim, hidden=hidden,
        ),
        answer=formulas.block_parameters(width=width, heads=heads, kv_heads=kv_heads, head_dim=head_dim,
        hidden=hidden),
        unit="parameters", tolerance=0.02,
        steps=(
            step("queries and output", f"2 * {width} * {heads} * {head_dim}"),
            step("keys and values", f"2 * {width} * {kv_heads} * {head_dim}"),
            step("MLP", f"3 * {width} * {hidden}"),
            step("together", f"2 * {width} * {heads} * {head_dim} + 2 * {width} * {kv_heads} * {head_dim} + "
                             f"3 * {width} * {hidden}", "parameters"),
        ),
        slips=(
            slip(attention + 2 * width * hidden, "a gated MLP has three matrices", "门控 MLP 有三个矩阵"),
            slip(3 * width * hidden, "the attention is left out", "漏掉了注意力部分"),
            slip(attention, "the MLP is left out", "漏掉了 MLP 部分"),
            *((slip(4 * width * width + 3 * width * hidden, "keys and values of every query head; groups "
                                                            "share them",
                    "给每个查询头都算了键和值；其实一组共用"),) if kv_heads < heads else ()),
        ),
    )  # fmt: skip


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


def attention_balance(draw: Random) -> Problem:
    """The context at which attention costs as much as the matrices."""
    width, layers = pick(draw, 768, 1024, 2048, 4096, 5120, 8192), pick(draw, 12, 24, 32, 40)
    return Problem(
        level="senior", topic="transformers", sources=("vaswani2017", "dao2022"),
        given={"width": width, "layers": layers},
        text=ask(
            "A decoder of {layers} layers has width {width}, a plain MLP of 4 times that width, and as many "
            "key-value heads as query heads. A new token attends to a context. From how many tokens on do "
            "scores and weighted values cost more FLOPs than the matrices?",
            "一个 {layers} 层的解码器宽度为 {width}，普通 MLP 的隐藏层是宽度的 4 倍，键值头与查询头一样多。一"
            "个新词元要关注前面的上下文。上下文超过多少个词元时，注意力分数和加权求和的 FLOP 会超过各权重"
            "矩阵？",
            width=width, layers=layers,
        ),
        answer=formulas.attention_balance_tokens(width=width), unit="tokens", tolerance=0.03,
        steps=(
            step("parameters of a layer", f"(4 + 2 * 4) * {width}**2"),
            step("FLOPs of its matrices", f"2 * 12 * {width}**2", "FLOP"),
            step("FLOPs of attention, each token of context", f"2 * 2 * {width}", "FLOP"),
            step("tokens", f"2 * 12 * {width}**2 / (2 * 2 * {width})", "tokens"),
        ),
        slips=(
            slip(12 * width, "scores and weighted values are two products", "分数与加权求和是两次乘积"),
            slip(2 * width, "the MLP is left out", "漏掉了 MLP"),
            slip(4 * width, "the four matrices of the attention are left out", "漏掉了注意力的四个矩阵"),
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


def sharded_training(draw: Random) -> Problem:
    """Memory of training with everything sharded."""
    billions, gpus = pick(draw, (7, 8), (8, 8), (13, 8), (30, 16), (70, 32), (70, 64))
    memory = formulas.mixed_adam_bytes(parameters=billions * 1e9, gpus=gpus) / 1e9
    return Problem(
        level="staff", topic="transformers", covers=("D15",), sources=("rajbhandari2020, section 3.1",),
        given={"billions": billions, "gpus": gpus},
        text=ask(
            "A model of {billions}B parameters is trained with Adam in mixed precision: weights and "
            "gradients in 16 bits; a copy of the weights and two moments in 32. All is split evenly over "
            "{gpus} GPUs. How many GB of that does each hold, activations aside?",
            "用 Adam 以混合精度训练一个 {billions}B 参数的模型：权重和梯度为 16 比特，权重副本和两个动量为 "
            "32 比特。全部平均分到 {gpus} 块 GPU 上。不计激活，每块 GPU 存多少 GB？",
            billions=billions, gpus=gpus,
        ),
        answer=memory, unit="GB", tolerance=0.03,
        steps=(
            step("a parameter", "2 + 2 + 4 + 4 + 4", "B"),
            step("a GPU", f"{billions} * (2 + 2 + 4 + 4 + 4) / {gpus}", "GB"),
        ),
        slips=(
            slip(memory / 8, "the weights alone; gradients and optimiser take more",
                 "只算了权重；梯度和优化器状态更大"),
            slip(memory / 4, "the state of the optimiser is left out", "漏掉了优化器状态"),
            slip(memory * 12 / 16, "the 16-bit weights and gradients are left out",
                 "漏掉了 16 比特的权重和梯度"),
        ),
    )  # fmt: skip


PROBLEMS = (
    llm_weights, kv_cache, latent_cache, longest_context, batch_that_fits, block_parameters, decode_rate,
    prefill_time, balanced_batch,
    attention_balance, tensor_parallel_traffic, pipeline_bubble, speculative_tokens, speculative_speedup,
    sharded_training,
)  # fmt: skip
