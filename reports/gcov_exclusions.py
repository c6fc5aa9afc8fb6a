"""gcov_exclusions.py - what a comment in the source takes out of the counting, and why."""
import os
import re

from gcov_error import CoverageError

MARKER = re.compile(r'\b(?:GCOVR?|LCOV)_EXCL(?:_BR)?_(?P<what>LINE|START|STOP)\b:?(?P<reason>[^*\n]*)')
# Arms that say that something cannot be: that they never run is no gap.
ASSERTION = r'\b(assert|abort|TORC_ALWAYS|TORC_UNREACHABLE)\s*\('


class Exclusion:
    def __init__(self, file, line, last, reason):
        self.file, self.line, self.last, self.reason = file, line, last, reason

    def as_json(self):
        return {'file': self.file, 'line': self.line, 'last': self.last, 'reason': self.reason}


def find(files, root):
    """The exclusions of all files.  One without a reason, or that does not end, is an error."""
    found = []
    for file in files:
        with open(os.path.join(root, file), encoding='utf-8', errors='replace') as source:
            found += of_text(file, source.read())
    return found


def of_text(file, text):
    found, begun = [], None
    for number, line in enumerate(text.split('\n'), 1):
        marker = MARKER.search(line)
        if marker is None:
            continue
        what, reason = marker['what'], marker['reason'].strip()
        if what == 'STOP':
            if begun is not None:
                found.append(Exclusion(file, begun[0], number, begun[1]))
            begun = None
            continue
        if not reason:
            raise CoverageError(f'{file}:{number}: why is this excluded? "{marker[0].strip()}: REASON" is expected')
        if what == 'LINE':
            found.append(Exclusion(file, number, number, reason))
        else:
            begun = (number, reason)
    if begun is not None:
        raise CoverageError(f'{file}:{begun[0]}: what is excluded from here on does not end')
    return found
