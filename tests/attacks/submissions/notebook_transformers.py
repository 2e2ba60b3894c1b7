"""4: IPython's AST and input transformers installed from a cell.

form: notebook
"""
# %%
ip = get_ipython()
ip.ast_transformers.append(lambda tree: tree)
ip.input_transformers_cleanup.append(lambda lines: ["passed = True"])
# %%
def double(x):
    return x
