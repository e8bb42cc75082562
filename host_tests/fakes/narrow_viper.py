"""A 32-bit viper for CPython that refuses to overflow: runs a field machine as an ESP32 would, checking every step.

The tests of native code run on a 64-bit port, where a sum beyond 31 bits comes out right and on an ESP32 would not.
Here every intermediate is checked to fit a signed 32-bit register, every stored value to fit its cell and to be read
back as the number that was stored, every access to be aligned and inside its buffer.
"""


class Overflow(AssertionError):
    """A number that an ESP32 would not have computed."""


class Register(int):
    """An integer of 32 bits with a sign. Whatever is computed from it is one too, or raises Overflow."""

    def __new__(cls, value):
        if not -(1 << 31) <= value < 1 << 31:
            raise Overflow(f"{value:#x} does not fit a register")
        return super().__new__(cls, value)


def _checked(name):
    operation = getattr(int, name)
    return lambda self, other: Register(operation(self, int(other)))


for _name in ("add", "sub", "mul", "and", "or", "xor", "lshift", "rshift"):
    for _form in (f"__{_name}__", f"__r{_name}__"):
        setattr(Register, _form, _checked(_form))


class Memory:
    """Buffers at addresses, as a chip has them."""

    def __init__(self):
        self._buffers = []
        self._next = 0x3FFB0000  # where an ESP32 has its heap

    def place(self, buffer):
        """Give a buffer its address, as a Register."""
        address = self._next
        self._buffers.append((address, buffer))
        self._next += (len(buffer) + 31) & ~15
        return Register(address)

    def pointer(self, size):
        """The viper type ptr8, ptr16 or ptr32 over this memory: called with an address or another pointer."""
        return lambda address: _Pointer(self, int(address), size)

    def cell(self, address, size):
        """The buffer and the offset of a cell."""
        if address % size:
            raise Overflow(f"{address:#x} is not aligned to {size}")
        for start, buffer in self._buffers:
            if start <= address and address + size <= start + len(buffer):
                return buffer, address - start
        raise Overflow(f"{address:#x} is in no buffer")


class _Pointer:
    def __init__(self, memory, address, size):
        self._memory, self._address, self._size = memory, address, size

    def __int__(self):
        return self._address

    def __getitem__(self, index):
        buffer, offset = self._memory.cell(self._address + self._size * index, self._size)
        return Register(int.from_bytes(buffer[offset : offset + self._size], "little"))

    def __setitem__(self, index, value):
        if not 0 <= value < 1 << min(8 * self._size, 31):
            raise Overflow(f"{int(value):#x} does not fit a cell of {self._size} bytes")
        buffer, offset = self._memory.cell(self._address + self._size * index, self._size)
        buffer[offset : offset + self._size] = int(value).to_bytes(self._size, "little")


def load(source):
    """Compile a field machine for this viper; returns run(buffer, program)."""
    memory = Memory()
    names = {"ptr8": memory.pointer(1), "ptr16": memory.pointer(2), "ptr32": memory.pointer(4)}
    names["int"] = lambda value: Register(int(value))
    exec(compile(source, "machine", "exec"), names)

    def run(buffer, program):
        buffers = memory.place(buffer), memory.place(program)
        names["run"](Register(0), names["ptr32"](buffers[0]), names["ptr8"](buffers[1]), Register(len(program)))

    return run
