# ---
# title: Pruning, the exercises
# covers: [A6, B10, C4, D3]
# ---

# %% [markdown]
# # Pruning: the exercises
#
# You write the tools that choose weights, remove them and keep them away, and then prune LeNet-300-100 to a twelfth of its
# weights.
#
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.
# The check answers at once with a few public cases, and names what the marks will test besides.
#
# A **mask** is a `torch.bool` tensor of the weight's shape, and True means *keep*.
# **Sparsity** is the fraction of zeros, never that of the weights kept.

# %% imports="pruning"

# %% [markdown]
# ## `threshold_mask`: keep what is large enough
#
# *Difficulty 1 of 5 · about 5 minutes*
#
# **Why.** It is the oldest rule, and a single comparison.
# All that can go wrong is the sign, the border and the meaning of True.
#
# **Contract.** True where $|w| > \theta$.
# A weight whose magnitude is exactly the threshold is pruned.
# The mask has the shape of the weight, and the weight stays as it is.
# A negative threshold raises `ValueError` with the word "threshold" and the value in its message.
#
# **Example.** Weights [0.4, -0.6, 0.2, -0.2], threshold 0.2: [True, True, False, False].
# With threshold 0 all four stay, and only a weight that is 0 already would go.

# %% task="threshold_mask"

# %% check="threshold_mask"

# %% [markdown]
# <details><summary>Hint: every negative weight is gone?</summary>
#
# You compared the weight itself. Minus 0.6 is smaller than 0.2, but it is not small.
#
# </details>
#
# <details><summary>Hint: a list of numbers came back instead of True and False?</summary>
#
# Indexing a weight with a mask gives the kept values, one after the other, and the shape is lost. Return the mask itself.
#
# </details>

# %% [markdown]
# ## `magnitude_mask`: prune a given fraction
#
# *Difficulty 2 of 5 · about 15 minutes*
#
# **Why.** Nobody knows the right threshold in advance, but everybody knows how small the net has to become.
#
# **Contract.** With $n$ weights, exactly $\mathrm{round}(s \cdot n)$ entries are False, Python's `round`.
# They stand at the smallest magnitudes.
# Among equal magnitudes any choice is right, as long as the number is.
# `ValueError`, naming `sparsity`, outside [0, 1].
#
# **Example.** Weights [0.4, -0.6, 0.2, -0.1, 0.5], sparsity 0.5: `round(2.5)` is 2, because halves go to the even number.
# The two smallest are 0.2 and -0.1: [True, True, False, False, True].

# %% task="magnitude_mask"

# %% check="magnitude_mask"

# %% [markdown]
# <details><summary>Hint: the number is right, but large weights are gone?</summary>
#
# Did you keep the first ones of the tensor, or sort without the magnitude?
# And a position in the sorted order is not yet a position in the tensor.
#
# </details>
#
# <details><summary>Hint: too many pruned when weights are equal?</summary>
#
# A threshold cannot cut through a tie: either all equal weights fall, or none. Choose positions instead of a value.
#
# </details>
#
# <details><summary>Hint: one too few, for instance 28 of 100 at sparsity 0.29?</summary>
#
# 0.29 * 100 is 28.999999999999996, and `int` cuts off.
#
# </details>
#
# <details><summary>Hint: "view size is not compatible"?</summary>
#
# A transposed weight does not lie row by row in memory. `flatten` and `reshape` can deal with that.
#
# </details>

# %% [markdown]
# ## `neuron_mask`: keep or drop whole neurons
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** A missing neuron leaves a smaller matrix, which every library runs faster.
# Missing single weights do not.
#
# **Contract.** One bool for each row: True where the mean of $|w|$ over the row exceeds the threshold.
# For a convolution a row is a filter, (in, kh, kw); any number of dimensions may follow the first.
# The result has shape (out,), also with a single neuron.
#
# **Example.** Rows [0.6, -0.6], [0.1, 0.3], [0.0, 0.9], threshold 0.4: means 0.6, 0.2, 0.45, so [True, False, True].

# %% task="neuron_mask"

# %% check="neuron_mask"

# %% [markdown]
# <details><summary>Hint: a row of large weights with both signs is gone?</summary>
#
# Plus 0.6 and minus 0.6 have the mean 0. First the magnitude, then the mean.
#
# </details>
#
# <details><summary>Hint: a filter gives a matrix instead of one answer?</summary>
#
# The mean runs over all dimensions but the first. Join them to one before you take it.
#
# </details>

# %% [markdown]
# ## `global_magnitude_masks`: one ranking for all layers
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Why.** Layers differ in how much they can spare.
# One common ranking finds that out by itself, and in the lesson it beats equal shares by far.
#
# **Contract.** A dict of weights goes in, a dict of masks with the same names and shapes comes out.
# With $n$ weights in all tensors together, exactly $\mathrm{round}(s \cdot n)$ entries are False, at the smallest magnitudes of all.
# A whole layer may vanish.
# `ValueError`, naming `sparsity`, outside [0, 1].
#
# **Example.** `a` = [0.9, -0.8, 0.7], `b` = [[0.1], [-0.75]], sparsity 0.4: two of the five go, 0.1 and 0.7.
# So `a`: [True, True, False], `b`: [[False], [True]].

# %% task="global_magnitude_masks"

# %% check="global_magnitude_masks"

# %% [markdown]
# <details><summary>Hint: each tensor loses the same share?</summary>
#
# You ranked every tensor for itself. Put all magnitudes into one long row first.
#
# </details>
#
# <details><summary>Hint: one or two weights too many, over several small tensors?</summary>
#
# Rounding for each tensor adds up. Round once.
#
# </details>
#
# <details><summary>Hint: right numbers at wrong places?</summary>
#
# Take the long row apart in the order in which you put it together, with the same lengths.
#
# </details>

# %% [markdown]
# ## `taylor_scores`: what the gradient says
#
# *Difficulty 1 of 5 · about 5 minutes*
#
# **Why.** A small weight can matter and a large one can be idle.
# The gradient knows the data, the magnitude does not.
#
# **Contract.** $|w_i \, g_i|$ for each weight, in the shape of the weight; no sum, no scaling.
#
# **Example.** Weights [3, -0.5], gradients [0.1, 4]: scores [0.3, 2].
# The smaller weight is the more important one.

# %% task="taylor_scores"

# %% check="taylor_scores"

# %% [markdown]
# <details><summary>Hint: some scores are negative?</summary>
#
# The sign says whether the loss would rise or fall. The score asks only how far it moves.
#
# </details>

# %% [markdown]
# ## `mask_from_scores`: prune by any score
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** New papers bring new scores. The step from scores to a mask stays the same.
#
# **Contract.** Exactly $\mathrm{round}(s \cdot n)$ entries are False, at the *lowest* scores.
# Scores may be negative, and -5 is lower than 1.
# Ties either way; `ValueError`, naming `sparsity`, outside [0, 1].
#
# **Example.** Scores [2, -5, 1, 0], sparsity 0.5: -5 and 0 go, [True, False, True, False].

# %% task="mask_from_scores"

# %% check="mask_from_scores"

# %% [markdown]
# <details><summary>Hint: a very negative score survives?</summary>
#
# There is an absolute value in it. A magnitude is one possible score, but a score is no magnitude.
#
# </details>
#
# <details><summary>Hint: the best are gone and the worst are kept?</summary>
#
# Either the sort runs downwards, or the mask says True for what goes.
#
# </details>

# %% [markdown]
# ## `polynomial_sparsity`: how fast to prune
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** At the beginning a net has much to spare, at the end hardly anything.
# So gradual pruning hurries first and then slows down.
#
# **Contract.**
#
# $$s(t) = s_1 + (s_0 - s_1) \left(1 - \frac{t - t_0}{t_1 - t_0}\right)^{p}$$
#
# with $t$ = `step`, $t_0$ = `start`, $t_1$ = `end`, $s_0$ = `initial`, $s_1$ = `final`, $p$ = `power`.
# It holds between `start` and `end`; `initial` up to `start`, `final` from `end` on, for ever.
# A Python `float` comes back.
#
# **Example.** From 0 to 0.8 between steps 100 and 300 with $p = 2$: step 50 gives 0, step 200 gives 0.8 · (1 - 0.25) = 0.6,
# step 300 and step 1000 give 0.8.

# %% task="polynomial_sparsity"

# %% check="polynomial_sparsity"

# %% [markdown]
# <details><summary>Hint: negative before the start, or falling again behind the end?</summary>
#
# The formula holds between `start` and `end` only. Outside, return the constant before you compute anything.
#
# </details>
#
# <details><summary>Hint: right for start=0, wrong otherwise?</summary>
#
# Progress is the share of the way from `start` to `end`, not of the way from 0.
#
# </details>

# %% [markdown]
# ## `apply_masks_`: set weights to zero, in place
#
# *Difficulty 3 of 5 · about 15 minutes*
#
# **Why.** The optimiser holds the parameter objects.
# Put new ones in their place, and it goes on training the old ones, while the model never learns again.
#
# **Contract.** Each parameter named in `masks` is 0 where its mask is False; all other numbers stay exactly as they are.
# The parameters remain the same objects, with `requires_grad` as it was.
# Names are those of `model.named_parameters()`, also inside nested modules; an unknown one raises `KeyError` with the name in it.
#
# **Example.** A `nn.Linear(2, 1)` with weight [[0.5, -0.3]], masks {"weight": [[True, False]]}: the weight becomes [[0.5, 0.0]],
# the bias is untouched.

# %% task="apply_masks_"

# %% check="apply_masks_"

# %% [markdown]
# <details><summary>Hint: "a leaf Variable that requires grad is being used in an in-place operation"?</summary>
#
# Autograd watches the parameter. Tell it to look away while you change the numbers.
#
# </details>
#
# <details><summary>Hint: the mask is right, but training has no effect any more?</summary>
#
# You assigned a new tensor to the parameter. Change the numbers inside the old one.
#
# </details>
#
# <details><summary>Hint: names such as "2.1.weight" are not found?</summary>
#
# They are paths through nested modules, and `getattr` goes one step at a time. Something lists all parameters by their full names.
#
# </details>

# %% [markdown]
# ## `masked_step_`: train without reviving the dead
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Why.** One ordinary optimiser step after pruning, and the zeros are gone.
# Much of the pruning code that circulates makes this mistake.
#
# **Contract.** One step of `optimizer`, whose gradients have been computed.
# Afterwards every pruned weight is exactly 0, with any optimiser, momentum or weight decay, also if the momentum stems from before the
# pruning.
# Kept weights end exactly where a plain step would have put them.
#
# **Example.** SGD with learning rate 0.1; weights [1, 0], gradients [1, 1], mask [True, False].
# A plain step gives [0.9, -0.1], a masked one [0.9, 0].

# %% task="masked_step_"

# %% check="masked_step_"

# %% [markdown]
# <details><summary>Hint: pruned weights are small but not zero?</summary>
#
# You masked the gradient. Momentum and weight decay move a weight whose gradient is 0.
#
# </details>
#
# <details><summary>Hint: kept weights drift from where a plain step puts them?</summary>
#
# Something else was changed: the gradients, the momentum, or the number of steps.
#
# </details>

# %% [markdown]
# ## `sensitivity`: which layer bears how much
#
# *Difficulty 4 of 5 · about 25 minutes*
#
# **Why.** Before you spend hours on retraining, ask every layer alone.
# In the lesson the same 90 % cost one layer nothing and ruin another.
#
# **Contract.** For each name in turn, for each sparsity: prune this tensor alone by magnitude, starting from its *original*
# weights, and note `evaluate(model)`.
# The result maps each name to its list, in the order of `sparsities`.
# Afterwards the model is exactly as before: same objects, same bits, same modes, also when `evaluate` raises; the error goes on to the
# caller.
#
# **Example.** One layer with weight [[3, -1, 2, 4]], `evaluate` the sum of all magnitudes, sparsities [0.5, 0.25]:
# without 1 and 2 it is 7, without 1 it is 9, so {"weight": [7, 9]}.

# %% task="sensitivity"

# %% check="sensitivity"

# %% [markdown]
# <details><summary>Hint: the second layer looks much worse than it should?</summary>
#
# The first one is still pruned.
#
# </details>
#
# <details><summary>Hint: descending sparsities give equal results?</summary>
#
# You prune what is pruned already. Each sparsity starts from the original weights, so keep a copy; `detach()` alone is no copy.
#
# </details>
#
# <details><summary>Hint: the model stays pruned after an error?</summary>
#
# `finally` is reached on error too.
#
# </details>

# %% [markdown]
# ## The experiment: `prune_lenet`
#
# *Difficulty 4 of 5 · about 45 minutes*
#
# **Why.** Han et al. (2015) pruned this net to 12 times fewer weights and 1.59 % error.
# Your budget is 60 CPU-seconds.
#
# **Contract.** You get the trained LeNet-300-100, its 60,000 training images as float32 (60000, 784), normalised, and their labels.
# Return the state dict of the pruned net: same names and shapes, pruned weights exactly 0; the model you were given stays as it is.
# The ratio is 266,200 divided by the non-zero weights of the three matrices.
# Full marks for a ratio of at least 12 and at most 1.7 % error on the 10,000 test images, part of them for less.
#
# **Example.** A ratio of 12 leaves 22,183 weights, and 1.7 % are 170 errors.
# Pruned to that size at once and not retrained, the net makes several times as many.

# %% task="prune_lenet"

# %% check="prune_lenet"

# %% [markdown]
# To try it on the real digits, in a cell of your own:
#
# ```python
# from shrink import data, training
#
# train, test = data.mnist("train"), data.mnist("test")
# model = training.load_checkpoint("lenet_300_100")
# state = prune_lenet(model, data.to_float(train.images, "mnist").view(-1, 784), train.labels)
# left = sum(int(weight.count_nonzero()) for weight in state.values() if weight.dim() == 2)
# model.load_state_dict(state)
# print(f"{266_200 / left:.1f} times fewer, {1 - training.accuracy(model, test, dataset='mnist'):.2%} errors")
# ```
#
# Look at the test images once, at the end.
# While you try settings, keep some training images aside and judge by those.

# %% [markdown]
# <details><summary>Hint: several percent of errors?</summary>
#
# Prune, then train on, with every pruned weight kept at zero. Two or three passes over the images repair most of it.
#
# </details>
#
# <details><summary>Hint: the ratio is just below 12 although you asked for it?</summary>
#
# 12 times fewer means a sparsity of at least 1 - 1/12, and the biases are not among the 266,200.
#
# </details>
#
# <details><summary>Hint: the zeros are gone at the end?</summary>
#
# Some step was not masked, the last one perhaps.
#
# </details>
#
# <details><summary>Hint: the error stops at 2 %?</summary>
#
# A large learning rate at the end keeps the weights moving. Let it fall to zero within the passes you can afford.
#
# </details>
