"""tap.py - runs the tests of a file and prints TAP, as tests/run reads it."""
import sys
import unittest


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.bad = 0

    def line(self, test, good):
        name = test.id().split('.')[-1].removeprefix('test_').replace('_', ' ')
        print(f'{"ok" if good else "not ok"} {self.testsRun} - {name}', flush=True)

    def addSuccess(self, test):
        self.line(test, True)

    def failed(self, test, error):
        self.bad += 1
        for text in self._exc_info_to_string(error, test).split('\n'):
            print('# ' + text)
        self.line(test, False)

    def addFailure(self, test, err):
        self.failed(test, err)

    def addError(self, test, err):
        self.failed(test, err)


def main():
    result = Result()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__']).run(result)
    print(f'1..{result.testsRun}')
    sys.exit(1 if result.bad else 0)
