#!/bin/bash
# The fuzz programs of `make fuzz`, for a moment: they build, no scenario that is shipped and nothing near one crashes
# the parser or comes back changed from the printer, the same for recordings, kv's requests and lines, and in each a crash that is
# planted is found.
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
# canary PROGRAM MAX_LEN <SEED: a crash that is planted is not in the seed, and is found from it.
canary() {
    rm -rf "$at/seed" && mkdir "$at/seed" && cat >"$at/seed/seed"
    "$fuzz/tests/fuzz/$1_canary" -runs=0 -artifact_prefix="$at/" "$at/seed" >"$at/log" 2>&1
    report $? "$1: the planted crash is not in the seed"
    "$fuzz/tests/fuzz/$1_canary" -seed=1 -runs=1000000 -max_total_time=120 -max_len="$2" -dict="$fuzz/tests/fuzz/$1.dict" -artifact_prefix="$at/$1-" \
        "$at/seed" >"$at/log" 2>&1
    status=$?
    [ $status -eq 77 ] && grep -q fail_of_canary "$at/log" && ls "$at/$1"-crash-* >/dev/null
    report $? "$1: it is found, and kept"
}
printf 'scn 1\nhost a peer\n' >"$at/one_letter"
canary scenario_fuzz 200 <"$at/one_letter"
for subject in kv:kv_fuzz:3000 recordings:recording_fuzz:1000 lines:line_fuzz:20000; do
    IFS=: read -r seeds name runs <<<"$subject"
    "$fuzz/tests/fuzz/$name" -runs=0 -artifact_prefix="$at/" "tests/fuzz/$seeds" >"$at/log" 2>&1
    report $? "$name: what is in tests/fuzz/$seeds passes"
    [ "$(wc -l <"$fuzz/tests/fuzz/$name.dict")" -ge 8 ] && mkdir "$at/$name" &&
        "$fuzz/tests/fuzz/$name" -seed=1 -runs="$runs" -timeout=20 -max_len=4096 -dict="$fuzz/tests/fuzz/$name.dict" -artifact_prefix="$at/" \
            "$at/$name" "tests/fuzz/$seeds" >"$at/log" 2>&1
    report $? "$name: so does what is near to it"
done
canary kv_fuzz 200 <tests/fuzz/kv/inline.resp
sed -n '1s/"module":"desk"/"module":"m"/p' tests/fuzz/recordings/desk.torc >"$at/one_letter"
canary recording_fuzz 300 <"$at/one_letter"
canary line_fuzz 100 <tests/fuzz/lines/one
finish
