"""The enrolment machine and a list of keys: every sequence of events that a few keys can bring about."""

from fakes.enrolment_world import Book, World, events
from fakes.scale import LONG, SHORT
from latchkey.credentials.enrolment import TABLE


def test_no_sequence_of_events_lets_another_key_in():
    """Visits every state that can be reached, so sequences of any length are covered."""
    keys = 5 if LONG else 3 if SHORT else 4
    everything = events(keys)
    world = World(Book([0] * keys))
    start = world.freeze()
    seen = {start}
    waiting = [start]
    transitions = 0
    while waiting:
        state = waiting.pop()
        for event in everything:
            world.thaw(state)
            world.do(event)
            transitions += 1
            after = world.freeze()
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    assert world.taken == {(row[0], row[1], row[3], row[4]) for row in TABLE}, "a row that nothing reaches"
    print("enrolment with %d keys: %d states, %d transitions, all %d rows" % (keys, len(seen), transitions, len(TABLE)))
