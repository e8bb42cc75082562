"""MicroPython's cryptolib.aes on CPython: ECB (1) and CBC (2), one direction per object, as the real one insists."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class aes:
    def __init__(self, key, mode, iv=None):
        if mode == 1:
            cipher_mode = modes.ECB()
        elif mode == 2:
            cipher_mode = modes.CBC(bytes(iv))
        else:
            raise ValueError("mode")
        self._cipher = Cipher(algorithms.AES(bytes(key)), cipher_mode)
        self._direction = None
        self._context = None

    def _run(self, direction, data, out):
        if len(data) % 16:
            raise ValueError("blksize % 16")
        if self._direction is None:
            self._direction = direction
            self._context = getattr(self._cipher, direction + "or")()
        if self._direction != direction:
            raise ValueError("can't encrypt & decrypt")
        result = self._context.update(bytes(data))
        if out is None:
            return result
        if len(out) < len(result):
            raise ValueError("output too small")
        out[: len(result)] = result
        return out

    def encrypt(self, data, out=None):
        return self._run("encrypt", data, out)

    def decrypt(self, data, out=None):
        return self._run("decrypt", data, out)
