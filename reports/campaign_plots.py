"""campaign_plots.py - numbers as pictures: SVG that takes its colours from the page and has no text in it, which the page
writes around it, so that it can be as narrow as it must."""
import bisect
import math

WIDTH, HEIGHT = 1000, 100
BINS, STRIP_BINS = 40, 120


class Growth:
    """Behaviours seen after so many runs, as steps; and where runs failed."""

    def __init__(self, points, runs, failed):
        self.runs, self.total = runs, points[-1][1] if points else 0
        self.points, self.failed = points, failed
        self.last_new = points[-1][0] if points else 0
        half = (self.total + 1) // 2
        self.half_at = next((place for place, seen in points if seen >= half), 0)

    def line(self):
        if not self.points:
            return ''
        x = lambda place: WIDTH * place / max(1, self.runs)
        y = lambda seen: HEIGHT - 96 * seen / self.total
        path = [f'M0 {HEIGHT}']
        for place, seen in self.points:
            path.append(f'H{x(place):.1f}V{y(seen):.1f}')
        return ''.join(path) + f'H{WIDTH}'

    def area(self):
        return self.line() + f'V{HEIGHT}Z' if self.points else ''

    def ticks(self):
        """Of runs that failed; one for each thousandth of the width at most."""
        places = sorted({round(WIDTH * place / max(1, self.runs)) for place in self.failed})
        return ''.join(f'M{x} {HEIGHT}V{HEIGHT - 9}' for x in places)


class Histogram:
    """How often which time, on a logarithmic scale."""

    def __init__(self, values):
        self.values = sorted(values)
        self.count = len(self.values)
        self.bars = []
        if self.count:
            self.make_bars()

    def make_bars(self):
        low, high = math.log(max(1, self.values[0])), math.log(max(1, self.values[-1]))
        span = high - low
        counts = [0] * (BINS if span > 1e-9 else 1)
        for value in self.values:
            at = int((math.log(max(1, value)) - low) / span * len(counts)) if span > 1e-9 else 0
            counts[min(at, len(counts) - 1)] += 1
        step = WIDTH / len(counts)
        most = max(counts)
        self.bars = [(round(i * step + step * .08, 1), round(HEIGHT - HEIGHT * n / most, 1), round(step * .84, 1),
                      round(HEIGHT * n / most, 1)) for i, n in enumerate(counts) if n]

    def quantile(self, part):
        return self.values[min(self.count - 1, int(part * self.count))] if self.count else 0

    @property
    def total(self):
        return sum(self.values)


class Strip:
    """All numbers that were asked for or run, from left to right: which passed, failed, were set aside, were left out."""

    KINDS = ('good', 'bad', 'aside', 'left')

    def __init__(self, runs, left):
        """`runs`: [(number, kind)], ascending; `left`: [(first, last)]."""
        spans = [(n, n) for n, _ in runs] + left
        self.first = min((a for a, _ in spans), default=0)
        self.last = max((b for _, b in spans), default=0)
        size = self.last - self.first + 1
        self.bins = min(STRIP_BINS, size)
        edges = [self.first + size * i // self.bins for i in range(self.bins + 1)]
        counts = [dict.fromkeys(self.KINDS, 0) for _ in range(self.bins)]
        for number, kind in runs:
            counts[bisect.bisect_right(edges, number) - 1][kind] += 1
        for first, last in left:
            for i in range(bisect.bisect_right(edges, first) - 1, self.bins):
                if edges[i] > last:
                    break
                counts[i]['left'] += min(last, edges[i + 1] - 1) - max(first, edges[i]) + 1
        self.counts = list(zip(edges, [b - 1 for b in edges[1:]], counts))

    def rects(self):
        """[(x, y, width, height, kind, text)], of each bin from the ground up: failed, left out, set aside, passed."""
        step, shown = WIDTH / self.bins, []
        for i, (first, last, counts) in enumerate(self.counts):
            total, y = sum(counts.values()), float(HEIGHT)
            text = f'{first}' if first == last else f'{first}..{last}'
            text += ': ' + ', '.join(f'{counts[k]} {WORDS[k]}' for k in self.KINDS if counts[k])
            for kind in ('bad', 'left', 'aside', 'good'):
                if counts[kind]:
                    height = HEIGHT * counts[kind] / total
                    # One that failed among thousands is still to be seen.
                    height = max(height, 12) if kind == 'bad' else min(height, y)
                    y -= height
                    shown.append((round(i * step, 2), round(y, 2), round(step, 2), round(height, 2), kind, text))
        return shown


WORDS = {'good': 'passed', 'bad': 'failed', 'aside': 'set aside', 'left': 'left out'}


def duration(ns):
    """1234567 as '1.23 ms'."""
    for unit, size in (('s', 1e9), ('ms', 1e6), ('µs', 1e3)):
        if ns >= size:
            return f'{ns / size:.3g} {unit}' if ns < 1000 * size else f'{ns / size:,.0f} {unit}'
    return f'{ns} ns'
