"""Models of parts, in the common subset of CPython and MicroPython; they never import the firmware they help to test.

Imported as `latchkey_tools.models.x` by the tools and as plain `x` by tests that have this folder on their path.
"""
