"""What the firmware imports from MicroPython's `micropython` module, for CPython.

Only what has the same meaning there: const() is the identity, native code is the same source run as bytecode.
heap_lock() has no counterpart, so tests that need it live in host_tests/micropython.
"""


def const(value):
    return value


def native(function):
    return function


def viper(function):
    return function
