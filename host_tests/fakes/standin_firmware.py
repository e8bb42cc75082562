"""A strict stand-in for the firmware at the harness wire, to test the simulator alone. Run as a program by CPython.

It knows the wire and nothing else: no reader, no keys, no policy. Each press of the button throws the bolt the other
way, says so, and is one flash write. What is not part of the wire, or comes out of order, ends it with exit code 3.
Special speeds make it fail: 299 km/h raises, 296 km/h makes it hang, 298 km/h makes it talk nonsense, 297 km/h reverses
without a dead time. At 295 km/h it opens trunk and charge port.
"""

import json
import os
import select
import socket
import sys
import time

INPUTS = ("button", "bolt_locked", "bolt_unlocked", "door", "ignition", "crash", "speed", "supply")


class StandIn:
    def __init__(self, wire, flash):
        self.wire = wire
        self.counter = os.path.join(flash, "writes")
        self.inputs = {}
        self.ready = False
        self.settings = {}
        self.writes = self.recall()
        self.cut_in = 0
        self.variant = ""
        self.rest_until = 0.0  # pulse and dead time of the last throw
        self.began = time.monotonic()

    def recall(self):
        try:
            with open(self.counter) as file:
                return int(file.read())
        except FileNotFoundError:
            return 0

    def say(self, line):
        self.wire.sendall(line.encode() + b"\n")

    def hear(self, line):
        word, *arguments = line.split(" ")
        if word == "in" and len(arguments) == 2 and arguments[0] in INPUTS:
            self.hear_input(arguments[0], int(arguments[1]))
        elif line == "ready" and not self.ready:
            self.ready = True
            self.report()
        elif word == "cut" and self.ready and arguments[1] in ("none", "half", "almost", "all"):
            self.cut_in, self.variant = int(arguments[0]), arguments[1]
        elif word == "set" and self.ready and 0 < len(arguments) <= 2:
            self.settings[arguments[0]] = "".join(arguments[1:])
            print("set %s to %d characters" % (arguments[0], len(self.settings[arguments[0]])))
            sys.stdout.flush()
            self.say("stored " + arguments[0])
        elif word in ("revoke", "suspend", "admit", "guest") and self.ready:
            self.verdict("console", word + "_key", 66, "no such key", int(arguments[0]))
        elif word == "time" and self.ready:
            self.say("stored time")
        else:
            print("not a line for the firmware: " + line, file=sys.stderr)
            sys.exit(3)

    def hear_input(self, name, value):
        if self.ready and name not in self.inputs:
            print("not wired: " + name, file=sys.stderr)
            sys.exit(3)
        before = self.inputs.get(name)
        self.inputs[name] = value
        if not self.ready:
            return
        if name == "button" and value and not before:
            self.throw()
        elif name == "speed" and value == 299:
            raise RuntimeError("too fast")
        elif name == "speed" and value == 296:
            time.sleep(3600)
        elif name == "speed" and value == 298:
            self.say("pulse lock")
            self.say("out fog_lamp 1")
        elif name == "speed" and value == 297:
            self.say("pulse unlock 100")
            self.say("pulse lock 1100")
        elif name == "speed" and value == 295:
            self.say("pulse trunk 300")
            self.say("pulse charge_port 300")
        self.report()

    def throw(self):
        time.sleep(max(0.0, self.rest_until - time.monotonic()))
        self.rest_until = time.monotonic() + 0.75
        way = "unlock" if self.inputs.get("bolt_locked") else "lock"
        self.say("out light_green 1")
        self.say("pulse %s 500" % way)
        self.verdict("cabin", way, 0, "accepted", -1)
        self.write()
        self.say("out light_green 0")

    def write(self):
        self.cut_in -= 1
        if self.cut_in == 0:
            self.say("cut")
            print("cut, leaving " + self.variant)
            while True:
                time.sleep(60)
        self.writes += 1
        with open(self.counter, "w") as file:
            file.write(str(self.writes))
        self.say("flash %d 0" % self.writes)

    def verdict(self, source, action, number, text, credential):
        line = {"seq": self.writes, "uptime_s": self.uptime(), "source": source, "credential": credential, "id": ""}
        line.update({"action": action, "verdict": number, "text": text, "accepted": number < 10})
        self.say("verdict " + json.dumps(line))

    def report(self):
        lock = "locked" if self.inputs.get("bolt_locked") else "unlocked"
        bolt = lock if self.inputs.get("bolt_locked") or self.inputs.get("bolt_unlocked") else "between"
        status = {"uptime_s": self.uptime(), "lock": lock, "confirmed": True, "bolt": bolt, "doors_open": None}
        status.update({"drive": "denied", "drive_s": None, "moving": False, "crash": False, "hold_s": 0})
        status.update(
            {"supply_mv": self.inputs.get("supply", 0), "enrolment": "closed", "pinned": "", "claimed": False}
        )
        status.update(
            {"enrolment_s": None, "registry": "blank", "generation": 0, "keys": [], "reader": "ready", "boot": 1}
        )
        self.say("status " + json.dumps(status))

    def uptime(self):
        return round(time.monotonic() - self.began, 1)


def main():
    host, port = os.environ["HARNESS"].split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print("stand-in firmware")
        sys.stdout.flush()
        standin = StandIn(wire, os.environ["FLASH"])
        rest = ""
        while True:
            if not select.select([wire], [], [], 1.0)[0]:
                standin.report()  # once a second, so that a page can tell silence from calm
                continue
            data = wire.recv(4096).decode()
            if not data:
                return
            *lines, rest = (rest + data).split("\n")
            for line in lines:
                standin.hear(line)


if __name__ == "__main__":
    main()
