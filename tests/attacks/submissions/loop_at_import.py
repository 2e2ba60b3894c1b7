"""10: an endless loop while the submission is loaded.

others: lost
"""
while True:
    pass
