# ---
# title: Topic
# covers: [A1]
# ---

# %% [markdown]
# # Topic: one question with a number in it?
#
# One paragraph, under 80 words: what is at stake, what the reader will be able to do, what it costs to find out.
# One sentence per line of this file.
#
# *Runs in about 40 s on two CPU cores, on the embedded data.*

# %%
import torch

from shrink import data, nets, training

torch.manual_seed(0)
test = data.mnist("test")
f"{len(test.images):,} test images"

# %% [markdown]
# ## 1 Measure
#
# Bytes, accuracy, multiply-accumulates and time of the dense net, before the idea.

# %% [markdown]
# ## 2 By hand
#
# Six weights on paper: the formula, then its symbols as names.

# %%
weight = torch.tensor([0.5, -0.1, 0.9, 0.05, -0.7, 0.2])  # (6,)
weight.abs()

# %% [markdown]
# ## 3 Build
#
# The naive version first, step by step, on a small tensor.
# A function the exercise does not ask for may be shown in full: `show="topic.name"` in the header of an empty cell.

# %% [markdown]
# ## 4 Experiment
#
# **Predict:** a question that the plot below answers. Write your number down first.

# %% [markdown]
# **What happened.** The prediction question, answered with the numbers above, their seeds, n, device and data.

# %% [markdown]
# ## 5 The library agrees
#
# An independent implementation, once, and to which tolerance it agrees.

# %% [markdown]
# ## 6 Limits
#
# What the technique cannot do, and how one would notice. A negative result is shown and explained.

# %% [markdown]
# ## 7 Summary
#
# | | before | after |
# |---|---:|---:|
# | bytes | | |
# | accuracy | | |
# | time | | |
#
# Three sentences.
#
# **Interview questions.**
# 1. ...
# 2. ...
# 3. ...
#
# **Primary papers.** Author, title, year, section.
