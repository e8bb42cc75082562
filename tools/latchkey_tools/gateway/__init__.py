"""The gateway: `latchkey gateway`. A lock in Home Assistant for cars on a broker that nobody has to trust.

    arguments   what may be typed              run        from start to exit code; the two connections
    settings    gateway.toml                   side       one connection that comes back when it is lost
    core        what comes in -> what goes out  backoff    how long to wait before trying again
    caller      a car's orders, one by one     outage     what an outage looks like from here
    picture     what is known of a car         discovery  how Home Assistant learns of it

Everything but side and run is pure: no I/O, no clock, no await. README.md beside this file is for whoever runs it.
"""
