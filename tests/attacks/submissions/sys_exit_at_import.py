"""1: sys.exit at import, as a script ends; what stands below it still counts.

earns: all
"""
import sys

sys.exit(0)
