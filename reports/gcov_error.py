"""gcov_error.py - what is said of counts that cannot be reported on."""


class CoverageError(Exception):
    pass
