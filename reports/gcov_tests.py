"""gcov_tests.py - the counts of each test by itself, as torc trial --coverage DIR leaves them: DIR/TEST/PATH.gcda, where
/PATH is that of the object."""
import json
import os
import subprocess
import urllib.parse

from gcov_error import CoverageError

GCOV = os.environ.get('GCOV', 'gcov')


class Test:
    def __init__(self, name):
        self.name = name
        self.counts = []  # paths of .gcda files that have their notes beside them


def gather(folders, at):
    """The tests of these folders, their counts and notes linked side by side below `at`."""
    tests = {}
    for folder in folders:
        if not os.path.isdir(folder):
            raise CoverageError(f'{folder}: no such folder')
        for entry in sorted(os.listdir(folder)):
            whole = os.path.join(os.path.abspath(folder), entry)
            test = tests.setdefault(entry, Test(urllib.parse.unquote(entry)))
            for path in counts_below(whole):
                link(path, whole, os.path.join(at, str(len(tests)), str(len(test.counts))), test)
    if folders and not any(test.counts for test in tests.values()):
        raise CoverageError(f'{" ".join(folders)}: no counts are there')
    return list(tests.values())


def counts_below(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
                  if name.endswith('.gcda'))


def stamp(path):
    """What the compiler gave to the notes and to the counts of one compilation."""
    with open(path, 'rb') as file:
        return file.read(12)[8:]


def link(path, folder, to, test):
    notes = '/' + os.path.relpath(path, folder)[:-len('.gcda')] + '.gcno'
    if not os.path.exists(notes):
        raise CoverageError(f'{path}: its notes {notes} are gone: build and test again')
    if stamp(notes) != stamp(path):
        raise CoverageError(f'{path}: counted by another build than that of {notes}: test again')
    os.makedirs(to)
    linked = os.path.join(to, os.path.basename(path))
    os.symlink(path, linked)
    os.symlink(notes, linked[:-len('.gcda')] + '.gcno')
    test.counts.append(linked)


def read(tests, root):
    """{test: {file: {line: count}}}, lines that ran."""
    return {test.name: lines_of(test.counts, root) for test in tests if test.counts}


def lines_of(counts, root):
    done = subprocess.run([GCOV, '--json-format', '--stdout', *counts], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode != 0:
        raise CoverageError(f'{GCOV}: {done.stderr.strip()}')
    ran = {}
    for text in done.stdout.splitlines():
        one = json.loads(text)
        for file in one['files']:
            path = os.path.realpath(os.path.join(one['current_working_directory'], file['file']))
            lines = ran.setdefault(os.path.relpath(path, os.path.realpath(root)), {})
            for line in file['lines']:
                if line['count'] > 0:
                    lines[line['line_number']] = lines.get(line['line_number'], 0) + line['count']
    return ran
