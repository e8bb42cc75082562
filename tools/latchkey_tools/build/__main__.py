"""`python -m latchkey_tools.build [TARGET…]` builds into build/; `--show MODULE` prints what the compiler is given."""

import argparse
import sys

from latchkey_tools.build import flat, shipped
from latchkey_tools.build.sources import BuildError


def main() -> int:
    parser = argparse.ArgumentParser(prog="latchkey_tools.build", description=shipped.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(shipped.ALL))
    parser.add_argument("--show", metavar="MODULE", help="print a module as it is compiled")
    options = parser.parse_args()
    unknown = set(options.targets) - set(shipped.ALL)
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}")
    try:
        if options.show:
            return _show(options.show)
        complaints = shipped.build(options.targets or shipped.ALL)
    except BuildError as error:
        complaints = [str(error)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def _show(module: str) -> int:
    program = shipped.transformed(shipped.read())
    source = program.sources.get(flat.flat(module))
    if source is None:
        raise BuildError(f"there is no module {module}")
    print(source.rendered(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
