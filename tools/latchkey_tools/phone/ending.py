"""How a command ends: its exit code, and the sentence for what kept it from being done. For all that have keys."""

import os
import sys
from collections.abc import Callable

from latchkey_tools.phone.output import Output
from latchkey_tools.phone.problem import FAILED, CannotStart, Problem


def carried_out(output: Output, work: Callable[[], None], remedy: str = "run `make setup`") -> int:
    """Do the work; gives the exit code: 0 done, 1 refused or failed, 2 cannot start. remedy: of a missing package."""
    try:
        problem = _kept_from(work, remedy)
        if problem is None:
            return 0
        output.problem(problem)
        return problem.exit_code
    except BrokenPipeError:  # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _kept_from(work: Callable[[], None], remedy: str) -> Problem | None:
    """What it ended with, None where it was done."""
    try:
        work()
    except Problem as problem:
        return problem
    except ModuleNotFoundError as error:
        return CannotStart(f"The Python package {error.name} is missing: {remedy}.", "no_package")
    except KeyboardInterrupt:
        return Problem("broken off", "Broken off; what was sent before may have been carried out.")
    return None
