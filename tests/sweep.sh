#!/bin/bash
# torc sweep: what is there stands every single fault; a planted bug of each kind is found, and reproduced by the
# line that is printed.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
n=0
report() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else sed 's/^/# /' "$at/out"; echo "not ok $n - $2"; fi
}
# expect STATUS WHAT ARGUMENTS TEXT...
expect() {
    wanted=$1 what=$2 arguments=$3; shift 3
    "$torc" sweep $arguments >"$at/out" 2>&1
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}
# The first reproducing line fails as the case did.
reproduces() {
    line=$(sed -n 's/^ *reproduce: torc //p' "$at/out" | head -n 1)
    (exec "$torc" $line) >"$at/again" 2>&1
    status=$?
    [ -n "$line" ] && [ $status -ne 0 ]
    report $? "and the line that is printed reproduces it: $1"
}
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/faulty.so" tests/explore/faulty.c >"$at/out" 2>&1
report $? "the module with bugs is built"
options="--modules $at tests/explore/faulty.scn"
expect 0 "the module without a bug stands every fault" "$options" " 0 failed, 0 left" "alloc " "db " "io "
for bug in leak crash unhandled stuck; do
    case $bug in
    leak) kind=alloc text="something leaks" ;;
    crash) kind=alloc text="the run ended its process" ;;
    unhandled) kind=db text="a failure was handled by nobody" ;;
    stuck) kind=io text="has not stopped" ;;
    esac
    expect 1 "bug=$bug is found by a fault of class $kind" "--fault $kind --param bug=$bug $options" "$text"
    reproduces "$bug"
done
expect 1 "with a seed" "--fault alloc --mode once --seed 4711 --param bug=leak $options" "reproduce: torc run --fault alloc:srv:9 --seed 4711 --param bug=leak "
reproduces "--seed"
# What is shipped, whole: no case is left out.
bad=0
: >"$at/out"
for scenario in $(find scenarios -name '*.scn' ! -path 'scenarios/db/tour.scn' | LC_ALL=C sort); do
    "$torc" sweep "$scenario" >"$at/one" 2>&1 || { bad=1; cat "$at/one" >>"$at/out"; }
done
report $bad "every scenario that is shipped stands every fault"
expect 4 "a budget ends it and says what it left" "--budget 1ms scenarios/db/tour.scn" " left"
expect 2 "a scenario that fails by itself is not swept" "tests/scenarios-fail/other_bytes.scn" "does not pass without a fault"
expect 2 "a misspelt class" "--fault aloc x.scn" "'aloc' is none of alloc, read, write, accept, connect, socket, resolve, timer, job, db, io"
expect 2 "a misspelt mode" "--mode twice x.scn" "'twice' is no list of once, persist"
"$torc" run --fault alloc.fail:srv x.scn >"$at/out" 2>&1; [ $? -eq 2 ] && grep -q "is not SITE:HOST:NUMBER" "$at/out"
report $? "a case that is none"
echo "1..$n"
