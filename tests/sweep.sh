#!/bin/bash
# torc sweep: what is there stands every single fault; a planted bug of each kind is found, and reproduced by the
# line that is printed.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
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
    [ "$bug" = crash ] || grep -qF "reproduce: torc $(echo "$line" | sed 's/^run \(--fault [^ ]*\)/run --seed 1 \1/')" "$at/again"
    report $? "which prints it again"
done
expect 1 "with a seed" "--fault alloc --mode once --seed 4711 --param bug=leak $options" "reproduce: torc run --fault alloc.fail:srv:10=ENOMEM --seed 4711 --param bug=leak "
reproduces "--seed"
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/careless.so" tests/explore/careless.c >"$at/out" 2>&1
report $? "the module with a bug for each kind of operation is built"
options="--modules $at tests/explore/careless.scn"
expect 0 "and without one stands every fault" "$options" " 0 failed, 0 left" "accept " "connect " "resolve " "timer "
for class in accept read write send connect socket resolve timer job cancel; do
    case $class in
    accept | timer) text="the run ended its process" ;;
    resolve) text="a failure was handled by nobody" ;;
    connect) text="has not stopped" ;;
    *) text="something leaks" ;;
    esac
    expect 1 "bug=$class is found by a fault of class $class" "--fault $class --param bug=$class $options" "$text"
    reproduces "$class"
done
# A bug of one class is none of the others', but where the one brings the other about.
for class in accept timer cancel; do
    others=$(echo read write send accept connect socket resolve timer job cancel | tr ' ' '\n' | grep -v "^$class$" | paste -sd, -)
    expect 0 "bug=$class is not blamed on another class" "--fault $others --param bug=$class $options" " 0 failed, 0 left"
done
# What is shipped, whatever its sweep line says: of each scenario at most so many cases, the small ones whole; with
# TORC_SWEEP_ALL (make sweep-all) all of them, which takes many minutes.
sample="--sample ${TORC_SWEEP_SAMPLE:-200}" what="a sample of every fault"
[ -z "${TORC_SWEEP_ALL:-}" ] || { sample="" what="every fault"; }
all=alloc,read,write,send,accept,connect,socket,resolve,timer,job,db,file,cancel,errback
bad=0
: >"$at/out"
for scenario in $(find scenarios -name '*.scn' ! -path 'scenarios/db/tour.scn' | LC_ALL=C sort); do
    "$torc" sweep --fault $all $sample --budget 30m "$scenario" >"$at/one" 2>&1 || { bad=1; cat "$at/one" >>"$at/out"; }
done
report $bad "every scenario that is shipped stands $what"
# Streams that are split: two requests of four bytes on one connection, one on the other.
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/chunky.so" tests/explore/chunky.c >"$at/out" 2>&1
report $? "the module that takes one read for one request is built"
options="--modules $at tests/explore/chunky.scn"
expect 0 "without its bug it stands every split" "--fault segment $options" "24 bytes" "20 cases,       20 run,      0 failed, 0 left"
"$torc" run --modules "$at" tests/explore/chunky.scn >"$at/out" 2>&1
report $? "as it is written the scenario does not show the bug"
expect 1 "bug=split is found by a split" "--fault segment --param bug=split $options" "something else came" " 9 failed, 0 left"
reproduces "split"
wrong=""
for case in one:c2s:{1..7} two:c2s:{1..3} one:s2c:{1..7} two:s2c:{1..3}; do
    "$torc" run --split "$case" --modules "$at" --param bug=split tests/explore/chunky.scn >/dev/null 2>&1 || wrong="$wrong $case"
done
echo "failed:$wrong" >"$at/out"
[ "$wrong" = " one:c2s:1 one:c2s:2 one:c2s:3 one:c2s:5 one:c2s:6 one:c2s:7 two:c2s:1 two:c2s:2 two:c2s:3" ]
report $? "and at exactly the places that are within a request"
"$torc" run -v --split one:s2c:2 --modules "$at" tests/explore/chunky.scn >"$at/out" 2>&1 && grep -qF 'one receives "AB"' "$at/out" && grep -qF 'one receives "CD"' "$at/out"
report $? "what the module writes is taken short"
{ cat tests/explore/chunky.scn; echo "split two c2s at=2"; echo "split nobody s2c at=9"; } >"$at/chunky.scn"
"$torc" run --modules "$at" --param bug=split "$at/chunky.scn" >"$at/out" 2>&1; [ $? -eq 1 ] && grep -qF 'two expect "EFGH"' "$at/out"
report $? "a line says the same; that of a connection there is not says nothing"
expect 0 "the sweep segment line of a scenario says which stream is split" "scenarios/protocol/line.scn" "12 cases, 0 failed, 0 left" "segment        13 bytes"
[ "$(grep -c " left$" "$at/out")" -eq 1 ]
report $? "and no faults then"
{ cat tests/explore/chunky.scn; echo "sweep segment conn=one dir=s2c split=3"; } >"$at/third.scn"
expect 0 "every third place" "--modules $at $at/third.scn" "8 bytes" "2 cases,        2 run"
{ cat tests/explore/chunky.scn; echo "sweep segment conn=oen dir=c2s"; } >"$at/oen.scn"
expect 2 "a connection that is never made is an error" "--modules $at $at/oen.scn" "oen.scn:20:20: no scripted peer has a connection 'oen' in the run; did you mean 'one'?"
{ cat tests/explore/chunky.scn; echo "sweep segment conn=one split=100"; } >"$at/none.scn"
expect 0 "a line that splits nothing is told" "--modules $at $at/none.scn" ": 0 cases" "of segment, which was asked for, there is no case"
"$torc" run --split one:c3s:1 x.scn >"$at/out" 2>&1; [ $? -eq 2 ] && grep -q "is not CONNECTION:c2s:AT" "$at/out"
report $? "a split that is none"
expect 0 "a sample has as many cases as are wanted, and says so" "--fault alloc,read,write --sample 40 scenarios/protocol/kv_split.scn" ": 40 cases, 0 failed, 0 left" "    a sample: 40 cases of "
grep -E "^    [a-z]+ " "$at/out" | awk '$1 == "alloc" || $1 == "read" || $1 == "write" { n += $4; least = least == "" || $4 < least ? $4 : least } END { exit !(n == 40 && least >= 5) }'
report $? "and some of each kind"
# Cases that are equivalent: the same eight times.
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/rounds.so" tests/explore/rounds.c >"$at/out" 2>&1
report $? "the module that does the same eight times is built"
options="--fault alloc --modules $at tests/explore/rounds.scn"
expect 0 "of equivalent cases the first and the last are run, and it is told how many were not" "--equivalent once $options" "36 cases, 0 failed, 0 left" \
    "    not run: 32 cases of 68, which are equivalent to others" "36 run,      0 failed, 0 left, 32 equivalent"
expect 0 "all of them are run if nothing is said" "$options" "68 cases, 0 failed, 0 left"
for bug in first last; do
    expect 1 "bug=$bug shows in one of them" "--equivalent once --param bug=$bug $options" "something leaks"
    reproduces "$bug"
done
expect 1 "bug=fourth shows in none of them, so that all is the default" "--param bug=fourth $options" "something leaks"
expect 0 "and is what it costs to leave them out" "--equivalent once --param bug=fourth $options" " 0 failed, 0 left"
{ cat tests/explore/rounds.scn; echo "sweep fault=alloc,cancel mode=once equivalent=once"; } >"$at/once.scn"
expect 0 "the sweep line of a scenario may say it" "--modules $at $at/once.scn" "18 cases, 0 failed" "not run: 16 cases of 34" "of cancel, which was asked for, there is no case"
expect 0 "options come before that, too" "--equivalent all --modules $at $at/once.scn" "34 cases, 0 failed"
for shard in 0/2 1/2; do
    expect 0 "shard $shard has half of them" "--equivalent once --shard $shard --results $at/${shard%/*}.db $options" "18 cases, 0 failed" "not run: 32 cases of 68"
done
"$torc" merge "$at/both.db" "$at/0.db" "$at/1.db" >"$at/out" 2>&1 && grep -qF "equivalent=once" "$at/out" && grep -qF "36 runs, 0 failed, 0 different, 0 left out" "$at/out"
report $? "and together they are a campaign of its own"
expect 2 "a misspelt --equivalent" "--equivalent onec x.scn" "'onec' is none of once, all"
sed 's/equivalent=once/equivalent=onec/' "$at/once.scn" >"$at/onec.scn"
expect 2 "a misspelt key" "$at/onec.scn" "onec.scn:7:47: equivalent cases are run all or once"
tests/equivalents --build "$TORC_BUILD" faulty:leak faulty:stuck careless:read careless:cancel meter-skips-late crossed-replies requeue-reversed >"$at/out" 2>&1
report $? "on programs that are wrong the same kinds of failure are found without equivalent cases"
expect 1 "one with another seed finds the same bug elsewhere" "--fault alloc --sample 60:7 --param bug=leak --modules $at tests/explore/faulty.scn" "a sample: " ", seed 7" "something leaks"
expect 2 "a sample of nothing" "--sample 0 x.scn" "'0' is no number of cases: N or N:SEED"
mkdir "$at/shrunk"
expect 1 "with --out what fails is shrunk" "--out $at/shrunk --fault alloc --mode persist --param bug=leak --modules $at tests/explore/faulty.scn" "something leaks" "reproduce: torc run --fault alloc.fail:srv:" "shrunk:    $at/shrunk/faulty-srv-alloc.fail-"
[ "$(ls "$at"/shrunk/*.scn | wc -l)" -eq "$(grep -c "reproduce:" "$at/out")" ]
report $? "one of each kind"
cp tests/explore/faulty.sql "$at/shrunk/"; wrong=""
for shrunk in "$at"/shrunk/*.scn; do
    "$torc" run --modules "$at" "$shrunk" >"$at/again" 2>&1; [ $? -eq 1 ] && grep -q "something leaks" "$at/again" && grep -q "^decide srv alloc.fail " "$shrunk" &&
        [ "$(wc -l <"$shrunk")" -le 8 ] || wrong="$wrong $shrunk"
done
echo "$wrong" >>"$at/out"; [ -z "$wrong" ]
report $? "and is small, and fails in the same way"
expect 1 "a split that fails is shrunk" "--out $at/shrunk --fault segment --param bug=split --modules $at tests/explore/chunky.scn" "reproduce: torc run --split one:c2s:1" "shrunk:    $at/shrunk/chunky-one-c2s-1.scn" "1 of them decisions"
small=$at/shrunk/chunky-one-c2s-1.scn
"$torc" run --modules "$at" "$small" >"$at/out" 2>&1; [ $? -eq 1 ] && grep -q "something else came" "$at/out" && grep -q "^split one c2s at=" "$small" && [ "$(wc -l <"$small")" -le 10 ] &&
    grep -v "^split" "$small" >"$at/whole.scn" && "$torc" run --modules "$at" "$at/whole.scn" >>"$at/out" 2>&1
report $? "to a small scenario that fails in the same way, and passes without its split"
expect 4 "a budget ends it and says what it left" "--budget 1ms scenarios/db/tour.scn" " left"
expect 2 "a scenario that fails by itself is not swept" "tests/scenarios-fail/other_bytes.scn" "does not pass without a fault"
expect 2 "a misspelt class" "--fault aloc x.scn" "'aloc' is none of alloc, read, write, send, accept, connect, socket, resolve, timer, job, db, io, cancel, errback, never, segment"
"$torc" run --fault accept.fial:srv:0=EMFILE x.scn >"$at/out" 2>&1; [ $? -eq 2 ] && grep -q "did you mean 'accept.fail'" "$at/out"
report $? "a misspelt site"
"$torc" run --fault accept.fail:srv:0=EMFIEL x.scn >"$at/out" 2>&1; [ $? -eq 2 ] && grep -q "did you mean 'EMFILE'" "$at/out"
report $? "a misspelt option"
expect 2 "a number of no operation" "--k 0 x.scn" "'0' is none of A, A.. and A..B, from 1"
expect 0 "the sweep line of a scenario says what is swept" "--budget 10m scenarios/db/orders-busy-and-unknown-commit.scn" "alloc " "db " "io "
grep -q "accept " "$at/out"; [ $? -eq 1 ]
report $? "and nothing else"
expect 0 "options come before it" "--fault accept --mode once --k 1 scenarios/db/orders-busy-and-unknown-commit.scn" "accept "
expect 2 "a misspelt mode" "--mode twice x.scn" "'twice' is none of once, persist"
"$torc" run --fault alloc.fail:srv x.scn >"$at/out" 2>&1; [ $? -eq 2 ] && grep -q "is not SITE:HOST:NUMBER" "$at/out"
report $? "a case that is none"
finish
