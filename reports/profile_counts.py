"""profile_counts.py - what ran, to the column, from the counters that clang's -fprofile-instr-generate leaves."""
import bisect
import json
import os
import subprocess
import tempfile

LLVM_COV = os.environ.get('LLVM_COV', 'llvm-cov')
LLVM_PROFDATA = os.environ.get('LLVM_PROFDATA', 'llvm-profdata')
# %c: the counters are the file, so abort, _exit and kill lose none and forked children count; %m: one file for
# each executable and shared object, so modules need no dump of their own.
PROFILE_PATTERN = '%m%c.profraw'


class FileCounts:
    """The counts of one source file: `segments` as llvm-cov exports them, each from its (line, column) to the next."""

    def __init__(self, segments, branches=()):
        self.segments = segments
        self.branches = branches
        self.places = [(s[0], s[1]) for s in segments]

    def at(self, line, column):
        """How often the code at that place ran."""
        index = bisect.bisect_right(self.places, (line, column)) - 1
        return self.segments[index][2] if index >= 0 and self.segments[index][3] else 0

    def lines(self, text):
        """{line: whether anything on it ran} for the lines of `text` that have code, closing braces aside."""
        entries = {}
        for line, _, count, counted, entry, gap in self.segments:
            if counted and entry and not gap:
                entries[line] = entries.get(line, False) or count > 0
        ran = {}
        for number, line in enumerate(text.split('\n'), 1):
            words = line.strip()
            if words in ('', '{', '}', '};') or words.startswith(('/*', '*', '//', '#')):
                continue
            column = len(line) - len(line.lstrip()) + 1
            index = bisect.bisect_right(self.places, (number, column)) - 1
            if index >= 0 and self.segments[index][3] and not self.segments[index][5]:
                ran[number] = self.segments[index][2] > 0 or entries.get(number, False)
            elif number in entries:
                ran[number] = entries[number]
        return ran


    def decisions(self):
        """{'LINE:COLUMN true' or '... false': whether that condition was so}, two for each condition."""
        was = {}
        for line, column, _, _, true, false, *_ in self.branches:
            for word, count in (('true', true), ('false', false)):
                name = f'{line}:{column} {word}'
                was[name] = was.get(name, False) or count > 0
        return was


def read(directory, objects, sources):
    """{absolute path: FileCounts} of `sources` from the counters in `directory`; {} if nothing wrote any."""
    raw = [os.path.join(directory, name) for name in sorted(os.listdir(directory)) if name.endswith('.profraw')]
    if not raw:
        return {}
    with tempfile.NamedTemporaryFile(suffix='.profdata') as merged:
        call([LLVM_PROFDATA, 'merge', '-sparse', '-o', merged.name, *raw])
        command = [LLVM_COV, 'export', '-skip-functions', '-skip-expansions', '-instr-profile', merged.name, objects[0]]
        for other in objects[1:]:
            command += ['-object', other]
        exported = json.loads(call(command + list(sources)))
    return {file['filename']: FileCounts(file['segments'], file['branches']) for file in exported['data'][0]['files']}


def call(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command[:3])} ...: {done.stderr.strip()}')
    return done.stdout
