"""What may be typed behind `latchkey provision`."""

import argparse

from latchkey_tools.console.options import add_console

_WORDS = """\
Set a controller up over USB: its name, Wi-Fi, and the broker of the cloud. Without options: what is set, and what to do
next. What you give is tried by the controller itself, and stored, all at once, when it has worked; repeat the command
as often as you like. Neither Wi-Fi nor a broker is needed for cards and phones.

    latchkey provision --name 5YJ3E7EB1KF000316
    latchkey provision --wifi HOME --broker mqtts://192.0.2.1:8883 --ca ca.pem --cert car.pem --key car.key

Passwords are asked for, or come from files: they would stand in the shell's history. Exit codes: 0 done, 1 refused or
failed, 2 cannot start.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = _WORDS
    add_console(parser)
    parser.add_argument("--name", metavar="VIN", help="17 characters that phones and cloud know the vehicle by")
    parser.add_argument("--wifi", metavar="NAME", help="Wi-Fi network (2.4 GHz); its password is asked for")
    parser.add_argument("--wifi-password-file", metavar="FILE", help="its password; an empty file for an open network")
    parser.add_argument("--broker", metavar="URL", help="mqtts://HOST:PORT, or mqtt:// in a network of your own")
    parser.add_argument("--ca", metavar="FILE", help="private authority that signed the broker's certificate (PEM)")
    parser.add_argument("--cert", metavar="FILE", help="the controller's certificate (PEM)")
    parser.add_argument("--key", metavar="FILE", help="and its private key (PEM, without a password)")
    parser.add_argument("--user", metavar="NAME", help="name at the broker; its password is asked for")
    parser.add_argument("--password-file", metavar="FILE", help="the password for it")
    parser.add_argument("--dns", metavar="ADDRESS", help="name server to ask (as the network says)")
    parser.add_argument("--reconnect-percent", metavar="N", help="of the waits of a fleet: 1 to 100 (100)")
    parser.add_argument(
        "--untried", action="store_true", help="store without trying, for a controller that goes elsewhere"
    )
    parser.add_argument("--wait", type=float, default=90.0, metavar="N", help="seconds to wait for a connection (90)")
    parser.add_argument("--json", action="store_true", help="the result as JSON, for other programs")
