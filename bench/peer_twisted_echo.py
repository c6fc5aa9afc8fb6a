#!/usr/bin/python3
"""The same echo server in Twisted.  Prints "port N" and serves until SIGTERM.

Needs Debian's python3-twisted, so run it with /usr/bin/python3.
"""
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol


class Echo(Protocol):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data):
        self.transport.write(data)


def main():
    port = reactor.listenTCP(0, Factory.forProtocol(Echo), backlog=1024, interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
