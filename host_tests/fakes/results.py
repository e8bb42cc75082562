"""What a test has measured, told where somebody asks for it: `make figures` makes one table of such lines.

The file FIGURES gets a line for each: row, whether the budget holds, words. pytest keeps the screen to itself.
"""

import os


def tell(row, words, met=True):
    """row: as host_tests/figures.py names it. met: whether this result keeps to its budget."""
    print(row + ": " + words)
    path = os.getenv("FIGURES")
    if path:
        with open(path, "a") as file:
            file.write("%s\t%d\t%s\n" % (row, met, words))
