"""The firmware on a PC, beside a simulated car and reader, with a web page to hold, tap and break things.

car       what the controller is wired to: bolt, motor, doors, ignition, supply; pure, time is given in
wire      the harness lines between firmware and car, bytes in and messages out
harness   the same over TCP
firmware  starts MicroPython, restarts it, never leaves it behind
reader    the PN532 and the wallet of software cards, or a real PN532
air       the Bluetooth radio and the air around it, or a real adapter
phones    the phones of the page: a handset each, with its words in handset_words
broker    the broker that BROKER= asks for: its process, its certificates, an embedded one
cloud     what is wrong with the way to it (cloud_faults, flood), and a cloud key with its words
latency   how long cards and phones wait, with the cloud well and with it broken
hint      what a newcomer could do next
bench     joins these, and is the one thing the page talks to
orders    what the page may ask for, checked strictly
server    the page and its API
run       one command that starts all of it and ends all of it
"""
