"""What decides and verifies, and the tests that must notice when it decides wrongly, by the names of their modules."""

from pathlib import Path

_FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"

_WORLDS = tuple(
    "test_arbiter_states:test_" + name
    for name in (
        "motion_with_a_bolt_sensor_and_a_hot_motor",
        "motion_without_a_bolt_sensor",
        "relock",
        "driving",
    )
)
_AUTHORITY = (
    "test_nobody_opens",
    "test_authority",
    "test_regressions",
    "test_policy",
    "test_latch",
    "test_remote",
    "test_authority_model",
)
_CORE = _AUTHORITY + _WORLDS
_KEYS = ("test_registry", "test_registry_phones", "test_registry_aes_cards", "test_registry_damage")
_ENROLMENT = ("test_enrolment", "test_enrolment_states", "test_enrolment_model")
_COMMANDS = (
    "test_vehicle_command",
    "test_vehicle_command_attack",
    "test_vehicle_command_replies",
    "test_vehicle_command_vectors",
)

# module -> tests, in any order: the quickest runs first
SUBJECTS: dict[str, tuple[str, ...]] = {
    "latchkey.core.arbiter": _CORE,
    "latchkey.core.crash": _CORE,
    "latchkey.core.deadlines": _AUTHORITY,
    "latchkey.core.drive": _CORE,
    "latchkey.core.facts": _CORE,
    "latchkey.core.governor": ("test_governor", "test_governor_model"),
    "latchkey.core.heat": _CORE,
    "latchkey.core.intent": ("test_regressions", "test_authority", "test_authority_model", "test_story_tap"),
    "latchkey.core.lock": _CORE,
    "latchkey.core.policy": _CORE,
    "latchkey.core.remote": _AUTHORITY,
    "latchkey.core.request": (*_AUTHORITY, "test_story_tap"),
    "latchkey.credentials.enrolment": _ENROLMENT,
    "latchkey.credentials.recognition": (*_AUTHORITY, *_KEYS),
    "latchkey.crypto.mac": ("test_crypto_mac", "test_crypto_secret"),
    "latchkey.crypto.secret": ("test_crypto_secret", "test_keycard"),
    "latchkey.crypto.secret_native": ("test_crypto_secret", "test_keycard"),
    "latchkey.drivers.actuator": _AUTHORITY,
    "latchkey.protocol.aes_card": ("test_aes_card", "test_aes_card_talk"),
    "latchkey.protocol.aes_card_channel": ("test_aes_card_channel", "test_aes_card", "test_aes_card_talk"),
    "latchkey.protocol.keycard": ("test_keycard",),
    "latchkey.protocol.vehicle_command_check": _COMMANDS,
    "latchkey.vehicle": _AUTHORITY,
}


def path_of(module: str) -> Path:
    return _FIRMWARE / (module.replace(".", "/") + ".py")


def fitting(module: str) -> tuple[str, ...]:
    return SUBJECTS[module]
