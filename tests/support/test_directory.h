/* test_directory.h - a directory of a test's own below $TMPDIR. */
#ifndef TORC_TESTS_TEST_DIRECTORY_H
#define TORC_TESTS_TEST_DIRECTORY_H

#define TEST_DIRECTORY_MAX 192

/* Makes one; ends the program if that cannot be done. */
void test_directory_make(char path[TEST_DIRECTORY_MAX]);
/* Removes it with the files in it. */
void test_directory_remove(const char *path);

#endif
