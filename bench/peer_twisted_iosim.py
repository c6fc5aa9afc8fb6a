#!/usr/bin/python3
"""The work of sim_bench.c on Twisted's iosim: no latency, no digest, one pump for both ends.

Prints exchanges, or connections, per second.
Usage: peer_twisted_iosim.py echo CONNECTIONS EXCHANGES | connect COUNT
Needs Debian's python3-twisted, so run it with /usr/bin/python3.
"""
import sys
import time

from twisted.internet.protocol import Protocol
from twisted.test import iosim

MESSAGE = b"sixty-four bytes, of which most are zero".ljust(64, b"\0")


class Echo(Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


class Client(Protocol):
    done = 0
    left = 0

    def begin(self):
        if self.left > 0:
            self.left -= 1
            self.transport.write(MESSAGE)

    def dataReceived(self, data):
        self.done += 1
        self.begin()


def pair():
    client, server = Client(), Echo()
    pump = iosim.connect(server, iosim.makeFakeServer(server), client, iosim.makeFakeClient(client))
    return client, pump


def echo(connections, exchanges):
    pairs = [pair() for _ in range(connections)]
    start = time.perf_counter()
    for client, _ in pairs:
        client.left = exchanges // connections
        client.begin()
    busy = pairs
    while busy:
        for _, pump in busy:
            pump.pump()
        busy = [each for each in busy if each[0].done < exchanges // connections]
    return exchanges / (time.perf_counter() - start)


def connect(count):
    start = time.perf_counter()
    for _ in range(count):
        client, pump = pair()
        client.left = 1
        client.begin()
        while client.done == 0:
            pump.pump()
        client.transport.loseConnection()
        pump.flush()
    return count / (time.perf_counter() - start)


def main():
    if sys.argv[1] == "echo":
        print(round(echo(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        print(round(connect(int(sys.argv[2]))))


if __name__ == "__main__":
    main()
