"""A cloud key on this computer: `latchkey cloud`, and what the gateway shares with it.

    arguments   what may be typed                broker     where a broker is and how it is met
    run         from start to exit code          line       a connection to it, on paho-mqtt
    desk        what every command has at hand   topics     what is said where
    commands    unlock, lock, status, wake       reports    what a car tells of itself, unsigned
    enrolment   keygen, enrol                    remote     a car to be asked things over a line
    words       what refusals mean here          failure    what goes wrong on the way to a broker

Signing, sessions, requests and key files are those of latchkey_tools.phone: over MQTT as over Bluetooth the same
messages are signed end to end. Nothing that a broker says is believed; it can delay, drop and pretend that a car is
away, and no more.
"""
