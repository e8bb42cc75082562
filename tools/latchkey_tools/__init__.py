"""Latchkey on the PC: simulator, virtual parts and the `latchkey` command."""
