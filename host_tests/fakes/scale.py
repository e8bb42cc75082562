"""How much a test does. os.getenv is the one way both interpreters share.

LONG under `make test-long`; SHORT where the same tests run once more in another shape (small heap, -O1).
"""

import os

LONG = os.getenv("LATCHKEY_SCALE") == "long"
SHORT = os.getenv("LATCHKEY_SCALE") == "short"
