"""Pins as the drivers want them: what is active is 1, supply in mV, speed in km/h.

An ADC of these chips is calibrated at the factory to some percent (ESP32: 1.1 V reference, ±6 % where the fuses hold
no better); resistors add their own. So the limit of 9 V is one of 8.3 to 9.7 V.
"""

import time

from machine import ADC, Pin
from micropython import const

_SAMPLE_MS = const(20)
_SMOOTH = const(3)  # a sample counts for an eighth

_WINDOW_MS = const(1_000)
_MOST_PULSES = const(4_095)  # in a window; more would make a long integer
_FAST_KMH = const(255)  # what a level that says "moving" amounts to


def input_pin(number: int, pull: str) -> Pin:
    """pull: "up", "down", or "" for a resistor outside."""
    if not pull:
        return Pin(number, Pin.IN)
    return Pin(number, Pin.IN, Pin.PULL_UP if pull == "up" else Pin.PULL_DOWN)


class Wire:
    """An input with two levels. active: the level at which it counts as 1."""

    def __init__(self, number: int, pull: str, active: int) -> None:
        self._pin = input_pin(number, pull)
        self._active = active

    def value(self) -> int:
        return 1 if self._pin.value() == self._active else 0


class Output:
    """An output that keeps its level, off at first. active: the level at which it is on."""

    def __init__(self, number: int, active: int) -> None:
        self._pin = Pin(number, Pin.OUT, value=1 - active)
        self._active = active

    def value(self, level: int) -> None:
        self._pin.value(level if self._active else 1 - level)


class Supply:
    """A divider at an ADC pin. upper, lower: its resistors in ohm. In mV, smoothed over about 150 ms."""

    def __init__(self, number: int, upper: int, lower: int) -> None:
        self._adc = ADC(Pin(number), atten=ADC.ATTN_11DB)
        self._ratio_256 = ((upper + lower) << 8) // lower
        self._at_pin_8mv = self._sample() << _SMOOTH
        self._due = time.ticks_ms()

    def value(self) -> int:
        now = time.ticks_ms()
        late_ms = time.ticks_diff(now, self._due)
        if not 0 <= late_ms < _SAMPLE_MS:
            self._due = now
            self._at_pin_8mv += self._sample() - (self._at_pin_8mv >> _SMOOTH)
        return (self._at_pin_8mv >> _SMOOTH) * self._ratio_256 >> 8

    def _sample(self) -> int:
        return self._adc.read_uv() // 1_000


class SpeedPulses:
    """A line that gives so many pulses for a km, counted by interrupt, told anew each second."""

    def __init__(self, number: int, pull: str, active: int, pulses_per_km: int) -> None:
        self._count = 0
        self._kmh = 0
        self._pulses_per_km = pulses_per_km
        self._since = time.ticks_ms()
        pin = input_pin(number, pull)
        pin.irq(self._counted, Pin.IRQ_RISING if active else Pin.IRQ_FALLING)
        self._pin = pin  # else its interrupt ends with it

    def _counted(self, pin: Pin) -> None:
        self._count += 1

    def value(self) -> int:
        now = time.ticks_ms()
        passed_ms = time.ticks_diff(now, self._since)
        if passed_ms >= _WINDOW_MS:
            count, self._count = self._count, 0
            self._since = now
            self._kmh = min(count, _MOST_PULSES) * 36_000 // self._pulses_per_km * 100 // passed_ms
        return self._kmh


class SpeedLevel:
    """A line that says that the vehicle moves, and not how fast."""

    def __init__(self, number: int, pull: str, active: int) -> None:
        self._wire = Wire(number, pull, active)

    def value(self) -> int:
        return _FAST_KMH if self._wire.value() else 0
