"""Lines, decisions, exclusions and bars, of counts that were written by hand."""
import os
import tempfile
import unittest

import gcov_exclusions
import gcov_report
import gcov_tests
import tap
from gcov_error import CoverageError


def line(number, count, decision=None, noncode=False):
    found = {'line_number': number, 'count': count, 'branches': [], 'gcovr/noncode': noncode}
    return {**found, 'gcovr/decision': decision} if decision else found


def condition(true, false):
    return {'type': 'conditional', 'count_true': true, 'count_false': false}


class Report(unittest.TestCase):
    def setUp(self):
        self.at = tempfile.TemporaryDirectory()
        self.addCleanup(self.at.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.at.name)
        os.mkdir('a')
        self.x, self.y = 'a/x.c', 'y.c'
        for name, text in ((self.x, 'int x;\nif\nelse\n    assert(x);\n}\n'), (self.y, 'int y;\n')):
            with open(name, 'w', encoding='utf-8') as out:
                out.write(text)
        found = {'files': [{'file': self.x, 'functions': [{'name': 'f', 'lineno': 1, 'execution_count': 3}],
                            'lines': [line(1, 3), line(2, 3, condition(3, 0)), line(3, 0), line(4, 1), line(5, 0, noncode=True)]},
                           {'file': self.y, 'functions': [], 'lines': [line(1, 0, {'type': 'switch', 'count': 0})]}]}
        self.report = gcov_report.Report('title', found, [], {'t[1]': {self.x: {1: 2, 2: 2}, '/usr/include/z.h': {1: 1}},
                                                              'u': {self.x: {1: 1}}})

    def test_what_is_no_code_does_not_count(self):
        self.assertEqual(self.report.of('a/').counts['lines'], (4, 3))

    def test_a_condition_is_two_decisions_and_a_case_one(self):
        self.assertEqual(self.report.of('a/').counts['decisions'], (2, 1))
        self.assertEqual(self.report.of('').counts['decisions'], (3, 1))

    def test_the_worst_comes_first(self):
        shown = list(self.report.console(1))
        self.assertIn(self.y, shown[0])
        self.assertEqual(shown[1], '... and 1 more files')

    def test_assertions_are_counted(self):
        self.assertEqual(self.report.assertions, 1)

    def test_a_bar_is_met_or_not(self):
        self.report.hold_to('lines', {'a/': 75, 'y': 1, 'none/': 1})
        self.assertEqual(self.report.unmet, ['lines of y: 0.0 % (0 of 1), bar 1 %', 'lines of none/: none are known'])

    def test_changed_lines_that_never_ran_are_listed(self):
        self.report.compare_to('main', {self.x: {1, 3, 5, 77}, 'gone.c': {1}}, '.')
        self.assertEqual(self.report.never, [(self.x, 3, 'else')])
        self.report.hold_to('changed-lines', {'a/': 51, 'y': 100})
        self.assertEqual(self.report.unmet, ['changed-lines of a/: 50.0 % (1 of 2), bar 51 %'])

    def test_each_test_has_records_of_its_own_for_lcov(self):
        self.report.write_info('info', '/src')
        with open('info', encoding='utf-8') as file:
            text = file.read()
        self.assertIn('TN:t_1_\nSF:/src/a/x.c\nDA:1,2\nDA:2,2\nDA:3,0\nDA:4,0\nend_of_record\n', text)
        self.assertIn('FN:1,f\nFNDA:3,f\n', text)
        self.assertNotIn('z.h', text)

    def test_a_line_names_the_tests_that_reached_it(self):
        lines = self.report.lines_with_tests(self.x, ['int x;', 'if', 'else', 'assert', '}'])
        self.assertEqual([(l[2], l[3]) for l in lines],
                         [('ran', ['t[1]', 'u']), ('ran', ['t[1]']), ('never', []), ('ran', []), ('none', [])])


class Exclusions(unittest.TestCase):
    def test_each_has_its_reason(self):
        found = gcov_exclusions.of_text('x.c', 'a; /* LCOV_EXCL_LINE: never */\n// GCOV_EXCL_START: two\n\nb;\n// GCOV_EXCL_STOP\n')
        self.assertEqual([(e.line, e.last, e.reason) for e in found], [(1, 1, 'never'), (2, 5, 'two')])

    def test_one_without_a_reason_is_refused(self):
        for text in ('a; // LCOV_EXCL_LINE', 'a; /* GCOVR_EXCL_BR_LINE: */', '/* GCOVR_EXCL_START */\n/* GCOVR_EXCL_STOP */'):
            with self.assertRaisesRegex(CoverageError, 'x.c:1: why is this excluded'):
                gcov_exclusions.of_text('x.c', text)

    def test_one_that_does_not_end_is_refused(self):
        with self.assertRaisesRegex(CoverageError, 'x.c:2: .* does not end'):
            gcov_exclusions.of_text('x.c', '\n// LCOV_EXCL_START: why\n')


class Tests(unittest.TestCase):
    def test_folders_without_counts_are_refused(self):
        with tempfile.TemporaryDirectory() as at:
            with self.assertRaisesRegex(CoverageError, 'no counts are there'):
                gcov_tests.gather([at], at)
            with self.assertRaisesRegex(CoverageError, 'none: no such folder'):
                gcov_tests.gather([os.path.join(at, 'none')], at)


if __name__ == '__main__':
    tap.main()
