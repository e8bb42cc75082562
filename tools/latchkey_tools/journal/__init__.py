"""`latchkey journal`: read, verify and export what the controller has recorded (firmware/latchkey/storage/chain.py).

rows        one row of 40 bytes, in numbers and in words
files       the files of a journal as they lie in the flash, from wherever they come
source      a folder, a serial port, the running simulator
keys        the first keys of this car's chains, and the head that was verified last
proof       what the keys prove of the rows, and what they find wrong
"""
