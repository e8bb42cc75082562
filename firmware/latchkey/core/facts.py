"""What is known of the vehicle around the lock: doors, ignition, speed, supply, and what the board has wires for.

Plain values, set by the vehicle from its inputs and read by every rule. A wire that does not exist is UNKNOWN for ever;
each rule says what it makes of that, and the rule is always the careful one.
"""

from micropython import const

UNKNOWN = const(0)  # not wired, or not yet read
NO = const(1)  # door closed, ignition off, standing
YES = const(2)  # door open, ignition on, faster than 5 km/h

MOVING_KMH = const(5)  # above this the vehicle moves
LOW_SUPPLY_MV = const(9000)  # a lock motor may stall half way below this


class Facts:
    """One vehicle's surroundings; every attribute is UNKNOWN, NO or YES unless it says otherwise."""

    def __init__(self) -> None:
        self.door_open = UNKNOWN
        self.ignition_on = UNKNOWN
        self.fast = UNKNOWN
        self.supply_low = NO  # without a supply wire the supply counts as good
        self.drive_fitted = False  # the board can permit driving
        self.latches = 0  # one bit for each action that opens a latch of this board
        self.remote_allowed = True  # the owner's switch for all remote control
        self.blind_remote_unlock = False  # the owner allows remote unlock with neither speed nor ignition wired

    def moving(self) -> bool:
        """The vehicle moves, or the ignition is on and nobody can say that it stands."""
        return self.fast == YES or (self.fast == UNKNOWN and self.ignition_on == YES)

    def motion_unknowable(self) -> bool:
        """Neither wire exists: nothing can tell a parked car from a moving one."""
        return self.fast == UNKNOWN and self.ignition_on == UNKNOWN

    def parked(self) -> bool:
        """Ignition known to be off, and not rolling: the one moment in which driving may be taken away."""
        return self.ignition_on == NO and self.fast != YES
