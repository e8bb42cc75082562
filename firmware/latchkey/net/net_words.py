"""Sentences for the codes of NetError, for the console and the page. Nothing is decided by a word."""

_WORDS = """
1 the broker's name has no address
2 no name server answers
3 there is no way to the broker
4 nothing listens at the broker's port
5 no answer in time
6 the broker ended the connection
7 out of memory
10 the broker's certificate is not the right one, or not valid now
11 refused by the broker: certificate or key
12 what answers there speaks no TLS
13 this MicroPython has no TLS with pre-shared keys
14 certificate or key in the settings cannot be read
21 refused by the broker: version of MQTT
22 refused by the broker: client id
23 refused by the broker: not available
24 refused by the broker: user or password
25 refused by the broker: not authorised
26 refused by the broker: topic
27 the broker sent what no broker sends
28 the broker sent a packet that is too long
29 the broker is silent
30 the allowance for what is sent is used up
"""


def reason(code: int) -> str:
    """What a code means, "" for one that has no words."""
    for line in _WORDS.split("\n"):
        number, _, words = line.partition(" ")
        if number == str(code):
            return words
    return ""
