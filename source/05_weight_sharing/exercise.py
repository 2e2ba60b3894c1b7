# ---
# title: Weight sharing and entropy coding, the exercises
# covers: [F16]
# ---

# %% [markdown]
# # Weight sharing and entropy coding: the exercises
#
# You write the parts of a compressed file: few shared values, short code words, cheap positions.
# Then you put a whole network into one string of bytes, and take it out again in a process that knows nothing else.
# At the end LeNet-300-100, 1,066,440 bytes, has to fit into as few as you can.
#
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.
# The check answers at once with a few public cases, and names what the marks will test besides.
#
# A **codebook** is the row of shared values of a tensor, a **code** the index of one of them.

# %% imports="weight_sharing"

# %% [markdown]
# ## `nearest_code`: which shared value is closest
#
# *Difficulty 1 of 5 · about 10 minutes*
#
# **Why.** A weight of 32 bits is replaced by the index of an entry in a short list.
#
# **Contract.** For each value the index of the nearest entry of the codebook, int64, in the shape of `values`.
# At equal distance either of the two is right.
#
# **Example.** Values [[0.3, -1.2], [0.8, 0.4]], codebook [-1, 0, 1]: codes [[1, 0], [2, 1]].

# %% task="nearest_code"

# %% check="nearest_code"

# %% [markdown]
# <details><summary>Hint: the codes are right for a sorted codebook only?</summary>
#
# Searching between borders needs ascending entries. Comparing all distances does not.
#
# </details>
#
# <details><summary>Hint: a matrix of values gives a flat list, or an error?</summary>
#
# Distances need one dimension more than the values. Add it behind the last one, and take the smallest along it.
#
# </details>
#
# <details><summary>Hint: out of memory with 400,000 weights and 256 entries?</summary>
#
# All distances at once are 100 million numbers. Sort the codebook, and search in the borders between its entries.
#
# </details>

# %% [markdown]
# ## `kmeans_1d`: find the shared values
#
# *Difficulty 3 of 5 · about 25 minutes*
#
# **Why.** The codebook decides how much is lost before any training repairs it.
#
# **Contract.** Start from $k$ centroids evenly spaced from the smallest to the largest value.
# Repeat: each value goes to its nearest centroid, each centroid moves to the mean of its values.
# A centroid without values stays where it is.
# At most `iterations` rounds; the result is ascending, float32 (k,).
#
# **Example.** Values [0, 1, 9], $k = 3$: start 0, 4.5, 9.
# Nobody is nearest to 4.5, so it stays: [0.5, 4.5, 9].

# %% task="kmeans_1d"

# %% check="kmeans_1d"

# %% [markdown]
# <details><summary>Hint: some centroids are nan?</summary>
#
# The mean of no value at all is 0 / 0.
#
# </details>
#
# <details><summary>Hint: fewer centroids than asked for?</summary>
#
# An empty cluster keeps its place, also in the result.
#
# </details>
#
# <details><summary>Hint: close, but never equal?</summary>
#
# Is your start evenly spaced between minimum and maximum, both included? Random starts and quantiles lead elsewhere.
#
# </details>

# %% [markdown]
# ## `centroid_gradient`: train what is shared
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** If a thousand weights are one number, this number has one gradient.
#
# **Contract.** Entry $j$ is the *sum* of the gradients of all weights whose code is $j$; 0 for a code that does not occur.
# `grad` and `codes` have the same shape, any number of dimensions.
#
# **Example.** Gradients [0.5, -0.2, 0.1, 0.4], codes [0, 2, 0, 2], $k = 4$: [0.6, 0, 0.2, 0].

# %% task="centroid_gradient"

# %% check="centroid_gradient"

# %% [markdown]
# <details><summary>Hint: too small for codes that occur often?</summary>
#
# That is the mean. The chain rule sums over all places where the number is used.
#
# </details>
#
# <details><summary>Hint: only the last gradient of each code arrives?</summary>
#
# `result[codes] += grad` writes to each place once, whatever stood in the way. Something adds up instead.
#
# </details>

# %% [markdown]
# ## `entropy_bits`: what nobody can undercut
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Without this number you do not know whether your code is good or your data are easy.
#
# **Contract.** With $n_a$ of $n$ symbols equal to $a$: $\sum_a n_a \log_2 (n / n_a)$, the bits of the *whole* sequence, a float.
# No symbols take 0 bits, and so does a sequence of one symbol repeated.
#
# **Example.** [3, 3, 3, 8]: $3 \log_2 (4/3) + 1 \cdot \log_2 4 = 3.245$.

# %% task="entropy_bits"

# %% check="entropy_bits"

# %% [markdown]
# <details><summary>Hint: smaller by a constant factor?</summary>
#
# A factor of 0.69 is the natural logarithm; a factor of $n$ means bits for each symbol instead of all.
#
# </details>
#
# <details><summary>Hint: nan?</summary>
#
# $0 \log 0$. Count only symbols that occur.
#
# </details>

# %% [markdown]
# ## `huffman_lengths`: how long each code word is
#
# *Difficulty 3 of 5 · about 25 minutes*
#
# **Why.** A frequent symbol gets a short word, a rare one a long word, and no whole-bit code does better.
#
# **Contract.** From symbol -> count to symbol -> length, such that the sum of count times length is least.
# Among several best codes any is right. A single symbol has length 1.
#
# **Example.** Counts {7: 5, 1: 2, 4: 2, 0: 1}: first 0 and one of the 2s are joined, to 3; then 2 and 3, to 5; then 5 and 5.
# So {7: 1, 1: 2, 4: 3, 0: 3}, or 1 and 4 exchanged: 18 bits.

# %% task="huffman_lengths"

# %% check="huffman_lengths"

# %% [markdown]
# <details><summary>Hint: the sum is too large for some counts?</summary>
#
# Always join the two groups with the smallest *sums*, and put the sum back among the others. A heap does it.
#
# </details>
#
# <details><summary>Hint: "'<' not supported between dict and dict"?</summary>
#
# With equal counts Python compares what stands behind. Put a running number in between.
#
# </details>

# %% [markdown]
# ## `canonical_code`: from lengths to words
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Why.** A decoder that gets the lengths can rebuild the words, so no tree needs to be stored.
#
# **Contract.** Bit strings, assigned in the order of (length, symbol): the first word is all zeros;
# each further word is the one before plus 1, with zeros put behind it when the length grows.
# The argument may list its symbols in any order.
#
# **Example.** Lengths {4: 3, 7: 1, 0: 3, 1: 2}: 7 is "0", 1 is "10", 0 is "110", 4 is "111".

# %% task="canonical_code"

# %% check="canonical_code"

# %% [markdown]
# <details><summary>Hint: one word is the beginning of another?</summary>
#
# First add 1, then append zeros. The other order lets two words overlap.
#
# </details>
#
# <details><summary>Hint: leading zeros are missing?</summary>
#
# A word is a string of its full length. `format(3, "04b")` is "0011".
#
# </details>

# %% [markdown]
# ## `huffman_encode`: symbols to bytes
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Contract.** The words one after the other, the first bit in the most significant place of the first byte;
# the last byte is filled with zeros. No symbols give no bytes.
#
# **Example.** With the code above, [7, 4, 1, 7] is 0 111 10 0, filled 01111000: one byte, 0x78.

# %% task="huffman_encode"

# %% check="huffman_encode"

# %% [markdown]
# <details><summary>Hint: eight times too long?</summary>
#
# You stored a byte for each "0" and "1".
#
# </details>
#
# <details><summary>Hint: right for whole bytes, wrong for the rest?</summary>
#
# The filling stands behind the last bit, not before the last few.
#
# </details>

# %% [markdown]
# ## `huffman_decode`: bytes to symbols
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Contract.** Exactly `count` symbols, a list; what follows them is filling.
# If the data end before `count` symbols are complete, `ValueError`.
#
# **Example.** 0x78 with `count` 4 is [7, 4, 1, 7].
# The last 0 of the byte could be another 7: only `count` tells it from filling.

# %% task="huffman_decode"

# %% check="huffman_decode"

# %% [markdown]
# <details><summary>Hint: some symbols too many?</summary>
#
# Zeros of the filling look like words. Stop at `count`.
#
# </details>
#
# <details><summary>Hint: very slow?</summary>
#
# Turn the code around once, word -> symbol, and look up the bits gathered so far. No word begins another, so the first hit is right.
#
# </details>

# %% [markdown]
# ## `relative_indices`: where the kept weights are
#
# *Difficulty 4 of 5 · about 25 minutes*
#
# **Why.** Positions are most of a sparse file.
# Who reports a ratio of non-zero weights has forgotten them.
#
# **Contract.** The kept weights in row-major order, each as its distance from the entry before; the first from position -1.
# A distance above $2^b - 1$ is bridged by padding entries of gap $2^b - 1$, each marked True in `padding`, until the rest lies in
# [1, $2^b - 1$].
#
# **Example.** Twelve weights, 1, 2 and 11 kept, $b = 2$: distances 2, 1, 9, and 9 = 3 + 3 + 3.
# `gaps` [2, 1, 3, 3, 3], `padding` [False, False, True, True, False].

# %% task="relative_indices"

# %% check="relative_indices"

# %% [markdown]
# <details><summary>Hint: a gap of 0, or one too few paddings?</summary>
#
# A distance of exactly $2^b - 1$ fits: it needs no padding. One more needs one.
#
# </details>
#
# <details><summary>Hint: all positions are off by one?</summary>
#
# The first distance counts from -1, so a kept weight at position 0 has gap 1.
#
# </details>
#
# <details><summary>Hint: columns and rows are mixed up?</summary>
#
# Row-major means that the last index runs fastest, whatever lies in memory.
#
# </details>

# %% [markdown]
# ## `encode_network`: one file for everything
#
# *Difficulty 5 of 5 · about 90 minutes*
#
# **Why.** A ratio is a claim until somebody has opened the file.
#
# **Contract.** A state dict in, one `bytes` out, from which `decode_network` makes the net again.
#
# - In a tensor of two or more dimensions zeros stay zeros.
#   The others come back as at most $2^{\mathrm{bits}} - 1$ shared values, each within half the largest gap of the codebook from its original.
# - Every other tensor comes back exactly, with its dtype: biases, batch norm, counters.
# - Names, shapes, positions, codebooks, codes, lengths of words: all is in the bytes.
#
# **Example.** `encode_network({"w": torch.tensor([[0.0, 0.5], [0.5, 0.0]])}, bits=1)`: one shared value, 0.5; the two zeros are exact.

# %% task="encode_network"

# %% [markdown]
# Whether the bytes are right, only a decoder can say: the check stands below the next task.

# %% [markdown]
# ## `decode_network`: trust nobody
#
# *Difficulty 4 of 5 · about 60 minutes*
#
# **Why.** Files arrive cut off, altered, or made by somebody who wishes you ill.
#
# **Contract.** The state dict that was encoded, from the bytes alone.
# Bytes that are damaged or cut off raise `ValueError`, never another exception; and no header, however false, makes the decoder run
# for ever or fill the memory.
#
# **Example.** `decode_network(data[:-1])` and `decode_network(b"")` raise `ValueError`; so does one flipped bit anywhere.

# %% task="decode_network"

# %% check="encode_network" together="decode_network"

# %% [markdown]
# <details><summary>Hint: fine in one notebook, lost in a fresh process?</summary>
#
# Something travels outside the bytes: a global codebook, a name, a shape. The decoder gets nothing but the bytes.
#
# </details>
#
# <details><summary>Hint: a few zeros have become small numbers?</summary>
#
# Zero is no cluster. Take the kept values out first, and share among those.
#
# </details>
#
# <details><summary>Hint: correct, but too large?</summary>
#
# Where are the bytes: positions, codes, or a header in text form? Compare each part with its `entropy_bits`.
# Zero as one more symbol among the codes needs no positions at all.
#
# </details>

# %% check="decode_network" together="encode_network"

# %% [markdown]
# <details><summary>Hint: a flipped bit gives slightly other weights, and no error?</summary>
#
# Store a checksum of everything else, for instance `zlib.crc32`, and compare it before anything is believed.
#
# </details>
#
# <details><summary>Hint: <code>struct.error</code> or <code>IndexError</code> on short data?</summary>
#
# Read through one function that checks how much is left.
#
# </details>

# %% [markdown]
# ## The experiment: `compress_lenet`
#
# *Difficulty 5 of 5 · about 90 minutes*
#
# **Why.** Han et al. (2016) report 40 times, in a count of their own, at 1.58 % error.
# Yours will be bytes that another process has opened.
#
# **Contract.** You get the trained LeNet-300-100, its 60,000 training images as float32 (60000, 784), normalised, their labels, and a generator.
# Return bytes, and leave the model as it is. Your `decode_network` opens them in another fresh process.
# It gives a state dict with the names, shapes and dtypes of the model's, which is tested on the 10,000 test images.
# The ratio is 1,066,440 divided by the number of bytes, and counts in full at no more than 1.8 % error:
# 40 passes, 100 is good, 200 strong, and beyond 330 it goes onto the board.
# Code beyond 24,000 bytes, compressed by lzma, is added to the file's: a network can hide there too.
#
# **Example.** 26,661 bytes are a ratio of 40, and 1.8 % are 180 errors.

# %% task="compress_lenet"

# %% check="compress_lenet" together="decode_network"

# %% [markdown]
# To try it on the real digits, in a cell of your own:
#
# ```python
# from shrink import data, training
#
# train, test = data.mnist("train"), data.mnist("test")
# model = training.load_checkpoint("lenet_300_100")
# images = data.to_float(train.images, "mnist").view(-1, 784)
# file = compress_lenet(model, images, train.labels, generator=torch.Generator().manual_seed(0))
# model.load_state_dict(decode_network(file))
# print(f"{1_066_440 / len(file):.1f} times, {1 - training.accuracy(model, test, dataset='mnist'):.2%} errors")
# ```
#
# Look at the test images once, at the end.
# While you try settings, keep some training images aside and judge by those.

# %% [markdown]
# <details><summary>Hint: 40 times, and no further?</summary>
#
# Count the bytes of each part. At 95 % zeros the positions weigh most: prune more, and retrain longer.
#
# </details>
#
# <details><summary>Hint: the biases have become a large part of the file?</summary>
#
# 410 float32 are 1,640 bytes. How many different values does a bias need to choose from?
# Round them before you encode, and let the file store each different value once.
#
# </details>
#
# <details><summary>Hint: the error jumps when the values are shared?</summary>
#
# Train the shared values: a few hundred steps with `centroid_gradient`, a small step size that falls to zero.
#
# </details>
#
# <details><summary>Hint: beyond 200?</summary>
#
# Whole units first, then weights: rows and columns that are empty cost a context coder nearly nothing.
# And few shared values: try 4 to 7 for each tensor, trained well.
#
# </details>
