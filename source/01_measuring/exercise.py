# ---
# title: Measuring, the exercises
# covers: [A5, D18]
# ---

# %% [markdown]
# # Measuring: the exercises
#
# You write the instruments with which every later room is judged, and then train a net that keeps to a budget of bytes.
#
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.
# The check answers at once with a few public cases, and names what the marks will test besides.

# %% imports="measuring"

# %% [markdown]
# ## `count_parameters`: how many numbers were learned
#
# *Difficulty 1 of 5 · about 5 minutes*
#
# **Why.** It is the first number anyone quotes, and it is often wrong: shared tensors are counted twice, or zeros are sold as savings.
#
# **Contract.** The numbers in all parameters of the model; buffers are no parameters.
# A tensor that several modules share counts once.
# With `nonzero=True` only values other than 0 count.
# The result is a Python `int`.
#
# **Example.** `nn.Linear(2, 2)` has 4 weights and 2 biases: 6.
# `nn.Sequential(layer, nn.ReLU(), layer)` with the same `layer` twice: still 6.
# With weights [[1, 0], [0, 2]] and both biases 0, `nonzero=True` gives 2.

# %% task="count_parameters"

# %% check="count_parameters"

# %% [markdown]
# <details><summary>Hint: too many, and the model shares a layer?</summary>
#
# A shared tensor stands in the model's `state_dict` once for each of its names, and so do you if you add up layer by layer.
# Look for something that lists the tensors instead of the names.
#
# </details>
#
# <details><summary>Hint: too many, and the model has batch norm?</summary>
#
# Running mean, running variance and the counter are buffers: stored, but not learned.
#
# </details>

# %% [markdown]
# ## `dense_bytes`: what the numbers weigh
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **Why.** The size before compression is one half of every ratio; take it too high and any method looks good.
#
# **Contract.** The bytes of all parameters and all buffers, each at its own type.
# Memory that two tensors share counts once, also when the two are different tensor objects, such as a tensor and a view of it.
# Zeros weigh as much as other values.
#
# **Example.** `nn.BatchNorm2d(2)`: weight and bias $2 \cdot 2 \cdot 4$ B = 16 B, running mean and variance 16 B, and a counter of type int64, 8 B.
# Together 40 B.
# `nn.Linear(3, 2).half()`: 8 numbers of 2 B, 16 B.

# %% task="dense_bytes"

# %% check="dense_bytes"

# %% [markdown]
# <details><summary>Hint: a few bytes short for each batch norm?</summary>
#
# Eight bytes short: the counter `num_batches_tracked` is a buffer too, an int64.
# More than that: the running statistics are missing.
#
# </details>
#
# <details><summary>Hint: twice the size for a half-precision model?</summary>
#
# Four bytes a number holds for float32 alone. A tensor knows how many bytes one of its values takes.
#
# </details>
#
# <details><summary>Hint: too much when two tensors share memory?</summary>
#
# Two tensor objects can look at the same memory, so comparing objects or names does not show it.
# Ask where each tensor begins in memory and where it ends.
#
# </details>

# %% [markdown]
# ## `count_macs`: how much work one answer is
#
# *Difficulty 4 of 5 · about 30 minutes*
#
# **Why.** The number cannot be read off the list of layers: it depends on how large the maps are when they arrive.
# So the model has to run, and must not notice.
#
# **Contract.** The multiply-accumulates of one forward pass of one input of shape `input_shape` (without the batch).
# Conv2d with any stride, padding, dilation and groups, and Linear, also on inputs of more than two dimensions; all else, biases included, counts 0.
# A module that is called twice counts twice.
# Afterwards the model is as it was, also when its forward pass raises: no hook left, each module in its own train or eval mode, the statistics of batch norm untouched.
#
# **Example.** `nn.Conv2d(1, 1, 3)` on (1, 4, 4): 4 places of 9, 36.
# `nn.Conv2d(4, 4, 3, padding=1, groups=4)` on (4, 4, 4): 64 outputs of 9, 576.
# `nn.Linear(8, 3)` on (5, 8): 15 outputs of 8, 120.

# %% task="count_macs"

# %% check="count_macs"

# %% [markdown]
# <details><summary>Hint: the second call returns more than the first?</summary>
#
# A hook of the first call is still there. Remove hooks in a place that is reached on error too.
#
# </details>
#
# <details><summary>Hint: a layer that is used twice counts once?</summary>
#
# You ask the modules, not the calls. A forward hook runs at every call and sees its output.
#
# </details>
#
# <details><summary>Hint: too many with groups, too few with a Linear on three dimensions?</summary>
#
# Groups: each output sees only its own group's channels; the shape of `weight` says so.
# Linear: it works at every position, so count its outputs, not `out_features`.
#
# </details>
#
# <details><summary>Hint: the running mean has moved, or frozen layers train again?</summary>
#
# In train mode batch norm learns from your probe.
# And `model.train()` at the end is no way back: some modules may have been in eval mode before.
#
# </details>

# %% [markdown]
# ## `confusion_matrix`: who is taken for whom
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Every measure of quality in this course is read off this one table.
#
# **Contract.** An int64 tensor (C, C): row = target, column = prediction, entry = how often.
# Classes that never occur keep their row and column.
# A label outside [0, `num_classes`) and tensors of unequal length raise `ValueError`.
#
# **Example.** Targets 0, 0, 1, 2 and predictions 0, 1, 1, 0 of three classes:
# [[1, 1, 0], [0, 1, 0], [1, 0, 0]].
# The last row says: the only 2 was taken for a 0.

# %% task="confusion_matrix"

# %% check="confusion_matrix"

# %% [markdown]
# <details><summary>Hint: the matrix is mirrored at its diagonal?</summary>
#
# Rows are targets. A row adds up to how often its class really occurs.
#
# </details>
#
# <details><summary>Hint: no entry exceeds 1?</summary>
#
# `matrix[targets, predictions] += 1` adds once for a pair of indices, however often the pair occurs.
#
# </details>
#
# <details><summary>Hint: the matrix is too small, or a label of -1 lands in the last column?</summary>
#
# The size comes from `num_classes`, not from the largest label. Negative indices are legal in Python: check the range.
#
# </details>

# %% [markdown]
# ## `precision_recall_f1`: three views of each class
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** A compressed net may keep its accuracy and give up a class. These three numbers show it.
#
# **Contract.** From a confusion matrix (rows are targets) a float32 tensor (C, 3), one row a class:
#
# $$P = \frac{TP}{TP + FP} \qquad R = \frac{TP}{TP + FN} \qquad F_1 = \frac{2\,TP}{2\,TP + FP + FN}$$
#
# with the true positives, false positives and false negatives of the class.
# Where a denominator is 0 the value is 0.
#
# **Example.** [[2, 0, 0], [1, 1, 0], [1, 0, 0]].
# Class 0: TP 2, FP 2, FN 0, so 1/2, 1, 2/3.
# Class 1: TP 1, FP 0, FN 1, so 1, 1/2, 2/3.
# Class 2 is never predicted: 0, 0, 0.

# %% task="precision_recall_f1"

# %% check="precision_recall_f1"

# %% [markdown]
# <details><summary>Hint: nan in a row?</summary>
#
# 0 / 0. It happens when a class is never predicted or never occurs. Decide before the division, or replace after it.
#
# </details>
#
# <details><summary>Hint: precision and recall have changed places?</summary>
#
# False positives of a class stand in its column, false negatives in its row.
#
# </details>

# %% [markdown]
# ## `median_latency`: how long one call takes
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** The first call is slow, some calls are interrupted, and a mean contains both.
#
# **Contract.** Call `run` `warmup` times without timing, then `repeats` times with a look at `clock` directly before and directly after each call.
# Return the median of the differences in seconds, a float; for an even number of repeats the mean of the two middle ones.
# `warmup` below 0 and `repeats` below 1 raise `ValueError`.
#
# **Example.** `warmup=1, repeats=4`, and the calls take 9, 2, 7, 4, 3 s.
# The 9 is warm-up; sorted, the rest is 2, 3, 4, 7; the median is 3.5.

# %% task="median_latency"

# %% check="median_latency"

# %% [markdown]
# <details><summary>Hint: the result is one of the times, but not the middle one?</summary>
#
# Sorted? And with an even number, the upper of the two middle values is not the median.
#
# </details>
#
# <details><summary>Hint: the result is right in real life and wrong with the test's clock?</summary>
#
# The test's clock moves as it is read. Two looks for each timed call, none for the warm-up, and no other clock.
#
# </details>

# %% [markdown]
# ## `compression_ratio`: how many times smaller
#
# *Difficulty 1 of 5 · about 3 minutes*
#
# **Why.** It is the headline of every paper, and worth as much as the two numbers it divides.
#
# **Contract.** $r$ = `original_bytes / compressed_bytes`, a float.
# `ValueError`, naming the argument, unless both are positive.
#
# **Example.** From 1,200 B to 300 B: 4.0. From 300 B to 1,200 B: 0.25, which is no compression.

# %% task="compression_ratio"

# %% check="compression_ratio"

# %% [markdown]
# <details><summary>Hint: a quarter where four is expected?</summary>
#
# The larger the ratio, the smaller the file: before over after.
#
# </details>
#
# <details><summary>Hint: ZeroDivisionError?</summary>
#
# Check both values before you divide; a ratio of an empty file means nothing in either direction.
#
# </details>

# %% [markdown]
# ## The experiment: `train_in_budget`
#
# *Difficulty 4 of 5 · about 45 minutes*
#
# **Why.** On a device the budget comes first and the net has to fit.
# Here you spend 64,000 bytes on reading digits, where LeNet-300-100 spends 1,066,440.
#
# **Contract.** Train a net of linear layers with ReLU between them, and return its layers as pairs (weight, bias), float32.
# All weights and biases together take at most `max_bytes`, 4 bytes each, for any budget you are given.
# All randomness comes from `generator`.
# The judge calls you with the 60,000 training images, `max_bytes=64000` and 60 CPU-seconds, and runs your layers itself on the 10,000 test images.
# Full marks for at most 4.5 % errors, none from 10 % on, a share in between.
#
# **Example.** A budget of 32,000 B holds 8,000 numbers.
# 784 - 10 - 10 takes $784 \cdot 10 + 10 + 10 \cdot 10 + 10 = 7{,}960$ of them, 31,840 B: it fits.
# 784 - 11 - 10 takes 8,755: it does not.

# %% task="train_in_budget"

# %% check="train_in_budget"

# %% [markdown]
# To try it on the real digits, in a cell of your own:
#
# ```python
# from shrink import data
#
# train, test = data.mnist("train"), data.mnist("test")
# pixels = train.images.view(-1, 784).float() / 255
# generator = torch.Generator().manual_seed(0)
# layers = train_in_budget(pixels, train.labels, max_bytes=64_000, generator=generator)
#
# x = test.images.view(-1, 784).float() / 255
# for weight, bias in layers[:-1]:
#     x = torch.relu(x @ weight.T + bias)
# x = x @ layers[-1][0].T + layers[-1][1]
# print(f"{(x.argmax(dim=1) != test.labels).float().mean():.2%} errors")
# ```

# %% [markdown]
# <details><summary>Hint: nine errors in ten?</summary>
#
# The judge computes $x W^\top + b$ with your pairs: weight is (out, in), and no ReLU follows the last layer.
# Did you train on scaled or shifted pixels? The judge's are in [0, 1].
#
# </details>
#
# <details><summary>Hint: over budget by a few bytes?</summary>
#
# Biases count too. Write down the number of values as a formula of the width, and solve it for the width.
#
# </details>
#
# <details><summary>Hint: the training errors are few, the test errors many?</summary>
#
# The net has learned its images by heart. Move each image by a pixel now and then; a moved 3 is still a 3.
#
# </details>
#
# <details><summary>Hint: time runs out, or the errors stop falling early?</summary>
#
# Too small batches cost time, too large a learning rate at the end costs errors.
# Let the learning rate rise and then fall to zero within the epochs you can afford.
#
# </details>
