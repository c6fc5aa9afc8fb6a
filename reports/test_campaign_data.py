"""Files of results as reports/campaign reads them."""
import os
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import campaign_data
import tap

# As `torc` makes them: read from its source, so that they are the same.
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'sim', 'cli', 'results_file.c')


def schema():
    with open(SOURCE, encoding='utf-8') as file:
        text = file.read()
    text = text[text.index('static const char schema[]'):]
    lines = [line.strip().rstrip(';') for line in text[:text.index('";\n')].split('\n')[1:]]
    last = text[:text.index('";\n') + 1].split('\n')[-1].strip()
    return ''.join(line[1:-1].replace('\\n', '\n') for line in lines[:-1]) + last[1:-1].replace('\\n', '\n')


class Results:
    """A file of results that is filled by hand."""

    def __init__(self, path):
        self.path = path
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript(schema())
        self.database.execute(f'PRAGMA application_id = {campaign_data.APPLICATION}')
        self.database.execute(f'PRAGMA user_version = {campaign_data.VERSION}')

    def campaign(self, ident=1, command='explore', settings='s', phase='', scenario='a.scn', asked=()):
        self.database.execute('INSERT INTO campaign VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
                              (ident, command, 'hash', 'build', settings, phase, scenario, '--strategy pct '))
        for first, last, shards, shard in asked:
            self.database.execute('INSERT INTO asked VALUES (?, ?, ?, ?, ?)', (ident, first, last, shards, shard))
        return self

    def run(self, number, verdict='pass', ident=1, item=None, identity='', message='', marks='', unmet=0):
        self.database.execute('INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, 10, 1000, 2000, ?, "")',
                              (ident, item or str(number), number, f'd{number}', verdict, identity, message, unmet, marks))
        return self

    def behaviour(self, behaviour, first, ident=1):
        self.database.execute('INSERT INTO behaviour VALUES (?, ?, ?)', (ident, behaviour, first))
        return self

    def mark(self, number, name, ident=1):
        self.database.execute('INSERT INTO mark VALUES (?, ?, "sometimes", ?, "a.c:1")', (ident, number, name))
        return self

    def found(self, number, verdict, identity, ident=1, sentence='why', scenario='scn 1\n', trace=''):
        self.database.execute('INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, "", ?, ?, "x.scn", 1, 2, 3, ?)',
                              (ident, verdict, identity, str(number), number, sentence, 'scn 1\ndecide a b 0 = 1\n', scenario,
                               trace))
        return self


class CampaignData(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def results(self, name='a.db'):
        made = Results(os.path.join(self.folder.name, name))
        self.addCleanup(made.database.close)
        return made

    def groups(self, *files):
        return campaign_data.groups_of(campaign_data.read_files([f.path for f in files]))

    def test_failures_that_are_alike_are_one_with_the_first_run(self):
        results = self.results().campaign()
        for number in (9, 4, 7):
            results.run(number, 'fail', identity='x', message='why')
        results.run(5, 'fail', identity='y', message='else').run(1)
        group, = self.groups(results)
        self.assertEqual([(f.count, f.item, f.sentence) for f in group.failures], [(3, '4', 'why'), (1, '5', 'else')])
        self.assertEqual(group.failures[0].reproduce, 'torc run --seed 4 --strategy pct a.scn')
        self.assertEqual((group.failed, group.state), (4, 'failed'))

    def test_what_was_found_is_told_of_its_kind(self):
        results = self.results().campaign().run(4, 'fail', identity='x', message='m').found(4, 'fail', 'x', sentence='better')
        failure = self.groups(results)[0].failures[0]
        self.assertEqual((failure.sentence, failure.scenario, failure.decisions, failure.show),
                         ('better', 'scn 1\n', 'decide a b 0 = 1', 'torc run -v x.scn'))

    def test_a_command_is_told_for_seeds_faults_splits_and_checks(self):
        results = self.results().campaign(command='sweep')
        for number, item in enumerate(('7', 'db.fail:srv:3..=full', 'c1:c2s:9', 'check')):
            results.run(number, 'fail', item=item, identity=item)
        told = [f.reproduce for f in self.groups(results)[0].failures]
        self.assertEqual(told, ['torc run --seed 7 --strategy pct a.scn',
                                'torc run --fault db.fail:srv:3..=full --strategy pct a.scn',
                                'torc run --split c1:c2s:9 --strategy pct a.scn', 'torc check --strategy pct a.scn'])

    def test_files_are_put_together_and_a_run_counts_once(self):
        one = self.results('1.db').campaign(asked=[(1, 4, 2, 0)]).run(2).run(4, 'fail', identity='x').behaviour(8, 4)
        two = self.results('2.db').campaign(asked=[(1, 4, 2, 1)]).run(1).run(3).run(4, 'fail', identity='x').behaviour(8, 1)
        group, = self.groups(one, two)
        self.assertEqual((len(group.runs), group.failed, group.left_count, group.differ), (4, 1, 0, []))
        self.assertEqual(group.growth(), [(1, 1)])
        self.assertEqual(group.shards_missing, [])

    def test_the_same_run_with_another_outcome_is_nondeterminism(self):
        one, two = self.results('1.db').campaign().run(2), self.results('2.db').campaign().run(2, 'fail', identity='x')
        group, = self.groups(one, two)
        self.assertEqual((group.state, len(group.differ)), ('differs', 1))

    def test_what_was_left_out_is_told_as_ranges(self):
        results = self.results().campaign(asked=[(1, 10, 3, 0), (1, 10, 3, 2)])
        for number in (2, 3, 7):
            results.run(number)
        group, = self.groups(results)
        self.assertEqual([gap for _, gap in group.left], [(1, 1), (4, 6), (8, 10)])
        self.assertEqual((group.left_count, group.shards_missing, group.state), (7, [(1, 3, 1, 10)], 'incomplete'))

    def test_the_rows_of_a_sweep_are_its_sites(self):
        results = self.results().campaign(command='sweep')
        for number, (item, verdict) in enumerate((('alloc.fail:s:1=ENOMEM', 'pass'), ('alloc.fail:s:2=ENOMEM', 'stuck'),
                                                  ('c1:c2s:3', 'pass'))):
            results.run(number, verdict, item=item, identity='x' * (verdict != 'pass'))
        columns, rows = self.groups(results)[0].matrix()
        self.assertEqual(columns, ['pass', 'stuck'])
        self.assertEqual([(r.name, r.count('pass'), r.count('stuck'), r.total) for r in rows],
                         [('alloc.fail', 1, 1, 2), ('stream split', 1, 0, 1), ('all', 2, 1, 3)])
        self.assertEqual(rows[0].heat('stuck'), 50)

    def test_the_phases_of_a_hunt_are_one_thing_with_a_row_each(self):
        results = self.results()
        results.campaign(1, 'hunt', 'phase=1', 'as it is', asked=[(1, 1, 1, 0)]).run(1)
        results.campaign(2, 'hunt', 'phase=3', 'orders', asked=[(1, 5, 1, 0)]).run(1, ident=2).run(2, 'fail', 2, identity='x')
        results.behaviour(7, 1, 1).behaviour(7, 1, 2).behaviour(8, 2, 2)
        group, = self.groups(results)
        columns, rows = group.matrix()
        self.assertEqual(columns, ['pass', 'fail', 'left out'])
        self.assertEqual([(r.name, r.count('fail'), r.left) for r in rows], [('as it is', 0, 0), ('orders', 1, 3), ('all', 1, 3)])
        self.assertEqual(group.growth(), [(1, 1), (3, 2)])

    def test_a_hunt_that_its_time_ended_is_no_failure(self):
        results = self.results().campaign(command='hunt', phase='orders', asked=[(1, 5, 1, 0)]).run(1)
        self.assertEqual(self.groups(results)[0].state, 'passed')

    def test_marks_that_held_in_no_run_come_first(self):
        results = self.results().campaign().mark(0, 'b.often').mark(1, 'c.never')
        results.run(3, marks='10').run(5, marks='10').run(6, 'signal 11')
        held = self.groups(results)[0].marks()
        self.assertEqual([(m['name'], runs, first) for m, runs, first in held], [('c.never', 0, ''), ('b.often', 2, '3')])

    def test_a_sometimes_that_no_run_met_is_told_and_one_that_some_met_is_not(self):
        results = self.results().campaign().run(1, 'unmet', unmet=5).run(2, 'unmet', unmet=4)
        self.assertEqual(self.groups(results)[0].state, 'unmet')
        results.run(3, 'unmet', unmet=1)
        self.assertEqual(self.groups(results)[0].state, 'passed')

    def test_runs_that_are_set_aside_are_no_failures(self):
        group, = self.groups(self.results().campaign().run(1, 'skipped', unmet=-1).run(2))
        self.assertEqual((group.failed, group.skipped, group.state), (0, 1, 'passed'))

    def test_what_is_no_file_of_results_is_told(self):
        path = os.path.join(self.folder.name, 'text')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('this is a text, and longer than a header\n' * 20)
        newer = self.results('newer.db')
        newer.database.execute('PRAGMA user_version = 9')
        for bad, why in ((path, 'is no file of results'), (newer.path, 'results of version 9; this report reads version 3'),
                         (os.path.join(self.folder.name, 'none'), 'No such file')):
            with self.assertRaisesRegex(campaign_data.DataError, why):
                campaign_data.read_files([bad])


if __name__ == '__main__':
    tap.main()
