"""18: an accident: insists on library versions of another year.

earns: all
"""
import torch

assert torch.__version__.startswith("1.4"), "please install torch 1.4"
