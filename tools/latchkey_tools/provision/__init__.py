"""`latchkey provision`: sets a controller up over USB, and tries what it is given before anything is stored.

    arguments    what may be typed                    wishes     what was asked for, read and checked on this computer
    run          from start to exit code              trial      gives it to the controller, watches, keeps or drops it
    certificates PEM files as the controller wants them

The vehicle's own key is made on the controller and never leaves it; no secret is shown, here or there.
"""
