"""What a run took is kept, however its processes end."""
import os
import subprocess
import tempfile
import unittest

import error_path_runs
import error_sites
import profile_counts
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-I' + os.path.join(ROOT, 'lib', 'include')]
COUNTERS = ['-fprofile-instr-generate', '-fcoverage-mapping', '-fprofile-update=atomic', '-mllvm',
            '-runtime-counter-relocation']
SOURCES = [os.path.join(ROOT, 'tests', 'reports', name) for name in ('apart.c', 'apart_module.c')]


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = error_sites.extract(SOURCES, FLAGS, ROOT)
        with tempfile.TemporaryDirectory() as at:
            program, module = os.path.join(at, 'apart'), os.path.join(at, 'apart_module.so')
            for source, out, more in zip(SOURCES, (program, module), (['-ldl'], ['-shared', '-fPIC'])):
                subprocess.run(['clang', *FLAGS, *COUNTERS, source, '-o', out, *more], check=True)
            run = error_path_runs.Run('apart', 'test', [program, module], 'apart', False, [program, module], [])
            cls.kept = error_path_runs.perform(run, cls.rows, SOURCES, ROOT)
            cls.without = error_path_runs.instrumented([program, '/bin/true'])
            cls.program = program

    def count(self, text):
        name = next(r.name for r in self.rows if text in r.text)
        return self.kept['rows'].get(name, 0)

    def test_a_child_that_ends_by_exit_is_counted(self):
        self.assertEqual(self.count('TORC_EPIPE'), 1)

    def test_a_child_that_aborts_is_counted(self):
        self.assertEqual(self.count('TORC_ENOSPC'), 1)

    def test_a_child_that_ends_by_underscore_exit_is_counted(self):
        self.assertEqual(self.count('TORC_EIO'), 1)

    def test_a_module_that_is_loaded_is_counted(self):
        self.assertEqual(self.count('TORC_EBUSY'), 1)

    def test_what_did_not_run_is_not_counted(self):
        self.assertEqual((self.count('TORC_ELIMIT'), self.count('way == 9 ? TORC_EINVAL')), (0, 0))

    def test_the_lines_that_ran_are_kept(self):
        ran = self.kept['lines']['tests/reports/apart_module.c']
        with open(SOURCES[1], encoding='utf-8') as file:
            lines = file.read().split('\n')
        self.assertEqual([lines[n - 1].strip() for n in ran], ['if (way == 1)', 'return TORC_EBUSY;', 'if (way == 8)',
                                                               'return 0;'])

    def test_a_file_without_counters_is_not_asked_for_any(self):
        self.assertEqual(self.without, [self.program])

    def test_a_run_that_passes_has_passed(self):
        self.assertEqual(self.kept['outcome'], 'passed')

    def test_how_a_run_ended_is_told_by_its_status_and_its_words(self):
        self.assertEqual(error_path_runs.outcome(-6, ''), 'crashed')
        self.assertEqual(error_path_runs.outcome(1, 'x: the run ended its process (SIGSEGV)'), 'crashed')
        self.assertEqual(error_path_runs.outcome(4, '3 left'), 'cut short')
        self.assertEqual(error_path_runs.outcome(1, 'something leaks: 8 bytes'), 'leaked')
        self.assertEqual(error_path_runs.outcome(1, 'other bytes'), 'failed')

    def test_a_scenario_that_makes_something_fail_has_faults(self):
        for line, faults in (('on db srv.main : disconnect after', True), ('0 cli connect srv:1 as c', False),
                             ('+1s srv crash', True), ('0 cli close  # and the server may fail', False),
                             ('title "what can fail"', False), ('title "hello"', False)):
            with tempfile.NamedTemporaryFile('w', suffix='.scn') as file:
                file.write('scn 1\n' + line + '\n')
                file.flush()
                self.assertEqual(error_path_runs.of_scenario(file.name, 'torc', [], []).faults, faults, line)

    def test_a_scenario_needs_the_modules_and_files_it_names(self):
        modules = ['m/kv.so', 'm/echo.so', 'm/line_server.so']
        self.assertEqual(error_path_runs.modules_of('host a module=kv\n+1s a restart module=./line_server.so', modules),
                         ['m/kv.so', 'm/line_server.so'])
        with tempfile.TemporaryDirectory() as at:
            path, named = os.path.join(at, 'x.scn'), os.path.join(at, 'named.sql')
            with open(named, 'w', encoding='utf-8'):
                pass
            self.assertEqual(error_path_runs.files_of('db a schema=named.sql other.sql', path), [path, named])

    def test_of_a_segment_only_what_it_spans_counts(self):
        counts = profile_counts.FileCounts([[1, 1, 4, True, True, False], [3, 9, 0, True, True, False],
                                            [3, 20, 4, True, False, False], [5, 2, 0, False, False, False]])
        self.assertEqual([counts.at(*p) for p in ((1, 1), (3, 8), (3, 9), (3, 19), (3, 20), (5, 2), (9, 1))],
                         [4, 4, 0, 0, 4, 0, 0])


class Kept(unittest.TestCase):
    """What is run again, and what is not."""

    def setUp(self):
        at = tempfile.TemporaryDirectory()
        self.addCleanup(at.cleanup)
        self.addCleanup(error_path_runs.digest.cache_clear)
        self.program, self.read = os.path.join(at.name, 'program'), os.path.join(at.name, 'read')
        self.directory, self.known = os.path.join(at.name, 'runs'), None
        self.write('exit 0')
        with open(self.read, 'w', encoding='utf-8') as out:
            out.write('one')

    def write(self, text):
        with open(self.program, 'w', encoding='utf-8') as out:
            out.write('#!/bin/sh\n' + text + '\n')
        os.chmod(self.program, 0o755)

    def ran(self):
        """How many runs it takes."""
        error_path_runs.digest.cache_clear()
        run = error_path_runs.Run('one', 'test', [self.program], 'one', False, [], [self.program, self.read])
        said = []
        self.known = error_path_runs.perform_all([run], [], [], ROOT, self.directory, 1, said.append, self.known)
        self.assertEqual(len(error_path_runs.load(self.directory)), 1)
        return sum(' of ' in line and 'kept' not in line for line in said)

    def test_a_run_that_passed_is_kept(self):
        self.assertEqual((self.ran(), self.ran()), (1, 0))

    def test_a_run_that_failed_is_made_again(self):
        self.write('exit 1')
        self.assertEqual((self.ran(), self.ran()), (1, 1))

    def test_another_program_is_run_again(self):
        self.ran()
        self.write('exit 0 # other')
        self.assertEqual((self.ran(), self.ran()), (1, 0))

    def test_what_it_reads_having_changed_it_is_run_again(self):
        self.ran()
        with open(self.read, 'w', encoding='utf-8') as out:
            out.write('two')
        self.assertEqual((self.ran(), self.ran()), (1, 0))

    def test_without_the_lines_that_are_known_it_is_run_again(self):
        self.ran()
        self.known = None
        self.assertEqual(self.ran(), 1)


if __name__ == '__main__':
    tap.main()
