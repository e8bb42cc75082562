"""`latchkey card`: AES cards made on this computer, for as many controllers as one likes, from one site key.

site        the site key, its file, and the key derived from it for one card
host        a PN532 on this computer: which card lies there, APDUs to it
session     AuthenticateEV2First and ChangeKey from the reader's side
making      a blank NTAG 424 DNA or DESFire card gets its key, wherever it was left the last time
commands    what each command does
"""
