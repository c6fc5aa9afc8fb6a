"""gcov_report.py - the report on what gcovr found, and on which test reached which line."""
import collections
import json
import os
import re
import subprocess

import jinja2

from gcov_error import CoverageError
from gcov_exclusions import ASSERTION

MEASURES = ('lines', 'decisions', 'changed-lines')
NOT_TOLD = (r'.*_(test|trial)\.c$', r'(.*/)?tests/')


def call(command, log):
    """Runs a tool; what it said is shown only if it fails."""
    with open(log, 'w', encoding='utf-8') as out:
        status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    if status != 0:
        with open(log, encoding='utf-8', errors='replace') as said:
            raise CoverageError(f'{command[0]}: exit status {status}: {said.read().strip()}')
    os.remove(log)


def run_gcovr(counts, excluded, out, root, jobs):
    """Writes cobertura.xml; returns what gcovr has as JSON."""
    raw = os.path.join(out, 'gcovr.json')
    for folder in counts:
        if not os.path.isdir(folder):
            raise CoverageError(f'{folder}: no such folder')
    command = ['gcovr', '--root', root, '-j', str(jobs), '--decisions', '--json', raw,
               '--xml', os.path.join(out, 'cobertura.xml'), '--xml-pretty',
               '--exclude-branches-by-pattern', f'.*{ASSERTION}', '--exclude-lines-by-pattern', r'\s*(TORC_UNREACHABLE|abort)\(']
    for pattern in (*NOT_TOLD, *excluded):
        command += ['--exclude', pattern]
    call([*command, *counts], os.path.join(out, 'gcovr.log'))
    with open(raw, encoding='utf-8') as file:
        found = json.load(file)
    os.remove(raw)
    found['files'] = [file for file in found['files'] if any(not line['gcovr/noncode'] for line in file['lines'])]
    if not found['files']:
        raise CoverageError(f'{" ".join(counts)}: no counts of a source below {root} are there')
    return found


def run_genhtml(report, out, root):
    command = ['genhtml', '-q', '--branch-coverage', '--prefix', root, '--title', report.title,
               '--output-directory', os.path.join(out, 'html')]
    if report.tests:
        described = os.path.join(out, 'tests.described')
        with open(described, 'w', encoding='utf-8') as file:
            for name in report.tests:
                file.write(f'TN:{info_name(name)}\nTD:{name}\n')
        command += ['--show-details', '--description-file', described]
    call([*command, os.path.join(out, 'coverage.info')], os.path.join(out, 'genhtml.log'))


def info_name(name):
    """As lcov wants the name of a test."""
    return re.sub(r'\W', '_', name)


def decisions_of(line):
    """(known, taken) of a line: two for a condition, one for a case."""
    decision = line.get('gcovr/decision', {'type': ''})
    if decision['type'] == 'conditional':
        return 2, (decision['count_true'] > 0) + (decision['count_false'] > 0)
    return (1, int(decision['count'] > 0)) if decision['type'] == 'switch' else (0, 0)


class File:
    def __init__(self, found):
        self.name = found['file']
        self.functions = found['functions']
        self.lines = {line['line_number']: line for line in found['lines'] if not line['gcovr/noncode']}
        self.ran = {number for number, line in self.lines.items() if line['count'] > 0}
        pairs = [decisions_of(line) for line in self.lines.values()]
        self.counts = {'lines': (len(self.lines), len(self.ran)),
                       'decisions': (sum(p[0] for p in pairs), sum(p[1] for p in pairs))}


class Part:
    """What files whose names begin so have together: `counts` is {measure: (known, ran)}."""

    def __init__(self, name, files):
        self.name = name
        self.counts = {measure: tuple(sum(file.counts[measure][i] for file in files) for i in (0, 1))
                       for measure in ('lines', 'decisions')}

    def percent(self, measure):
        known, ran = self.counts[measure]
        return 100 * ran / known if known else 100.0

    def as_json(self):
        return {'name': self.name, **{measure: {'known': known, 'ran': ran, 'percent': round(self.percent(measure), 1)}
                                      for measure, (known, ran) in self.counts.items()}}

    def __str__(self):
        known, ran = self.counts['lines']
        return f'{self.percent("lines"):6.1f} % of lines ({ran} of {known}), {self.percent("decisions"):5.1f} % of ' \
               f'decisions  {self.name or "all"}'


class Report:
    def __init__(self, title, found, excluded, tests):
        self.title = title
        self.files = {file['file']: File(file) for file in found['files']}
        self.assertions = count_assertions(found)
        self.excluded = excluded
        self.tests = {name: {file: lines for file, lines in ran.items() if file in self.files}
                      for name, ran in tests.items()}
        self.base, self.changed, self.never = '', {}, []
        self.unmet = []

    def of(self, prefix):
        return Part(prefix, [file for name, file in self.files.items() if name.startswith(prefix)])

    def parts(self, names):
        """Worst first."""
        return sorted((self.of(name) for name in names), key=lambda p: (p.percent('lines'), p.name))

    def folders(self):
        return self.parts({os.path.dirname(name) + '/' for name in self.files if '/' in name})

    # --- gates --------------------------------------------------------------------------------------

    def compare_to(self, base, changed, root):
        """`changed`: {file: lines} that are other than in `base`."""
        self.base = base
        for name in sorted(set(changed).intersection(self.files)):
            file = self.files[name]
            known = sorted(changed[name].intersection(file.lines))
            self.changed[name] = (len(known), len(file.ran.intersection(known)))
            with open(os.path.join(root, name), encoding='utf-8', errors='replace') as source:
                text = source.read().split('\n')
            self.never += [(name, line, text[line - 1].strip()) for line in known if line not in file.ran]

    def changed_in(self, folder):
        pairs = [pair for name, pair in self.changed.items() if name.startswith(folder)]
        return sum(p[0] for p in pairs), sum(p[1] for p in pairs)

    def hold_to(self, measure, thresholds):
        for folder, bar in thresholds.items():
            known, ran = self.changed_in(folder) if measure == 'changed-lines' else self.of(folder).counts[measure]
            if known == 0 and measure != 'changed-lines':
                self.unmet.append(f'{measure} of {folder}: none are known')
            elif known and 100 * ran / known < bar:
                self.unmet.append(f'{measure} of {folder}: {100 * ran / known:.1f} % ({ran} of {known}), bar {bar:g} %')

    # --- outputs ------------------------------------------------------------------------------------

    def console(self, shown):
        yield from (str(part) for part in self.parts(self.files)[:shown])
        if len(self.files) > shown:
            yield f'... and {len(self.files) - shown} more files'
        yield ''
        yield from (str(part) for part in [*self.folders(), self.of('')])
        yield f'{len(self.excluded)} places are excluded, and the arms of {self.assertions} assertions'
        yield from (f'excluded: {e.file}:{e.line}: {e.reason}' for e in self.excluded)
        if self.base:
            known, ran = self.changed_in('')
            yield f'changed since {self.base}: {ran} of {known} lines ran'
            yield from (f'never ran: {file}:{line}: {text}' for file, line, text in self.never)
        yield from (f'NOT MET: {text}' for text in self.unmet)

    def write_json(self, path):
        whole = {'title': self.title, 'all': self.of('').as_json(),
                 'folders': [part.as_json() for part in self.folders()],
                 'files': [{**part.as_json(), 'never': sorted(set(self.files[part.name].lines) - self.files[part.name].ran)}
                           for part in self.parts(self.files)],
                 'excluded': [e.as_json() for e in self.excluded], 'assertions': self.assertions, 'base': self.base,
                 'never_ran': [{'file': file, 'line': line} for file, line, _ in self.never],
                 'tests': list(self.tests), 'not_met': self.unmet}
        write(path, json.dumps(whole, indent=1) + '\n')

    def write_tests(self, path):
        """What --who reads."""
        write(path, json.dumps({name: {file: sorted(lines) for file, lines in ran.items()}
                                for name, ran in self.tests.items()}) + '\n')

    def write_info(self, path, root):
        text = []
        for name, file in sorted(self.files.items()):
            text += ['TN:', f'SF:{os.path.join(root, name)}']
            for function in file.functions:
                text += [f'FN:{function["lineno"]},{function["name"]}',
                         f'FNDA:{function["execution_count"]},{function["name"]}']
            for number, line in sorted(file.lines.items()):
                text += [f'BRDA:{number},0,{i},{branch["count"] if line["count"] else "-"}'
                         for i, branch in enumerate(line['branches'])]
                text.append(f'DA:{number},{line["count"]}')
            text.append('end_of_record')
        for test, ran in self.tests.items():
            for name, lines in sorted(ran.items()):
                text += [f'TN:{info_name(test)}', f'SF:{os.path.join(root, name)}',
                         *(f'DA:{number},{lines.get(number, 0)}' for number in sorted(self.files[name].lines)),
                         'end_of_record']
        write(path, '\n'.join(text) + '\n')

    def write_test_pages(self, path, root):
        """Each line of each source, and which tests reached it."""
        here = os.path.dirname(os.path.abspath(__file__))
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(here), autoescape=True, trim_blocks=True,
                                         lstrip_blocks=True, undefined=jinja2.StrictUndefined)
        sources = []
        for part in self.parts(self.files):
            with open(os.path.join(root, part.name), encoding='utf-8', errors='replace') as source:
                text = source.read().rstrip('\n').split('\n')
            sources.append({'part': part, 'lines': self.lines_with_tests(part.name, text)})
        write(path, environment.get_template('coverage_tests.html.j2').render(report=self, sources=sources))

    def lines_with_tests(self, name, text):
        """(number, text, 'none', 'ran' or 'never', tests that reached it) of each line."""
        reached = collections.defaultdict(list)
        for test, ran in self.tests.items():
            for line in ran.get(name, ()):
                reached[line].append(test)
        file = self.files[name]
        return [(number, line, 'none' if number not in file.lines else 'ran' if number in file.ran else 'never',
                 reached[number] if number in file.lines else []) for number, line in enumerate(text, 1)]


def count_assertions(found):
    """Lines with an assertion, in the files that are told of."""
    count = 0
    for file in found['files']:
        with open(file['file'], encoding='utf-8', errors='replace') as source:
            text = source.read().split('\n')
        count += sum(1 for line in file['lines'] if re.search(ASSERTION, text[line['line_number'] - 1]))
    return count


def write(path, text):
    with open(path, 'w', encoding='utf-8') as out:
        out.write(text)
