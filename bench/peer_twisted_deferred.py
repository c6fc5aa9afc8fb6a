#!/usr/bin/python3
"""The work of deferred_bench.c in Twisted: make, three callbacks, fire, drop.

Prints operations per second, the median of the rounds.
Usage: peer_twisted_deferred.py [ROUNDS [OPERATIONS]]
Needs Debian's python3-twisted, so run it with /usr/bin/python3.
"""
import statistics
import sys
import time

from twisted.internet.defer import Deferred

calls = 0


def add_one(value):
    global calls
    calls += 1
    return value + 1


def measure(operations):
    start = time.perf_counter()
    for _ in range(operations):
        deferred = Deferred()
        deferred.addCallback(add_one)
        deferred.addCallback(add_one)
        deferred.addCallback(add_one)
        deferred.callback(0)
    return operations / (time.perf_counter() - start)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    operations = int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    measure(operations // 10 + 1)
    print(round(statistics.median(measure(operations) for _ in range(rounds))))


if __name__ == "__main__":
    main()
