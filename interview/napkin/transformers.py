"""What memory language models need for weights, caches and training, and how many parameters a block has."""

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
    llm_weights, kv_cache, latent_cache, longest_context, batch_that_fits, block_parameters,
    attention_balance, sharded_training,
)  # fmt: skip
