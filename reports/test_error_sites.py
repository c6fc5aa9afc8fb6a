"""The error paths of a source are those that were marked by hand."""
import os
import re
import tempfile
import unittest

import error_sites
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATHS = os.path.join(ROOT, 'tests', 'reports', 'paths.c')
FLAGS = ['-std=c11', '-I' + os.path.join(ROOT, 'lib', 'include')]
MARK = re.compile(r'/\* row ([a-z ]+?) \*/')


def extracted(text):
    with tempfile.NamedTemporaryFile('w', suffix='.c') as file:
        file.write(text)
        file.flush()
        return error_sites.extract([file.name], FLAGS, os.path.dirname(file.name))


class ErrorSites(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = error_sites.extract([PATHS], FLAGS, ROOT)
        with open(PATHS, encoding='utf-8') as file:
            cls.lines = file.read().split('\n')

    def test_the_rows_of_a_source_are_those_marked_by_hand(self):
        marked = {n: m.group(1) for n, l in enumerate(self.lines, 1) if (m := MARK.search(l))}
        found = {}
        for row in self.rows:
            kind = row.kind + (' excluded' if row.excluded else '')
            found[row.line] = f'{found[row.line]} {kind}' if row.line in found else kind
        self.assertEqual(found, marked)

    def test_a_row_has_its_file_its_function_and_its_text(self):
        row = next(r for r in self.rows if 'TORC_ELIMIT' in r.text)
        self.assertEqual((row.file, row.function), ('tests/reports/paths.c', 'limits'))
        self.assertEqual(row.text, 'return TORC_ELIMIT; /* row return */')

    def test_an_arm_is_counted_where_it_begins(self):
        row = next(r for r in self.rows if 'count < 0 ?' in r.text)
        self.assertEqual(row.at, (row.file, row.line, self.lines[row.line - 1].index('TORC_EINVAL') + 1))

    def test_a_handler_of_both_is_counted_in_its_arm_for_failures(self):
        row = next(r for r in self.rows if 'add_both' in r.text)
        self.assertIn('tell(thing, 0);', self.lines[row.at[1] - 1])

    def test_an_errback_is_counted_in_its_body(self):
        row = next(r for r in self.rows if 'add_errback' in r.text)
        self.assertIn('errback(struct torc_result', self.lines[row.at[1] - 2])

    def test_a_reason_is_kept_with_what_it_excludes(self):
        reasons = [r.excluded for r in self.rows if r.excluded]
        self.assertEqual(reasons, ['assertion', 'the caller has seen to it', 'what stands above counts'])

    def test_an_exclusion_without_a_reason_is_refused(self):
        with self.assertRaisesRegex(error_sites.SourceError, ':3: "no error path:" without a reason'):
            extracted('#include <torc/error.h>\nint f(void);\nint f(void) { return TORC_EIO; } /* no error path: */\n')

    def test_a_source_that_cannot_be_read_is_told_with_its_place(self):
        with self.assertRaisesRegex(error_sites.SourceError, r"x\.h' file not found\n.*behind \"--\""):
            extracted('#include "x.h"\n')


if __name__ == '__main__':
    tap.main()
