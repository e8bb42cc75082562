"""Runs first after every reset, before anything that could fail: outputs to the level at which nothing moves.

Which outputs a board has says its data; those of a board without pins rest safe by themselves. Nothing else happens
here. Stays outside everything that an update replaces.
"""

import board

for _, pin in getattr(board, "PULSES", ()):
    import machine

    machine.Pin(pin, machine.Pin.OUT, value=0)

for _, pin, active in getattr(board, "LEVELS", ()):
    import machine

    machine.Pin(pin, machine.Pin.OUT, value=1 - active)
