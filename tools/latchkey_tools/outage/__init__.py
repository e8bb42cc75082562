"""`make drills`: the broker is down, hangs, lies or floods, and a card and a phone at the car are timed meanwhile.

rows             what is done to the controller's way to its broker, one after the other, and how it is told that it was
drill            a row: idle, the fault, the fault gone; what is measured
bench            the controller on the table: claimed, a phone and a cloud key paired, cards tapped, a phone pressed
phone            a process of its own beside it: the air (Bumble) and the phone
places           the brokers that it is told to use: Mosquitto behind a way that breaks, a hostile one, a name server
waiting          how much of a time is the PC's fault: others had the processor
replay           commands that were recorded, and come again
figures          percentiles, the budget, the verdict; pure
table            how they are shown
hostile_broker   a broker that does everything a client must survive; hostile_process starts it
certificates     good ones and bad ones

Nothing here is measured on an ESP32.
"""
