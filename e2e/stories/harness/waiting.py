"""Waiting for something to be so, with a limit and a word about what it was that did not come."""

import time

INTERVAL = 0.2


def until(what, probe, seconds=60):
    """Asks `probe` until it gives something true, and returns that. What it raises counts as "not yet" and is told at the end."""
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            answer = probe()
            if answer:
                return answer
            last = answer
        except Exception as error:  # pylint: disable=broad-except
            last = error
        if time.monotonic() >= end:
            raise AssertionError(f"waited {seconds} s in vain for {what}; last seen: {last!r}")
        time.sleep(INTERVAL)


def holds(what, probe, seconds):
    """Asks `probe` all that time; it must say yes throughout."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = probe()
        if not answer:
            raise AssertionError(f"{what} did not hold: {answer!r}")
        time.sleep(INTERVAL)
