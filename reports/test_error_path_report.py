"""What the report says of runs that were written by hand."""
import json
import os
import re
import tempfile
import unittest

import code_coverage
import error_path_report
import error_sites
import tap


def row(line, kind='return', excluded='', file='lib/a/x.c'):
    return error_sites.Row(file, line, 5, 'f', kind, f'text {line}', (file, line, 5), 1, 50, excluded)


def run(name, rows, lines, faults=False, outcome='passed'):
    return {'name': name, 'kind': 'test', 'shown': f'replay {name}', 'faults': faults, 'outcome': outcome,
            'seconds': 0.5, 'said': '', 'rows': {f'{file}:{n}:5:return': c for (file, n), c in rows.items()},
            'lines': {'lib/a/x.c': lines}, 'decisions': {}}


X, Y = 'lib/a/x.c', 'lib/b/y.c'
ROWS = [row(10), row(20), row(30), row(40), row(45, excluded='cannot be'), row(5, file=Y), row(60)]
RUNS = [run('long', {(X, 10): 2}, [1, 2, 3, 10]),
        run('short', {(X, 10): 1}, [1, 10]),
        run('sweep a', {(X, 10): 4, (X, 20): 3, (X, 40): 1}, [1, 10, 20, 21, 22, 40, 55], faults=True),
        run('sweep b', {(X, 20): 5, (X, 60): 1}, [1, 20], faults=True, outcome='crashed'),
        run('sweep c', {(X, 40): 2}, [1, 40], faults=True, outcome='leaked'),
        run('sweep d', {(X, 40): 1}, [1, 2, 40], faults=True, outcome='cut short')]
COVERAGE = code_coverage.Coverage({'lines': {X: list(range(1, 61))}, 'decisions': {}}, RUNS)


class Report(unittest.TestCase):
    def setUp(self):
        self.report = error_path_report.Report('paths', ROWS, RUNS, COVERAGE)
        self.paths = {(p.row.file, p.row.line): p for p in self.report.paths}

    def test_a_path_is_reached_without_faults_or_only_with_them_or_never(self):
        states = [p.state for p in self.report.paths]
        self.assertEqual(states, ['plain', 'faults', 'never', 'faults', 'excluded', 'never', 'faults'])

    def test_the_counts_of_runs_with_faults_stand_apart(self):
        path = self.paths[X, 10]
        self.assertEqual((path.plain, path.injected), (3, 4))

    def test_how_the_runs_with_faults_ended_is_told(self):
        path = self.paths[X, 20]
        self.assertEqual((path.injected, path.handled, path.crashed, path.leaked), (8, 1, 1, 0))
        self.assertEqual((self.paths[X, 40].handled, self.paths[X, 40].leaked), (2, 1))

    def test_the_witness_is_the_run_that_does_least(self):
        self.assertEqual(self.paths[X, 10].witness, 'replay short')
        self.assertEqual(self.paths[X, 30].witness, '')

    def test_lines_that_run_only_with_faults_are_those_of_the_function(self):
        self.assertEqual(self.paths[X, 20].only_under_faults, [20, 21, 22, 40])
        self.assertEqual(self.paths[X, 10].only_under_faults, [])

    def test_what_is_excluded_is_not_known(self):
        whole = self.report.whole
        self.assertEqual((whole.known, whole.exercised, whole.never, whole.excluded), (6, 4, 2, 1))
        self.assertAlmostEqual(whole.percent, 66.67, 2)

    def test_the_worst_folder_is_first(self):
        self.assertEqual([(t.name, t.exercised, t.known) for t in self.report.folders],
                         [('lib/b/', 0, 1), ('lib/a/', 4, 5)])

    def test_the_worst_path_is_first(self):
        order = [(p.row.file, p.row.line) for p in self.report.worst_first()]
        self.assertEqual(order, [(X, 20), (X, 60), (X, 40), (X, 30), (Y, 5), (X, 10)])

    def test_the_headline_and_the_worst_stand_on_the_console(self):
        text = '\n'.join(self.report.console(3))
        self.assertIn('error paths exercised: 4 of 6 known, 66.7 %', text)
        self.assertIn('crashed  lib/a/x.c:20: return in f: text 20\n         replay sweep b', text)
        self.assertIn('leaked   lib/a/x.c:40', text)
        self.assertIn('... and 2 more', text)
        self.assertIn('this run crashed: replay sweep b', text)

    def test_a_bar_that_is_not_met_is_told(self):
        self.report.hold_to({'lib/': 66.6, 'lib/a/': 80})
        self.assertEqual(self.report.unmet, [])
        self.report.hold_to({'lib/b/': 1})
        self.assertEqual(self.report.unmet, ['error paths of lib/b/: 0.0 % (0 of 1), bar 1 %'])

    def test_a_folder_that_has_no_paths_meets_no_bar(self):
        self.report.hold_to({'lob/': 50})
        self.assertEqual(self.report.unmet, ['error paths of lob/: none are known'])

    def test_a_changed_path_must_have_been_reached(self):
        self.report.hold_changes_to('main', {X: {20, 31, 45}, Y: {4}})
        self.assertEqual(self.report.unmet, [])
        self.report.hold_changes_to('main', {X: {30}})
        self.assertEqual(self.report.unmet, ['changed since main and never reached: lib/a/x.c:30: text 30'])

    def test_the_lines_of_a_diff_are_the_new_ones(self):
        diff = ('--- a/x.c\n+++ b/x.c\n@@ -3,2 +3 @@ f\n-a\n-b\n+c\n@@ -9,0 +10,3 @@\n+d\n+e\n+f\n@@ -20 +23,0 @@\n-g\n'
                '--- a/gone.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-h\n')
        self.assertEqual(error_path_report.lines_of_diff(diff), {'x.c': {3, 10, 11, 12}})

    def test_thresholds_are_read_by_measure(self):
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('# FOLDER MEASURE\nlib/ lines 90\nlib/ error-paths 82.5  # why\n')
            file.flush()
            self.assertEqual(error_path_report.read_thresholds(file.name, 'error-paths'), {'lib/': 82.5})

    def test_the_json_has_every_path_and_the_headline(self):
        with tempfile.TemporaryDirectory() as at:
            self.report.write_json(os.path.join(at, 'x.json'))
            with open(os.path.join(at, 'x.json'), encoding='utf-8') as file:
                read = json.load(file)
        self.assertEqual(read['all']['percent'], 66.7)
        self.assertEqual([p['state'] for p in read['paths']], [p.state for p in self.report.paths])
        self.assertEqual(read['paths'][4]['excluded'], 'cannot be')

    def test_the_page_is_one_file_and_escapes_what_it_shows(self):
        rows = [error_sites.Row(X, 3, 1, 'f', 'return', 'if (a < b && "<script>")', (X, 3, 1), 1, 9)]
        with tempfile.TemporaryDirectory() as at:
            error_path_report.Report('a & b', rows, RUNS, COVERAGE).write_html(os.path.join(at, 'x.html'))
            with open(os.path.join(at, 'x.html'), encoding='utf-8') as file:
                page = file.read()
        self.assertIn('<title>a &amp; b</title>', page)
        self.assertIn('if (a &lt; b &amp;&amp; &#34;&lt;script&gt;&#34;)', page)
        self.assertIsNone(re.search(r'(src|href)=|url\(|@import', page))

    def test_lines_in_a_row_are_told_as_a_range(self):
        self.assertEqual(error_path_report.ranges([3, 4, 5, 9, 11, 12]), '3-5, 9, 11-12')


if __name__ == '__main__':
    tap.main()
