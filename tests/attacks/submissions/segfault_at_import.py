"""1: a segmentation fault while the submission is loaded.

others: lost
"""
import ctypes

ctypes.string_at(0)
