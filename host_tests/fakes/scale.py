"""How much a test does: LONG is true under `make test-long`. os.getenv is the one way both interpreters share."""

import os

LONG = os.getenv("LATCHKEY_LONG") == "1"
