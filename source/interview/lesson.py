# ---
# title: Preparing an interview
# covers: []
# ---

# %% [markdown]
# # Preparing an interview
#
# An interviewer asks why, how much, and what goes wrong.
# The lessons give you the why; this page leads to what trains the other two: a bank of questions in English and Chinese, arithmetic
# with new numbers every time, code that a judge runs, and interviews against the clock.
#
# Nothing here needs a network or an account.
# Your answers stay in one file on this computer, `.cache/interview/progress.db`.

# %%
from collections import Counter

from IPython.display import Markdown, display

from interview import bank, items, napkin

questions = bank.questions()
print(f"{len(questions)} questions, {len(bank.papers())} papers behind them")
print(f"{len(napkin.NAMES)} kinds of arithmetic, with numbers drawn anew")
print(f"{sum(question.drill is not None for question in questions)} tasks of code, judged")

# %% [markdown]
# ## What is asked
#
# Each question has a 30-second answer, a 3-minute answer, what is asked next, the answer that many give and why it is wrong, and a
# rubric to score yourself.
# A figure in an answer is computed, measured in this course, cited, or an example's own choice, and then the sentence says "suppose" or "say".
# A test refuses a figure without an origin.

# %%
levels = Counter((question.topic, question.level) for question in questions)
rows = ["| topic | " + " | ".join(items.LEVELS) + " |", "| --- |" + " ---: |" * len(items.LEVELS)]
for topic in sorted({question.topic for question in questions}):
    counts = " | ".join(str(levels[topic, level]) for level in items.LEVELS)
    rows.append(f"| {topic.replace('_', ' ')} | {counts} |")
display(Markdown("\n".join(rows)))

# %% [markdown]
# ## Ten to start
#
# Say each answer aloud before you unfold it.
# Thirty seconds is shorter than you think, and an answer that was only thought is always good.


# %%
def card(question):
    rubric = "\n".join(f"- {point.points} · {point.en}" for point in question.rubric)
    return (
        f"**{question.question.en}**\n\n{question.question.zh}\n\n"
        f"*{question.topic.replace('_', ' ')} · {question.level} · {question.kind}*\n\n"
        f"<details><summary>The 30-second answer, and what earns points</summary>\n\n"
        f"{question.short.en}\n\n{question.short.zh}\n\n{rubric}\n\n"
        f"Common, and wrong: {question.wrong.answer} {question.wrong.why}\n\n</details>\n\n---\n"
    )


# %%
START = (
    "ninety-percent-zeros-same-speed", "mask-times-parameter", "zero-needs-a-code", "int8-slower-than-float",
    "t-squared-factor", "capacity-gap", "depthwise-separable-ratio", "smaller-than-its-entropy",
    "weight-only-speeds-up-decoding", "prefill-and-decode",
)  # fmt: skip
display(Markdown("\n".join(card(items.by_id()[name]) for name in START)))

# %% [markdown]
# ## Numbers on a napkin
#
# Every number below comes from a seed.
# Change the seed and compute again; a wrong answer that is typical is called by its name.

# %%
problem = napkin.problem("kv_cache", seed=7)
print(problem.text.en)
print(problem.text.zh)

# %%
slip = problem.slips[0]
for typed in (f"{problem.answer:g} {problem.unit}", f"{slip.value:g} {problem.unit}"):
    said = napkin.judge(problem, typed)
    print(f"{typed}: {said.mark}" + (f", {said.note.en}" if said.note else ""))
print("\n".join(problem.steps))

# %% [markdown]
# ## In a terminal
#
# ```
# python -m interview quiz                              ten questions; what is due comes first
# python -m interview quiz --topic pruning --level mid
# python -m interview mock --minutes 45 --level senior  an interview against the clock, and a report
# python -m interview plan                              weak topics, and what comes up when
# python -m interview search KL temperature             works in Chinese too
# python -m interview export --anki shrink.apkg         also --csv and --html
# ```
#
# `--language zh` asks in Chinese.
# What you type is kept with every key: close the window in the middle of a word, start again, and go on there.
#
# ## Code
#
# A mock interview writes a stub into a file, and the judge of this course says what your answer is worth.
# To practise alone there are two assignments, judged like the exercises of the rooms:
#
# - [drills](../exercises/drills/drills.ipynb): small functions that interviewers ask for, 5 to 20 minutes each;
# - [clinic](../exercises/clinic/clinic.ipynb): listings that circulate as answers and are wrong, each with its symptom on real data. You
#   repair them, and write the test that would have caught them.
