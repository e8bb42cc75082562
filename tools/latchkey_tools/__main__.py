"""`python -m latchkey_tools`: the `latchkey` command without installing anything."""

import sys

from latchkey_tools.cli import main

sys.exit(main())
