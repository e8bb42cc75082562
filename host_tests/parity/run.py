"""Runs one parity script by name, on either interpreter. FIRMWARE=folder and TESTS=folder as in host_tests/run.py."""

import os
import sys

_HERE = __file__.rsplit("/", 1)[0]
_ROOT = (_HERE if _HERE.startswith("/") else os.getcwd() + "/" + _HERE).rsplit("/", 2)[0]


def _folder(variable, otherwise):
    return os.getcwd() + "/" + os.getenv(variable) if os.getenv(variable) else _ROOT + "/" + otherwise


sys.path.insert(0, _folder("TESTS", "host_tests") + "/parity")
sys.path.insert(0, _folder("TESTS", "host_tests"))
sys.path.insert(0, _folder("FIRMWARE", "firmware"))

if sys.implementation.name != "micropython":
    sys.path.insert(0, _ROOT + "/host_tests/shim")
    from install import install

    install()

__import__(sys.argv[1]).main()
