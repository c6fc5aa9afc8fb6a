"""campaign_data.py - what is in files of results (docs/distribution.md has their tables), put together as torc merge does."""
import collections
import sqlite3

APPLICATION, VERSION = 0x546f7263, 3
GOOD = ('pass', 'unmet')  # of an exploration and of a hunt; a sweep has no unmet
VERDICTS = ('pass', 'unmet', 'skipped', 'fail', 'stuck', 'limit', 'invalid', 'differs', 'exited')
RUN = 'item, number, digest, verdict, identity, message, unmet, events, t_ns, real_ns, marks, source'
FOUND = 'verdict, identity, item, number, sentence, detail, decisions, scenario, path, lines, runs, real_ns, trace'
BEHAVIOURS_MAX = 49152


class DataError(Exception):
    pass


class Campaign:
    """One campaign of all files: what was asked for, and its runs by item."""

    def __init__(self, row):
        self.command, self.scenario_hash, self.build, self.settings, self.phase, self.scenario, self.arguments = row
        self.asked = set()
        self.runs = {}
        self.marks = {}
        self.behaviours = {}
        self.found = {}
        self.reproduce = {}
        self.differ = []

    @property
    def key(self):
        return self.command, self.scenario_hash, self.build, self.settings

    def failed(self, run):
        return run['verdict'] not in ('pass', 'skipped') and (run['verdict'] != 'unmet' or self.command == 'sweep')

    def add_run(self, run):
        there = self.runs.setdefault(run['item'], run)
        if (there['digest'], there['verdict']) != (run['digest'], run['verdict']):
            self.differ.append((there, run))

    def add_found(self, row):
        there = self.found.get((row['verdict'], row['identity']))
        if there is None or row['number'] < there['number']:
            self.found[row['verdict'], row['identity']] = row

    # --- what was left out --------------------------------------------------------------------------

    def left_out(self):
        """[(first, last)]: numbers that were asked for and have no run."""
        numbers = sorted({run['number'] for run in self.runs.values()})
        gaps = []
        for first, last in sorted({(first, last) for first, last, _, _ in self.asked}):
            at = first
            for number in numbers:
                if at <= number <= last:
                    if number > at:
                        gaps.append((at, number - 1))
                    at = number + 1
            if at <= last:
                gaps.append((at, last))
        return gaps

    def shards_missing(self):
        """[(shard, of, first, last)]: of a sharing out of which there are some."""
        shares = collections.defaultdict(set)
        for first, last, shards, shard in self.asked:
            shares[first, last, shards].add(shard)
        return [(shard, shards, first, last) for (first, last, shards), there in sorted(shares.items())
                for shard in range(shards) if shard not in there]

    def asked_count(self):
        """How many runs were asked for; 0: nobody says."""
        return len(self.runs) + sum(last - first + 1 for first, last in self.left_out()) if self.asked else 0


def rows(database, columns, table, campaign, more=''):
    names = [name.strip() for name in columns.split(',')]
    for row in database.execute(f'SELECT {columns} FROM {table} WHERE campaign = ? {more}', (campaign,)):
        yield dict(zip(names, row))


def open_file(path):
    try:
        with open(path, 'rb'):
            pass
        database = sqlite3.connect(f'file:{path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")}?mode=ro',
                                   uri=True)
        database.text_factory = lambda data: data.decode('utf-8', 'replace')
        application, = database.execute('PRAGMA application_id').fetchone()
        version, = database.execute('PRAGMA user_version').fetchone()
    except OSError as wrong:
        raise DataError(f'{path}: {wrong.strerror}') from None
    except sqlite3.DatabaseError as wrong:
        damaged = getattr(wrong, 'sqlite_errorname', '').startswith('SQLITE_CORRUPT')
        raise DataError(f'{path}: {wrong}' if damaged else f'{path} is no file of results') from None
    if application != APPLICATION:
        raise DataError(f'{path} is no file of results')
    if version != VERSION:
        raise DataError(f'{path}: results of version {version}; this report reads version {VERSION}')
    return database


def read_file(path, campaigns):
    """Adds what is in the file to {key: Campaign}."""
    database = open_file(path)
    try:
        for ident, *row in database.execute('SELECT id, command, scenario_hash, build, settings, phase, scenario, arguments '
                                            'FROM campaign ORDER BY id').fetchall():
            new = Campaign(row)
            campaign = campaigns.setdefault(new.key, new)
            campaign.asked.update(database.execute('SELECT first, last, shards, shard FROM asked WHERE campaign = ?',
                                                   (ident,)))
            for run in rows(database, RUN, 'run', ident):
                run['source'] = run['source'] or path
                campaign.add_run(run)
            for mark in rows(database, 'number, kind, name, site', 'mark', ident):
                campaign.marks.setdefault(mark['number'], mark)
            for behaviour, first in database.execute('SELECT behaviour, first FROM behaviour WHERE campaign = ?', (ident,)):
                campaign.behaviours[behaviour] = min(first, campaign.behaviours.get(behaviour, first))
            for row in rows(database, FOUND, 'found', ident):
                campaign.add_found(row)
            campaign.reproduce.update(database.execute('SELECT item, reproduce FROM failure WHERE campaign = ?', (ident,)))
    except sqlite3.DatabaseError as wrong:
        raise DataError(f'{path}: {wrong}') from None
    finally:
        database.close()


def read_files(paths):
    """The campaigns of all files, in the order they come."""
    campaigns = {}
    for path in paths:
        read_file(path, campaigns)
    return list(campaigns.values())


# --- one thing that was looked at -------------------------------------------------------------------

class Failure:
    """A kind of failure: the runs that fail alike."""

    def __init__(self, campaign, runs):
        first = min(runs, key=lambda run: run['number'])
        found = campaign.found.get((first['verdict'], first['identity']))
        self.verdict, self.count, self.first, self.item = first['verdict'], len(runs), first['number'], first['item']
        self.phase = campaign.phase
        self.numbers = sorted(run['number'] for run in runs)
        self.sentence = found['sentence'] if found else first['message']
        self.detail = found['detail'] if found else ''
        self.reproduce = campaign.reproduce.get(self.item, '')
        self.scenario = found['scenario'] if found else ''
        self.path = found['path'] if found else ''
        self.decisions = '\n'.join(found['decisions'].split('\n')[1:]).strip() if found else ''
        self.lines, self.shrink_runs = (found['lines'], found['runs']) if found else (0, 0)
        self.shrink_ns = found['real_ns'] if found else 0
        self.trace = found['trace'] if found else ''
        self.show = f'torc run -v {self.path}' if self.path else self.reproduce.replace('torc run ', 'torc run -v ', 1)

    @property
    def label(self):
        return f'seed {self.item}' if self.item.isdigit() else self.item

    def as_json(self):
        return {name: getattr(self, name) for name in ('verdict', 'count', 'first', 'item', 'phase', 'sentence', 'detail',
                                                       'reproduce', 'show', 'scenario', 'decisions')}


class Row:
    """A row of the matrix: so many runs by verdict."""

    def __init__(self, name, verdicts, left):
        self.name, self.verdicts, self.left = name, verdicts, left
        self.total = sum(verdicts.values()) + left

    def count(self, column):
        return self.left if column == 'left out' else self.verdicts[column]

    def heat(self, column):
        """Per cent of the row."""
        return round(100 * self.count(column) / self.total) if self.total else 0


class Group:
    """The campaigns that are one undertaking: an exploration, a sweep, the phases of a hunt."""

    def __init__(self, campaigns):
        self.campaigns = campaigns
        first = campaigns[0]
        self.command, self.scenario, self.build = first.command, first.scenario, first.build[:8]
        self.settings = '' if self.command == 'hunt' else first.settings
        self.runs = [(c, run) for c in campaigns for run in sorted(c.runs.values(), key=lambda r: (r['number'], r['item']))]
        self.failures = self.find_failures()
        self.failed = sum(f.count for f in self.failures)
        self.skipped = sum(run['verdict'] == 'skipped' for _, run in self.runs)
        self.differ = [pair for c in campaigns for pair in c.differ]
        self.left = [(c, gap) for c in campaigns for gap in c.left_out()]
        self.left_count = sum(last - first + 1 for _, (first, last) in self.left)
        self.shards_missing = [missing for c in campaigns for missing in c.shards_missing()]
        judged = [run['unmet'] for _, run in self.runs]
        self.unmet = self.command != 'sweep' and bool(judged) and all_bits(judged) != 0 and self.skipped < len(judged)

    @property
    def state(self):
        """The worst that can be said of it."""
        if self.differ:
            return 'differs'
        if self.failed:
            return 'failed'
        if self.left_count and self.command != 'hunt':
            return 'incomplete'
        if not self.runs or self.skipped == len(self.runs) or self.unmet:
            return 'unmet'
        return 'passed'

    def find_failures(self):
        kinds = collections.defaultdict(list)
        for campaign, run in self.runs:
            if campaign.failed(run):
                kinds[campaign.key, run['verdict'], run['identity']].append((campaign, run))
        failures = [Failure(pairs[0][0], [run for _, run in pairs]) for pairs in kinds.values()]
        return sorted(failures, key=lambda f: (-f.count, f.first))

    # --- matrix -------------------------------------------------------------------------------------

    def matrix(self):
        """(columns, rows): for a sweep a row for each site, for a hunt for each phase, else for each file."""
        counts, left = collections.OrderedDict(), collections.Counter()
        for campaign, run in self.runs:
            counts.setdefault(self.row_name(campaign, run), collections.Counter())[run['verdict']] += 1
        for campaign, (first, last) in self.left:
            name = campaign.phase or 'left out'
            counts.setdefault(name, collections.Counter())
            left[name] += last - first + 1
        names = list(counts) if self.command == 'hunt' else sorted(counts)
        made = [Row(name, counts[name], left[name]) for name in names]
        present = {verdict for row in made for verdict in row.verdicts}
        columns = [v for v in VERDICTS if v in present] + sorted(present.difference(VERDICTS))
        if len(made) > 1:
            made.append(Row('all', sum((row.verdicts for row in made), collections.Counter()), sum(left.values())))
        return columns + (['left out'] if self.left else []), made

    def row_name(self, campaign, run):
        if self.command == 'hunt':
            return campaign.phase
        if self.command == 'sweep':
            return run['item'].split(':')[0] if '=' in run['item'] else 'stream split'
        return run['source']

    # --- marks, behaviours, time --------------------------------------------------------------------

    def marks(self):
        """[(mark, in how many runs it held, item of the first)], those that never did first."""
        held = []
        for number, mark in sorted(self.campaigns[0].marks.items()):
            runs = [run for _, run in self.runs if run['marks'][number:number + 1] == '1']
            held.append((mark, len(runs), runs[0]['item'] if runs else ''))
        return sorted(held, key=lambda entry: (entry[1] > 0, entry[0]['name']))

    def growth(self):
        """[(runs, behaviours seen in them)], a point for each run that brought something new."""
        places = {}
        for place, (campaign, run) in enumerate(self.runs, 1):
            places.setdefault((campaign.key, run['number']), place)
        seen = {}
        for campaign in self.campaigns:
            for behaviour, first in campaign.behaviours.items():
                place = places.get((campaign.key, first))
                if place is not None:
                    seen[behaviour] = min(place, seen.get(behaviour, place))
        news, points, total = collections.Counter(seen.values()), [], 0
        for place in sorted(news):
            total += news[place]
            points.append((place, total))
        return points

    @property
    def behaviours_full(self):
        return any(len(c.behaviours) >= BEHAVIOURS_MAX for c in self.campaigns)

    def times(self, name):
        return [run[name] for c, run in self.runs if run['item'] != 'check']

    def as_json(self):
        columns, made = self.matrix()
        growth = self.growth()
        return {'command': self.command, 'scenario': self.scenario, 'build': self.build, 'settings': self.settings,
                'state': self.state, 'runs': len(self.runs), 'failed': self.failed, 'skipped': self.skipped,
                'left_out': self.left_count, 'different': len(self.differ),
                'failures': [f.as_json() for f in self.failures],
                'matrix': {row.name: {c: row.count(c) for c in columns} for row in made},
                'marks': [{**mark, 'runs': runs, 'first': first} for mark, runs, first in self.marks()],
                'behaviours': growth[-1][1] if growth else 0, 'growth': growth}


def all_bits(numbers):
    """What all of them have."""
    bits = -1
    for number in numbers:
        bits &= number
    return bits


def groups_of(campaigns):
    grouped = collections.OrderedDict()
    for campaign in campaigns:
        key = campaign.key[:3] + (campaign.scenario,) if campaign.command == 'hunt' else campaign.key
        grouped.setdefault(key, []).append(campaign)
    return [Group(members) for members in grouped.values()]
