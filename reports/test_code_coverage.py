"""Lines and decisions of runs that were written by hand."""
import os
import tempfile
import unittest
import xml.etree.ElementTree as xml

import code_coverage
import error_path_report
import profile_counts
import tap

X, Y = 'lib/a/x.c', 'lib/b/y.c'
KNOWN = {'lines': {X: [1, 2, 3, 4, 9], Y: [7, 8]}, 'decisions': {X: ['2:5 true', '2:5 false'], Y: []}}


def run(name, lines, decisions=()):
    return {'name': name, 'shown': f'replay {name}', 'lines': lines, 'decisions': {X: list(decisions)}}


RUNS = [run('wide', {X: [1, 2, 3], Y: [7]}, ['2:5 true']), run('small', {X: [1, 2]})]


class Coverage(unittest.TestCase):
    def setUp(self):
        self.coverage = code_coverage.Coverage(KNOWN, RUNS)

    def test_a_line_has_run_if_any_run_reached_it(self):
        whole = self.coverage.of('')
        self.assertEqual((whole.ran['lines'], whole.known['lines']), (4, 7))

    def test_a_condition_is_two_decisions(self):
        self.assertEqual(self.coverage.of('lib/a/').percent('decisions'), 50)
        counts = profile_counts.FileCounts([], [[2, 5, 2, 9, 3, 0, 0, 0, 4], [4, 5, 4, 9, 1, 7, 0, 0, 4]])
        self.assertEqual(counts.decisions(), {'2:5 true': True, '2:5 false': False, '4:5 true': True,
                                              '4:5 false': True})

    def test_the_worst_folder_is_first(self):
        self.assertEqual([c.name for c in self.coverage.folders()], ['lib/b/', 'lib/a/'])

    def test_the_lines_that_never_ran_are_known(self):
        self.assertEqual(self.coverage.never(X), [4, 9])

    def test_who_reached_a_line_is_told_the_least_first(self):
        self.assertEqual([r['name'] for r in self.coverage.who(X, 2)], ['small', 'wide'])
        self.assertEqual(self.coverage.who(X, 9), [])

    def test_of_changed_lines_those_with_code_count(self):
        self.assertEqual(self.coverage.changed({X: {2, 4, 5}, Y: {8}, 'other.c': {1}}), (3, [(X, 4), (Y, 8)]))

    def test_a_bar_for_decisions_that_is_not_met_is_told(self):
        report = error_path_report.Report('paths', [], [], self.coverage)
        report.hold_decisions_to({'lib/a/': 50})
        self.assertEqual(report.unmet, [])
        report.hold_decisions_to({'lib/a/': 51, 'lib/b/': 1})
        self.assertEqual(report.unmet, ['decisions of lib/a/: 50.0 %, bar 51 %', 'decisions of lib/b/: none are known'])

    def test_cobertura_has_every_file_and_line(self):
        with tempfile.TemporaryDirectory() as at:
            self.coverage.write_cobertura(os.path.join(at, 'x.xml'))
            root = xml.parse(os.path.join(at, 'x.xml')).getroot()
        self.assertEqual((root.get('lines-covered'), root.get('lines-valid'), root.get('line-rate')),
                         ('4', '7', '0.5714'))
        lines = {c.get('filename'): [(l.get('number'), l.get('hits')) for l in c.iter('line')]
                 for c in root.iter('class')}
        self.assertEqual(lines, {X: [('1', '2'), ('2', '2'), ('3', '1'), ('4', '0'), ('9', '0')],
                                 Y: [('7', '1'), ('8', '0')]})


if __name__ == '__main__':
    tap.main()
