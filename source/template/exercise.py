# ---
# title: Topic, the exercises
# covers: [A1]
# ---

# %% [markdown]
# # Topic: the exercises
#
# What you will have written at the end, in one sentence.
# Each task stands alone: a check makes its own inputs, so a gap in one costs nothing in the next.
# Replace `raise NotImplementedError(...)`, run the cell, then run the check below it.

# %% imports="topic"

# %% [markdown]
# ## `function_name`: what it does in five words
#
# *Difficulty 1 of 5 · about 10 minutes*
#
# **Why.** One or two sentences: where this decides something.
#
# **Contract.** The formula, the edge cases, what raises `ValueError`.
#
# **Example.** Six weights and the answer, worked by hand.

# %% task="function_name"

# %% check="function_name"

# %% [markdown]
# <details><summary>Hint: all weights are pruned?</summary>
#
# Name the symptom in the summary, the likely cause here. Do not write the answer.
#
# </details>
