# ---
# title: Distillation, the exercises
# covers: [A7, B11, C8, D2, F7, F8, F9, F10]
# ---

# %% [markdown]
# # Distillation: the exercises
#
# You write the losses by which a student learns from a teacher, and the loop that uses them.
# At the end you train a student for which 1,800 of 2,000 images have no label.
#
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.
# The check answers at once with a few public cases, and names what the marks will test besides.

# %% [markdown]
# **Logits** are what a net puts out for an image before any softmax, one number a class: a tensor (N, C).
# The **temperature** divides logits, never probabilities.
# The teacher is finished: no gradient reaches it, and nothing about it changes.

# %% imports="distillation"

# %% [markdown]
# ## `soft_targets`: a softer softmax
#
# *Difficulty 1 of 5 · about 5 minutes*
#
# **Why.** A good teacher is sure. Its second and third guess are tiny numbers, until the temperature makes them large enough to learn from.
#
# **Contract.** $p_c = e^{z_c / T} / \sum_k e^{z_k / T}$ over the last dimension, whatever stands before it.
# The result has the shape of the logits, and each row sums to 1, also for logits of 1,000.
# A temperature that is not above 0 raises `ValueError` with the word "temperature" and the value in its message.
#
# **Example.** Logits [0, 2]: at $T = 1$ the probabilities are 0.12 and 0.88, at $T = 2$ they are 0.27 and 0.73.

# %% task="soft_targets"

# %% check="soft_targets"

# %% [markdown]
# <details><summary>Hint: almost uniform, even at T = 1?</summary>
#
# The softmax was taken before the division, and then perhaps again. Divide the logits, then take it once.
#
# </details>
#
# <details><summary>Hint: nan for large logits?</summary>
#
# $e^{1000}$ is infinite. A softmax of torch takes the maximum off first.
#
# </details>

# %% [markdown]
# ## `distillation_loss`: teacher and labels in one number
#
# *Difficulty 3 of 5 · about 20 minutes*
#
# **Why.** It is the formula interviews ask for, and many answers in circulation get it wrong in at least one of four places.
#
# **Contract.** With $p$ and $q$ the softened answers of teacher and student,
#
# $$L = \alpha \, T^2 \, \mathrm{KL}(p \,\|\, q) + (1 - \alpha) \, \mathrm{CE}$$
#
# where $\mathrm{KL}(p \,\|\, q) = \sum_c p_c \log (p_c / q_c)$, and CE is the student's cross-entropy with the labels at $T = 1$.
# Both are means over the batch.
# Gradients reach the student only.
# `ValueError`, naming it, for a temperature not above 0 or an alpha outside [0, 1].

# %% [markdown]
# **Example.** One image, two classes, $T = 2$, $\alpha = 0.5$, label 1.
# Teacher [0, 2] gives $p$ = [0.269, 0.731]; student [2, 0] gives $q$ = [0.731, 0.269].
# $\mathrm{KL} = 0.269 \log(0.269 / 0.731) + 0.731 \log(0.731 / 0.269) = 0.462$.
# The cross-entropy is $-\log 0.119 = 2.127$.
# Together: $0.5 \cdot 4 \cdot 0.462 + 0.5 \cdot 2.127 = 1.988$.

# %% task="distillation_loss"

# %% check="distillation_loss"

# %% [markdown]
# <details><summary>Hint: a negative loss?</summary>
#
# A divergence is never negative. `F.kl_div` wants the *logarithm* of the student's probabilities, and gets them first.
#
# </details>
#
# <details><summary>Hint: right for one image, too small for more classes?</summary>
#
# The mean runs over the batch, not over all N x C entries. Look up the `reduction` of your function.
#
# </details>
#
# <details><summary>Hint: right at T = 1 only?</summary>
#
# Three things depend on the temperature: the teacher's answer, the student's answer, the factor $T^2$. The cross-entropy does not.
#
# </details>
#
# <details><summary>Hint: alpha = 1, and the student gets no gradient?</summary>
#
# Then the student does not occur in the first term. A teacher compared with the labels teaches nothing.
#
# </details>

# %% [markdown]
# ## `ensemble_targets`: several teachers, one target
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Several nets together are better than each. A student can learn from all of them and cost no more at the end.
#
# **Contract.** $p = \sum_m \frac{w_m}{\sum_k w_k} \, \mathrm{softmax}(z_m / T)$: soften each teacher, then average.
# Weights need not sum to 1; None means equal ones.
# `ValueError` for a temperature not above 0, for no teacher at all, for negative weights, for weights that are all 0, or when there is not
# one for each teacher.
#
# **Example.** Two teachers at $T = 1$: [9, -9] gives [1, 0], and [0, 0] gives [0.5, 0.5].
# With the weights 3 and 1 the target is [0.875, 0.125].

# %% task="ensemble_targets"

# %% check="ensemble_targets"

# %% [markdown]
# <details><summary>Hint: the surest teacher wins always?</summary>
#
# You averaged logits. A teacher with large logits then drowns the others. Average probabilities.
#
# </details>
#
# <details><summary>Hint: rows sum to the number of teachers?</summary>
#
# Divide the weights by their sum.
#
# </details>

# %% [markdown]
# ## `temperature_at`: cool down while learning
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Some recipes begin with soft targets and end with sharp ones.
# Whether it helps is another question; the lesson measures it.
#
# **Contract.** Half a wave of a cosine, and `end` from step `total` on:
#
# $$T(t) = T_1 + (T_0 - T_1) \, \frac{1 + \cos(\pi t / t_1)}{2}$$
#
# with $T_0$ = `start`, $T_1$ = `end`, $t_1$ = `total`.
# `end` may lie above `start`. A Python `float` comes back.
# `ValueError`, naming it, for a `start` or `end` not above 0.
#
# **Example.** From 8 to 2 over 100 steps: 8 at step 0, 5 at step 50, 2 at step 100 and at step 1,000.

# %% task="temperature_at"

# %% check="temperature_at"

# %% [markdown]
# <details><summary>Hint: the temperature rises again after the end?</summary>
#
# The cosine does. Behind `total`, return the end.
#
# </details>
#
# <details><summary>Hint: right in the middle and at both ends, wrong between?</summary>
#
# That is a straight line. At a quarter of the way, half a cosine wave is still close to the start.
#
# </details>

# %% [markdown]
# ## `attention_map`: where a layer looks
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Teacher and student have different channels, but the same image.
# A map of places can be compared.
#
# **Contract.** Features (N, C, H, W) go in.
# At each place the mean over the channels of the *squares*; each image's map as a row of length H * W, divided by its L2 norm.
# Rows of different images do not influence each other.
#
# **Example.** Two channels, one row of two pixels: [1, 2] and [1, 0].
# Mean squares: 1 and 2; norm $\sqrt{5}$; map [0.447, 0.894].

# %% task="attention_map"

# %% check="attention_map"

# %% [markdown]
# <details><summary>Hint: strong features of both signs give 0?</summary>
#
# First the square, then the mean.
#
# </details>
#
# <details><summary>Hint: the first image is right, the batch is not?</summary>
#
# You divided by the norm of the whole batch. Take it along one dimension and keep that dimension.
#
# </details>

# %% [markdown]
# ## `attention_loss`: look where the teacher looks
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Logits say what the teacher sees. Its maps say where.
#
# **Contract.** Mean over the batch of the squared L2 distance of the two maps.
# The numbers of channels may differ; if the spatial sizes differ, `ValueError`.
# No gradient reaches the teacher.
#
# **Example.** One image: the student looks at the left pixel alone, the teacher at the right one.
# Maps [1, 0] and [0, 1], squared distance 2, the largest there is.

# %% task="attention_loss"

# %% check="attention_loss"

# %% [markdown]
# <details><summary>Hint: too small by a factor that grows with the image?</summary>
#
# Sum over the places, mean over the images.
#
# </details>
#
# <details><summary>Hint: other sizes raise no error?</summary>
#
# A 2 x 8 and a 4 x 4 map both have 16 places. Compare (H, W), not their product.
#
# </details>

# %% [markdown]
# ## `hint_loss`: imitate a hidden layer
#
# *Difficulty 2 of 5 · about 10 minutes*
#
# **Why.** Romero et al. (2015) trained thin and deep students that learnt badly from logits alone.
#
# **Contract.** Mean over all entries of (regressor(student features) - teacher features)².
# The regressor fits the shapes and learns together with the student; the teacher gets no gradient.
#
# **Example.** Student features [1, 2], a regressor that adds them up and adds 2, teacher feature 3: $(5 - 3)^2 = 4$.

# %% task="hint_loss"

# %% check="hint_loss"

# %% [markdown]
# <details><summary>Hint: the regressor does not learn?</summary>
#
# Something cuts the graph behind it. Detach the teacher, nothing else.
#
# </details>
#
# <details><summary>Hint: a warning about different sizes?</summary>
#
# Subtraction spreads (N, 1) over (N, 5) without an error. The regressor's output has the teacher's shape.
#
# </details>

# %% [markdown]
# ## `distill_`: one pass of learning
#
# *Difficulty 4 of 5 · about 25 minutes*
#
# **Why.** The loop is short, and there are many ways to spoil the teacher: training it along, moving its batch-norm statistics, leaving it
# in another mode.
# Averaging the parameters of the two nets, which also circulates under this name, is no distillation at all: it destroys both.
#
# **Contract.** For each batch (inputs, labels), in their order and once: the teacher answers in eval mode and without gradients, then one
# step of `optimizer` on the student with your loss.
# A list of floats comes back: the loss of each batch before its step.
# The student learns in train mode.
# Afterwards the teacher is exactly as before: weights, statistics, and the mode of every module in it, also after an error.

# %% [markdown]
# **Example.** Two batches give two losses, and two steps.
# A teacher that was in train mode before is in train mode again, but its running means have not moved.
# A teacher with one frozen layer in eval mode has that layer in eval mode and the others in train mode again.

# %% task="distill_"

# %% check="distill_"

# %% [markdown]
# <details><summary>Hint: the teacher's running statistics change?</summary>
#
# Batch norm takes notes in train mode, gradients or not.
#
# </details>
#
# <details><summary>Hint: the modes are right, except for one layer?</summary>
#
# `teacher.train()` switches all modules. Write down each module's mode and give each its own back.
#
# </details>
#
# <details><summary>Hint: the second loss is wrong?</summary>
#
# Gradients add up until somebody sets them to zero.
#
# </details>

# %% [markdown]
# ## The experiment: `distil_in_budget`
#
# *Difficulty 4 of 5 · about 45 minutes*
#
# **Why.** Labels cost money, images do not. Somebody else's trained net can label the rest.
# Your budget is 60 CPU-seconds.
#
# **Contract.** You get an untrained student (784-32-10), LeNet-5 as the teacher, 2,000 digits as float32 (2000, 1, 28, 28), and labels for the
# first 200 of them.
# Return the state dict of your trained student; both nets stay as they are, and all randomness comes from `generator`.
# The judge trains the same student for 2,000 steps on the 200 labelled digits, moved about but without a teacher.
# Your marks are for the gain over it on 10,000 test images: every halving of its error counts alike, and 6.5 % earns them all.
#
# **Example.** With the 200 labels alone the student makes about 23 % errors, with the teacher's first choices for 2,000 images about 10 %.

# %% task="distil_in_budget"

# %% check="distil_in_budget"

# %% [markdown]
# To try it on real digits, in a cell of your own:
#
# ```python
# from torch import nn
# from shrink import data, training
#
# digits = data.mnist("train")
# images = data.to_float(digits.images[:2000], "mnist")
# student = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
# teacher = training.load_checkpoint("lenet_5")
# state = distil_in_budget(student, teacher, images, digits.labels[:200], generator=torch.Generator())
# student.load_state_dict(state)
# kept = digits.take(slice(50_000, None))  # the test images can wait
# print(f"{1 - training.accuracy(student, kept, dataset='mnist'):.2%} errors")
# ```

# %% [markdown]
# <details><summary>Hint: no better than without a teacher?</summary>
#
# Ask it about all 2,000 images. The labels are the smaller part of what you have.
#
# </details>
#
# <details><summary>Hint: the error stops falling early?</summary>
#
# 2,000 images are few. Moved by a pixel they are new ones, and the teacher can answer for them too: about the image the student sees.
#
# </details>
#
# <details><summary>Hint: the loss explodes at a high temperature?</summary>
#
# With the factor $T^2$ the gradient grows with the teacher's logits. A smaller learning rate, or an optimiser that scales it, helps.
#
# </details>
