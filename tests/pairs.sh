#!/bin/bash
# Some thousands of pairs of runs, the second of each perturbed, are equal; `make check-pairs` makes a million.  A
# module that looks at fresh memory, or at the order of addresses, is found.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
pairs=$TORC_BUILD/tests/pairs/pairs
. tests/support/tap.sh
"$pairs" --modules "$TORC_BUILD/modules" --pairs "${TORC_PAIRS:-3000}" $(find scenarios -name '*.scn' | LC_ALL=C sort) >"$at/out" 2>&1
status=$?
sed 's/^/# /' "$at/out"
[ $status -eq 0 ] && grep -q " 0 mismatches" "$at/out"
report $? "every pair is equal, over all scenarios there are"
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/slip.so" tests/check/slip.c >"$at/out" 2>&1
report $? "the module with slips is built"
"$pairs" --modules "$at" --pairs 20 tests/check/slip.scn >"$at/out" 2>&1
report $? "without a slip it is equal"
for slip in memory addresses; do
    "$pairs" --modules "$at" --param "kind=$slip" --pairs 20 tests/check/slip.scn >"$at/out" 2>&1
    [ $? -eq 3 ] && grep -q "different: tests/check/slip.scn, seed" "$at/out"
    report $? "a slip is found: $slip"
done
finish
