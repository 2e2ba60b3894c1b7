"""4: outputs, metadata and a check cell that say the task has been passed.

form: forged
"""
# %%
def double(x):
    return x
