#!/bin/bash
# torc hunt: each kind of mistake is found by the phase that is for it, a right module by none.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
# expect STATUS WHAT ARGUMENTS TEXT...
expect() {
    wanted=$1 what=$2 arguments=$3; shift 3
    TMPDIR=$at "$torc" hunt --out "$at" --modules "$at" $arguments >"$at/out" 2>&1
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}
for module in tests/explore/chunky tests/check/slip; do
    gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/$(basename $module).so" $module.c >"$at/out" 2>&1
    report $? "$module is built"
done
cat >"$at/fails.scn" <<'TEXT'
scn 1
host srv module=chunky listen=tcp:7000
end       expect running(srv) == 5
TEXT
cat >"$at/never.scn" <<'TEXT'
scn 1
host srv module=chunky listen=tcp:7000
sometimes t > 5s
TEXT
expect 0 "nothing is found in a right module" "--budget 2s tests/explore/chunky.scn" \
    "orders and amounts" "every single fault" "every fault for ever" "seeds until the end" "nothing found in"
printf 'scn 1\nhost srv module=chunky listen=tcp:7000\nend expect running(srv)\n' >"$at/idle.scn"
expect 5 "marks that held in no run are listed" "--budget 1s --marks $at/idle.scn" 'held in no run: sometimes "chunky.cut"'
expect 0 "those that held in some are not" "--budget 1s --marks tests/explore/chunky.scn" "nothing found in"
expect 1 "a request cut in two is found by amounts" "--param bug=split tests/explore/chunky.scn" \
    "something else came" "reproduce: torc run --seed" "found (orders and amounts)" "shrunk to"
expect 1 "a crash is found and shrunk" "--param bug=crash tests/explore/chunky.scn" "crash" "the run ended its process" "shrunk to"
"$torc" run --modules "$at" --param bug=freed tests/explore/chunky.scn >"$at/out" 2>&1
report $? "a fault-free run of bug=freed passes"
expect 3 "a use of released memory is found" "--param bug=freed tests/explore/chunky.scn" "found (perturbed)"
"$torc" run --modules "$at" "$(ls "$at"/chunky-seed*.scn | head -1)" >"$at/out" 2>&1
status=$?
[ $status -eq 1 ] || [ $status -gt 128 ]
report $? "the small scenario fails under torc run"
expect 3 "a module that reads fresh memory is found by the determinism check" "--param kind=memory tests/check/slip.scn" "found (perturbed)"
printf 'scn 1\nhost s module=nowhere\n0 s kill\nend expect !running(s)\n' >"$at/lacks.scn"
expect 2 "results that cannot be opened are no fault of the scenario's" "--results $at/none/x.db tests/explore/chunky.scn" "$at/none/x.db: it cannot be opened"
! grep -q -e "invalid" -e "as it is" "$at/out"; report $? "and it is not said to be"
expect 2 "a module that is not there is nothing to shrink" "$at/lacks.scn" "module 'nowhere'" "invalid (as it is)"
[ -z "$(ls "$at" | grep '^lacks-')" ]; report $? "and nothing is written"
{ cat tests/explore/chunky.scn; echo "sweep segment"; } >"$at/splits.scn"
expect 0 "where there is a line for splits they are tried" "--budget 2s $at/splits.scn" "every split                    20 runs"
"$torc" hunt --modules "$at" --out "$at" --budget 1s tests/explore/chunky.scn >"$at/out" 2>&1; ! grep -q "every split" "$at/out"
report $? "and nowhere else"
hundred=$(printf 'ABCD%.0s' {1..25})
cat >"$at/page.scn" <<TEXT
scn 1
host srv module=chunky listen=tcp:7000 bug=page
host a peer
link * delay=1ms
0         a connect srv:7000 as one
10ms      one send "$hundred"
+0..50ms  one expect "$hundred"
100ms     one close
end       expect leaks == 0
sweep     segment dir=c2s
TEXT
expect 1 "what only one split shows is found there, and shrunk" "--budget 20s $at/page.scn" "fail     $at/page.scn, one-c2s-39" \
    "page-one-c2s-39.decisions --split one:c2s:39 " "found (every split) after" "shrunk to"
"$torc" $(sed -n 's/^ *reproduce: torc //p' "$at/out") >"$at/again" 2>&1; [ $? -eq 1 ] && grep -q "^split one c2s at=39" "$at/page-one-c2s-39.scn"
report $? "and the line that is printed reproduces it"
sed 's/dir=c2s/conn=oen/' "$at/page.scn" | sed 's/bug=page/bug=none/' >"$at/oen.scn"
expect 2 "a connection that is never made is an error here, too" "--budget 20s $at/oen.scn" "oen.scn:10:24: no scripted peer has a connection 'oen' in the run"
expect 2 "a scenario that cannot run is invalid" "$at/none.scn" "none.scn"
expect 1 "one that fails as it is needs no search" "$at/fails.scn" "found (as it is) after 1 runs"
expect 5 "a sometimes that no run meets is told" "--budget 1s $at/never.scn" "a \`sometimes\` was never true in"
expect 2 "a budget without a unit" "--budget 5 x.scn" "is no duration"
expect 2 "a misspelt option" "--bugdet 5s x.scn" "did you mean --budget"
finish
