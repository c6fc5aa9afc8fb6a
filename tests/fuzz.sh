#!/bin/bash
# The fuzz programs of `make fuzz`, for a moment: they build, no scenario that is shipped and nothing near one crashes
# the parser or comes back changed from the printer, and a crash that is planted is found.
set -u
cd "$TORC_ROOT" || exit 99
if ! command -v clang >/dev/null; then
    echo "1..0 # SKIP there is no clang"
    exit 0
fi
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
fuzz=${TORC_BUILD#"$TORC_ROOT"/}/fuzz # as make fuzz calls it: what depends on what is noted by these names
. tests/support/tap.sh
env -u MAKEFLAGS -u MFLAGS make -s -j2 FUZZ_BUILD="$fuzz" COVERAGE= fuzz-programs >"$at/log" 2>&1
report $? "they build"
program=$fuzz/tests/fuzz/scenario_fuzz
for word in accept crash decide dns on sweep; do grep -qx "\"$word\"" "$program.dict" || echo "$word is missing" >>"$at/log"; done
[ "$(wc -l <"$program.dict")" -ge 100 ] && ! grep -q 'is missing' "$at/log"
report $? "the dictionary has the words of the grammar in docs/scenario.md"
"$program" -runs=0 -artifact_prefix="$at/" scenarios tests/scenarios-fail tests/explore examples/hello >"$at/log" 2>&1 &&
    [ "$(sed -n 's/^#\([0-9]*\).*DONE.*/\1/p' "$at/log")" -ge 50 ]
report $? "everything that is shipped comes back from the printer as it was"
mkdir "$at/corpus" "$at/seed"
"$program" -seed=1 -runs=20000 -timeout=20 -max_len=8192 -dict="$program.dict" -artifact_prefix="$at/" \
    "$at/corpus" scenarios tests/scenarios-fail tests/explore examples/hello >"$at/log" 2>&1
report $? "so do twenty thousand texts near to it, or they are refused"
printf 'scn 1\nhost a peer\n' >"$at/seed/one_letter"
"${program}_canary" -runs=0 -artifact_prefix="$at/" "$at/seed" >"$at/log" 2>&1
report $? "the planted crash is not in the seed"
"${program}_canary" -seed=1 -runs=1000000 -max_len=200 -dict="$program.dict" -artifact_prefix="$at/" "$at/seed" >"$at/log" 2>&1
status=$?
[ $status -eq 77 ] && grep -q fail_of_canary "$at/log" && ls "$at"/crash-* >/dev/null
report $? "it is found, and kept"
finish
