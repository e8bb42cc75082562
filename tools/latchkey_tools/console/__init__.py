"""The controller's USB console (firmware/latchkey/links/console.py) from this side of the cable, for all tools.

cable       lines over a serial port, or over the simulator's, which is a TCP port
options     `--port` and `--simulator`, and where they lead
"""
