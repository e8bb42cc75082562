"""How Home Assistant learns of a car and of the gateway: one device-based discovery message for each.

Facts: Home Assistant's MQTT integration, "Device discovery payload" (since 2024.11): {discovery}/device/ID/config, with
`device`, `origin` and `components`, each with its `platform` and `unique_id`; lock.mqtt: state None is unknown. No
entity is optimistic, and no command is retained.
"""

import json
from typing import Any

from latchkey_tools.gateway.settings import CarSettings, Settings

Component = dict[str, Any]

# name -> what it is called, and what else Home Assistant is told
_BINARY: dict[str, tuple[str, Component]] = {
    "doors": ("Doors", {"device_class": "door"}),
    "remote": ("Remote control allowed", {"entity_category": "diagnostic"}),
    "remote_unlock": ("Remote unlocking allowed", {"entity_category": "diagnostic"}),
    "drive_revoked": ("Driving revoked", {}),
    "guests_suspended": ("Guests suspended", {"entity_category": "diagnostic"}),
}
_SENSORS: dict[str, tuple[str, Component]] = {
    "last": ("Last decision", {}),
    "order": ("Last order from here", {}),
    "event": ("Last event", {"entity_category": "diagnostic"}),
    "drive": ("Driving", {"entity_category": "diagnostic"}),
    "reader": ("Card reader", {"entity_category": "diagnostic"}),
    "radio": ("Bluetooth", {"entity_category": "diagnostic"}),
    "supply_mv": ("Supply", {"device_class": "voltage", "unit_of_measurement": "mV", "entity_category": "diagnostic"}),
    "heap_free": (
        "Free memory",
        {"device_class": "data_size", "unit_of_measurement": "B", "entity_category": "diagnostic"},
    ),
    "uptime_s": ("Uptime", {"device_class": "duration", "unit_of_measurement": "s", "entity_category": "diagnostic"}),
    "retained_refused": (
        "Retained commands refused",
        {"state_class": "total_increasing", "entity_category": "diagnostic"},
    ),
    "connects": ("Connections", {"state_class": "total_increasing", "entity_category": "diagnostic"}),
}


class Topics:
    """Where the gateway speaks on the owner's broker."""

    def __init__(self, settings: Settings) -> None:
        self.status = f"{settings.prefix}/status"
        self.health = f"{settings.prefix}/health"
        self.birth = f"{settings.discovery}/status"
        self._settings = settings

    def car(self, vin: str, leaf: str) -> str:
        """leaf: set (the only one that is listened to), lock, attributes, sensors, online."""
        return f"{self._settings.prefix}/{vin}/{leaf}"

    def config(self, identifier: str) -> str:
        return f"{self._settings.discovery}/device/{identifier}/config"


def car(topics: Topics, car: CarSettings, gateway_id: str) -> tuple[str, bytes]:
    """Topic and payload for one car."""
    identifier = f"latchkey_{car.vin.lower()}"
    here = [_available(topics.status)]
    reachable = {"availability": [*here, _available(topics.car(car.vin, "online"))], "availability_mode": "all"}
    values = {"state_topic": topics.car(car.vin, "sensors"), "qos": 1}
    parts: dict[str, Component] = {
        "lock": {
            "platform": "lock",
            "name": None,
            "command_topic": topics.car(car.vin, "set"),
            "state_topic": topics.car(car.vin, "lock"),
            "json_attributes_topic": topics.car(car.vin, "attributes"),
            "optimistic": False,
            "retain": False,
            "qos": 1,
            **reachable,
        },
        "online": {
            "platform": "binary_sensor",
            "name": "Cloud",
            "device_class": "connectivity",
            "availability": here,
            **values,
        },
    }
    for platform, table in (("binary_sensor", _BINARY), ("sensor", _SENSORS)):
        for name, (called, more) in table.items():
            parts[name] = {"platform": platform, "name": called, **more, **values, **reachable}
    for name, part in parts.items():
        part["unique_id"] = f"{identifier}_{name}"
        if name != "lock":
            part["value_template"] = f"{{{{ value_json.{name} }}}}"
    device = {
        "identifiers": [identifier],
        "name": car.name,
        "manufacturer": "Latchkey",
        "model": "Vehicle access controller",
        "serial_number": car.vin,
        "via_device": gateway_id,
    }
    return topics.config(identifier), _whole(device, parts)


def gateway(topics: Topics, gateway_id: str) -> tuple[str, bytes]:
    """Topic and payload for the gateway itself."""
    values = {"state_topic": topics.health, "qos": 1, "availability": [_available(topics.status)]}
    parts: dict[str, Component] = {
        "outage": {"platform": "binary_sensor", "name": "Outage", "device_class": "problem", **values},
        "broker": {"platform": "binary_sensor", "name": "Cars' broker", "device_class": "connectivity", **values},
        "why": {"platform": "sensor", "name": "What is wrong", **values},
    }
    for name, part in parts.items():
        part["unique_id"] = f"{gateway_id}_{name}"
        part["value_template"] = f"{{{{ value_json.{name} }}}}"
        part["entity_category"] = "diagnostic"
    device = {"identifiers": [gateway_id], "name": "Latchkey gateway", "manufacturer": "Latchkey"}
    return topics.config(gateway_id), _whole(device, parts)


def _available(topic: str) -> Component:
    return {"topic": topic, "payload_available": "online", "payload_not_available": "offline"}


def _whole(device: Component, parts: dict[str, Component]) -> bytes:
    whole = {"device": device, "origin": {"name": "Latchkey gateway"}, "components": parts}
    return json.dumps(whole, ensure_ascii=False).encode()
