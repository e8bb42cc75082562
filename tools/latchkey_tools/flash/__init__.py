"""`latchkey flash`: from a bare board to a controller that reports, and again with a newer firmware.

    arguments    what may be typed                     ports        which serial port, and why it cannot be had
    run          from start to exit code               loader       the chip's own loader, by esptool
    steps        the way, step by step                 images       official MicroPython images, whole and in parts
    boards       what a board's folder says            repl         MicroPython's raw prompt, by mpremote
    application  what has to lie on the board          files        puts it there; any cut leaves one that starts
    startup      what a board says while it starts     progress     how far it is, on stderr

Keys are never touched: of an image only the program and its table of partitions are written, never a partition of data,
and of the file system only the application. What erases keys is `latchkey erase --yes`, and nothing else.
"""
