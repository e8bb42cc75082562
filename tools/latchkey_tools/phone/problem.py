"""Everything that ends a command without its being done. The sentence tells a person what to do next."""

from typing import Any

FAILED = 1  # exit codes
CANNOT_START = 2


class Problem(Exception):
    """kind, name, number: for machines; number is 0 where the vehicle has none for it. No secrets in any of them."""

    exit_code = FAILED

    def __init__(self, kind: str, sentence: str, name: str = "", number: int = 0) -> None:
        super().__init__(" ".join(sentence.split()))  # what others put into it may have lines
        self.kind = kind
        self.name = name or kind.replace(" ", "_")
        self.number = number

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "name": self.name, "number": self.number, "text": str(self)}


class CannotStart(Problem):
    """Nothing was sent: something is missing on this computer, or what was asked for makes no sense."""

    exit_code = CANNOT_START

    def __init__(self, sentence: str, name: str = "cannot_start") -> None:
        super().__init__("cannot start", sentence, name)


class NotGenuine(Problem):
    """An answer that the owner of the vehicle's key did not give to this question."""

    def __init__(self) -> None:
        super().__init__(
            "not genuine",
            "An answer was changed on its way or comes from another vehicle, and was not believed: see with your own "
            "eyes what the car did, and try again somewhere else.",
        )


class WrongVehicle(Problem):
    """It has proved itself, and it is not the one that was expected."""

    def __init__(self, sentence: str) -> None:
        super().__init__("wrong vehicle", sentence)


class NotPaired(Problem):
    """The vehicle has proved itself and does not have this phone's key."""

    def __init__(self) -> None:
        super().__init__(
            "not paired", "This phone is no key of the vehicle, or is none any more: run `latchkey phone pair`."
        )
