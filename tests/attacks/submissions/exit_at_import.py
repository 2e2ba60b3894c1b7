"""1: os._exit(0) while the submission is loaded.

others: lost
"""
import os

os._exit(0)
