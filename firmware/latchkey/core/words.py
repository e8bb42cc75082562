"""Words for people: what numbers are called on the console, on the page and in the log. Nothing is decided by a word.

Each vocabulary is one string that is taken apart when somebody asks, because many small strings take three times the
room of a long one. A board whose links speak to nobody in words never loads this module.
"""

# In the order of their numbers, from 0 on.
BOLTS = "unknown,locked,unlocked,between,not fitted"
SOURCES = ",timer,cloud,phone,keycard,cabin,crash"
ROLES = "none,service,owner,driver,fleet manager,vehicle monitor,charging manager,,guest"
ACTIONS = (
    ",lock,unlock,authorise drive,revoke drive,open trunk,open frunk,open charge port,wake,"
    "open enrolment,enrol key,end enrolment,revoke key,suspend guests,admit guests,"
    "forbid remote control,allow remote control,forbid remote unlock,allow remote unlock,"
    "suspend key,admit key,set a guest's time,set the clock,limit a card's answers"
)
LOCKS = "unknown,locked,locking,unlocked,unlocking,jammed,crash-open"
DRIVES = "denied,authorised,driving"
REGISTRIES = "blank,ready,older,unreadable"
CONDITIONS = "absent,active,suspended,revoked"
ENROLMENTS = "closed,claim,claim-second,open,pinned,claim-writing,claim-second-writing,writing"
RADIOS = "off,advertising,full,fault"
CLOUDS = "off,waiting,resolving,connecting,connected,stopped"
KINDS = ",keycard,phone,cloud key,AES card"
JOURNALS = "starting,recording,failing"
ENDINGS = ",clean,cut,damaged,state lost,new"
CAUSES = ",power,reset,watchdog,deep sleep,soft reset"
READERS = "ready,probing,reinitialising,resetting,fault"

_VERDICTS = """
0 accepted
1 already so
2 accepted, after the dead time
3 accepted, it moves that way already
4 new key shown: confirm with the owner card
5 key enrolled
6 first owner card enrolled: present the second
7 claimed: two owner cards enrolled
10 busy with an earlier request
11 held: someone at the car just did the opposite
12 the vehicle is or may be moving
13 a door is open
14 the ignition is on
15 locking is inhibited after a crash
16 the lock motor rests
17 supply below 9 V
18 this board has no such output or sensor
19 remote control is switched off
20 nothing allows it
21 unlocking from afar is not allowed
22 asked from afar too often: six in an hour
30 a key, but not of this vehicle
31 this key was revoked
32 this key is suspended
33 its role does not allow that
34 outside the time agreed for this guest
35 the list of keys changed meanwhile, try again
36 driving was revoked
37 only an older list of keys could be read: owner cards only
38 the list of keys cannot be read
39 the time is not known: an owner's or driver's phone tells it
40 the clock does not go back
50 not a key card
51 wrong answer: not the card it claims to be
52 card taken away too early
53 the card answered nonsense
54 the card's public key is invalid
55 random numbers are not random: no enrolment
56 out of memory, try again
57 an AES card of a kind or in a mode that is not supported
58 the card answered too late: relayed, or slower than it was
60 enrolment is closed
62 two keys showed themselves: enrolment aborted
63 already a key of this vehicle
64 no room for another key
65 the last owner cannot be removed
66 no such key
67 flash refused the write; nothing changed
"""


def word(vocabulary: str, number: int) -> str:
    """The word for a number in one of the vocabularies above."""
    return vocabulary.split(",")[number]


def verdict_name(verdict: int) -> str:
    """The verdict in words, for the page, the log and the phone. An unknown number is a fault and says so."""
    at = _VERDICTS.find("\n%d " % verdict)
    if at < 0:
        return "verdict %d has no name" % verdict
    at = _VERDICTS.find(" ", at) + 1
    return _VERDICTS[at : _VERDICTS.find("\n", at)]
