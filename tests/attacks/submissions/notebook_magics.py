"""4: cell magics, shell escapes and line magics that would run something.

form: notebook
"""
# %%
%%bash
touch @OUTSIDE@/@MARK@-bash
# %%
!touch @OUTSIDE@/@MARK@-shell
%run @OUTSIDE@/nothing.py
%env OMP_NUM_THREADS=64
get_ipython().system("touch @OUTSIDE@/@MARK@-system")
# %%
%%writefile @OUTSIDE@/@MARK@-writefile
full marks
# %%
def double(x):
    return x
