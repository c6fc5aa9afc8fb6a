#!/bin/bash
# torc check: what is deterministic is equal, and each way of not being so is found and named.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
# expect STATUS WHAT ARGUMENTS TEXT...
expect() {
    wanted=$1 what=$2 arguments=$3; shift 3
    TMPDIR=$at "$torc" check $arguments >"$at/out" 2>&1
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}
# As a user's module: optimised, and without the sanitizers, which fill memory in their own way.
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/slip.so" tests/check/slip.c >"$at/out" 2>&1
report $? "the module with slips is built"
slip="--modules $at tests/check/slip.scn"
expect 0 "every scenario there is runs the same when perturbed" "$(find scenarios -name '*.scn' | LC_ALL=C sort | tr '\n' ' ')" "equal: scenarios/smoke/tour.scn"
if command -v valgrind >/dev/null && ! nm "$torc" | grep -q '__[atm]san_init'; then
    TMPDIR=$at valgrind -q "$torc" check scenarios/smoke/tour.scn >"$at/out" 2>&1 && grep -q '^equal: scenarios/smoke/tour.scn' "$at/out"
    report $? "it runs itself, and not valgrind, when it is under valgrind"
else
    n=$((n + 1)); echo "ok $n - it runs itself, and not valgrind, when it is under valgrind # SKIP there is no valgrind, or a sanitizer"
fi
expect 0 "without a slip the module is deterministic, three times" "--pairs 3 $slip" "equal: tests/check/slip.scn" "3 pairs"
expect 3 "reading fresh memory is found and named" "--param kind=memory $slip" "different: tests/check/slip.scn: event" "first run" "second run" "it takes      memory"
expect 3 "an order made from addresses is found and named" "--param kind=addresses $slip" "it takes      addresses" "an order or a hash made from addresses"
expect 3 "the environment is found and named" "--param kind=environment $slip" "it takes      environment"
expect 3 "a look at the clock is found and its caller named" "--param kind=time $slip" "time called by" "slip.so"
expect 3 "rand is found and its caller named" "--param kind=rand $slip" "rand called by" "slip.so"
expect 3 "reading the stack is found and named" "--param kind=stack $slip" "it takes      stack"
printf 'scn 1\nhost s module=nowhere\n0 s kill\n' >"$at/lacks.scn"
expect 2 "a module that is not there is told" "$at/lacks.scn" "module 'nowhere'" "modules DIR says where else to look"
expect 2 "a scenario that is not there" "$at/none.scn" "none.scn"
expect 2 "no scenario" "" "which scenario?"
expect 2 "a misspelt option" "--piars 3 x.scn" "did you mean --pairs"
expect 2 "a number of pairs that is none" "--pairs 0 x.scn" "'0' is not a number from 1 on"
[ -z "$(find "$at" -name 'torc-*')" ]
report $? "nothing is left behind"
finish
