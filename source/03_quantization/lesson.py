# ---
# title: Quantization
# covers: [A8, A15, B4, B9, C5, C6, E7, F4, F5, F6, F15]
# ---

# %% [markdown]
# # Quantization: can ResNet-8 lose 90 % of its 319,288 bytes and answer as well as before?
#
# "Quantization with well-chosen ranges makes models over 90 % smaller at equal accuracy."
# The sentence is in articles and in answers to interview questions.
# This lesson tests it, on three nets, with real files.
#
# We begin with 8 bits instead of 32, two lines of code.
# Look at the three numbers behind them: the file, the answers, the time.
#
# *Runs in about 60 s on one CPU core, on the embedded data.*

# %%
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial

import matplotlib.pyplot as plt
import torch
from safetensors.torch import save_file
from torch import nn

from shrink import data, measuring, nets, plots, quantization, training

torch.set_num_threads(1)  # one thread: ratios repeat better
torch.set_grad_enabled(False)  # nothing is trained here
warnings.filterwarnings("ignore", message="torch.quantize_per_tensor")  # deprecated, our oracle below

# %%
photos, test = data.cifar10("train"), data.cifar10("test")
few = test.take(slice(0, 1_000))
calibration = data.to_float(photos.images[:500], "cifar10")  # (500, 3, 32, 32), without labels
dense = training.load_checkpoint("resnet_8")
folder = tempfile.TemporaryDirectory()


def file(name):
    return os.path.join(folder.name, name)


def answers(net, split=few):
    return training.predict(net, split.images, dataset="cifar10").argmax(dim=1)  # (N,)


def accuracy(net, split=few):
    return 100 * (answers(net, split) == split.labels).float().mean().item()  # percent


def relative_times(*runs):  # side by side, eleven rounds, CPU time: other programs share this machine
    clock = partial(measuring.median_latency, repeats=5, clock=time.process_time)
    seconds = torch.tensor([[clock(run) for run in runs] for _ in range(11)])
    return (seconds / seconds[:, :1]).median(dim=0).values.tolist()  # multiples of the first run's time


# %%
int8 = quantization.quantize_network(dense, [calibration])
quantization.save_quantized(file("int8"), int8)

save_file(dense.state_dict(), file("float"))
same = int((answers(int8) == answers(dense)).sum())
print(f"{os.path.getsize(file('float')):,} bytes before, {os.path.getsize(file('int8')):,} after")
print(f"{same:,} of 1,000 answers are the same")
times = relative_times(partial(dense, calibration[:8]), partial(int8, calibration[:8]))
print(f"time after / time before: {times[1]:.1f}")

# %% [markdown]
# ## 1 Question
#
# To **quantize** is to replace a number $x$ by the nearest point of a grid with equal steps, and to store only the number of that
# point, its **code** $q$:
#
# $$q = \mathrm{round}(x / s) + z \qquad \hat{x} = (q - z) \, s$$
#
# The **scale** $s$ is the step, the **zero point** $z$ the code of 0.
# With $b$ bits there are $2^b$ codes, and $\hat{x}$ is what comes back.
#
# A float32 has 32 bits.
# 90 % smaller leaves 3.2 bits for each weight, with scales, biases and the rest of the file.

# %% [markdown]
# **Three gains, and who gets them.**
#
# | gain | where it comes from | under which condition |
# |---|---|---|
# | size | $b$ bits instead of 32 | a file that packs the codes |
# | speed | one instruction handles four times as many 8-bit numbers, one load fetches as many more | kernels for integers |
# | energy | an 8-bit multiplication takes 0.2 pJ instead of 3.7 (Horowitz, as in lesson 1), and fewer bytes move | a chip with integer units |
#
# The first cell got the first one only: the file is smaller, and the net is slower.
# We shall see why, and what an engine makes of it.

# %% [markdown]
# ## 2 Measure
#
# Three nets, as they are.
# LeNet-5 reads digits; ResNet-8 and the course's student recognise photos.
# The accuracies were recorded before by `python -m tools.record_quantization`, as everything in this lesson that is too slow to run
# here.

# %%
recorded = json.loads((data.DATA_FOLDER / "results" / "03_quantization.json").read_text())
titles = {"lenet_5": "LeNet-5", "resnet_8": "ResNet-8", "student": "student"}
before = {run["net"]: run for run in recorded["float"]}
rows = []
for name, title in titles.items():
    net, shape = training.load_checkpoint(name), (1, 28, 28) if name == "lenet_5" else (3, 32, 32)
    macs, run = measuring.count_macs(net, shape), before[name]
    rows.append(
        [title, measuring.count_parameters(net), run["bytes"], macs, f"{run['accuracy']:.2f}", run["images"]]
    )
plots.table(["net", "parameters", "file, bytes", "MACs", "accuracy, %", "test images"], rows)

# %% [markdown]
# **Number formats.** A float has a sign, an exponent and a mantissa.
# The exponent moves the grid: small steps near 0, large ones far out.
# An integer has equal steps everywhere, and its scale is stored once for many numbers.
#
# We send all weights of ResNet-8 through six formats and back.
# A format is a way to spend bits: on range (exponent) or on precision (mantissa).
#
# **Predict:** which of the three 8-bit formats comes closest to float32?


# %%
folded = quantization.fold_network(dense)  # batch norm is part of the convolutions now, see below


def layers_of(net):
    return {n: m for n, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}


def with_weights(change, net=folded):
    net = copy.deepcopy(net)
    for layer in layers_of(net).values():
        layer.weight.copy_(change(layer.weight))
    return net


def there_and_back(weight, bits=8, axis=0):  # codes, and the numbers they stand for
    scale, top = quantization.symmetric_scale(weight, bits=bits, axis=axis), 2 ** (bits - 1) - 1
    scale = scale if axis is None else scale.view(-1, *[1] * (weight.dim() - 1))
    return quantization.dequantize(quantization.quantize(weight, scale, 0, low=-top, high=top), scale, 0)


# %%
names = ("float32", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2")
rows = []
for dtype in (getattr(torch, name) for name in names):
    about = torch.finfo(dtype)
    cast = with_weights(lambda weight, dtype=dtype: weight.to(dtype).float())
    rows.append(
        [str(dtype).removeprefix("torch."), about.bits, f"{about.max:.3g}", about.eps, accuracy(cast)]
    )
rows.append(
    ["int8 with a scale for each channel", 8, "127 steps", "1 step", accuracy(with_weights(there_and_back))]
)
plots.table(["format", "bits", "largest number", "step behind 1", "accuracy, %, 1,000 photos"], rows)

# %% [markdown]
# **What happened.** 16 bits of either kind change next to nothing: half of the file can go without a thought.
#
# With 8 bits the format that spends most on range (e5m2) loses most.
# The weights of one layer are all of similar size, so range is wasted on them.
# Integers have none at all: the scale brings it in, once for a whole channel.

# %% [markdown]
# ## 3 By hand
#
# **Six weights, 4 bits, symmetric.** Codes from -7 to 7, zero point 0.
# The largest magnitude is 1.75, so $s = 1.75 / 7 = 0.25$.
#
# | $w$ | 1.75 | -0.6 | 0.375 | 0.625 | -0.05 | -1.1 |
# |---|---:|---:|---:|---:|---:|---:|
# | $w / s$ | 7 | -2.4 | 1.5 | 2.5 | -0.2 | -4.4 |
# | code | 7 | -2 | 2 | 2 | 0 | -4 |
# | comes back as | 1.75 | -0.5 | 0.5 | 0.5 | 0 | -1 |
#
# A half goes to the even neighbour, so that errors do not all point upwards.
# No error exceeds $s / 2 = 0.125$.

# %%
weights = [1.75, -0.6, 0.375, 0.625, -0.05, -1.1]
scale = max(map(abs, weights)) / 7
print("on paper:", [round(w / scale) for w in weights], "with scale", scale)

weight = torch.tensor(weights)
scale = quantization.symmetric_scale(weight, bits=4)
codes = quantization.quantize(weight, scale, 0, low=-7, high=7)
print("library: ", codes.tolist(), "with scale", scale.item())
print("errors:  ", (quantization.dequantize(codes, scale, 0) - weight).tolist())

# %% [markdown]
# **Six activations, 4 bits, affine.** Activations are lopsided, so the grid may be: codes 0 to 15, and $z$ says which one is 0.
# The range from -0.5 to 3.25 gives $s = 3.75 / 15 = 0.25$ and $z = 0.5 / 0.25 = 2$.
#
# | $x$ | -0.5 | 0 | 0.1 | 1 | 3.25 | 4 |
# |---|---:|---:|---:|---:|---:|---:|
# | $x / s + z$ | 0 | 2 | 2.4 | 6 | 15 | 18 |
# | code | 0 | 2 | 2 | 6 | 15 | 15 |
# | comes back as | -0.5 | 0 | 0 | 1 | 3.25 | 3.25 |
#
# The last one lies outside the range and is clamped: its error has no bound.

# %%
x = torch.tensor([-0.5, 0.0, 0.1, 1.0, 3.25, 4.0])
scale, zero_point = quantization.affine_params(-0.5, 3.25, bits=4)
codes = quantization.quantize(x, scale, zero_point, low=0, high=15)
print(scale, zero_point, codes.tolist(), quantization.dequantize(codes, scale, zero_point).tolist())

# %% [markdown]
# **Zero must be exact.** Zero is the most frequent number in a net: padding is zero, and so is all that ReLU cuts off.
# If 0 comes back as half a step, every one of them adds its part to every sum.
#
# Two grids with the same 5 bits and the same step for the input of every layer of ResNet-8.
# In one a code stands for 0, in the other 0 lies in the middle between two codes.
#
# **Predict:** the largest error is half a step in both. How much accuracy does each cost?


# %%
def with_inputs(change, net=folded):  # every layer gets change(x) instead of x
    net = copy.deepcopy(net)
    for layer in layers_of(net).values():
        layer.register_forward_pre_hook(lambda _, inputs: (change(inputs[0]), *inputs[1:]))
    return net


def on_grid(x, bits=5):
    scale, zero_point = quantization.affine_params(*quantization.minmax_range(x), bits=bits)
    codes = quantization.quantize(x, scale, zero_point, low=0, high=2**bits - 1)
    return quantization.dequantize(codes, scale, zero_point)


def between(x, bits=5):  # same steps, moved by half a step
    scale, _ = quantization.affine_params(*quantization.minmax_range(x), bits=bits)
    return ((x / scale).floor() + 0.5) * scale


rows = [["float", accuracy(dense)], ["5 bits, zero on the grid", accuracy(with_inputs(on_grid))]]
rows.append(["5 bits, zero half a step beside it", accuracy(with_inputs(between))])
plots.table(["inputs of the layers", "accuracy, %, 1,000 photos"], rows)

# %% [markdown]
# **What happened.** The grid with zero on it costs a point or so, the other one a quarter of all answers.
# No error is larger than half a step in either.
# But where the input is 0, the errors of the second all have the same sign, and a sum over hundreds of inputs collects them.
#
# That is why $z$ is rounded to an integer, and why the range is widened to contain 0.

# %% [markdown]
# ## 4 Build
#
# **Which range?** For weights it can be looked up.
# Activations depend on the photo, so they are *calibrated*: some hundred photos, no labels, and one looks at what passes by.
#
# Three rules:
#
# - **min-max**: nothing is clipped;
# - **percentile**: 99.9 % of the numbers stay inside;
# - **least error**: of a hundred shrunken copies of the min-max range the one with the least mean squared error.
#
# **Predict:** which part of its range does a real activation use? Where will the least-error rule cut at 4 bits, where at 8?

# %%
inputs = {}
watched = copy.deepcopy(folded)
for name, layer in layers_of(watched).items():
    layer.register_forward_pre_hook(lambda _, x, name=name: inputs.update({name: x[0]}))
watched(calibration[:200])
x = inputs["stages.1.0.conv2"].flatten()[::8]  # what the middle layer reads, every eighth number
ranges = {
    "min-max": quantization.minmax_range(x),
    "percentile, 99.9 %": quantization.percentile_range(x),
    "least error, 8 bits": quantization.mse_range(x, bits=8),
    "least error, 4 bits": quantization.mse_range(x, bits=4),
}
print(f"{x.numel():,} numbers, {100 * (x == 0).float().mean():.0f} % of them are exactly 0")

# %%
part = (x < ranges["least error, 4 bits"][1]).float().mean()
title = f"With 4 bits it pays to clip the last {100 * (1 - part):.1f} % of the numbers"
ax = plots.axes(title, x="input of the layer stages.1.0.conv2, behind a ReLU", y="numbers, logarithmic")
ax.hist(x.numpy(), bins=100, log=True, color=plots.DENSE)
for (name, (_, high)), (color, mark) in zip(ranges.items(), plots.VARIANTS, strict=True):
    ax.axvline(high, color=color, marker=mark, clip_on=False, label=f"{name}: up to {high:.2f}")
ax.legend(loc="upper center", facecolor="white", framealpha=1, edgecolor="white")
plt.show()


# %%
def squared_error(x, low, high, bits):  # relative to the mean square of x
    scale, zero_point = quantization.affine_params(low, high, bits=bits)
    codes = quantization.quantize(x, scale, zero_point, low=0, high=2**bits - 1)
    return ((quantization.dequantize(codes, scale, zero_point) - x).square().sum() / x.square().sum()).item()


rows = [
    [name, high, *(squared_error(x, low, high, bits) for bits in (8, 4))]
    for name, (low, high) in ranges.items()
]
plots.table(["range", "up to", "squared error, 8 bits", "4 bits"], rows)

# %% [markdown]
# **What happened.** Most numbers are small, a handful reach far out.
# With 256 levels one can afford to keep them.
# With 16 levels a step is so wide that clipping the few improves the many.
#
# No range is right by itself: it depends on the bits.

# %% [markdown]
# **One scale for a tensor, or one for each channel?**
# The filters of a layer differ in size, and batch norm makes it worse.
# In eval mode batch norm is a factor and a shift for each channel, and both can be **folded** into the convolution before it:
#
# $$w'_o = f_o \, w_o \qquad b'_o = \beta_o + f_o \, (b_o - \mu_o) \qquad f_o = \gamma_o / \sqrt{\sigma_o^2 + \epsilon}$$
#
# The net computes the same and has fewer layers.

# %% [markdown]
# We fold, and look at the largest weight of each filter, in codes of a grid that the whole tensor shares.
#
# **Predict:** in the first layer, how many of the 127 positive codes does the median filter use there?

# %%
x = calibration[:50]
print(f"largest difference of the logits, folded or not: {(folded(x) - dense(x)).abs().max():.1g}")
print(f"{len(list(dense.modules()))} modules before, {len(list(folded.modules()))} after")
rows = []
for name, layer in layers_of(folded).items():
    largest = layer.weight.flatten(1).abs().amax(dim=1)  # (out,)
    error = [(there_and_back(layer.weight, axis=axis) - layer.weight).square().mean() for axis in (None, 0)]
    codes = 127 * largest / largest.max()
    rows.append([name, codes.median().item(), codes.min().item(), (error[0] / error[1]).item()])
plots.table(
    ["layer", "largest code of the median filter", "of the smallest", "error per tensor / per channel"], rows
)

# %% [markdown]
# **What happened.** In the first layer the median filter gets by with a sixth of the codes; the smallest is left with code 0 alone.
# (All its weights are nearly zero: a dead filter, which loses nothing. We shall meet it again.)
#
# A scale for each channel costs 4 bytes and is divided out behind the sum.
# A scale for each *input* would not do: it stands inside the sum.

# %% [markdown]
# **A layer of integers alone.** Put $x = s_x (q_x - z_x)$ and $w = s_w q_w$ into a linear layer:
#
# $$q_y = z_y + M \left( \sum_i (q_{x,i} - z_x) \, q_{w,i} + q_b \right) \qquad M = \frac{s_x s_w}{s_y} \qquad q_b = \mathrm{round}\left(\frac{b}{s_x s_w}\right)$$
#
# Everything but $M$ is an integer. So $M$ becomes one too, with a shift: $M = m \cdot 2^{-k}$, $2^{30} \le m < 2^{31}$.
# For example $0.0037 \approx 2{,}034{,}096{,}511 \cdot 2^{-39}$.

# %%
mantissa, shift = quantization.fixed_point(0.0037)
print(mantissa, shift, mantissa * 2.0**-shift)
sums = torch.tensor([-1000, 0, 135, 136, 10**6], dtype=torch.int32)  # 135 * 0.0037 = 0.4995
quantization.requantize(sums, mantissa, shift, 3, low=0, high=255)

# %% [markdown]
# **A whole net of integers.** LeNet-300-100 has three linear layers.
# Its input codes are the bytes of the image themselves: normalising is nothing but a scale and a zero point.
# The codes of the hidden layers have zero point 0, and the clamp at code 0 *is* the ReLU.
#
# No float occurs behind this cell's preparation.
#
# **Predict:** how many of 2,000 answers differ from those of the float net?

# %%
mlp, digits = training.load_checkpoint("lenet_300_100"), data.mnist("test").take(slice(0, 2_000))
(mean,), (deviation,) = data.CHANNEL_STATISTICS["mnist"]
x = data.to_float(data.mnist("train").images[:1_000], "mnist").flatten(1)  # calibration
scale_x, zero_x, prepared = 1 / (255 * deviation), round(255 * mean), []
for layer in (mlp[1], mlp[3], mlp[5]):
    x = layer(x) if layer is mlp[5] else layer(x).relu()
    scale_y, zero_y = quantization.affine_params(*quantization.minmax_range(x))
    codes, scale_w = quantization.quantize_per_channel(layer.weight)
    bias = quantization.quantize(layer.bias, scale_x * scale_w, 0, low=-(2**31), high=2**31 - 1)
    factors = [quantization.fixed_point(m) for m in (scale_x * scale_w.double() / scale_y).tolist()]
    mantissa, shift = torch.tensor(factors).T
    prepared.append((zero_x, codes, bias, mantissa, shift, zero_y))
    prepared[-1] += ((scale_x, scale_w, scale_y),)  # for the comparison below only
    scale_x, zero_x = scale_y, zero_y

# %%
passed = [digits.images.flatten(1)]  # uint8 (2000, 784): the bytes of the images
for zero_x, codes, bias, mantissa, shift, zero_y, _ in prepared:
    passed.append(quantization.integer_linear(passed[-1], zero_x, codes, bias, mantissa, shift, zero_y))
by_floats = training.predict(mlp, digits.images, dataset="mnist").argmax(dim=1)
by_integers = passed[-1].argmax(dim=1)
print("types on the way:", *(x.dtype for x in passed))
print(f"{int((by_integers != by_floats).sum())} of 2,000 answers differ")
for name, answered in (("floats", by_floats), ("integers", by_integers)):
    print(f"{name}: {100 * (answered == digits.labels).float().mean():.2f} % right")

# %% [markdown]
# **A library agrees.** PyTorch brings fbgemm, the int8 kernels that servers use.
# It gets the same codes and scales, layer by layer.
# It multiplies by $M$ as a float and rounds halves to even, where we use integers and round halves away from zero.
#
# **Predict:** of 820,000 output codes, how many differ, and by how much?

# %%
differences = []
for k, (zero_x, codes, bias, _, _, zero_y, (scale_x, scale_w, scale_y)) in enumerate(prepared):
    zeros = torch.zeros(len(scale_w), dtype=torch.long)
    x = torch._make_per_tensor_quantized_tensor(passed[k].to(torch.uint8), scale_x, zero_x)
    weight = torch._make_per_channel_quantized_tensor(codes, scale_w.double(), zeros, 0)
    packed = torch.ops.quantized.linear_prepack(weight, bias.float() * (scale_x * scale_w))
    theirs = torch.ops.quantized.linear(x, packed, scale_y, zero_y).int_repr()  # uint8
    differences.append((theirs.int() - passed[k + 1]).flatten())
differences = torch.cat(differences).abs()
print(
    f"{int((differences > 0).sum())} of {differences.numel():,} codes differ, by at most {differences.max()}"
)

# %% [markdown]
# **What happened.** Integers do the work of the float net: the answers that change are few, and not all for the worse.
# The two implementations agree: where a code differs at all, its sum lies within a hair of a half.

# %% [markdown]
# **The recipe** for a whole net, *post-training quantization*, needs neither labels nor training:
#
# 1. fold batch norm into the convolutions;
# 2. weights: symmetric, one scale for each channel;
# 3. activations: affine, range from a few hundred calibration inputs;
# 4. biases: integers of 32 bits, in steps of $s_x s_w$;
# 5. correct each bias by the mean error of its channel (Nagel et al. 2019).
#
# `quantization.quantize_network` does all of it; the result holds integers:

# %%
held = [(name, str(tensor.dtype), tensor.numel()) for name, tensor in int8.named_buffers()][:6]
plots.table(["buffer of the quantized ResNet-8 (the first six)", "type", "numbers"], held)

# %% [markdown]
# ## 5 Experiment
#
# **How many bits?** The same width for all layers, from 8 bits down to 2, and four ways:
#
# - weights only, one scale for each tensor;
# - weights only, one scale for each channel;
# - weights and activations, min-max ranges;
# - weights and activations, ranges of least error for both, biases corrected.
#
# **Predict:** for each net, the smallest width that costs less than a point. Which is hurt more by coarse grids, weights or activations?

# %%
sweep = {(run["net"], run["way"], run["bits"]): run for run in recorded["sweep"]}
ways = {
    "weights, per tensor": (plots.DENSE, "s"),
    "weights, per channel": plots.VARIANTS[3],
    "weights and activations": plots.VARIANTS[2],
    "weights and activations, ranges chosen": plots.VARIANTS[0],
}
figure, panels = plt.subplots(1, 3, figsize=(8.4, 3.3), dpi=90, sharey=True, layout="constrained")
for panel, (net, title) in zip(panels, titles.items(), strict=True):
    for way, (color, mark) in ways.items():
        widths = sorted(b for n, w, b in sweep if (n, w) == (net, way))
        heights = [sweep[net, way, b]["accuracy"] for b in widths]
        panel.plot(widths, heights, marker=mark, markersize=4, color=color, label=way)
    panel.set_title(title, fontsize=10)
    panel.set_xlabel("bits")
    panel.spines[["top", "right"]].set_visible(False)
panels[0].set_ylabel("accuracy on test images, %")
figure.legend(
    *panels[0].get_legend_handles_labels(), frameon=False, fontsize=8, ncols=2, loc="outside lower center"
)
figure.suptitle(
    "Down to 6 bits little is lost, below 4 the photo nets collapse", x=0.01, ha="left", fontsize=11
)
plt.show()

# %%
rows = []
for net, title in titles.items():
    for way in ways:
        found = [sweep[net, way, bits]["accuracy"] - before[net]["accuracy"] for bits in (8, 6, 5, 4, 3, 2)]
        rows.append([title, way, *(f"{points:+.2f}" for points in found)])
plots.table(["points won or lost", "quantized", "8 bits", "6", "5", "4", "3", "2"], rows)

# %% [markdown]
# **What happened.** 8 bits cost at most 0.2 points, in every net and in every way.
# From there the nets part.
# LeNet-5, with five times the weights for the easier task, hardly notices 3 bits per channel.
# ResNet-8 loses a point or two at 5.
# The student bears weights of 5 bits and stumbles over such activations. At 2 bits both photo nets guess.
#
# A scale for each channel matters from 7 bits downwards.
# Choosing ranges helps most where the grid is coarse, and still does not save the photo nets at 3 bits.

# %% [markdown]
# **The claim.** Over 90 % smaller, at equal accuracy, by quantization alone?
# Each point is a real file, packed with as many bits as its codes need.
#
# - Circles: weights only, ranges of least error, biases corrected, 8 to 2 bits. Triangles: the activations too.
# - Squares: files of exactly the claimed size, and the best method we have: more bits for the layers that need them, and rounding in which
#   later weights make up for earlier ones (GPTQ). It is the reference of the exercise's experiment.
#
# "Equal" shall mean: at most half a point less (the grey band).
#
# **Predict:** which of the three nets keeps the promise?

# %%
title, best_way = "Only LeNet-5 gets beyond 90 % without losing accuracy", list(ways)[-1]
ax = plots.axes(title, x="file smaller by, %", y="accuracy lost, points")
best = {"weights, ranges chosen": "o", best_way: "^", "weights, bits shared out": "s"}
colors = {"lenet_5": plots.COMPRESSED, "resnet_8": plots.ERROR, "student": plots.DENSE}
for net, color in colors.items():
    for way, marker in best.items():
        runs = sorted((r for (n, w, _), r in sweep.items() if (n, w) == (net, way)), key=lambda r: r["bytes"])
        smaller = [100 * (1 - run["bytes"] / before[net]["bytes"]) for run in runs]
        lost = [before[net]["accuracy"] - run["accuracy"] for run in runs]
        ax.plot(smaller, lost, "-", marker=marker, color=color, label=titles[net] if marker == "o" else None)
ax.axvline(90, color="0.2", linewidth=1)
ax.axhspan(-0.6, 0.5, color="0.93")
ax.set_ylim(12, -0.6)
ax.legend(frameon=False, loc="lower left")
plt.show()

# %%
rows = []
for net, title in titles.items():
    runs = [run for (n, _, _), run in sweep.items() if n == net]
    equal = [run for run in runs if before[net]["accuracy"] - run["accuracy"] <= 0.5]
    tenth = [run for run in runs if run["bytes"] < 0.1 * before[net]["bytes"]]
    small, good = min(equal, key=lambda run: run["bytes"]), max(tenth, key=lambda run: run["accuracy"])
    smaller = [f"{100 * (1 - run['bytes'] / before[net]['bytes']):.1f}" for run in (small, good)]
    lost = [f"{before[net]['accuracy'] - run['accuracy']:.2f}" for run in (small, good)]
    at = [f"{run['way']}, {'2 to 8' if 'widths' in run else run['bits']} bits" for run in (small, good)]
    rows.append([title, f"{smaller[0]} % ({at[0]})", f"{lost[1]} points at {smaller[1]} % ({at[1]})"])
plots.table(["net", "smallest file within half a point", "best beyond 90 %"], rows)

# %% [markdown]
# **The answer.** For LeNet-5 the sentence is true, for the photo nets it is false.
# With ranges alone they lose far more than a point, with the best method we have about two.
#
# Half of it is arithmetic: 8 bits are 75 % smaller, 4 bits 87.5 %.
# Even 3 bits just miss 90 % in the photo nets' files, scales included.
#
# Quantization alone gives a factor of four for nothing, and of six for a point or two.
# Beyond lie pruning, shared weights, entropy coding, or training with the grid in place.

# %% [markdown]
# **The test, in a fresh process.** Three files of ResNet-8: float, 8 bits, 5 bits with chosen ranges.
# A new Python process, which has only the files and the library, reads them and answers the 2,000 embedded test photos.
#
# **Predict:** how many more mistakes do the two smaller files make?

# %%
least_error = partial(quantization.mse_range, bits=5)
int5 = quantization.quantize_layers(
    quantization.clip_weights(dense, bits=5), [calibration], weight_bits=5, activation_bits=5,
    activation_range=lambda x: least_error(x.flatten()[:: x.numel() // 20_000 + 1]), correct_bias=True,
)  # fmt: skip
quantization.save_quantized(file("int5"), int5)

program = """
import sys
from safetensors.torch import load_file
from shrink import data, nets, quantization, training
for path in sys.argv[1:]:
    net = nets.resnet_8().eval()
    if path.endswith("float"):
        net.load_state_dict(load_file(path))
    else:
        net = quantization.quantize_layers(net)
        quantization.load_quantized_(path, net)
    print(training.accuracy(net, data.cifar10("test"), dataset="cifar10"))
"""
paths = [file(name) for name in ("float", "int8", "int5")]
done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True)
tested = [100 * float(line) for line in done.stdout.splitlines()[-3:]]

# %%
rows = []
for name, path, right in zip(("float", "8 bits", "5 bits"), paths, tested, strict=True):
    size = os.path.getsize(path)
    rows.append([name, size, os.path.getsize(paths[0]) / size, f"{right:.2f}", round(20 * (100 - right))])
plots.table(["ResNet-8", "file, bytes", "times smaller", "accuracy, %", "mistakes in 2,000"], rows)

# %% [markdown]
# **And the time?** Our own layers stay slow: they turn codes into floats and multiply those.
# An *engine* has kernels for integers.
# ONNX Runtime ran each net as float and in three other ways, one thread, side by side in the same rounds:
#
# - **int8**: batch norm folded, one scale for each channel, ranges calibrated;
# - **int8, graph not prepared**: the same call, but batch norm still stands between the layers;
# - **int8, dynamic**: weights in 8 bits, ranges of the activations looked up anew for each input.
#
# **Predict:** the time as a multiple of float. Which of the three is slower than float?

# %%
ways = {"static": "int8", "unprepared": "int8, graph not prepared", "dynamic": "int8, dynamic"}
rows = []
for run in recorded["speed"]:
    for way, title in ways.items():
        times = [run["times"][f"{count} engine"][way] for count in (1, 64)]
        shown = [f"{median:.2f} ({low:.2f} to {high:.2f})" for low, median, high in times]
        rows.append([titles[run["net"]], title, *shown])
    ours = [run["times"][f"{count} torch"]["ours"] for count in (1, 64)]
    shown = [f"{median:.2f} ({low:.2f} to {high:.2f})" for low, median, high in ours]
    rows.append([titles[run["net"]], "our layers, against float PyTorch", *shown])
print(
    recorded["speed"][0]["engine"],
    "median and quartiles of",
    recorded["settings"]["rounds"],
    "rounds, CPU time",
)
plots.table(["net", "time / time of float", "one image", "64 images"], rows)

# %% [markdown]
# **What happened.** With kernels, and with the graph prepared, int8 is faster, though never by the factor of four that the
# instruction promises: layers between stay float, and codes must be made and unmade.
#
# int8 is *slower* when the work around the multiplication outweighs it: when ranges are sought at run time, when
# each layer goes to floats and back, or when an engine has no kernel and emulates, as our layers do.
#
# Smaller is certain, faster must be measured.

# %% [markdown]
# **What breaks: an outlier.** The dead filter of the first layer puts out 0 for every photo, so the weights that multiply this channel in the next
# layer do nothing.
# We give one of them a new value, up to 100 times the largest of the layer.
# For the float net nothing changes.
#
# **Predict:** 8 bits, per tensor and per channel, with an outlier of 10 and of 100 times the largest weight?

# %%
dead = folded.get_submodule("conv").weight.flatten(1).abs().amax(dim=1).argmin()
rows = []
for size in (0, 10, 100):
    changed = copy.deepcopy(folded)
    weight = changed.get_submodule("stages.0.0.conv1").weight  # (out, in, 3, 3)
    weight[0, dead, 1, 1] = size * weight.abs().max()
    results = [accuracy(with_weights(partial(there_and_back, axis=axis), changed)) for axis in (None, 0)]
    rows.append([size, accuracy(changed), *results])
plots.table(["outlier / largest weight", "float, %", "8 bits per tensor, %", "8 bits per channel, %"], rows)

# %% [markdown]
# **What happened.** Per tensor, one number sets the step of all others, a number without any use at that.
# Per channel, only its own filter suffers.
# The activations of large language models have such outliers, always in the same few channels, and those are the main difficulty there
# (Dettmers et al. 2022).

# %% [markdown]
# **What breaks: channels of unequal size.** A twin of ResNet-8: in the three blocks the first convolution's filter $o$ is
# multiplied by $a_o$, and the next layer's weights for this input are divided by it.
# ReLU lets a positive factor pass, so both nets compute the *same function*.
# The factors lie between 1/16 and 16.
#
# **Predict:** 8 bits, per tensor and per channel: how do the twins differ?

# %%
twin = copy.deepcopy(folded)
generator = torch.Generator().manual_seed(0)
for k in range(3):
    first, second = (twin.get_submodule(f"stages.{k}.0.conv{i}") for i in (1, 2))
    a = 2 ** (8 * torch.rand(first.out_channels, generator=generator) - 4)  # (out,)
    first.weight.mul_(a.view(-1, 1, 1, 1))
    first.bias.mul_(a)
    second.weight.div_(a.view(1, -1, 1, 1))
rows = []
for name, net in (("ResNet-8", folded), ("its twin", twin)):
    net_of = {axis: with_weights(partial(there_and_back, axis=axis), net) for axis in (None, 0)}
    rows.append([name, accuracy(net), accuracy(net_of[None]), accuracy(net_of[0])])
plots.table(["net", "float, %", "8 bits per tensor, %", "8 bits per channel, %"], rows)

# %% [markdown]
# **What happened.** Two nets that no input can tell apart, and only one of them bears 8 bits.
# Scales per channel rescue the layer whose *outputs* were scaled; the one whose *inputs* were scaled keeps unequal weights within each filter.

# %% [markdown]
# Depthwise layers come out of training like that: each filter has only nine weights and a batch norm of its own.
# The cure runs backwards: choose $a_o$ so that both layers have equal ranges (Nagel et al. 2019).
#
# So we trained two small nets on digits, one with ordinary and one with depthwise layers, three seeds each.

# %%
rows = []
for kind in ("ordinary", "depthwise"):
    runs = [run for run in recorded["depth"] if run["kind"] == kind]
    for scales in ("per tensor", "per channel"):
        lost = [[run[f"{bits} {scales}"] - run["float"] for run in runs] for bits in (8, 6, 4)]
        shown = [" / ".join(f"{points:+.2f}" for points in sorted(each)) for each in lost]
        rows.append([kind, scales, *shown])
print("float:", *(f"{run['kind']} {run['float']:.2f} %" for run in recorded["depth"]), sep="\n")
plots.table(["layers", "weights", "points, 8 bits, three seeds", "6 bits", "4 bits"], rows)

# %% [markdown]
# **What happened.** At 4 bits the depthwise net loses 3 to 18 points per tensor and about one per channel.
# The ordinary net loses two at most, and a few tenths. The step between the two rows is what unequal filters cost.
#
# These nets were trained for three passes over 10,000 digits, so their filters had little time to grow apart.
# MobileNets, which are trained for long, lose nearly everything at 8 bits per tensor without equalization (Nagel et al. 2019).

# %% [markdown]
# **What breaks: mistakes.** Five of them circulate; all give a net that runs without any error message.
#
# - cast to int8 before clamping: 200 becomes -56;
# - cast to int8 without a scale: everything below 1 becomes 0;
# - clip at the zero point before scaling: the negative weights vanish;
# - scale by $2^8 - 1$ and cast to unsigned: the negative ones wrap around;
# - write the codes back into the float net, and forget the scale.
#
# **Predict:** ten classes. Which of these nets is better than guessing?


# %%
def codes_of(weight, top=127, clip=1.0):  # int32 codes, not clamped, and the scale
    scale = clip * weight.abs().max() / top
    return (weight / scale).round().to(torch.int32), scale


def cast_first(weight):  # a range that clips the largest 5 %, as a chosen range may
    codes, scale = codes_of(weight, clip=0.95)
    return codes.to(torch.int8) * scale


mistakes = {
    "none, clamped before the cast": lambda w: (
        codes_of(w, clip=0.95)[0].clamp(-127, 127) * codes_of(w, clip=0.95)[1]
    ),
    "cast before clamping": cast_first,
    "no scale": lambda w: w.to(torch.int8).float(),
    "clipped at zero": lambda w: codes_of(w.clamp(min=0))[0] * codes_of(w)[1],
    "cast to unsigned": lambda w: codes_of(w, top=255)[0].to(torch.uint8) * codes_of(w, top=255)[1],
    "codes written back": lambda w: codes_of(w)[0].float(),
}
print(torch.tensor([200]).to(torch.int8).item())
plots.table(
    ["mistake", "accuracy, %"], [[name, accuracy(with_weights(change))] for name, change in mistakes.items()]
)

# %% [markdown]
# **What happened.** None of them.
# Even the first one, which harms only the few largest weights, turns exactly those into large weights of the wrong sign.
# A net that answers at chance level after quantization has a bug, not too few bits: look at the largest error of a weight, which must not exceed
# half a step.

# %% [markdown]
# ## 6 Limits
#
# **What quantization costs, and what it gives.**
#
# | | benefit | cost |
# |---|---|---|
# | file | four times smaller for nothing, six times for little | below 4 bits accuracy falls steeply |
# | time | kernels for integers are faster | without them it is slower; the graph must be prepared |
# | energy | cheaper multiplications, fewer bytes moved | only on chips with such units |
# | work | minutes, a few hundred inputs, no labels | ranges fit the calibration data, and other data may lie outside |
# | training | none | where it does not suffice: quantization-aware training |

# %% [markdown]
# **What this lesson cannot show.**
#
# - Three small nets. Large ones have more to spare, and language models have outliers that these have not.
# - One width for all layers is the simplest choice; the exercise lets you distribute the bits.
# - On 10,000 test images a difference of 0.2 points is 20 answers; on 1,000, as in the small tables here, one point is ten.
# - Ranges were calibrated on photos like those of the test. One notices a bad fit by counting clamped codes in use.
# - The times belong to one machine and one engine. A phone's chip has others.

# %% [markdown]
# ## 7 Summary

# %%
speed = {run["net"]: run["times"] for run in recorded["speed"]}["resnet_8"]
rows = [
    ["file, bytes", *(os.path.getsize(path) for path in paths)],
    ["times smaller", *(os.path.getsize(paths[0]) / os.path.getsize(path) for path in paths)],
    ["accuracy on 2,000 photos, %", *(f"{right:.2f}" for right in tested)],
    ["time in an engine, one image", 1.0, speed["1 engine"]["static"][1], "no kernel"],
    ["time in an engine, 64 images", 1.0, speed["64 engine"]["static"][1], "no kernel"],
]
plots.table(["ResNet-8", "before", "after: 8 bits", "after: 5 bits"], rows)

# %% [markdown]
# **In three sentences.**
# A code is a number on a grid: scale and zero point say where it lies, zero must be on it, and the range decides how much the many pay for the few.
# 8 bits make a file four times smaller at equal accuracy without any training; 90 % by quantization alone holds for LeNet-5 and fails for the photo
# nets.
# Smaller is certain, faster is a property of the engine: measure it side by side.

# %% [markdown]
# **Interview questions.**
#
# <details><summary>1. Why one scale for each output channel, and not for each input channel?</summary>
#
# An output's scale is a factor of the whole sum and can be multiplied behind it.
# An input's scale differs from summand to summand, so the sum of integers could not be formed.
#
# </details>

# %% [markdown]
# <details><summary>2. Your int8 model is slower than the float one. Why, and what do you check?</summary>
#
# Whether batch norm is folded and the graph prepared; whether the layers run in integer kernels or go back to floats between; whether ranges are sought at run
# time; whether the layers are so small that making codes costs more than multiplying.
# Then measure side by side, with the batch size of the application.
#
# </details>

# %% [markdown]
# <details><summary>3. "Quantization makes models over 90 % smaller at equal accuracy." True?</summary>
#
# 8 bits are 75 %. 90 % needs at most 3.2 bits a weight, everything included.
# A net with weights to spare (LeNet-5 on digits) bears that; small photo nets lose several points and more, even with chosen ranges.
# Such figures in papers come from training with the grid, or from pruning and coding besides.
#
# </details>

# %% [markdown]
# **Primary papers.**
#
# - Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference: the scheme of this lesson.
# - Krishnamoorthi 2018, Quantizing deep convolutional networks for efficient inference: per channel, and many measurements.
# - Nagel, van Baalen, Blankevoort, Welling 2019, Data-Free Quantization Through Weight Equalization and Bias Correction.
# - Choukroun, Kravchik, Yang, Kisilev 2019, Low-bit Quantization of Neural Networks for Efficient Inference: ranges of least error.
# - Nagel et al. 2021, A White Paper on Neural Network Quantization.
# - Dettmers, Lewis, Belkada, Zettlemoyer 2022, LLM.int8(): outliers in large language models.
# - Frantar, Ashkboos, Hoefler, Alistarh 2023, GPTQ: rounding in which later weights make up for earlier ones.
