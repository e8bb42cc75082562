"""pytest on CPython: the firmware's folders on the path, what CPython lacks put in, hypothesis told how hard to try."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in ("host_tests/shim", "host_tests", "firmware", "tools/latchkey_tools/models", "tools"):
    sys.path.insert(0, str(ROOT / folder))

from hypothesis import settings  # noqa: E402
from shim.install import install  # noqa: E402

install()
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("long", deadline=None, print_blob=True)
settings.load_profile("long" if os.environ.get("LATCHKEY_SCALE") == "long" else "ci")
