"""`latchkey doctor`: asks a controller over USB how it is, and says what is wrong, the worst first, and what to do.

arguments   what may be typed        findings   what status and `about` mean
run         from start to exit code
"""
