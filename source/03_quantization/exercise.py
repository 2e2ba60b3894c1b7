# ---
# title: Quantization, the exercises
# covers: [A8, B9, C6, F4, F5, F6, F15]
# ---

# %% [markdown]
# # Quantization: the exercises
#
# You write the functions that lay a grid, put numbers on it and compute with the codes, then quantize whole networks, and at the end
# fit ResNet-8 into a given number of bytes.
#
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.
#
# A **code** is the integer that stands for a number, the **scale** the distance of two grid points, the **zero point** the code
# of 0.0.
# Four faults that circulate wait on the way: no scale, a wrong cast, a clip before the scale, codes taken for weights.

# %% imports="quantization"

# %% [markdown]
# ## `affine_params`: lay a grid over a range
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Why.** Activations are lopsided. An affine grid covers exactly their range, and still has a code for 0.0.
#
# **Contract.** Codes 0 to $2^b - 1$.
# The range is first widened to contain 0; then $s$ is its length divided by the number of steps, and $z = \mathrm{round}(-\mathrm{low} / s)$,
# within the codes.
# A `float` and an `int` come back; `low = high = 0` gives (1.0, 0).
#
# **Example.** From -0.5 to 3.25 with 4 bits: $s = 3.75 / 15 = 0.25$, $z = 2$.
# From 1 to 3 the range becomes 0 to 3, so $z = 0$.

# %% task="affine_params"

# %% check="affine_params"

# %% [markdown]
# <details><summary>Hint: the zero point is 17 of 16 codes, or negative?</summary>
#
# The range does not contain 0. Widen it before you do anything else.
#
# </details>
#
# <details><summary>Hint: the scale is a little too small?</summary>
#
# 16 codes have 15 steps between them.
#
# </details>

# %% [markdown]
# ## `symmetric_scale`: one number for a tensor, or one for each channel
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Weights lie around zero. A grid without zero point makes the sums of a layer simpler and faster.
#
# **Contract.** $s = \max \lvert w \rvert / (2^{b-1} - 1)$, over the whole tensor (shape `()`) or for each index along `axis`
# (shape `(weight.shape[axis],)`).
# Where all weights are zero the scale is 1.
#
# **Example.** Weights [[1.27, -0.5], [0, 0]], 8 bits, axis 0: [0.01, 1].

# %% task="symmetric_scale"

# %% check="symmetric_scale"

# %% [markdown]
# <details><summary>Hint: the scale of a group with a large negative weight is too small?</summary>
#
# The largest *magnitude* counts, not the largest number.
#
# </details>
#
# <details><summary>Hint: nan or inf in the codes later?</summary>
#
# A filter of zeros alone has the maximum 0, and something is divided by it.
#
# </details>

# %% [markdown]
# ## `quantize`: numbers to codes
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Why.** Three operations, and every other order of them is a known bug.
#
# **Contract.** Round $x / s$, halves to the even neighbour; add the zero point; clamp to [low, high].
# The result is int32, in the shape of `x`; `scale` may be a number or a tensor that broadcasts.
#
# **Example.** $s = 0.5$, $z = 10$, codes 0 to 15: [-9, -0.25, 0, 0.75, 100] becomes [0, 10, 10, 12, 15].
# -0.25 / 0.5 is a half and goes to the even 0, 1.5 goes to 2.

# %% task="quantize"

# %% check="quantize"

# %% [markdown]
# <details><summary>Hint: large numbers get the smallest codes?</summary>
#
# You cast before you clamp. In 8 bits 200 becomes -56.
#
# </details>
#
# <details><summary>Hint: all codes are 0 or 1?</summary>
#
# Numbers between 0 and 1 were cast to integers. Where is the scale?
#
# </details>
#
# <details><summary>Hint: negative numbers all have the same code?</summary>
#
# They were cut off before the scale was applied. Only codes are clamped, never the numbers.
#
# </details>

# %% [markdown]
# ## `dequantize`: codes to numbers
#
# *Difficulty 1 of 5 · about 5 minutes*
#
# **Why.** A code is not a number yet. Who writes codes into a float net gets an answer at random.
#
# **Contract.** $(q - z) \, s$ as float32, in the shape of the codes, whatever integer type they have.
#
# **Example.** Codes [0, 100, 255] as uint8, $s = 0.5$, $z = 100$: [-50, 0, 77.5].

# %% task="dequantize"

# %% check="dequantize"

# %% [markdown]
# <details><summary>Hint: 78 instead of -50?</summary>
#
# In uint8, 0 - 100 is 156. Leave the narrow type before you subtract.
#
# </details>

# %% [markdown]
# ## `quantize_per_channel`: a weight to int8
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **Why.** Filters differ in size. With a scale of its own, a small filter keeps its detail; it costs four bytes.
#
# **Contract.** Symmetric: codes int8 within $\pm(2^{b-1} - 1)$ in the shape of the weight, and the scales (C,) along `axis`.
# Bits from 2 to 8; else `ValueError`, naming `bits`.
#
# **Example.** Rows [1.27, -0.635] and [0.0127, 0], 8 bits: codes [127, -64] and [127, 0], scales [0.01, 0.0001].

# %% task="quantize_per_channel"

# %% check="quantize_per_channel"

# %% [markdown]
# <details><summary>Hint: the second row is all zeros?</summary>
#
# All rows got the scale of the largest.
#
# </details>
#
# <details><summary>Hint: sizes do not match for a convolution?</summary>
#
# Scales of shape (C,) align with the last dimension. Give them ones where the others are.
#
# </details>

# %% [markdown]
# ## `minmax_range`: nothing is clipped
#
# *Difficulty 1 of 5 · about 3 minutes*
#
# **Why.** It is the default of most tools, and with 8 bits often good enough.
#
# **Contract.** The smallest and the largest number, as two Python floats.
#
# **Example.** [0.5, -2, 1]: (-2.0, 1.0).

# %% task="minmax_range"

# %% check="minmax_range"

# %% [markdown]
# ## `percentile_range`: cut off the tails
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** One outlier must not decide for a million others.
#
# **Contract.** The part `coverage` stays inside, and half of the rest is cut at each end, with linear interpolation between neighbours.
# `ValueError`, naming `coverage`, outside [0, 1].
#
# **Example.** The numbers 0, 1, ..., 100 with coverage 0.5: (25.0, 75.0).

# %% task="percentile_range"

# %% check="percentile_range"

# %% [markdown]
# <details><summary>Hint: too much is cut?</summary>
#
# With coverage 0.9, a tenth is cut in all: a twentieth at each end.
#
# </details>
#
# <details><summary>Hint: "input tensor is too large"?</summary>
#
# `torch.quantile` stops at 16 million numbers, and a few images through a net are more. numpy goes on.
#
# </details>

# %% [markdown]
# ## `mse_range`: the range of least error
#
# *Difficulty 3 of 5 · about 25 minutes*
#
# **Why.** Clipping hurts a few numbers, coarse steps hurt all. Somewhere between lies the least sum.
#
# **Contract.** Try `steps` ranges, the min-max range times $1/\mathrm{steps}, 2/\mathrm{steps}, \ldots, 1$.
# Each gives an affine grid; quantize, dequantize, take the mean squared error.
# Return the range with the smallest one.
#
# **Example.** [0, 1, 2, 3] with 2 bits: the whole range (0.0, 3.0) has no error at all.

# %% task="mse_range"

# %% check="mse_range"

# %% [markdown]
# <details><summary>Hint: always the whole range?</summary>
#
# Numbers outside a smaller range are clamped to its end, and the error must see that: compare with the numbers as they were.
#
# </details>
#
# <details><summary>Hint: both ends clipped when only one has an outlier?</summary>
#
# That is as it should be: both ends shrink by the same factor here.
#
# </details>

# %% [markdown]
# ## `fold_batchnorm`: two layers become one
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Why.** In eval mode batch norm multiplies and adds, as the convolution before it does.
# Unfolded, it stands between integer layers and costs more than it does.
#
# **Contract.** A new `nn.Conv2d` with bias that equals `bn(conv(x))` in eval mode:
#
# $$w'_o = f_o \, w_o \qquad b'_o = \beta_o + f_o \, (b_o - \mu_o) \qquad f_o = \gamma_o / \sqrt{\sigma_o^2 + \epsilon}$$
#
# The convolution may have no bias, and any stride, padding, dilation, groups. Both arguments stay as they are.
#
# **Example.** Weight 2, no bias, $\mu = 1$, $\sigma^2 = 4$, $\epsilon = 0$, $\gamma = 3$, $\beta = 5$: $f = 1.5$, new weight 3, new bias 3.5.

# %% task="fold_batchnorm"

# %% check="fold_batchnorm"

# %% [markdown]
# <details><summary>Hint: nearly right, but not for small variances?</summary>
#
# $\epsilon$ stands under the root, and it is `bn.eps`, not always 0.00001.
#
# </details>
#
# <details><summary>Hint: right in train mode only?</summary>
#
# `running_mean` and `running_var`, not the statistics of a batch.
#
# </details>

# %% [markdown]
# ## `fixed_point`: a factor without floats
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **Why.** Between two layers of integers stands one factor, and small processors have no floats to apply it with.
#
# **Contract.** $M = m \cdot 2^{-k}$ up to one part in $2^{30}$, with an integer $m$ in $[2^{30}, 2^{31})$; $k$ may be negative.
# `ValueError`, naming `multiplier`, unless it is positive.
#
# **Example.** 0.75 gives (1610612736, 31), since 0.75 times $2^{31}$ is just that.

# %% task="fixed_point"

# %% check="fixed_point"

# %% [markdown]
# <details><summary>Hint: a mantissa of exactly 2147483648?</summary>
#
# A number just below a power of two was rounded up to it. Halve the mantissa and correct the shift.
#
# </details>

# %% [markdown]
# ## `requantize`: from a 32-bit sum to a code
#
# *Difficulty 4 of 5 · about 30 minutes*
#
# **Why.** Sums of products need 32 bits, the next layer reads 8.
#
# **Contract.** $a \cdot m \cdot 2^{-k}$ with integers alone, 64 bits wide in between; rounded, halves *away from zero*; then the zero point is
# added, then clamped. The result is int32. `mantissa` and `shift` may be tensors that broadcast.
#
# **Example.** $m = 2^{30}$, $k = 31$ is a half. Sums [-5, -3, 3, 5] give [-3, -2, 2, 3], with zero point 10: [7, 8, 12, 13].

# %% task="requantize"

# %% check="requantize"

# %% [markdown]
# <details><summary>Hint: negative sums are off by one?</summary>
#
# `>>` rounds downwards, also for negative numbers. Round the magnitude and give the sign back.
#
# </details>
#
# <details><summary>Hint: nonsense for large sums?</summary>
#
# A product of 32 and 31 bits does not fit into int32.
#
# </details>

# %% [markdown]
# ## `integer_linear`: a layer of integers
#
# *Difficulty 4 of 5 · about 25 minutes*
#
# **Why.** This is what an int8 kernel does. The judge watches every operation: one float, and the task fails.
#
# **Contract.** Subtract the input's zero point, multiply with the int8 codes, sum in 32 bits, add the bias, requantize.
#
# $$q_y = \mathrm{requantize}\left( \sum_i (q_{x,i} - z_x) \, q_{w,i} + q_b \right)$$
#
# `x` (N, in) may be of any integer type, and N may be 0.
#
# **Example.** $x$ = [[10, 12]], $z_x$ = 10, weight [[3, -1], [100, 0]], bias [6, 40], a factor of one half, output zero point 0:
# sums [-2 + 6, 0 + 40], codes [[2, 20]].

# %% task="integer_linear"

# %% check="integer_linear"

# %% [markdown]
# <details><summary>Hint: right for small codes only?</summary>
#
# int8 times int8 in int8 wraps around. Widen both factors first.
#
# </details>
#
# <details><summary>Hint: a float was seen?</summary>
#
# `/`, `torch.round`, `mean` and `F.linear` work with floats. Shifts, `//` and `@` on int32 do not.
#
# </details>

# %% [markdown]
# ## `quantize_network`: a whole net, without training
#
# *Difficulty 5 of 5 · about 60 minutes*
#
# **Why.** This is what a deployment tool does when you ask it for int8.
#
# **Contract.** From a trained conv net of the course and a few batches of inputs, a module from float input to float logits.
# Batch norm folded, weights per channel, the inputs of layers quantized with ranges found on `batches`; weights held as *integer buffers*, none of
# them as a float parameter. Additions, pooling and activation functions may stay float. The model you were given stays as it is.
# With 8 bits, at most half a point of accuracy is lost.
#
# **Example.** `nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())` becomes a module whose buffers hold 18 int8 weights, and whose
# outputs differ from the model's by about a hundredth of their range.

# %% task="quantize_network"

# %% check="quantize_network"

# %% [markdown]
# <details><summary>Hint: accuracy at chance level?</summary>
#
# Codes in the place of weights, without their scale; or the scales of another layer.
#
# </details>
#
# <details><summary>Hint: a few points lost at 8 bits?</summary>
#
# One scale for a whole tensor after folding; or ranges from the first batch alone; or batch norm folded and applied once more.
#
# </details>
#
# <details><summary>Hint: how do I find the batch norm of a convolution?</summary>
#
# `torch.fx.symbolic_trace` gives the order of the calls. Or name the pairs: the course has few nets.
#
# </details>

# %% [markdown]
# ## The experiment: `quantize_in_budget`
#
# *Difficulty 5 of 5 · about 60 minutes*
#
# **Why.** A chip has so many bytes, and the net must fit in.
# Equal bits for all layers is the simplest way to spend them, and not the best.
#
# **Contract.** You get ResNet-8 with its batch norm folded away, calibration images without labels, and `max_bytes`.
# Return, for every parameter of two or more dimensions, int8 codes of its shape and float32 scales (out,).
# The judge counts $\lceil n b / 8 \rceil$ bytes for $n$ codes, with $b$ bits to tell apart all integers from the smallest to the largest code, and 4 bytes
# a scale.
# It multiplies codes and scales and measures the accuracy on hidden test images.
#
# **Example.** 40,100 bytes are about four bits a weight, 30,400 about three.
# Rounding to the nearest reaches 80.9 and 36.6 % there, the float net 88.35 %.

# %% task="quantize_in_budget"

# %% check="quantize_in_budget"

# %% [markdown]
# To try it on real photos, in a cell of your own:
#
# ```python
# from shrink import data, nets, training
#
# images = data.to_float(data.cifar10("train").images[:256], "cifar10")
# model = ...  # training.load_checkpoint("resnet_8"), each batch norm folded by your fold_batchnorm
# for name, (codes, scales) in quantize_in_budget(model, images, max_bytes=40_100).items():
#     weight = dict(model.named_parameters())[name].data
#     weight.copy_(dequantize(codes, scales.view(-1, *[1] * (codes.dim() - 1)), 0))
# print(training.accuracy(model, data.cifar10("train").take(slice(8_000, 10_000)), dataset="cifar10"))
# ```
#
# These are training images, which the net knows: only the difference from the float net counts.

# %% [markdown]
# <details><summary>Hint: a few bytes too many?</summary>
#
# The scales count. And 17 levels need 5 bits: for 4 bits stay within -7 and 7, or -8 and 7.
#
# </details>
#
# <details><summary>Hint: how many bits for which layer?</summary>
#
# Quantize one layer at a time and compare the outputs on the calibration images with those of the float net.
# Buy bits where they help most for their bytes.
#
# </details>
#
# <details><summary>Hint: still short of full marks?</summary>
#
# Clip: try several scales for each channel. Then let the weights that are not yet rounded make up for the error of those that are
# (GPTQ, Frantar et al. 2023).
#
# </details>
