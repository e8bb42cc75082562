"""What is said where on the cars' broker: one branch of topics for each car, none of them with a wildcard.

command      to the car, QoS 1, never retained: RoutableMessage
reply        from the car, QoS 0: RoutableMessage; all clients share it and tell theirs by address and uuid
state        from the car, QoS 1, retained: JSON
online       "1", and as the car's last will "0"; retained
event        from the car, QoS 0: JSON, one decision or a count of refusals
diagnostic   from the car, QoS 0: JSON
"""

COMMAND, REPLY, STATE, ONLINE, EVENT, DIAGNOSTIC = "command", "reply", "state", "online", "event", "diagnostic"
FROM_CAR = (REPLY, STATE, ONLINE, EVENT, DIAGNOSTIC)
MESSAGE_LIMIT = 2_048  # what a controller takes and sends at most


def topic(vin: str, leaf: str) -> str:
    return f"latchkey/{vin}/{leaf}"


def parted(topic: str) -> tuple[str, str]:
    """VIN and leaf of a topic; two empty strings for one that is no car's."""
    parts = topic.split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "latchkey" else ("", "")
