"""Runs first after every reset, before anything that could fail: outputs to the level at which nothing moves.

A board lists its outputs as (pin, safe level) in SAFE; boards whose outputs rest safe by themselves have none. Nothing
else happens here. Stays outside everything that an update replaces.
"""

import board

for pin, level in getattr(board, "SAFE", ()):
    import machine

    machine.Pin(pin, machine.Pin.OUT, value=level)
