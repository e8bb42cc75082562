"""The boards: `latchkey boards` checks what stands in boards/*/board.py, `make boards` draws what it means.

load      a board's data, as any other program reads it
chips     which pins a processor has, and what each must not be used for
check     what is wrong with a board, in sentences
picture   wiring as SVG, from the data
pages     pin table and picture into the board's README
firmware  which compiled modules a board needs
"""
