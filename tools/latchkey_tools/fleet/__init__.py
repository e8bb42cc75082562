"""Thousands of controllers and one broker: what they do to it when it was away, and when all are told to be loud.

    python -m latchkey_tools.fleet [--controllers 10000] [--seed 1] [--plot build/fleet.svg]

Each controller is the firmware's own core/governor.py and nothing else of it: the network, the broker and the owners
are simulated in virtual time. What packets weigh was measured on the wire (see controller.py).
"""
