#!/usr/bin/python3
"""The timers of sim_events.c on Twisted's task.Clock: each call arms the next one; no digest, no host.

Prints calls per second of processor time.
Usage: peer_twisted_clock.py PENDING CALLS      Needs Debian's python3-twisted.
"""
import random
import sys
import time

from twisted.internet.task import Clock

SPAN = 1.0


def main():
    pending, calls = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(1)
    clock = Clock()
    done = 0

    def ring():
        nonlocal done
        done += 1
        clock.callLater(draw.random() * SPAN, ring)

    for _ in range(pending):
        clock.callLater(draw.random() * SPAN, ring)
    start = time.process_time()
    while done < calls:
        clock.advance(SPAN / pending)
    print(round(done / (time.process_time() - start)))


if __name__ == "__main__":
    main()
