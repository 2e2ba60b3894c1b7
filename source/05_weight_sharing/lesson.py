# ---
# title: Weight sharing and entropy coding
# covers: [B1, E2, F16]
# ---

# %% [markdown]
# # Weight sharing: the calculator says 267 times smaller, so how small is the file?
#
# LeNet-300-100 reads handwritten digits and takes 1,066,440 bytes.
# Below we prune it to 3 % of its weights, 33 times fewer, and find that 4 bits are enough for each instead of 32.
# So the net has become 267 times smaller, and such numbers are printed.
#
# The file of the pruning lesson, with a mask and the kept weights, is 16 times smaller.
# This lesson closes the gap as far as it can be closed, down to the last byte of a file that another process opens.
#
# *Runs in about 60 s on two CPU cores, on the embedded data.*

# %%
import collections
import copy
import gzip
import itertools
import json
import lzma
import math
import os
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from fractions import Fraction
from pathlib import Path

# %%
import constriction
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import zstandard
from safetensors.torch import load_file, save_file
from torch import nn

from shrink import data, measuring, plots, pruning, range_coder, training, weight_sharing

torch.set_num_threads(1)  # one thread: ratios repeat better
warnings.filterwarnings("ignore", message="Sparse CSR tensor support")  # a beta notice of PyTorch

# %%
digits = data.mnist("train")
train, held_out = digits.take(slice(0, 50_000)), digits.take(slice(50_000, None))
dense = training.load_checkpoint("lenet_300_100")
folder = Path(tempfile.mkdtemp())


def weights_of(net):  # biases stay as they are: 410 of 266,610 numbers
    return {name: p.detach() for name, p in net.named_parameters() if p.dim() > 1}


def error(net):
    return 100 * (1 - training.accuracy(net, held_out, dataset="mnist"))  # percent


def size_of(state, name="net.safetensors"):
    save_file(state, folder / name)
    return os.path.getsize(folder / name)


# %%
net, steps, masks = copy.deepcopy(dense), itertools.count(1), {}


def after_step():  # gradual pruning, as in the lesson on it
    step = next(steps)
    if step % 50 == 0 and step <= 1_000:
        sparsity = pruning.polynomial_sparsity(step, start=0, end=1_000, final=0.97)
        masks.update(pruning.global_magnitude_masks(weights_of(net), sparsity))
    pruning.apply_masks_(net, masks)


training.train_(
    net, train, dataset="mnist", epochs=4, learning_rate=0.1, batch_size=128, weight_decay=1e-4, shift=1,
    progress=False, after_step=after_step,
)  # fmt: skip
pruned = net
left = sum(int(weight.count_nonzero()) for weight in weights_of(pruned).values())
print(f"{left:,} of 266,200 weights are left")

# %%
pruning.save_sparse(folder / "sparse", pruned.state_dict(), masks)
sparse_file = os.path.getsize(folder / "sparse")
rows = [
    ["weights that are not zero, counted", 266_200 / left],
    ["the same, at 4 bits each, counted", 266_200 * 32 / (left * 4)],
    ["bytes of a file: a mask, and the kept weights", 1_066_440 / sparse_file],
]
plots.table(["one net, three claims", "times smaller"], rows)

# %% [markdown]
# ## 1 Question
#
# Numbers of all three kinds are printed, under the same word.
# The first two forget something: a weight without its **position** is worth nothing, and neither is a code without the table
# that says what it means.
#
# How many bytes does the pruned net really need, if a fresh process is to restore it?

# %% [markdown]
# **Deep Compression** (Han et al. 2016) has three stages. Each removes another kind of waste.
#
# | stage | waste | remedy |
# |---|---|---|
# | prune | weights that do nothing | zeros |
# | share values | thousands of nearly equal numbers of 32 bits | a codebook of 15 numbers, codes of 4 bits |
# | entropy coding | frequent codes as long as rare ones; long lists of positions | short words for what is frequent, distances instead of positions |
#
# The first stage was the pruning lesson. The other two are this one.

# %% [markdown]
# **Where this stands among the methods.**
#
# | method | removes | is smaller as a file | is faster |
# |---|---|---|---|
# | pruning of weights | weights | with a format for zeros | with special kernels |
# | structural pruning | neurons, channels | always | always |
# | quantization | bits of a weight | always | with integer kernels |
# | low-rank factorization | directions of a matrix | always | if the rank is small |
# | distillation | a whole net, for a smaller one | always | always |
# | weight sharing, entropy coding | repetition | yes, most of all | no |

# %% [markdown]
# **Why bytes matter.** Storage: an app with ten nets, a chip with 256 kB of flash.
# Bandwidth: every update travels to every device, and somebody pays for each of them.
# Loading: from a slow disk or network the net starts earlier, although decoding takes time.
#
# Inference time is not on this list. The decoded net computes what it computed before.

# %% [markdown]
# ## 2 Measure
#
# The dense net and the pruned one. Errors are those on 10,000 training images left out of all training here.
# The stored dense net has seen them, so its own error on them flatters; the test images wait until the end.

# %%
image = data.to_float(held_out.images[:1], "mnist")
measured = []
for model in (dense, pruned):
    seconds = measuring.median_latency(lambda model=model: model(image), repeats=301)
    measured.append([size_of(model.state_dict()), error(model), seconds])
rows = [
    ["weights that are not zero", 266_200, left],
    ["file, bytes", *(row[0] for row in measured)],
    ["error, %", *(f"{row[1]:.2f}" for row in measured)],
    ["MACs", *(measuring.count_macs(model, (1, 28, 28)) for model in (dense, pruned))],
    ["time of one image / that of the dense net", 1.0, measured[1][2] / measured[0][2]],
]
plots.table(["LeNet-300-100", "dense", "pruned"], rows)

# %% [markdown]
# **What happened.** Nothing yet, but for a higher error: the ordinary file and the ordinary kernels do not see zeros.
# What four passes of retraining leave open is a matter of patience; here bytes are the topic.

# %% [markdown]
# ## 3 By hand
#
# **Six weights** are left of a row of 24: -1.0, -0.8, 0.1, 0.3, 0.5, 1.4, at the places 2, 3, 9, 10, 11, 20,
# counted from 0.
# With zero they shall share $2^b = 4$ values, so $k = 3$ remain.

# %% [markdown]
# **k-means.** Start with three centroids, evenly spaced: -1.0, 0.2, 1.4.
# Each weight goes to the nearest: {-1.0, -0.8}, {0.1, 0.3, 0.5}, {1.4}.
# Each centroid moves to the mean of its weights: -0.9, 0.3, 1.4. Again: nobody changes sides, so this is the **codebook** $c$.
# The **codes** are $a$ = 0 0 1 1 1 2.

# %%
weights, centroids = [-1.0, -0.8, 0.1, 0.3, 0.5, 1.4], [-1.0, 0.2, 1.4]
for _ in range(2):
    codes = [min(range(3), key=lambda j: abs(w - centroids[j])) for w in weights]
    clusters = [[w for w, a in zip(weights, codes, strict=True) if a == j] for j in range(3)]
    centroids = [sum(cluster) / len(cluster) for cluster in clusters]
    print("codes", codes, "centroids", [round(c, 2) for c in centroids])
print("library", weight_sharing.kmeans_1d(torch.tensor(weights), 3))

# %% [markdown]
# **Words.** Two bits a code are 12 bits. But 1 occurs three times, 0 twice, 2 once.
# The **entropy** says what such counts are worth, $n_a$ of $n$ being equal to $a$:
#
# $$H = \sum_a n_a \log_2 \frac{n}{n_a} = 3 \cdot 1 + 2 \cdot 1.58 + 1 \cdot 2.58 = 8.75 \text{ bits}$$
#
# Huffman: join the two rarest, 2 and 0, then these with 1. So 1 gets one bit, the others two: 9 bits.

# %% [markdown]
# **Canonical** words need no tree in the file, only the lengths: in the order of length and symbol count upwards.
# 1 is `0`, 0 is `10`, 2 is `11`, and 0 0 1 1 1 2 is `10 10 0 0 0 11`.

# %% [markdown]
# **Positions.** Distances instead of places: 3, 1, 6, 1, 1, 9. In three bits a distance can be at most 7.
# So 9 becomes 7 and 2, and the entry with the 7 is **padding**: it stands for no weight.
#
# **Predict:** which costs more bits, the six values or their six positions?

# %%
counts = collections.Counter(codes)
lengths = weight_sharing.huffman_lengths(counts)
words = weight_sharing.canonical_code(lengths)
coded = weight_sharing.huffman_encode(codes, words)
print(f"entropy {weight_sharing.entropy_bits(torch.tensor(codes)):.2f} bits; words", words)
print("as bits", " ".join(words[a] for a in codes), "as bytes", coded.hex())

mask = torch.zeros(24, dtype=torch.bool)
mask[[2, 3, 9, 10, 11, 20]] = True
gaps, padding = weight_sharing.relative_indices(mask, bits=3)
print("gaps", gaps.tolist(), "->", 3 * len(gaps), "bits; padding", padding.int().tolist())

# %% [markdown]
# **What happened.** 9 bits for the values, 21 for the positions, and the padding needs a code as well.
# Sparse files are mostly addresses. This is what a ratio of non-zero weights leaves out.

# %% [markdown]
# **Training what is shared.** If weights are one number, this number has one gradient, the sum of theirs:
#
# $$\frac{\partial L}{\partial c_j} = \sum_{i:\, a_i = j} g_i$$
#
# With gradients 0.1, 0.3, -0.2, 0.1, -0.3, 0.2 these are 0.4, -0.4, 0.2, and a step of $\eta = 0.1$ leads to -0.94, 0.34, 1.38.

# %%
grad = torch.tensor([0.1, 0.3, -0.2, 0.1, -0.3, 0.2])
summed = weight_sharing.centroid_gradient(grad, torch.tensor(codes), 3)
moved = torch.tensor(centroids) - 0.1 * summed
print("gradients", [round(g, 2) for g in summed.tolist()], "codebook", [round(c, 2) for c in moved.tolist()])

# %% [markdown]
# ## 4 Build
#
# **Values.** The kept weights of the first matrix lie in two heaps, since pruning took what was near zero.
# k-means needs a start. Three are in use, here for seven values:
#
# - **linear**: evenly spaced from minimum to maximum;
# - **density**: such that each begins with equally many weights;
# - **random**: seven of the weights.
#
# Han et al. found the linear one best, since the few large weights matter most and get values of their own.
#
# **Predict:** where do the three end after 30 rounds?


# %%
def one_round(values, centroids):  # a centroid that nobody is nearest to is dropped here
    codes = (values.unsqueeze(1) - centroids).abs().argmin(dim=1)
    return torch.stack([values[codes == j].mean() for j in codes.unique()])


def start_of(way, values, k):
    if way == "density":
        return values.quantile((torch.arange(k) + 0.5) / k)
    chosen = torch.randperm(len(values), generator=torch.Generator().manual_seed(0))[:k]
    return values[chosen].sort().values


def codebook(way, values, k, rounds=50):
    if way == "linear":
        return weight_sharing.kmeans_1d(values, k, iterations=rounds)
    centroids = start_of(way, values, k)
    for _ in range(rounds):
        centroids = one_round(values, centroids)
    return centroids


# %%
first = weights_of(pruned)["1.weight"]
kept = first[first != 0]
ax = plots.axes("Three starts end at nearly the same values", x="weight", y="rounds of k-means")
styles = {"linear": (plots.COMPRESSED, "o"), "density": (plots.ERROR, "s"), "random": ("0.2", "x")}
for way, (color, marker) in styles.items():
    for rounds in range(0, 31, 2):
        book = codebook(way, kept, 7, rounds)
        label = way if rounds == 0 else None
        ax.plot(book, [rounds] * len(book), marker, color=color, ms=4, alpha=0.8, label=label)
heaps = ax.twinx()
heaps.hist(kept.numpy(), bins=80, color=plots.DENSE, alpha=0.35)
heaps.axis("off")
ax.set_xlim(-0.6, 0.6)
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# **What happened.** k-means forgets where it began, nearly.
# The linear start comes from far outside, where hardly a weight lies, and keeps one value further out than the others.
#
# But does the *net* notice? All three matrices, each with a codebook of its own; the error at the start → after 50 rounds.
#
# **Predict:** with how few values for each matrix does the net still read digits?


# %%
def shared(net, way, k, rounds=50):
    net = copy.deepcopy(net)
    for weight in weights_of(net).values():
        values = weight[weight != 0]
        book = codebook(way, values, k, rounds)
        weight[weight != 0] = book[weight_sharing.nearest_code(values, book)]
    return net


rows = []
for k in (1, 2, 3, 7, 15):
    nets = [shared(pruned, way, k, rounds) for way in styles for rounds in (0, 50)]
    errors = [f"{error(net):.2f}" for net in nets]
    pairs = zip(errors[::2], errors[1::2], strict=True)
    rows.append([str(k), *(f"{before} → {after}" for before, after in pairs)])
print(f"error of the pruned net: {error(pruned):.2f} %")
plots.table(["values a matrix", *(f"{way}, error in %" for way in styles)], rows)

# %% [markdown]
# **What happened.** Two values for each matrix, one negative and one positive, and the net still reads.
# One value cannot work: it has no sign.
#
# A start alone can be hopeless; behind k-means the three differ by a few tenths, in no fixed order.
# That large weights profit from the linear start cannot be seen in this net.
# We stay with it because it leaves nothing to chance.

# %% [markdown]
# **Trained centroids.** A codebook is a parameter like any other. Its gradient is the sum from above.
# The codes stay as they are, only the values move, and the biases with them.
#
# 300 batches of 128 images, Adam, a step size that falls to zero.
#
# **Predict:** who gains more, the net with two values or the one with fifteen?


# %%
def train_shared(net, k, rate=0.003, steps=300):
    net = shared(net, "linear", k)
    weights = {name: p for name, p in net.named_parameters() if p.dim() > 1}
    masks = {name: weight.detach() != 0 for name, weight in weights.items()}
    pairs = {name: w.detach()[masks[name]].unique(return_inverse=True) for name, w in weights.items()}
    books = {name: nn.Parameter(book) for name, (book, _) in pairs.items()}
    optimizer = torch.optim.Adam([*books.values(), *(p for p in net.parameters() if p.dim() == 1)])
    order = torch.randperm(len(train.labels), generator=torch.Generator().manual_seed(0))
    for step, chosen in enumerate(order.split(128)[:steps]):
        net.zero_grad()
        F.cross_entropy(net(data.to_float(train.images[chosen], "mnist")), train.labels[chosen]).backward()
        for name, (book, codes) in pairs.items():
            grad = weights[name].grad[masks[name]]
            books[name].grad = weight_sharing.centroid_gradient(grad, codes, len(book))
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        optimizer.step()
        for name, (_, codes) in pairs.items():
            weights[name].data[masks[name]] = books[name].data[codes]
    return net


# %%
trained = {k: train_shared(pruned, k) for k in (2, 3, 7, 15)}
rows = [[str(k), error(shared(pruned, "linear", k)), error(net)] for k, net in trained.items()]
plots.table(["values a matrix", "error, %: k-means", "error, %: trained"], rows)

# %% [markdown]
# **What happened.** The fewer values, the more training brings back.
# With fifteen there is nothing to repair, and the little that is gained comes from training on.
#
# We take fifteen, the four bits of the calculator. Now the bytes.

# %% [markdown]
# **Words.** Four bits for each code, or Huffman's words, or the entropy.
#
# **Predict:** how many of the four bits does Huffman save?

# %%
net, rows = trained[15], []
for name, weight in weights_of(net).items():
    codes = weight[weight != 0].unique(return_inverse=True)[1]
    lengths = weight_sharing.huffman_lengths(collections.Counter(codes.tolist()))
    words = weight_sharing.canonical_code(lengths)
    coded = weight_sharing.huffman_encode(codes.tolist(), words)
    assert weight_sharing.huffman_decode(coded, words, len(codes)) == codes.tolist()
    bound = weight_sharing.entropy_bits(codes) / 8
    rows.append([name, len(codes), len(codes) / 2, len(coded), bound, 8 * len(coded) / len(codes)])
columns = [
    "matrix",
    "codes",
    "4 bits each, bytes",
    "Huffman, bytes",
    "entropy, bytes",
    "Huffman, bits a code",
]
plots.table(columns, rows)

# %% [markdown]
# **What happened.** Half a bit of four. And Huffman is within two percent of the entropy: among words of three or four bits
# rounding to whole bits hardly matters.
#
# It matters in what comes next: *where* are the weights? A question of yes or no, and the answer is nearly always no.

# %% [markdown]
# **Positions.** Distances of $b$ bits, as on paper. Narrow ones need padding, wide ones waste bits on every entry.
# An entry is a distance and a code of 4 bits.
#
# **Predict:** which $b$ is best at 3 % kept weights, and are positions or codes the larger part?

# %%
matrices = list(weights_of(net).values())
widths = range(2, 11)
entries = {b: [weight_sharing.relative_indices(w != 0, bits=b) for w in matrices] for b in widths}
codes_part = [sum(4 * int((~padding).sum()) for _, padding in entries[b]) / 8 for b in widths]
gaps_part = [sum(b * int((~padding).sum()) for _, padding in entries[b]) / 8 for b in widths]
padding_part = [sum((b + 4) * int(padding.sum()) for _, padding in entries[b]) / 8 for b in widths]

ax = plots.axes("Positions cost more than values, whatever their width", x="bits of a distance", y="bytes")
ax.bar(widths, codes_part, color=plots.COMPRESSED, label="codes of the weights")
ax.bar(widths, gaps_part, bottom=codes_part, color=plots.DENSE, label="their distances")
below = np.add(codes_part, gaps_part)
ax.bar(widths, padding_part, bottom=below, color=plots.ERROR, label="padding: distance and code")
ax.set_ylim(0, 3 * below[3])
ax.legend(frameon=False)
plt.show()


# %%
def bound_of(symbols):
    return sum(weight_sharing.entropy_bits(part) for part in symbols) / 8  # bytes


def huffman_bytes(symbols):  # the words alone, not their lengths
    counts = collections.Counter(symbols)
    return sum(counts[s] * bits for s, bits in weight_sharing.huffman_lengths(counts).items()) / 8


cost = {b: gaps_part[b - 2] + padding_part[b - 2] for b in widths}
best = min(widths, key=cost.get)
rows = [
    ["32-bit places", 4 * left],
    [f"distances of {best} bits, padding included", cost[best]],
    ["the same distances as Huffman words", sum(huffman_bytes(gaps.tolist()) for gaps, _ in entries[best])],
    ["one bit a place", 266_200 / 8],
    ["entropy of these bits", bound_of([(w != 0).long() for w in matrices])],
]
plots.table(["positions alone", "bytes"], rows)

# %% [markdown]
# **What happened.** Seven bits are best: more than twice the bytes of the values, for positions alone.
# Huffman words halve them, since short distances are frequent.
#
# But 4,600 bytes are *less* than the entropy of the mask, 5,900. No mistake:
# the bound holds for a coder that knows the share of ones and nothing else.
# Distances know more: where one weight is kept, the next is not far.
#
# Can one say this bit by bit? Not with words: the shortest has one bit.

# %% [markdown]
# **Arithmetic coding.** Not a word for each symbol, but a number for the whole message.
#
# Begin with the interval from 0 to 1. Each symbol $a$ keeps a part of it, as long as its probability $p_a$.
# At the end any number inside the interval names the message. The interval has length $\prod p_a$, and a number in it takes about
# $-\log_2 \prod p_a = H$ bits, rounded up once and not once a symbol.
#
# The six codes 0 0 1 1 1 2 again, with probabilities 2/6, 3/6, 1/6.

# %%
codes_by_hand, counts = [0, 0, 1, 1, 1, 2], {0: 2, 1: 3, 2: 1}
low, length = Fraction(0), Fraction(1)
for a in codes_by_hand:
    low += length * Fraction(sum(counts[b] for b in range(a)), 6)
    length *= Fraction(counts[a], 6)
    print(f"{a}: from {float(low):.4f}, length {length}")
bits = next(b for b in itertools.count(1) if math.ceil(low * 2**b) + 1 <= (low + length) * 2**b)
message = f"{math.ceil(low * 2**bits):0{bits}b}"
print(f"worth {-math.log2(length):.2f} bits; every number that begins 0.{message} lies inside: {bits} bits")

# %% [markdown]
# **What happened.** Six symbols gain nothing over Huffman. 235,200 will.
#
# A real coder cannot keep such fractions. A **range coder** keeps 32 bits of the interval, and sends a byte as soon as it is settled.
# Ours learns the probability as it goes: it counts zeros and ones, and the decoder, who has seen the same bits, counts the same.
# So no table is sent. This is its heart:

# %% show="range_coder.Context"

# %% [markdown]
# **A context** is a pair of such counts, and one may have many: the coder asks first which situation it is in.
# For the mask of the first matrix we try:
#
# - one context for all places;
# - by row: how full has this row (neuron) been so far;
# - by column: how full has this column (pixel) been so far, in the rows above;
# - both.
#
# **Predict:** which tells more about a place, its neuron or its pixel? And does constriction, an independent library with fixed
# probabilities, agree with our first line?


# %%
def level(kept, seen):  # how full, in steps of a third of a doubling
    return round(3 * math.log2((kept + 0.4) / (seen + 12)))


def coded_bytes(mask, context_of):
    coder, contexts = range_coder.Encoder(), collections.defaultdict(range_coder.Context)
    in_column = [0] * mask.shape[1]
    for row, line in enumerate(mask.int().tolist()):
        in_row = 0
        for column, bit in enumerate(line):
            context = context_of(level(in_row, column), level(in_column[column], row))
            coder.code(contexts[context], bit)
            in_row, in_column[column] = in_row + bit, in_column[column] + bit
    return len(coder.finish())


# %%
mask = weights_of(net)["1.weight"] != 0  # (300, 784)
oracle = constriction.stream.queue.RangeEncoder()
share = constriction.stream.model.Bernoulli(mask.float().mean().item(), perfect=True)
oracle.encode(mask.flatten().numpy().astype(np.int32), share)
rows = [
    ["entropy: the zero-order bound", bound_of([mask.long()])],
    ["constriction, one probability", oracle.get_compressed().nbytes],
    ["ours, one context", coded_bytes(mask, lambda in_row, in_column: 0)],
    ["ours, by row", coded_bytes(mask, lambda in_row, in_column: in_row)],
    ["ours, by column", coded_bytes(mask, lambda in_row, in_column: in_column)],
    ["ours, both added", coded_bytes(mask, lambda in_row, in_column: in_row + in_column)],
    ["ours, each pair for itself", coded_bytes(mask, lambda in_row, in_column: (in_row, in_column))],
]
plots.table(["mask of the first matrix", "bytes"], rows)

# %%
title = "Empty columns are pixels without ink, empty rows dead neurons"
ax = plots.axes(title, x="pixel", y="neuron", size=(7.2, 3))
row, column = mask.nonzero(as_tuple=True)
ax.scatter(column, row, s=0.9, color=plots.COMPRESSED, linewidths=0)
ax.set_xlim(0, 784)
ax.set_ylim(300, 0)
ax.grid(visible=False)
plt.show()
empty = [int((~mask.any(dim=dim)).sum()) for dim in (0, 1)]
print(f"{empty[0]} of 784 columns and {empty[1]} of 300 rows are empty")

# %% [markdown]
# **What happened.** constriction meets the bound, with 5 bytes of rounding.
# Ours with one context is 2 % below: it halves its counts from time to time, and so notices that rows differ.
# The pixel tells more than the neuron, and both together go a good sixth below the "bound".
#
# More contexts are not always better: each pair for itself makes hundreds of counts, and each has to learn from nothing.
# Our file looks at two more things: is a neighbour in the image kept, and is it positive?

# %% [markdown]
# ## 5 Experiment
#
# **One net, eight files.** The trained net with fifteen values, biases as float32 in each file.
#
# - *dense*, *CSR* (32-bit columns, float32 values), *bitmask*: ordinary formats that do not know of shared values;
# - *Han*: distances and codes as Huffman words, with the lengths of the words and the codebooks;
# - *gzip*, *zstd*, *xz*: one byte a weight, its code or 0, at their strongest setting;
# - *ours*: `encode_network`.
#
# **Predict:** the order of the last five.


# %%
def han_file(net, bits):  # the shapes are left to the program that reads it
    parts = [p.detach().numpy().tobytes() for p in net.parameters() if p.dim() == 1]
    for weight in weights_of(net).values():
        gaps, padding = weight_sharing.relative_indices(weight != 0, bits=bits)
        book, codes = weight[weight != 0].unique(return_inverse=True)
        symbols = torch.zeros_like(gaps)  # 0 is the code of padding
        symbols[~padding] = codes + 1
        parts.append(book.numpy().tobytes())
        for stream, most in ((gaps.tolist(), 2**bits), (symbols.tolist(), 16)):
            lengths = weight_sharing.huffman_lengths(collections.Counter(stream))
            words = weight_sharing.canonical_code(lengths)
            parts += [struct.pack("<I", len(stream)), bytes(lengths.get(s, 0) for s in range(most))]
            parts.append(weight_sharing.huffman_encode(stream, words))
    return b"".join(parts)


def plain_codes(net):  # one byte a weight, behind the codebooks and biases
    pairs = [weight.unique(return_inverse=True) for weight in weights_of(net).values()]
    parts = [p.detach().numpy().tobytes() for p in net.parameters() if p.dim() == 1]
    parts += [book.numpy().tobytes() for book, _ in pairs]
    return b"".join(parts + [codes.byte().numpy().tobytes() for _, codes in pairs])


# %%
def csr(net):
    state = {name: p.detach() for name, p in net.named_parameters() if p.dim() == 1}
    for name, weight in weights_of(net).items():
        sparse = weight.to_sparse_csr()
        state |= {f"{name}.rows": sparse.crow_indices().int(), f"{name}.columns": sparse.col_indices().int()}
        state[f"{name}.values"] = sparse.values()
    return state


kept_masks = {name: weight != 0 for name, weight in weights_of(net).items()}
pruning.save_sparse(folder / "bitmask", net.state_dict(), kept_masks)
files = {"dense": size_of(net.state_dict(), "dense"), "CSR": size_of(csr(net), "csr")}
files["bitmask"] = os.path.getsize(folder / "bitmask")
plain, small = plain_codes(net), {"Han": han_file(net, best)}
small["gzip of the codes"] = gzip.compress(plain, 9)
small["zstd of the codes"] = zstandard.compress(plain, 22)
small["xz of the codes"] = lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME)
small["ours"] = weight_sharing.encode_network(net.state_dict(), bits=4)
for name, content in small.items():
    (folder / name).write_bytes(content)
    files[name] = os.path.getsize(folder / name)

# %%
books = sum(len(weight.unique()) - 1 for weight in weights_of(net).values())
beside = 4 * (410 + books)  # biases and codebooks
symbols = [weight.unique(return_inverse=True)[1] for weight in weights_of(net).values()]
bound = bound_of(symbols) + beside
files["(zero-order bound)"] = round(bound)
rows = [[name, size, 1_066_440 / size, size / bound] for name, size in files.items()]
floats = (folder / "dense").read_bytes()
print(f"the bound: positions and values {bound - beside:,.0f} bytes, biases and codebooks {beside:,}")
print(f"gzip of the float32 file instead: {len(gzip.compress(floats, 9)):,} bytes")
plots.table(["LeNet-300-100, 97 % zeros, 15 values", "bytes", "times smaller", "of the bound"], rows)

# %% [markdown]
# **What happened.** The ordinary formats pay 32 bits for every kept weight and as much again for its place: 16 times smaller, no more.
# Whatever gets codes instead of floats is five times smaller at once, even gzip of 1992, which knows nothing of nets.
# The paper's format beats the general programs, and contexts beat the paper's format.
#
# Not one file comes near 267. **The calculator left out what the decoder has to know.**

# %% [markdown]
# **What now?** 1,640 of our bytes are 410 biases as float32: 0.15 % of the numbers, and a sixth of the file.
# Nobody compresses them because "they are so few".
#
# Three changes: biases as float16; seven values instead of fifteen; three.
#
# **Predict:** which saves most? Seven instead of fifteen is a bit less for each weight, a quarter of their nominal bits.


# %%
def with_half_biases(net):
    return {name: t.half() if t.dim() == 1 else t for name, t in net.state_dict().items()}


variants = {
    "15 values": trained[15].state_dict(),
    "15 values, biases float16": with_half_biases(trained[15]),
    "7 values, biases float16": with_half_biases(trained[7]),
    "3 values, biases float16": with_half_biases(trained[3]),
}
rows = []
for name, state in variants.items():
    (folder / name).write_bytes(weight_sharing.encode_network(state, bits=4))
    reader = copy.deepcopy(dense)
    reader.load_state_dict(weight_sharing.decode_network((folder / name).read_bytes()))
    size = os.path.getsize(folder / name)
    rows.append([name, size, 1_066_440 / size, f"{error(reader):.2f}"])
plots.table(["file", "bytes", "times smaller", "error, %"], rows)

# %% [markdown]
# **What happened.** Half of the biases' digits cost no error, and save nearly as much as seven values instead of fifteen.
# When the large parts have shrunk, what was negligible is large.
#
# Three values cost almost half a point of error.
# One would now prune a little less and share a little more: which mixture is best, no formula says.

# %% [markdown]
# **Inside the file.** Its first bytes, in the order of docs/file_format.md: four letters and the version, the number of tensors, then
# for each its name, kind, shape and codebook; behind them one stream of the range coder for all tensors; at the end a checksum (CRC-32).
#
# A decoder must trust none of it. We flip one bit, at 2,000 random places one after the other, and cut the file at 200.
#
# **Predict:** how many of the 2,200 damaged files are opened without complaint?

# %%
content = (folder / "15 values, biases float16").read_bytes()
print(content[:5], content[5], content[6:15], "...", content[-4:].hex())
places = torch.randint(8 * len(content), (2_200,), generator=torch.Generator().manual_seed(0)).tolist()
reasons = collections.Counter()
for number, place in enumerate(places):
    damaged = bytearray(content)
    damaged[place // 8] ^= 1 << place % 8
    try:
        weight_sharing.decode_network(bytes(damaged) if number < 2_000 else content[: place // 8])
    except ValueError as reason:
        reasons[str(reason)] += 1
print(f"{reasons.total():,} of {len(places):,} refused, most of them: {reasons.most_common(1)[0][0]}")

# %% [markdown]
# **What happened.** None. The checksum is four bytes of eight thousand, and finds every single flipped bit.
#
# Are the four bytes needed? We flip one bit and *correct the checksum*, 40 times.
#
# **Predict:** how many of these files give a net, a wrong one, without complaint?

# %%
quiet = 0
for place in places[:40]:
    damaged = bytearray(content[:-4])
    damaged[place // 8 % len(damaged)] ^= 1 << place % 8
    try:
        weight_sharing.decode_network(bytes(damaged) + zlib.crc32(damaged).to_bytes(4, "little"))
        quiet += 1
    except ValueError as reason:
        last = reason
print(f"{quiet} of 40 opened; one of the others: {last}")

# %% [markdown]
# **What happened.** Most are noticed all the same: behind a wrong bit the contexts go astray, until an impossible symbol comes, or
# the stream does not end where it should. But some give another net, and nobody would know.

# %% [markdown]
# **The test, once.** The dense net and two files.
# A fresh process that has only the files and our library opens them and reads the 10,000 test images.
#
# **Predict:** the errors of the three.

# %%
names = ("15 values, biases float16", "3 values, biases float16")
program = """
import sys
from pathlib import Path
from shrink import data, nets, training, weight_sharing
for path in sys.argv[1:]:
    net = nets.lenet_300_100()
    net.load_state_dict(weight_sharing.decode_network(Path(path).read_bytes()))
    print(training.accuracy(net.eval(), data.mnist("test"), dataset="mnist"))
"""
paths = [str(folder / name) for name in names]
done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True)
tested = [100 - 100 * float(line) for line in done.stdout.splitlines()[-3:] if line.startswith("0.")]
tested = [100 - 100 * training.accuracy(dense, data.mnist("test"), dataset="mnist"), *tested]
sizes = [os.path.getsize(folder / "dense"), *(os.path.getsize(path) for path in paths)]
rows = [
    [name, size, 1_066_440 / size, f"{wrong:.2f}"]
    for name, size, wrong in zip(("dense", *names), sizes, tested, strict=True)
]
plots.table(["10,000 test images", "file, bytes", "times smaller", "error, %"], rows)

# %% [markdown]
# **What happened.** The dense net errs on about one image in a hundred, the file of eight kilobytes on about one in sixty.
# A quarter of a minute of retraining is in it.

# %% [markdown]
# **Deep Compression, reproduced.** `python -m tools.record_weight_sharing` took more time, for both LeNets.
# The paper's goals: 40 times at 1.58 % error and 39 times at 0.74 %, in its own count.
# Ours are bytes of files, opened in a fresh process.
# Pruning as above, fifteen values, biases as float16; how sparse was decided on training images left out.

# %%
recorded = json.loads((data.DATA_FOLDER / "results" / "05_weight_sharing.json").read_text())
print(recorded["conditions"].replace("; ", "\n"))
plots.table(recorded["columns"], recorded["rows"])

# %% [markdown]
# **What happened.** Both goals are met, by a factor of two and more.
# The credit is not ours alone: our dense nets start with fewer errors than the paper's (1.64 % and 0.80 %), which leaves room for
# pruning, and contexts were not part of its format.

# %% [markdown]
# **Four meanings of one word.** Papers print a "compression ratio" that is
#
# 1. weights before / weights kept: 33 for our net. Dynamic network surgery reports 56 in this sense.
# 2. parameters times nominal bits: 267 for ours. No file is that small.
# 3. bits in the paper's own format, counted: Deep Compression's 40. Codebooks and distances are in it.
# 4. bytes of a file from which another process restores the net. Oktay et al. (2020) report 8.56 kB at 1.9 % error, 124 in this sense.
#
# They order methods differently. Ask which one it is before you compare two numbers; in this course it is always the last.

# %% [markdown]
# ## 6 Limits
#
# **A small file is not a small net.** Once it is open, it is a dense net again: same memory, same time.
# And opening is work.

# %%
seconds = [
    measuring.median_latency(run, repeats=5, clock=time.process_time)
    for run in (
        lambda: dense(image),
        lambda: load_file(folder / "dense"),
        lambda: lzma.decompress((folder / "xz of the codes").read_bytes()),
        lambda: weight_sharing.decode_network(content),
    )
]
names = ("one image through the net", "open the dense file", "unpack the codes with xz", "decode our file")
rows = [[name, second / seconds[0]] for name, second in zip(names, seconds, strict=True)]
plots.table(["CPU time", "times that of one image"], rows)

# %% [markdown]
# **What happened.** Decoding costs as much as thousands of images: our coder takes one bit after the other, in Python.
# In C it would be faster by far, but it stays one bit after the other.
#
# | | benefit | cost |
# |---|---|---|
# | file | smallest of all formats | a decoder on the device, and its time |
# | memory, speed | none, unless a special kernel reads codes (EIE, Han et al. 2016) | |
# | access | | all or nothing: no single layer, no mapping into memory |
# | damage | is noticed | one wrong bit and the file is lost |
# | training | centroids repair what sharing broke | gradients gathered for each code |

# %% [markdown]
# **What this lesson cannot show.**
#
# - Half of LeNet-300-100's pixels carry no ink. Contexts find that at once; a net for photos has no empty frame.
# - On 10,000 images the standard error is 0.14 points at 1.9 %: 1.6 and 1.7 are the same here.
# - The held-out images were known to the dense net. Only the test is a clean measurement, and it was opened once.
# - One lesson net is one seed. The recorded table has three.
# - If somebody's ratio cannot be checked with a file and a second process, it is a forecast.

# %% [markdown]
# ## 7 Summary

# %%
rows = [
    ["file, bytes", *sizes],
    ["times smaller", *(1_066_440 / size for size in sizes)],
    ["accuracy, % of 10,000 test images", *(f"{100 - wrong:.2f}" for wrong in tested)],
    ["time of one image", "1", "1, once decoded", "1, once decoded"],
]
plots.table(["LeNet-300-100", "before", "after: 15 values", "after: 3 values"], rows)

# %% [markdown]
# **The answer.** The calculator said 267, the file says 129, or 176 with three values and a few more errors.
# The difference is positions, and the biases that nobody counts.

# %% [markdown]
# **In three sentences.**
# Two to fifteen shared values for each matrix are enough, and training the shared values repairs most of what sharing breaks.
# After pruning, a file is mostly positions; distances and words make them cheap, contexts make them cheaper than their zero-order entropy.
# A ratio is what remains when a process that has nothing but the bytes has restored the net and been tested.

# %% [markdown]
# **Interview questions.**
#
# <details><summary>1. A colleague has pruned 95 % of the weights and quantized the rest to 4 bits: "160 times smaller". What do you ask?</summary>
#
# How large the file is, and who can open it.
# 20 x 8 = 160 counts neither positions nor codebooks nor what was left dense.
# At 5 % kept weights the positions alone take $H = 0.29$ bits a place without contexts, more than the 0.2 bits of the values: about 65 times
# at best.
#
# </details>

# %% [markdown]
# <details><summary>2. Why does Huffman coding suit the codes but not the mask?</summary>
#
# A word has at least one bit. Codes have three or four bits of entropy, so rounding costs little.
# A mask with 3 % ones has 0.19 bits a place; one bit is five times that.
# Code distances instead, or use an arithmetic coder, which rounds once a message.
#
# </details>

# %% [markdown]
# <details><summary>3. Your file is smaller than the entropy of its symbols. Where is the mistake?</summary>
#
# Perhaps nowhere. Zero-order entropy bounds coders that know the frequencies alone.
# Who looks at neighbours codes against conditional entropy, which is lower where kept weights cluster.
# Make sure with a decoder in a fresh process.
#
# </details>

# %% [markdown]
# **Primary papers.**
#
# - Shannon 1948, A Mathematical Theory of Communication: the bound.
# - Huffman 1952, A Method for the Construction of Minimum-Redundancy Codes.
# - Martin 1979, Range encoding: arithmetic coding in integers.
# - Lloyd 1982, Least squares quantization in PCM: k-means.
# - Guo, Yao, Chen 2016, Dynamic Network Surgery.
# - Han, Mao, Dally 2016, Deep Compression: the three stages.
# - Han et al. 2016, EIE: a chip that computes with codes and distances.
# - Oktay, Ballé, Singh, Shrivastava 2020, Scalable Model Compression by Entropy Penalized Reparameterization: a small file as the aim of training.
