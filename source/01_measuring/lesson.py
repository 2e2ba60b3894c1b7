# ---
# title: Measuring
# covers: [A1, A2, A3, A4, A5, B1, B3, D18]
# ---

# %% [markdown]
# # Measuring: 1.6 times the bytes, how many times the cost?
#
# Two nets read handwritten digits.
# LeNet-5 takes 1.6 times the bytes of LeNet-300-100 and makes fewer mistakes.
# Is one of its answers 1.6 times as expensive?
#
# We count parameters, bytes and multiply-accumulates, take the time, estimate the energy, and look at the mistakes.
# These numbers will not agree, and every later lesson depends on knowing which of them it improves.
#
# *Runs in about 20 s on two CPU cores, on the embedded data.*

# %% [markdown]
# ## 1 Question
#
# A model is **lightweight** when it does its task within the limits of its device: bytes, milliseconds, joules.
# To **compress** a model is to lower at least one of these costs while its answers stay nearly as good.
# Both halves need a number, or the word means nothing.
# So the question is not "how small is it?" but "how much of which cost, at which accuracy?"

# %% [markdown]
# **Why anyone asks.** Each limit has its own measure.
#
# | limit | why it binds | measure |
# |---|---|---|
# | storage, download | every update travels to every device | bytes of the file |
# | memory, loading | weights and activations share it with other programs | bytes in memory |
# | real time | a camera with 30 images a second leaves 33 ms for each | latency |
# | shared device | several tasks take turns on one processor | images per second |
# | battery, heat | a phone has no fan | energy |
# | privacy | data stays on the device only if the model fits there | all of these |
# | growth, upkeep | each user and each new version costs again | bytes, cost of one answer |

# %% [markdown]
# **What can be done about it.** Each family of methods has a room of its own in this course; some are still to open.
#
# | method | how | lowers first | room |
# |---|---|---|---|
# | parameter pruning | set weights to zero, or remove whole channels | weights kept | pruning, structured pruning |
# | sparsity induction | train so that weights become zero | weights kept | sparsity |
# | quantization | fewer bits for each number | bytes | quantization |
# | weight sharing, coding | few distinct values, short codes | bytes of the file | weight sharing |
# | low-rank factorization | one matrix as the product of two thin ones | parameters, MACs | low rank |
# | depthwise separable convolution | filter each channel, then mix them | parameters, MACs | efficient blocks |
# | knowledge distillation | a small net learns from a large one | size at equal accuracy | distillation |
# | neural architecture search | try many designs within a budget | what the budget counts | architecture search |
# | model fusion | several models behind one head | nothing: it buys accuracy | fusion |

# %% [markdown]
# ## 2 Measure
#
# Before anything else has warmed up: 60 calls of LeNet-5, one image each, one after the other.
#
# **Predict:** all 60 calls do the same work on the same image.
# Is the first one as quick as the others? If not, by which factor is it slower?

# %%
import copy
import os
import statistics
import tempfile
import time
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune
from torch.utils.flop_counter import FlopCounterMode

from shrink import data, measuring, nets, plots, training

torch.set_num_threads(1)  # one thread: ratios repeat better
torch.set_grad_enabled(False)  # nothing is trained here
torch.manual_seed(0)
digits = data.mnist("test")
mlp, cnn = training.load_checkpoint("lenet_300_100"), training.load_checkpoint("lenet_5")

# %%
image = data.to_float(digits.images[:1], "mnist")  # (1, 1, 28, 28)
wall, own = [], []  # seconds on the wall clock; seconds for which this thread had the processor
for _ in range(60):
    start, own_start = time.perf_counter(), time.thread_time()
    cnn(image)
    wall.append(time.perf_counter() - start)
    own.append(time.thread_time() - own_start)
middle, mean = statistics.median(own), statistics.mean(wall)

# %%
ax = plots.axes(f"The first call takes {own[0] / middle:.0f} times the median", x="call", y="time / median")
ax.plot(range(1, 61), [t / middle for t in wall], "o", color=plots.DENSE, label="wall clock")
ax.plot(range(1, 61), [t / middle for t in own], ".", color=plots.COMPRESSED, label="the thread's own clock")
ax.axhline(1, color=plots.COMPRESSED, linewidth=1, label="median, own clock")
ax.axhline(mean / middle, color=plots.ERROR, linestyle="--", label="mean, wall clock")
ax.set_yscale("log")
ax.yaxis.set_major_formatter("{x:g}")
ax.set_ylim(0.5, 8 * max(wall) / middle)
ax.legend(frameon=False, ncols=2)
plt.show()
print(f"first call: {own[0] / middle:.0f} times the median, on the wall clock {wall[0] / middle:.0f} times")

# %% [markdown]
# **What happened.** The first call is slow on both clocks, in every fresh process.
# It pays for what is done once: memory is reserved, routines are chosen, caches are filled.
# Where the clocks part, another program had the processor.
# The mean contains all of that; the median hardly moves while such calls are fewer than half.
#
# So we call a few times for warming up, time many calls, and take the median.
# What a user waits for is the wall clock; to compare two nets, the thread's own clock is steadier.

# %% [markdown]
# Even so, seconds belong to one machine, so we print **ratios** of times taken side by side.
#
# Now everything at once, for both nets.
# A **MAC** is one multiplication with the addition that follows it, counted for one image.
#
# **Predict:** LeNet-5 has 1.6 times the bytes.
# Write down a factor for its MACs, one for its time, one for its errors.

# %%
def relative_times(*runs):
    """The median time of each run as a multiple of the first one's; the runs take turns, eleven times."""
    take = partial(measuring.median_latency, repeats=5, clock=time.thread_time)
    rounds = [[take(run) for run in runs] for _ in range(11)]
    times = [statistics.median(turns) for turns in zip(*rounds, strict=True)]
    return [t / times[0] for t in times]


def costs(net):
    macs = measuring.count_macs(net, (1, 28, 28))
    errors = 100 * (1 - training.accuracy(net, digits, dataset="mnist"))
    return [measuring.count_parameters(net), measuring.dense_bytes(net), macs, errors]


# %%
names = ["parameters", "bytes in memory", "MACs", "errors, % of 10,000", "time of one call, relative"]
times = relative_times(partial(mlp, image), partial(cnn, image))
small, large = [*costs(mlp), times[0]], [*costs(cnn), times[1]]
factors = {name: b / a for name, a, b in zip(names, small, large, strict=True)}
rows = zip(names, small, large, factors.values(), strict=True)
plots.table(["", "LeNet-300-100", "LeNet-5", "factor"], rows)

# %% [markdown]
# **What happened.** One question, and no single answer.
# Parameters and bytes grow by the same factor, because every number takes four bytes.
# MACs and time grow several times more than the bytes.
# And the errors fall, by more than a third.
#
# The rest of this lesson finds out why the factors differ, one cost at a time.

# %% [markdown]
# ## 3 By hand
#
# **The smallest layer.** Two inputs, one output: $y = w_1 x_1 + w_2 x_2 + b$.
# On paper: three parameters, and at four bytes each 12 bytes.
# Two multiplications, each followed by an addition: 2 MACs.
# (One of the additions adds the bias. By convention biases cost nothing.)

# %%
inputs, outputs = 2, 1
parameters = inputs * outputs + outputs  # weights and biases
paper = ["on paper", parameters, 4 * parameters, inputs * outputs]

layer = nn.Linear(inputs, outputs)
macs = measuring.count_macs(layer, (inputs,))
library = ["library", measuring.count_parameters(layer), measuring.dense_bytes(layer), macs]
plots.table(["", "parameters", "bytes", "MACs"], [paper, library])

# %% [markdown]
# **A convolution.** An image of 4 x 4 pixels and a kernel of 3 x 3.
# The kernel fits at 2 x 2 places, and each place takes 9 multiplications: 36 MACs for 9 weights.
# A dense layer uses a weight once an image, a convolution uses it at every place.
# That is the whole reason why bytes and MACs part ways.

# %%
x = torch.arange(16.0).view(4, 4)
kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
y, macs = torch.zeros(2, 2), 0
for row, column in [(0, 0), (0, 1), (1, 0), (1, 1)]:
    for i in range(3):
        for j in range(3):
            y[row, column] += kernel[i, j] * x[row + i, column + j]
            macs += 1
assert torch.equal(y, F.conv2d(x.view(1, 1, 4, 4), kernel.view(1, 1, 3, 3))[0, 0])
macs

# %% [markdown]
# With a border of one zero (`padding=1`) the kernel fits at 4 x 4 places: 144 MACs.
# By convention, multiplications by the border's zeros count as well.
#
# In general, with $C$ input channels in $g$ groups and a kernel of $k_h \times k_w$:
#
# $$\mathrm{MACs} = n(\mathrm{output}) \cdot \frac{C}{g} \cdot k_h \cdot k_w$$

# %%
padded = nn.Conv2d(1, 1, 3, padding=1)
assert measuring.count_macs(padded, (1, 4, 4)) == 144
output, channels, groups, kh, kw = 50 * 8 * 8, 20, 1, 5, 5  # the second convolution of LeNet-5
output * (channels // groups) * kh * kw

# %% [markdown]
# **Answers.** Eight photos, four of them cats.
# A net says "cat" to two of the four cats, and to one dog.
#
# Hits TP = 2, misses FN = 2, false alarms FP = 1: accuracy is 5 of 8.
#
# $$P = \frac{TP}{TP + FP} \qquad R = \frac{TP}{TP + FN} \qquad F_1 = \frac{2 TP}{2 TP + FP + FN}$$
#
# Precision $P = 2/3$: how far to trust the word "cat".
# Recall $R = 2/4$: how many of the cats are found.
# $F_1 = 4/7$ is high only if both are.

# %%
targets = torch.tensor([1, 1, 1, 1, 0, 0, 0, 0])  # 1 = cat
predictions = torch.tensor([1, 1, 0, 0, 1, 0, 0, 0])
confusion = measuring.confusion_matrix(predictions, targets, 2)  # rows are targets
measures = measuring.precision_recall_f1(confusion)
rows = [["no cat", *measures[0].tolist()], ["cat", *measures[1].tolist()]]
plots.table(["class", "precision", "recall", "F1"], rows)

# %% [markdown]
# ## 4 Build
#
# We take LeNet-5 apart and send 100 images through it, layer by layer.
# For each layer: parameters, MACs, time.
#
# **Predict:** which layer holds most of the parameters, which does most of the MACs, which takes most of the time?
# Is it one layer, or two, or three?

# %%
x = data.to_float(digits.images[:100], "mnist")  # (100, 1, 28, 28)
counts = {"parameters": [], "MACs": [], "time": []}
for layer in cnn:
    counts["parameters"].append(measuring.count_parameters(layer))
    counts["MACs"].append(measuring.count_macs(layer, tuple(x.shape[1:])))
    counts["time"].append(measuring.median_latency(partial(layer, x), clock=time.thread_time))
    x = layer(x)
shares = {name: 100 * torch.tensor(values) / sum(values) for name, values in counts.items()}  # percent

# %%
layers = {"conv 1": 0, "pool 1": 1, "conv 2": 2, "pool 2": 3, "dense 1": 5, "dense 2": 7}  # name: position
pooling = shares["time"][[1, 3]].sum()
title = f"Pooling has no parameters and no MACs, and takes {pooling:.0f} % of the time"
ax = plots.axes(title, x="layer of LeNet-5", y="share of the net, %")
for k, (name, color) in enumerate([("parameters", "0.8"), ("MACs", plots.DENSE), ("time", "0.1")]):
    places = [place + 0.27 * (k - 1) for place in range(6)]
    ax.bar(places, shares[name][list(layers.values())], width=0.25, label=name, color=color)
ax.set_xticks(range(6), layers)
ax.legend(frameon=False)
plt.show()
for name, share in shares.items():
    most = max(layers, key=lambda layer: share[layers[layer]])
    print(f"most of the {name}: {most}, {share[layers[most]]:.0f} %")

# %% [markdown]
# **What happened.** Three costs, and no two of them alike.
# The first dense layer holds more than nine tenths of the parameters: 800 x 500 weights, each used once.
# The second convolution does most of the MACs, 25,000 weights, each used at 64 places, and takes the largest share of the time, but a much smaller one.
# And a good part of the time goes to layers that neither count has heard of.
#
# Whoever wants a smaller file works on the dense layer.
# Whoever wants a faster net must not begin there.

# %% [markdown]
# **Bytes, counted and weighed.** A count is a claim, a file is a fact.
# We write LeNet-5 to a safetensors file and ask the file system.
#
# **Predict:** is the file larger than the count, smaller or equal?

# %%
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "lenet_5.safetensors")
    save_file(cnn.state_dict(), path)
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        header = 8 + int.from_bytes(file.read(8), "little")  # 8 bytes hold the length of what follows
counted = measuring.dense_bytes(cnn)
print(f"file {size:,} B = header {header:,} B + numbers {size - header:,} B; counted {counted:,} B")

# %% [markdown]
# **What happened.** The file is larger by its header: names, types and shapes of the tensors.
# The rest agrees with the count to the byte.
#
# Here the header is a trifle.
# In a file of a few thousand bytes it is not, and a ratio that leaves it out is wrong.

# %% [markdown]
# **MACs, counted twice.** PyTorch has a counter of its own, which works in another way.
# It counts FLOPs, floating-point operations.
#
# **Predict:** which factor lies between its number and ours?

# %%
with FlopCounterMode(display=False) as counter:
    cnn(image)
flops, macs = counter.get_total_flops(), measuring.count_macs(cnn, (1, 28, 28))
print(f"{flops:,} FLOPs / {macs:,} MACs = {flops / macs}")

# %% [markdown]
# **What happened.** Exactly 2: a multiplication and an addition are two operations and one MAC.
# Both counters leave out biases, pooling and ReLU, so they agree to the last digit.
#
# Papers use both words, and some write FLOPs where they count MACs.
# A factor of 2 between two papers is often nothing else.

# %% [markdown]
# ## 5 Experiment
#
# **Do equal MACs take equal time?** Three layers on a map of 32 x 32 pixels:
#
# - 3 x 3 kernels from 32 channels to 32,
# - 1 x 1 kernels from 96 channels to 96,
# - 1,024 channels, each with one 3 x 3 kernel of its own (*depthwise*).
#
# Each has 9,216 weights and does 9.4 million MACs.
# The last runs twice: as it is, and with its input in another order of memory (*channels last*).
#
# **Predict:** order the four by time, with factors.

# %%
full = nn.Conv2d(32, 32, 3, padding=1, bias=False)
point = nn.Conv2d(96, 96, 1, bias=False)
depth = nn.Conv2d(1024, 1024, 3, padding=1, groups=1024, bias=False)
maps = {layer: torch.randn(1, layer.in_channels, 32, 32) for layer in (full, point, depth)}
for layer, x in maps.items():
    macs = measuring.count_macs(layer, tuple(x.shape[1:]))
    print(f"{measuring.count_parameters(layer):,} weights, {macs:,} MACs, {x.numel():,} numbers in")

# %%
channels_last = maps[depth].to(memory_format=torch.channels_last)  # same shape, same values, other order
torch.testing.assert_close(depth(channels_last), depth(maps[depth]))
runs = {
    "3 x 3, 32 channels": partial(full, maps[full]),
    "1 x 1, 96 channels": partial(point, maps[point]),
    "depthwise, 1,024 channels": partial(depth, maps[depth]),
    "the same, channels last": partial(depth, channels_last),
}
times = relative_times(*runs.values())

# %%
spread = max(times) / min(times)
title = f"Equal weights, equal MACs, and times that differ by a factor of {spread:.0f}"
ax = plots.axes(title, x="time (3 x 3 = 1), logarithmic", y="", size=(6.4, 2.4))
bars = ax.barh(list(runs), times, color=plots.DENSE)
ax.bar_label(bars, fmt="%.1f", padding=3)
ax.set_xscale("log")
ax.xaxis.set_major_formatter("{x:g}")
ax.set_xlim(0.3, 3 * max(times))
ax.grid(visible=False)
ax.invert_yaxis()
plt.show()
for t, name in sorted(zip(times, runs, strict=True)):  # the quickest first
    print(f"{t:.1f}  {name}")

# %% [markdown]
# **What happened.** The depthwise layer does the same MACs on 32 times as many numbers as the first.
# It uses each number 9 times, where the first uses it 288 times, so it fetches more for each MAC.
# That is not all: with another order of memory the same layer gives the same answers sooner.

# %% [markdown]
# And the 1 x 1 layer uses each number less often than the first, too, and is no slower: it is a matrix product as it stands.
# How well a library does its work depends on such details, and no count shows them.
#
# MACs say what must be computed, never how well a machine does it.

# %% [markdown]
# **One image or a hundred?** A phone answers one image at a time, a server collects a batch.
# *Latency* is the time until an answer, *throughput* the number of answers in a second.
# When several tasks share a device, throughput decides how many of them fit.
#
# **Predict:** each net reads 100 images as one batch instead of one by one.
# How many times more images a second does it manage, and which of the two gains more?

# %%
batch = data.to_float(digits.images[:100], "mnist")
times = relative_times(partial(mlp, image), partial(cnn, image), partial(mlp, batch), partial(cnn, batch))
alone, together = times[:2], [t / 100 for t in times[2:]]  # per image: LeNet-300-100, LeNet-5
rows = [
    ["time of an image alone, in section 2", small[4], large[4], factors["time of one call, relative"]],
    ["time of an image alone, now", *alone, alone[1] / alone[0]],
    ["time of an image in a batch of 100", *together, together[1] / together[0]],
    ["gain in images a second", alone[0] / together[0], alone[1] / together[1], ""],
]
plots.table(["", "LeNet-300-100", "LeNet-5", "factor"], rows)

# %% [markdown]
# **What happened.** The first two rows measure the same thing twice: by so much may a time differ from one measurement to the next.
#
# LeNet-300-100 gains far more.
# Alone, it fetches each weight for a single MAC, and each call has a fixed price; a batch shares both.
# LeNet-5 gains less: its convolutions use each weight many times even for one image.
#
# So the factor between the nets is a different one in a batch, and a much larger one.
# "How many times slower?" has no answer without batch size and machine.

# %% [markdown]
# **Energy.** We have no power meter, but a published price list.
# Horowitz (ISSCC 2014) gives for floating point of 32 bits in a 45 nm process: multiplication 3.7 pJ, addition 0.9 pJ.
# Reading 32 bits from DRAM costs 640 pJ (his figures, as tabulated by Han et al. 2015).
#
# Every weight is fetched once for each image; in picojoules:
#
# $$E = \mathrm{MACs} \cdot (3.7 + 0.9) + n(p) \cdot 640$$
#
# **Predict:** ResNet-8, a small net for colour photos, does 47 times the MACs of LeNet-300-100.
# Which of the two takes more energy?

# %%
MAC, FETCH = 3.7 + 0.9, 640.0  # picojoules, 32 bits
pixels = {"LeNet-300-100": (1, 28, 28), "LeNet-5": (1, 28, 28), "ResNet-8": (3, 32, 32)}
macs, fetches, rows = {}, {}, []
for name, net in zip(pixels, [mlp, cnn, nets.resnet_8()], strict=True):
    macs[name], fetches[name] = measuring.count_macs(net, pixels[name]), measuring.count_parameters(net)
    computing, fetching = macs[name] * MAC / 1e6, fetches[name] * FETCH / 1e6  # microjoules
    rows.append([name, macs[name], fetches[name], computing, fetching, computing + fetching])
plots.table(["net", "MACs", "weights", "computing, µJ", "fetching, µJ", "sum, µJ"], rows)

# %% [markdown]
# **What happened.** The net with 47 times the MACs takes less energy.
# One weight from DRAM costs as much as 139 MACs.
# LeNet-300-100 fetches a weight for every MAC, so fetching is 99 % of its bill.
# ResNet-8 has fewer weights and uses each for 160 MACs on average.
#
# This is why fewer weights save battery, and fewer bits too.
# An 8-bit weight is a quarter of the data, and by the same source an 8-bit multiplication takes 0.2 pJ, an addition 0.03 pJ.

# %% [markdown]
# **Can accuracy mislead?** From here on: photos of ten classes, 200 test images of each.
# Somebody sells a cat detector that never says "cat".
#
# **Predict:** its accuracy, and its recall.

# %%
photos = data.cifar10("test")
is_cat = (photos.labels == data.CLASS_NAMES["cifar10"].index("cat")).long()
never = torch.zeros_like(is_cat)
accuracy = (never == is_cat).float().mean()
_, (precision, recall, f1) = measuring.precision_recall_f1(measuring.confusion_matrix(never, is_cat, 2))
print(f"accuracy {accuracy:.0%}, precision {precision:.0%}, recall {recall:.0%}, F1 {f1:.0%}")

# %% [markdown]
# **What happened.** Nine tenths right, and useless.
# Where classes are of unequal size, or their mistakes of unequal price, accuracy hides what matters.
#
# Now a real net, ResNet-8, and a first taste of compression.
# PyTorch's own pruning sets the smaller half of its weights to zero, without any retraining.
#
# **Predict:** how many points does the accuracy lose, and how many does the worst of the ten classes?

# %%
resnet = training.load_checkpoint("resnet_8")
pruned = copy.deepcopy(resnet)
layers = [(layer, "weight") for layer in pruned.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
prune.global_unstructured(layers, prune.L1Unstructured, amount=0.5)
for layer, name in layers:
    prune.remove(layer, name)  # the library keeps weight and mask apart until told otherwise
kept = measuring.count_parameters(pruned, nonzero=True) / measuring.count_parameters(pruned)
same = measuring.compression_ratio(measuring.dense_bytes(resnet), measuring.dense_bytes(pruned))
print(f"{kept:.0%} of the parameters are not zero; the bytes shrink by a factor of {same}")

# %%
def quality(net):
    predictions = training.predict(net, photos.images, dataset="cifar10").argmax(dim=1)
    confusion = measuring.confusion_matrix(predictions, photos.labels, 10)
    return 100 * measuring.precision_recall_f1(confusion)  # (10, 3), percent


before, after = quality(resnet), quality(pruned)
recall, pruned_recall = before[:, 1], after[:, 1]  # with equal classes the accuracy is their mean
loss, names = recall - pruned_recall, data.CLASS_NAMES["cifar10"]
order, worst, best = recall.argsort(), loss.argmax(), loss.argmin()

# %%
title = f"Accuracy falls by {loss.mean():.1f} points, the recall of class {names[worst]} by {loss[worst]:.1f}"
ax = plots.axes(title, x="class, sorted by the recall of the dense net", y="recall, %")
ax.vlines(range(10), pruned_recall[order], recall[order], color=plots.ERROR, linewidth=1)
ax.plot(recall[order], "o", color=plots.DENSE, label="dense")
ax.plot(pruned_recall[order], "o", color=plots.COMPRESSED, label="half of the weights zero")
ax.set_xticks(range(10), [names[k] for k in order], rotation=30)
ax.legend(frameon=False)
plt.show()
changes = after[best] - before[best]
print(f"accuracy {recall.mean():.2f} % before, {pruned_recall.mean():.2f} % after")
print(f"{names[worst]}: recall {recall[worst]:.1f} % before, {pruned_recall[worst]:.1f} % after")
print(f"{names[best]} comes off best: recall {changes[1]:+.1f} points, precision {changes[0]:+.1f} points")

# %% [markdown]
# **What happened.** The accuracy averages over different fates.
# The worst class loses more than twice the average.
# Where a class comes off better, its precision may have paid: the net says its name more often. And a gain this small may be chance (section 6).
#
# So a compressed net is judged class by class, by precision and recall, on the same images as the dense one.
# And the zeros have not saved a byte: nothing was stored differently.

# %% [markdown]
# **What compressing does to a model.** The effects that are hoped for, and what may come in their way.
#
# | what | usual direction | what can go wrong |
# |---|---|---|
# | accuracy | a small loss | the loss falls on a few classes |
# | speed | quicker answers, room for other tasks | the time sits elsewhere, as in pooling or memory |
# | energy | less computing, less fetching, less power | fewer MACs with more fetching |
# | complexity | fewer parameters and MACs | more steps and settings to make the model |
# | memory | fewer bytes | zeros are stored like any other number |
#
# The other direction exists too: a net that was too large for its data may become better.

# %% [markdown]
# **What to report.** One question, one number, and the conditions it was taken under.
#
# | question | number | conditions |
# |---|---|---|
# | does it fit? | bytes of the file; bytes in memory, activations included | type of the numbers |
# | is it quick enough? | median latency after a warm-up | device, threads, batch size |
# | how many does it serve? | images a second | the same |
# | how long does the battery last? | energy of one answer | measured on the device; an estimate says so |
# | are the answers good? | accuracy; precision, recall and F1 of each class | data, number of images, seeds |
# | how much smaller? | bytes before / bytes after | both counted, or both files |

# %% [markdown]
# ## 6 Limits
#
# **Counts see what they look for.** `count_macs` knows the modules Conv2d and Linear.
# A net may multiply without them.
# One notices by counting in a second way.

# %%
class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(10, 784))

    def forward(self, x):
        return F.linear(x.flatten(1), self.weight)  # (N, 10)


with FlopCounterMode(display=False) as counter:
    Functional()(image)
print("MACs by module:    ", measuring.count_macs(Functional(), (1, 28, 28)))
print("half PyTorch's FLOPs:", counter.get_total_flops() // 2)

# %% [markdown]
# **The energy is an estimate.** It leaves out activations, caches, control and idle power, and 45 nm is an old process.
# The same table gives 5 pJ for 32 bits from a small cache.
# Suppose each MAC reads two numbers there: does the order of the nets hold?

# %%
CACHE = 5.0  # picojoules for 32 bits from an 8 KB cache
for name in pixels:
    total = macs[name] * (MAC + 2 * CACHE) + fetches[name] * FETCH
    print(f"{name:14} {total / 1e6:.0f} µJ, of which fetching weights {fetches[name] * FETCH / total:.0%}")

# %% [markdown]
# It does not: ResNet-8 now takes more than LeNet-300-100.
# What survives is that nets with large dense layers, LeNet-5 among them, pay for fetching weights; for ResNet-8 that is the smaller part.
# An estimate like this finds the larger part of a bill; to rank two nets, measure.
#
# **Accuracy is a sample.** A recall $R$ counted on $N$ images has the standard error $\sqrt{R (1 - R) / N}$.
# The same holds for the accuracy.

# %%
for what, share, n in [
    ("LeNet-5, 10,000 images", 1 - large[3] / 100, 10_000),
    ("ResNet-8, 2,000 images", recall.mean().item() / 100, 2_000),
    (f"recall of class {names[order[0]]}, 200 images", recall.min().item() / 100, 200),
]:
    print(f"{what}: {100 * share:.2f} % +- {100 * (share * (1 - share) / n) ** 0.5:.2f}")

# %% [markdown]
# One point of difference says much on 10,000 images of MNIST, and little for one class of 200.
# Two nets on the same images can be compared more finely: look at the images on which they disagree.
#
# **A time belongs to its conditions.** Machine, threads, library, batch size, what else is running.
# Ratios taken side by side cancel some of that, and never carry over to another machine.
# The only latency that counts is the one on the device that will do the work.

# %% [markdown]
# ## 7 Summary
#
# What the better net costs depends on who asks: whoever stores it, computes it, waits for it, or pays for its power.

# %%
energy = [macs[name] * MAC + fetches[name] * FETCH for name in pixels]  # LeNet-300-100, LeNet-5, ResNet-8
rows = [
    ["bytes in memory", small[1], large[1], factors["bytes in memory"]],
    ["MACs", small[2], large[2], factors["MACs"]],
    ["errors, % of 10,000", small[3], large[3], large[3] / small[3]],
    ["time, one image alone (relative)", *alone, alone[1] / alone[0]],
    ["time, an image in a batch of 100", *together, together[1] / together[0]],
    ["energy of an image alone, estimate, µJ", energy[0] / 1e6, energy[1] / 1e6, energy[1] / energy[0]],
]
plots.table(["", "LeNet-300-100", "LeNet-5", "factor"], rows)

# %% [markdown]
# 1. Parameters sit where each weight is used once, MACs where it is used often, time where the machine is slow.
# 2. A cost is a number with its conditions, and a second, independent count shows what the first one missed.
# 3. Accuracy is an average: look at each class, and at how many images stand behind it.

# %% [markdown]
# **Interview questions.** Answer aloud, then unfold.
#
# <details><summary>A paper reports four times fewer FLOPs. Is the net four times faster?</summary>
#
# Not by itself.
# FLOPs leave out memory, pooling, normalisation and the cost of each call, and layers of equal counts can differ several times over.
# Ask for the median latency on the target device, at the batch size that will be used, both nets side by side.
# Ask also whether FLOPs means MACs.
#
# </details>
#
# <details><summary>How do you judge a compressed model?</summary>
#
# Size: bytes of the file that restores it.
# Speed: median latency and throughput on the device. Energy: measured there.
# Quality: accuracy on the full test set, precision, recall and F1 of each class, against the dense model on the same images.
# State seeds, data and number of images, and compare with a small model trained without compression.
#
# </details>
#
# <details><summary>A detector is 99 % accurate. Is it good?</summary>
#
# That depends on how rare its object is.
# If one image in a hundred shows it, never raising an alarm is 99 % accurate, with recall 0.
# Ask for precision and recall of the rare class, and for the price of a miss and of a false alarm.
#
# </details>

# %% [markdown]
# **Primary papers.**
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proc. IEEE 86(11), 1998.
# - M. Horowitz: Computing's energy problem (and what we can do about it). ISSCC 2014.
# - S. Han, J. Pool, J. Tran, W. Dally: Learning both weights and connections for efficient neural networks. NIPS 2015.
# - V. Sze, Y.-H. Chen, T.-J. Yang, J. Emer: Efficient processing of deep neural networks. Proc. IEEE 105(12), 2017.
# - T. Hoefler, R. Belli: Scientific benchmarking of parallel computing systems. SC 2015.
# - S. Hooker, A. Courville, G. Clark, Y. Dauphin, A. Frome: What do compressed deep neural networks forget? 2019.
# - C. Banbury et al.: MLPerf Tiny benchmark. NeurIPS Datasets and Benchmarks 2021.
