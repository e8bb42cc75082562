"""Compiles the firmware to .mpy files that take as little of a heap as the sources allow: `latchkey_tools.build`.

The sources run as they are, on CPython and on MicroPython. What is shipped is the same program with less in it: numbers
instead of the names of constants that stand in other modules, and no names that nobody looks up any more. Lines keep
their numbers, so a traceback points into the sources. What cannot be proved to mean the same is refused (BuildError).

sources     one source file, its syntax tree, and the changes made to its text
scopes      which name means what, scope by scope
program     all files together: what a name or an attribute of a module stands for in the end
constants   constants are put in where they are used, and dropped
imports     imports that nothing needs any more are dropped
tables      tables of small numbers become strings of bytes
flat        modules lie side by side, without packages
names       private names become short ones
shipped     what is built from what, and where it goes
compiler    mpy-cross, and only for what has changed
"""
