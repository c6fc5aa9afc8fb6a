"""error_path_report.py - what the runs say about the error paths that are known."""
import collections
import json
import os
import re
import subprocess

import jinja2

import code_coverage

KINDS = ('raise', 'return', 'code', 'goto', 'check', 'errback', 'timeout', 'fault', 'mark')
HUNK = re.compile(r'^@@ -\S+ \+(\d+)(?:,(\d+))? @@')


class Path:
    """A row of the report: a known error path and what reached it."""

    def __init__(self, row, results):
        self.row = row
        reached = [r for r in results if row.name in r['rows']]
        under = [r for r in reached if r['faults']]
        self.plain = sum(r['rows'][row.name] for r in reached if not r['faults'])
        self.injected = sum(r['rows'][row.name] for r in under)
        ends = collections.Counter(r['outcome'] for r in under)
        self.handled, self.crashed = ends['passed'] + ends['cut short'], ends['crashed']
        self.leaked, self.failed = ends['leaked'], ends['failed']
        self.state = 'excluded' if row.excluded else 'plain' if self.plain else 'faults' if self.injected else 'never'
        # The run that did least: the first to look at.
        best = min(reached, key=code_coverage.work, default=None)
        self.witness = best['shown'] if best else ''
        self.runs = len(reached)
        self.only_under_faults = []

    @property
    def folder(self):
        return os.path.dirname(self.row.file) + '/'

    def as_json(self):
        row = self.row
        return {'name': row.name, 'file': row.file, 'line': row.line, 'column': row.column, 'function': row.function,
                'kind': row.kind, 'text': row.text, 'state': self.state, 'excluded': row.excluded,
                'without_faults': self.plain, 'injected': self.injected, 'handled': self.handled,
                'crashed': self.crashed, 'leaked': self.leaked, 'failed': self.failed, 'runs': self.runs,
                'witness': self.witness, 'lines_only_under_faults': self.only_under_faults}


class Tally:
    """Exercised of known, without what is excluded."""

    def __init__(self, name, paths):
        self.name = name
        states = collections.Counter(p.state for p in paths)
        self.known = len(paths) - states['excluded']
        self.plain, self.faults, self.never = states['plain'], states['faults'], states['never']
        self.excluded = states['excluded']
        self.exercised = self.plain + self.faults

    @property
    def percent(self):
        return 100 * self.exercised / self.known if self.known else 100.0

    def as_json(self):
        return {'name': self.name, 'known': self.known, 'exercised': self.exercised, 'without_faults': self.plain,
                'only_with_faults': self.faults, 'never': self.never, 'excluded': self.excluded,
                'percent': round(self.percent, 1)}


class Report:
    def __init__(self, title, rows, results, coverage):
        self.title = title
        self.coverage = coverage
        self.results = results
        self.paths = [Path(row, results) for row in rows]
        self.whole = Tally('all', self.paths)
        self.folders = self.tallies(lambda p: p.folder)
        self.files = self.tallies(lambda p: p.row.file)
        self.kinds = self.tallies(lambda p: p.row.kind)
        self.find_lines_only_under_faults()
        self.unmet = []
        self.base = ''
        self.changed_lines, self.changed_never = 0, []

    def tallies(self, key):
        """Worst first."""
        groups = collections.defaultdict(list)
        for path in self.paths:
            groups[key(path)].append(path)
        return sorted((Tally(name, paths) for name, paths in groups.items()),
                      key=lambda t: (t.percent, -t.never, t.name))

    def find_lines_only_under_faults(self):
        ran = {True: collections.defaultdict(set), False: collections.defaultdict(set)}
        for result in self.results:
            for file, lines in result['lines'].items():
                ran[result['faults']][file].update(lines)
        for path in self.paths:
            if path.state == 'faults':
                row = path.row
                only = ran[True][row.file] - ran[False][row.file]
                path.only_under_faults = sorted(l for l in only if row.first <= l <= row.last)

    def worst_first(self):
        """What crashed or leaked, then what nothing reached, by file with the most of it."""
        never = {t.name: t.never for t in self.files}
        return sorted((p for p in self.paths if p.state != 'excluded'),
                      key=lambda p: (-p.crashed, -p.leaked, p.state != 'never', -never[p.row.file], p.row.file,
                                     p.row.line, p.row.column))

    def excluded(self):
        return [p for p in self.paths if p.state == 'excluded']

    # --- gates --------------------------------------------------------------------------------------

    def hold_decisions_to(self, thresholds):
        """`thresholds`: {folder: per cent}."""
        for folder, percent in thresholds.items():
            covered = self.coverage.of(folder)
            if not covered.known['decisions']:
                self.unmet.append(f'decisions of {folder}: none are known')
            elif covered.percent('decisions') < percent:
                self.unmet.append(f'decisions of {folder}: {covered.percent("decisions"):.1f} %, bar {percent:g} %')

    def hold_to(self, thresholds):
        """The same for error paths."""
        for folder, percent in thresholds.items():
            tally = Tally(folder, [p for p in self.paths if p.row.file.startswith(folder)])
            if not tally.known:
                self.unmet.append(f'error paths of {folder}: none are known')
            elif tally.percent < percent:
                self.unmet.append(f'error paths of {folder}: {tally.percent:.1f} % ({tally.exercised} of '
                                  f'{tally.known}), bar {percent:g} %')

    def hold_changes_to(self, base, changed):
        """`changed`: {file: lines}, the lines that are other than in `base`."""
        self.base = base
        self.changed_lines, self.changed_never = self.coverage.changed(changed)
        for path in self.paths:
            if path.state != 'never' or path.row.line not in changed.get(path.row.file, ()):
                continue
            self.unmet.append(f'changed since {base} and never reached: {path.row.file}:{path.row.line}: '
                              f'{path.row.text}')

    # --- outputs ------------------------------------------------------------------------------------

    def console(self, shown):
        whole = self.whole
        yield f'error paths exercised: {whole.exercised} of {whole.known} known, {whole.percent:.1f} %'
        yield f'  {whole.plain} without faults, {whole.faults} only with faults, {whole.never} never, ' \
              f'{whole.excluded} excluded; {len(self.results)} runs'
        for tallies in (self.folders, self.kinds):
            yield ''
            for t in tallies:
                yield f'{t.percent:6.1f} %  {t.exercised:5} of {t.known:5}  {t.name}'
        yield ''
        for c in [*self.coverage.folders(), self.coverage.of('')]:
            yield f'{c.percent("lines"):6.1f} % of lines, {c.percent("decisions"):5.1f} % of decisions  {c.name or "all"}'
        if self.base:
            yield f'changed since {self.base}: {self.changed_lines - len(self.changed_never)} of ' \
                  f'{self.changed_lines} lines ran'
            yield from (f'never ran: {file}:{line}' for file, line in self.changed_never[:shown])
        worst = [p for p in self.worst_first() if p.crashed or p.leaked or p.state == 'never']
        if worst:
            yield ''
        for p in worst[:shown]:
            word = 'crashed' if p.crashed else 'leaked' if p.leaked else 'never'
            yield f'{word:8} {p.row.file}:{p.row.line}: {p.row.kind} in {p.row.function}: {p.row.text}'
            if p.state != 'never':
                yield f'         {p.witness}'
        if len(worst) > shown:
            yield f'... and {len(worst) - shown} more'
        for result in self.results:
            if result['outcome'] != 'passed':
                yield f'this run {result["outcome"]}: {result["shown"]}'
                yield from ('    ' + line for line in result.get('said', '').splitlines()[:3])
        for text in self.unmet:
            yield f'NOT MET: {text}'

    def write_json(self, path):
        whole = {'title': self.title, 'all': self.whole.as_json(), 'folders': [t.as_json() for t in self.folders],
                 'files': [t.as_json() for t in self.files], 'kinds': [t.as_json() for t in self.kinds],
                 'paths': [p.as_json() for p in self.paths], 'not_met': self.unmet,
                 'coverage': [c.as_json() for c in [self.coverage.of(''), *self.coverage.folders(), *self.coverage.files()]],
                 'runs': [{k: r[k] for k in ('name', 'kind', 'shown', 'faults', 'outcome', 'seconds')}
                          for r in self.results]}
        with open(path, 'w', encoding='utf-8') as out:
            json.dump(whole, out, indent=1)
            out.write('\n')

    def write_html(self, path):
        here = os.path.dirname(os.path.abspath(__file__))
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(here), autoescape=True, trim_blocks=True,
                                         lstrip_blocks=True, undefined=jinja2.StrictUndefined)
        environment.filters['ranges'] = ranges
        with open(path, 'w', encoding='utf-8') as out:
            out.write(environment.get_template('error_paths.html.j2').render(report=self))


def ranges(lines):
    """[3, 4, 5, 9] as '3-5, 9'."""
    runs = []
    for line in lines:
        if runs and runs[-1][1] == line - 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ', '.join(f'{a}' if a == b else f'{a}-{b}' for a, b in runs)


def read_thresholds(path, measure):
    """{folder: per cent} of the lines `FOLDER MEASURE PERCENT`."""
    found = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            words = line.split('#')[0].split()
            if len(words) == 3 and words[1] == measure:
                found[words[0]] = float(words[2])
    return found


def changed_lines(base, root):
    """{file: lines that are new or other than in `base`}, of the work tree."""
    text = subprocess.run(['git', 'diff', '-U0', '--no-color', '--no-ext-diff', '--relative', base, '--', '.'],
                          cwd=root, stdout=subprocess.PIPE, check=True, text=True).stdout
    return lines_of_diff(text)


def lines_of_diff(text):
    changed, file = {}, None
    for line in text.split('\n'):
        hunk = HUNK.match(line)
        if line.startswith('+++ '):
            file = line[6:] if line.startswith('+++ b/') else None
        elif hunk and file:
            first, count = int(hunk.group(1)), int(hunk.group(2) or 1)
            changed.setdefault(file, set()).update(range(first, first + count))
    return changed
