# ---
# title: Drills, the exercises
# covers: [B9, E8]
# ---

# %% [markdown]
# # Drills: fourteen functions against the clock
#
# An interview rarely asks for what a lesson built.
# It asks for a neighbour of it: a scale for every 32 weights, two codes in a byte, a batch norm that stands on the other side.
# Each card here is such a neighbour, with the minutes it should take and the question that comes next.
#
# Set a clock, write, and let the check judge it.
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.
# The check answers at once with a few public cases, and names what the marks will test besides.
#
# Say the shapes aloud before you write, and name one edge case.
# That is what an interviewer listens for.

# %% imports="drills"

# %% [markdown]
# ## `quantize_per_group`: now with a scale for every 32 weights
#
# *Difficulty 2 of 5 · 10 minutes*
#
# **Why.** With 4 bits, one outlier spoils the scale of a whole row.
# A scale for each group of neighbours keeps the damage within the group.
#
# **Contract.** Each row is cut into groups of `group` neighbours; the last may be shorter, and the next row starts anew.
# The scale of a group is $s = \max \lvert w \rvert / (2^{b-1} - 1)$ with $b$ = `bits`, and 1 for a group of zeros.
# A code is $\mathrm{round}(w / s)$, a half to the even code.
# Codes are int8 and have the shape of the weight; scales have shape (out, number of groups).
# `ValueError`, naming `group`, below 1.
#
# **Example.** [7, -2, 0.5, 0] in groups of 2: scales $7 / 7 = 1$ and $0.5 / 7 = 0.071$, codes [7, -2, 7, 0].

# %% task="quantize_per_group"

# %% check="quantize_per_group"

# %% [markdown]
# <details><summary>Hint: a row of 70 weights breaks the reshape?</summary>
#
# Zeros at the end of a row change no maximum. Fill up, reshape, and cut the codes back afterwards.
#
# </details>
#
# <details><summary>Hint: codes of 8 or -8?</summary>
#
# The largest code of a symmetric quantizer is $2^{b-1} - 1$.
#
# </details>
#
# <details><summary>Asked next: how many bits does a weight take, scales included?</summary>
#
# 4 bits and a share of one scale: with a 16-bit scale for every 32 weights, $4 + 16 / 32 = 4.5$ bits.
# Smaller groups are more exact and cost more.
#
# </details>

# %% [markdown]
# ## `pack_int4`: two codes in a byte
#
# *Difficulty 2 of 5 · 10 minutes*
#
# **Why.** A byte is the least that memory can address, so 4-bit codes are kept in int8 at first.
# As long as they stay there, nothing has been saved against 8 bits.
#
# **Contract.** The codes lie in -8 .. 7.
# A byte holds two neighbours, the first in its low four bits, both in two's complement.
# An odd end is filled with 0. The result is uint8.
# A code outside the range raises `ValueError` with the word "codes" in its message.
#
# **Example.** [1, 2, -1]: $1 + 16 \cdot 2 = 33$, then -1 is 1111 in four bits and 0 above it, 15. So [33, 15].

# %% task="pack_int4"

# %% check="pack_int4"

# %% [markdown]
# <details><summary>Hint: bytes above 240 where the first code is negative?</summary>
#
# -1 is 11111111 in a byte. Only four of these ones belong to the code; `& 15` keeps them.
#
# </details>
#
# <details><summary>Hint: negative bytes?</summary>
#
# A signed byte has no room for 255. Go to uint8 before you shift.
#
# </details>
#
# <details><summary>Asked next: why the low bits first?</summary>
#
# It is a convention, and both exist. What matters is that the kernel which reads the bytes knows it.
# Real kernels often interleave further, so that one load brings the codes that one vector instruction needs.
#
# </details>

# %% [markdown]
# ## `unpack_int4`: and back
#
# *Difficulty 2 of 5 · 10 minutes*
#
# **Why.** A 4-bit kernel does this for every weight, every time. The sign is where it goes wrong.
#
# **Contract.** The inverse of `pack_int4`: from bytes and the number of codes to int8 codes.
# `count` is twice the number of bytes or one less; anything else raises `ValueError`, naming `count`.
#
# **Example.** [33, 15] with count 3: $33 = 2 \cdot 16 + 1$, so 1 and 2; the low half of 15 is 1111, so -1. Together [1, 2, -1].

# %% task="unpack_int4"

# %% check="unpack_int4"

# %% [markdown]
# <details><summary>Hint: 15 where -1 should be?</summary>
#
# From 8 on, a nibble stands for a negative number: 16 less.
#
# </details>
#
# <details><summary>Hint: all right numbers, in a strange order?</summary>
#
# The two codes of a byte are neighbours. Stack low and high in a new last dimension, then flatten.
#
# </details>
#
# <details><summary>Asked next: can it be done without a comparison?</summary>
#
# Shift to the left in a signed byte and back to the right: an arithmetic shift copies the sign bit.
#
# </details>

# %% [markdown]
# ## `quantize_per_token`: now for activations, found as they come
#
# *Difficulty 3 of 5 · 15 minutes*
#
# **Why.** Tokens of one batch differ in size by orders of magnitude.
# A range for each row, looked up when the row arrives, needs no calibration and fits all of them.
#
# **Contract.** For each row: the range from its minimum to its maximum, widened to contain 0, from $\mathrm{low}$ to $\mathrm{high}$.
# With $b$ = `bits`, scale $s$, zero point $z$ and codes $q$ are
#
# $$s = \frac{\mathrm{high} - \mathrm{low}}{2^b - 1} \qquad z = \mathrm{round}(-\mathrm{low} / s) \qquad q = \mathrm{round}(x / s) + z$$
#
# and no code lies above $2^b - 1$.
# Codes uint8, scales float32, zero points int32. A row of zeros has scale 1 and zero point 0.
#
# **Example.** [3, 6, 15] at 4 bits: the range is 0 .. 15, the scale 1, the zero point 0, and the codes are [3, 6, 15].

# %% task="quantize_per_token"

# %% check="quantize_per_token"

# %% [markdown]
# <details><summary>Hint: a row of positive numbers has a negative zero point?</summary>
#
# Its range does not contain 0 yet. Widen it first.
#
# </details>
#
# <details><summary>Hint: the largest value of a row has code 0?</summary>
#
# It was one too high for a byte and wrapped around. Clamp before you change the type.
#
# </details>
#
# <details><summary>Asked next: a scale for each token is cheap. Why not one for each channel of the activations?</summary>
#
# The sum of a matrix product runs over the channels. A scale that differs inside the sum cannot be taken out of it,
# while a token's scale multiplies the finished sum.
#
# </details>

# %% [markdown]
# ## `quantize_blockwise`: now with a codebook that is given
#
# *Difficulty 3 of 5 · 15 minutes*
#
# **Why.** Trained weights crowd around 0, so levels at equal distances waste codes on places where nobody lives.
# NF4 puts 16 levels where a normal distribution has its weights.
#
# **Contract.** The weight is read row by row as one long list and cut into blocks of `block`; the last may be shorter.
# The `absmax` of a block is $\max \lvert w \rvert$; a code is the index of the level nearest to $w / \mathrm{absmax}$. A tie may go either way.
# A block of zeros has absmax 0 and the codes of the level nearest to 0.
# Codes are uint8 in the shape of the weight. `ValueError`, naming `block`, below 1.
#
# **Example.** [4, -1, 0.5, 0.1] in blocks of 2 with the levels [-1, 0, 0.5, 1]: absmax [4, 0.5];
# 1 is level 3, -0.25 is nearest to 0, level 1; 1 is level 3, 0.2 is nearest to 0, level 1.

# %% task="quantize_blockwise"

# %% check="quantize_blockwise"

# %% [markdown]
# <details><summary>Hint: right for large blocks, wrong for a (7, 30) weight in blocks of 64?</summary>
#
# A block does not end where a row ends. Flatten first.
#
# </details>
#
# <details><summary>Hint: searchsorted gives the next level above?</summary>
#
# It does not look for the nearest one. Compare with the midpoints between levels, or with all levels.
#
# </details>
#
# <details><summary>Asked next: what does absmax itself cost, and can it be had for less?</summary>
#
# With 32 bits for 64 weights, 0.5 bits a weight. QLoRA quantizes these constants again, to 8 bits in blocks of 256
# with a second constant of 32 bits, and comes to $8 / 64 + 32 / (64 \cdot 256) = 0.127$ bits (Dettmers et al. 2023, section 3).
#
# </details>

# %% [markdown]
# ## `fake_quantize`: the gradient goes around the rounding
#
# *Difficulty 3 of 5 · 10 minutes*
#
# **Why.** Rounding is flat, so its gradient is 0 and nothing would be learned.
# Quantization-aware training rounds on the way there and looks away on the way back.
#
# **Contract.** Forward: $s \cdot q$ with $s$ = `scale`, where the code $q$ is $x / s$, rounded and clamped to $\pm (2^{b-1} - 1)$, $b$ = `bits`.
# Backward: the gradient passes unchanged where $\lvert x \rvert \le (2^{b-1} - 1) \, s$, and is 0 outside.
# `ValueError`, naming `scale`, unless it is above 0.
#
# **Example.** [0.3, -0.9, 5] with scale 0.5 and 3 bits: codes 1, -2 and 3 (10 clamped), so [0.5, -1, 1.5]; gradients 1, 1, 0.

# %% task="fake_quantize"

# %% check="fake_quantize"

# %% [markdown]
# <details><summary>Hint: the gradient is 0 everywhere?</summary>
#
# Some number has to carry the gradient while another gives the value. `detach` separates them.
#
# </details>
#
# <details><summary>Hint: the gradient is 1 for values far outside?</summary>
#
# What carries the gradient has to be clamped itself.
#
# </details>
#
# <details><summary>Asked next: why should the gradient be 0 outside the range?</summary>
#
# There the output does not change whatever x does, so a gradient would push the weight on without any effect.
# A weight that is stuck outside can still return through weight decay or a scale that is learned.
#
# </details>

# %% [markdown]
# ## `stochastic_round`: right on average
#
# *Difficulty 2 of 5 · 10 minutes*
#
# **Why.** An update smaller than half a step vanishes each time it is rounded to the nearest.
# Rounded by chance it survives on average, which lets low-precision training go on.
#
# **Contract.** Each number becomes one of its two whole neighbours, the upper one with probability $x - \lfloor x \rfloor$.
# A whole number stays what it is, also a large one.
# All chance comes from `generator`: the same state gives the same result, and the global generator is left alone.
#
# **Example.** -0.25 lies between -1 and 0: it becomes 0 three times in four, and the mean is -0.25.

# %% task="stochastic_round"

# %% check="stochastic_round"

# %% [markdown]
# <details><summary>Hint: negative numbers have the wrong mean?</summary>
#
# `int` and `trunc` cut towards zero. The lower neighbour of -0.25 is -1.
#
# </details>
#
# <details><summary>Hint: 4194304.0 becomes 4194305.0 now and then?</summary>
#
# Between 4194304 and the next float32 lies half a unit, so the sum with a random number is itself rounded.
#
# </details>
#
# <details><summary>Asked next: where would you not use it?</summary>
#
# At inference. It is unbiased, but its error is larger than that of rounding to the nearest, and answers would differ from call to call.
#
# </details>

# %% [markdown]
# ## `n_of_m_mask`: 2:4 sparsity and its relatives
#
# *Difficulty 2 of 5 · 10 minutes*
#
# **Why.** Single zeros make nothing faster. Two zeros in every four neighbours do, on hardware that knows the pattern.
#
# **Contract.** Of each `group` neighbours along the last dimension exactly `keep` are True, those of largest magnitude; ties either way.
# `ValueError`, naming `keep`, outside 0 .. group; `ValueError`, naming `group`, if it does not divide the last dimension.
#
# **Example.** [0.1, -0.9, 0.3, 0.2]: -0.9 and 0.3 stay, [False, True, True, False].

# %% task="n_of_m_mask"

# %% check="n_of_m_mask"

# %% [markdown]
# <details><summary>Hint: three are kept where weights are equal?</summary>
#
# A threshold cannot split a tie. Choose positions.
#
# </details>
#
# <details><summary>Hint: the count is right for a row and wrong for a group?</summary>
#
# Give the groups a dimension of their own before you rank.
#
# </details>
#
# <details><summary>Asked next: what does a 2:4 matrix take in memory?</summary>
#
# Two of four values, and for each of them two bits that say where it stood.
# With 16-bit values that is 36 bits instead of 64, 56 % of the dense matrix.
#
# </details>

# %% [markdown]
# ## `low_rank_factors`: one matrix as two thin ones
#
# *Difficulty 2 of 5 · 10 minutes*
#
# **Why.** Two layers with a narrow waist between them can take the place of one.
# Which two come nearest was proved in 1936.
#
# **Contract.** `left` (out, rank) times `right` (rank, in) is the matrix of this rank that is nearest to the weight,
# by the sum of squared differences.
# How the singular values are shared between the two is up to you.
# `ValueError`, naming `rank`, outside 1 .. min(out, in).
#
# **Example.** diag(3, 1) at rank 1: the product is diag(3, 0).

# %% task="low_rank_factors"

# %% check="low_rank_factors"

# %% [markdown]
# <details><summary>Hint: right for diagonal matrices alone?</summary>
#
# Most libraries return V already transposed. Its rows are what you want.
#
# </details>
#
# <details><summary>Asked next: up to which rank does it pay?</summary>
#
# $\mathrm{rank} \cdot (\mathrm{out} + \mathrm{in})$ numbers against $\mathrm{out} \cdot \mathrm{in}$. A square matrix of 1,024 breaks even at rank 512, half of its full rank.
#
# </details>

# %% [markdown]
# ## `merge_lora`: an adapter that costs nothing
#
# *Difficulty 1 of 5 · 5 minutes*
#
# **Why.** An adapter beside the layer is one more product for each token. Added to the weight it is free.
#
# **Contract.** $W + \frac{\alpha}{\mathrm{rank}} \, B A$, as a new tensor, with $W$ = `weight`, $\alpha$ = `alpha`, $A$ = `a`, $B$ = `b`.
# `a` (rank, in) is applied to the input first, `b` (out, rank) second.
# If the two differ in rank, `ValueError` with the word "rank" in its message.
#
# **Example.** The 2 x 2 identity, a = [[1, 2]], b = [[1], [0]], alpha 0.5: half of [[1, 2], [0, 0]] is added, [[1.5, 1], [0, 1]].

# %% task="merge_lora"

# %% check="merge_lora"

# %% [markdown]
# <details><summary>Hint: shapes do not fit?</summary>
#
# The product has the shape of the weight, (out, in). Only one order of the two factors gives that.
#
# </details>
#
# <details><summary>Asked next: the base weight is stored in 4 bits. What then?</summary>
#
# The sum fits the 4-bit grid no longer. Either merge into the dequantized weight and keep 16 bits, or round again and measure what that costs,
# or leave the adapter beside the layer.
#
# </details>

# %% [markdown]
# ## `smooth_linear`: moving outliers into the weights
#
# *Difficulty 3 of 5 · 15 minutes*
#
# **Why.** A few channels of a language model's activations are far larger than the rest, always the same ones.
# Weights have room to spare, so the difficulty is shared.
#
# **Contract.** The scale of each input channel $j$, with $\alpha$ = `alpha`, is
#
# $$s_j = \frac{\max \lvert x_j \rvert^{\alpha}}{\max \lvert w_j \rvert^{1 - \alpha}}$$
#
# It is 1 where the activations or the weights of the channel are all 0.
# Return the weight times the scales, column by column, and the scales; activations are divided by them elsewhere.
# `ValueError`, naming `alpha`, outside [0, 1].
#
# **Example.** A channel with activations up to 16 and weights up to 4, $\alpha = 0.5$: $4 / 2 = 2$.
# Activations then reach 8 and weights 8.

# %% task="smooth_linear"

# %% check="smooth_linear"

# %% [markdown]
# <details><summary>Hint: the scales have the wrong length?</summary>
#
# A column of the weight belongs to an input channel. The maximum runs over the rows.
#
# </details>
#
# <details><summary>Hint: NaN or infinity in one channel?</summary>
#
# Nothing ever arrives there, or nothing is made of it. Such a channel keeps the scale 1.
#
# </details>
#
# <details><summary>Asked next: does dividing the activations cost time at inference?</summary>
#
# No, if something linear stands before the layer. The division is folded into the gain of the layer norm, or into the weight of the layer before.
#
# </details>

# %% [markdown]
# ## `fold_input_batchnorm`: now the batch norm comes first
#
# *Difficulty 3 of 5 · 15 minutes*
#
# **Why.** Everybody folds a batch norm into the layer before it.
# When the norm stands on the other side, its factor meets the columns and its shift passes through the weight.
#
# **Contract.** A new `nn.Linear` with bias that gives `linear(bn(x))` as it is in eval mode.
# `linear` may have no bias; both arguments stay as they are, whatever their mode.
# `ValueError`, naming `bn`, if it keeps no running statistics.
#
# **Example.** One input, mean 3, variance 4, gamma 2, beta 1, eps 0: the norm gives $2 \cdot (x - 3) / 2 + 1 = x - 2$.
# With weight 5 and bias 1 the folded layer is $5 x - 9$.

# %% task="fold_input_batchnorm"

# %% check="fold_input_batchnorm"

# %% [markdown]
# <details><summary>Hint: right as long as beta and the mean are 0?</summary>
#
# What the norm adds to the inputs is multiplied by the weight before it reaches the outputs.
#
# </details>
#
# <details><summary>Hint: "a leaf Variable that requires grad is being used in an in-place operation"?</summary>
#
# Fill the new layer without a graph.
#
# </details>
#
# <details><summary>Asked next: does the same work for a convolution with zero padding?</summary>
#
# Not exactly. The padding is added behind the norm, so zeros at the border have not been shifted, and one bias for all positions cannot say so.
#
# </details>

# %% [markdown]
# ## `decode_step`: attention with a cache
#
# *Difficulty 3 of 5 · 10 minutes*
#
# **Why.** A language model writes token by token. Without the cache, each token would compute all keys and values before it again.
#
# **Contract.** One head, one new token. Its key and value are put behind those of the $t$ tokens before it, and its query attends to all $t + 1$:
#
# $$\sum_i a_i \, v_i \qquad a = \mathrm{softmax}\left(\frac{k_0 \cdot q}{\sqrt{d}}, \ldots, \frac{k_t \cdot q}{\sqrt{d}}\right)$$
#
# with the query $q$, keys $k_i$ and values $v_i$ of length $d$.
# Return the output and the two longer caches as new tensors. The cache may be empty, and scores may be large.
#
# **Example.** An empty cache: the token sees itself alone, and the output is its value.

# %% task="decode_step"

# %% check="decode_step"

# %% [markdown]
# <details><summary>Hint: the first token gives an empty or zero output?</summary>
#
# A token attends to itself, too. Grow the cache before you attend.
#
# </details>
#
# <details><summary>Hint: NaN when scores are large?</summary>
#
# `exp(1000)` is infinite in float32. `softmax` subtracts the largest score first.
#
# </details>
#
# <details><summary>Asked next: keys and values in 8 bits: a scale for each token or for each channel?</summary>
#
# Outliers of the keys sit in fixed channels, so per channel suits the keys and per token the values (Liu et al. 2024, KIVI).
# Per token is simpler, because a new token never changes an old scale.
#
# </details>

# %% [markdown]
# ## `verify_draft`: what a large model accepts
#
# *Difficulty 4 of 5 · 15 minutes*
#
# **Why.** A small model guesses several tokens, the large one checks them all in one pass.
# With the right rule the result has exactly the large model's distribution.
#
# **Contract.** Token $i$ of the draft is accepted if `uniforms[i]` is at most $p / q$, its probabilities in the large and the small model.
# The first one that is not ends the draft, and the next token comes from $\max(p - q, 0)$ at that place, divided by its sum.
# After a whole draft it comes from the last row of $p$.
# Return the number of accepted tokens, an `int`, and the distribution of the next one.
#
# **Example.** $p$ = [0.5, 0.5], $q$ = [1, 0], token 0, uniform 0.7: 0.7 is above 0.5, so 0 tokens are accepted; $\max(p - q, 0)$ is
# [0, 0.5], divided by its sum [0, 1].

# %% task="verify_draft"

# %% check="verify_draft"

# %% [markdown]
# <details><summary>Hint: too many accepted?</summary>
#
# A token behind a rejected one was drafted for another text. It does not count.
#
# </details>
#
# <details><summary>Hint: the distribution sums to less than 1?</summary>
#
# What the small model gave too much of is gone. Divide what is left by its sum.
#
# </details>
#
# <details><summary>Asked next: each token is accepted with probability 0.8, independently. How many come out of a pass with a draft of 4?</summary>
#
# The accepted ones and one more: $1 + 0.8 + 0.8^2 + 0.8^3 + 0.8^4 = 3.36$ on average.
#
# </details>
