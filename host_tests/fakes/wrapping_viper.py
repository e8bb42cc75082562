"""A 32-bit viper for CPython that wraps as an ESP32 does: integers have a sign, and lose what is beyond bit 31.

The tests of native code run on a 64-bit port, where a word read from memory is never negative and a shift to the left
keeps its upper bits. narrow_viper.py refuses such numbers; this one computes them, for code that means to use the sign.
"""

import types


class Word(int):
    """A signed integer of 32 bits. Whatever is computed from it is one too."""

    def __new__(cls, value):
        return super().__new__(cls, (int(value) + (1 << 31)) % (1 << 32) - (1 << 31))


def _wrapping(name):
    operation = getattr(int, name)
    return lambda self, other: Word(operation(self, int(other)))


for _name in ("add", "sub", "mul", "and", "or", "xor", "lshift", "rshift"):
    for _form in (f"__{_name}__", f"__r{_name}__"):
        setattr(Word, _form, _wrapping(_form))


class _Pointer:
    """A buffer as viper sees it: cells are read as words, and what is written is cut to the size of a cell."""

    def __init__(self, buffer, bits):
        self._buffer, self._bits = buffer, bits

    def __getitem__(self, index):
        if index < 0:
            raise IndexError("before the buffer")
        return Word(self._buffer[index])

    def __setitem__(self, index, value):
        if index < 0:
            raise IndexError("before the buffer")
        self._buffer[index] = int(value) & ((1 << self._bits) - 1)


_BITS = {"ptr8": 8, "ptr16": 16, "ptr32": 32}


def _viper(function):
    kinds = function.__annotations__

    def run(*arguments):
        names = function.__code__.co_varnames[: len(arguments)]
        return function(
            *(
                _Pointer(argument, _BITS[kinds[name]]) if kinds[name] in _BITS else Word(argument)
                for name, argument in zip(names, arguments)
            )
        )

    return run


def load(path):
    """The functions of a module of native code as a 32-bit chip would run them."""
    module = types.SimpleNamespace()
    names = {"micropython": types.SimpleNamespace(viper=_viper), "int": Word}
    names.update({kind: kind for kind in _BITS})
    source = path.read_text().replace("import micropython\n", "")
    exec(compile(source, str(path), "exec"), names)
    module.__dict__.update(names)
    return module
