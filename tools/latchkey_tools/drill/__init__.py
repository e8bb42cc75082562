"""`make drill`: nine hostile centrals, a phone that wants to open and a card that is tapped, measured on this PC.

story       the real firmware with reader and car, in real time; what is required
air         a process of its own beside it: the simulated radio (Bumble), the crowd, the phone
crowd       the nine
caller      the phone
virtual     ten minutes in virtual time, by host_tests/bench/bench_drill.py

Nothing here is measured on an ESP32, and the simulated air has no connection intervals and loses nothing.
"""
