"""Empty folders under build/ for tests that want real files; the same on both interpreters."""

import os

_FOLDER = 0x4000  # of a file's mode


def _root():
    here = __file__ if __file__.startswith("/") else os.getcwd() + "/" + __file__
    # Compiled tests lie elsewhere; they are run from the root.
    return here.rsplit("/host_tests/", 1)[0] if "/host_tests/" in here else os.getcwd()


def _make(path):
    try:
        os.mkdir(path)
    except OSError as error:
        if error.args[0] != 17:  # EEXIST
            raise


def fresh_folder():
    """A new empty folder with a name nobody else has; returns its path. remove() it when done."""
    parent = _root() + "/build"
    _make(parent)
    parent += "/scratch"
    _make(parent)
    path = parent + "/" + os.urandom(8).hex()
    os.mkdir(path)
    return path


def remove(path):
    """Delete a folder made by fresh_folder(), with what is in it."""
    for name in os.listdir(path):
        if os.stat(path + "/" + name)[0] & _FOLDER:
            remove(path + "/" + name)
        else:
            os.remove(path + "/" + name)
    os.rmdir(path)
