"""campaign_timeline.py - a trace (docs/trace.md) as rows under each other, hosts side by side, and what led to what."""
import json

SHOWN_MAX, FIRST, LAST = 90, 25, 65
TEXT_MAX = 160
# What a run goes through in great number, and nobody looks at.
QUIET = ('timer', 'turn', 'choose', 'draw', 'clock')
GROUPS = {'fault': 'fault', 'decide': 'fault', 'drop': 'fault', 'net': 'fault', 'lost': 'fault', 'timeout': 'fault',
          'reset': 'fault', 'tx': 'net', 'rx': 'net', 'connect': 'net', 'accept': 'net', 'close': 'net',
          'send': 'net', 'receive': 'net', 'listen': 'net', 'db': 'data', 'file': 'data', 'job': 'data',
          'log': 'log', 'mark': 'log', 'call': 'log'}
HEAD = ('n', 't', 'host', 'k', 'cause', 'h')
LANE, ROW = 22, 24  # pixels


class Event:
    def __init__(self, record):
        self.n, self.t_ns = record.get('n', 0), record.get('t', 0)
        self.host, self.kind, self.cause = record.get('host', ''), record.get('k', '?'), record.get('cause', 0)
        self.failed = self.kind == 'property' and record.get('held') == 0
        self.group = 'bad' if self.failed else GROUPS.get(self.kind, 'other')
        self.text = describe(record)


def describe(record):
    """The fields, in words."""
    kind = record.get('k', '?')
    if kind == 'property':
        return ('holds: ' if record.get('held') else 'does not hold: ') + str(record.get('line', ''))
    if kind == 'decide':
        return f'{record.get("site", "")} {record.get("k2", "")} = {record.get("value", "")}'.replace('  ', ' ')
    words = []
    for name, value in record.items():
        if name in HEAD or name in ('site', 'token'):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if name in ('data', 'message'):
            text = json.dumps(value, ensure_ascii=False)
        words.append(text if name in ('what', 'kind', 'name', 'why', 'of') else f'{name} {text}')
    text = ', '.join(words)
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX - 1] + '…'


def pairs_of(pairs):
    """Of `decide` the member k is there twice: the kind, and which question."""
    record = {}
    for name, value in pairs:
        record['k2' if name in record else name] = value
    return record


def read(trace):
    """The events of a trace; a line that is none is left out."""
    events = []
    for line in trace.split('\n'):
        try:
            record = json.loads(line, object_pairs_hook=pairs_of)
        except ValueError:
            continue
        if isinstance(record, dict):
            events.append(Event(record))
    return events


class Timeline:
    """The events that are shown, with the lanes of their hosts and the arrows between them."""

    def __init__(self, trace):
        events = read(trace)
        self.known, self.cut = len(events), bool(events) and events[0].n > 1
        self.hosts = []
        shown = [e for e in events if e.kind not in QUIET]
        self.left_out = max(0, len(shown) - SHOWN_MAX)
        self.gap_at = FIRST if self.left_out else -1  # before this row
        if self.left_out:
            shown = shown[:FIRST] + shown[-LAST:]
        self.events = shown
        for event in shown:
            if event.host and event.host not in self.hosts:
                self.hosts.append(event.host)
        # What belongs to no host, lines of the scenario, comes last.
        self.lanes = self.hosts + ([''] if any(not e.host for e in shown) else [])
        self.width = LANE * len(self.lanes) + 8
        self.height = ROW * (len(shown) + (1 if self.left_out else 0))

    def x(self, host):
        return LANE * self.lanes.index(host) + LANE // 2

    def y(self, index):
        return ROW * (index + (1 if 0 <= self.gap_at <= index else 0)) + ROW // 2

    def dots(self):
        return [(self.x(e.host), self.y(i), e.group) for i, e in enumerate(self.events)]

    def arrows(self):
        """[path of SVG] from each event that led to one on another host."""
        places = {e.n: i for i, e in enumerate(self.events)}
        paths = []
        for index, event in enumerate(self.events):
            at = places.get(event.cause)
            if at is None or self.events[at].host == event.host:
                continue
            x1, y1, x2, y2 = self.x(self.events[at].host), self.y(at), self.x(event.host), self.y(index)
            middle = (y1 + y2) / 2
            paths.append(f'M{x1} {y1}C{x1} {middle:g} {x2} {middle:g} {x2} {y2}')
        return paths
