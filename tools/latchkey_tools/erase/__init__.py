"""`latchkey erase`: the one way back to a blank board. It takes every key with it, so it wants `--yes`."""
