#!/bin/bash
# torc explore: finds what a fault-free run hides, shrinks it to a scenario that stands alone, and from which no
# line can be deleted; and decisions are given back to a run, with its drift.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
# expect STATUS WHAT COMMAND ARGUMENTS TEXT...
expect() {
    wanted=$1 what=$2 arguments=$3; shift 3
    "$torc" $arguments >"$at/out" 2>&1
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/chunky.so" tests/explore/chunky.c >"$at/out" 2>&1
report $? "the module with bugs is built"
options="--modules $at --out $at"

# The failure of a scenario: its property, and the sentence without numbers.
failure() { "$torc" run --modules "$at" "$1" 2>/dev/null | sed -n '2,3p' | sed 's/^[^ ]* *[^ ]*: //; s/[0-9][0-9]*/#/g; s/^ *//'; }
# minimal FILE: without any one of its lines it passes, is invalid or fails otherwise; and without its decisions it passes.
minimal() {
    wanted=$(failure "$1") bad=0
    [ -n "$wanted" ] || bad=1
    lines=$(wc -l <"$1")
    for i in $(seq 2 "$lines"); do
        sed -n "${i}p" "$1" | grep -q '^#' && continue
        sed "${i}d" "$1" >"$at/less.scn"
        grep -q '^decide' "$1" && grep -v '^decide' "$at/less.scn" >"$at/none.scn" &&
            ! "$torc" run --modules "$at" "$at/none.scn" >/dev/null 2>&1 && continue
        [ "$(failure "$at/less.scn")" = "$wanted" ] && { bad=1; echo "# line $i can be deleted:"; sed "${i}q;d" "$1"; } >>"$at/out"
    done
    grep -v '^decide' "$1" >"$at/less.scn"
    "$torc" run --modules "$at" "$at/less.scn" >>"$at/out" 2>&1 || { bad=1; echo "# fails without decisions" >>"$at/out"; }
    report $bad "no line of $(basename "$1") can be deleted, and without decisions it passes"
}

expect 0 "the module without a bug passes with every seed" "explore $options tests/explore/chunky.scn" "300 of 300 seeds"
for scenario in chunky order; do
    bug=split; [ $scenario = order ] && bug=order
    expect 0 "a fault-free run of bug=$bug passes" "run --modules $at --param bug=$bug tests/explore/$scenario.scn" "pass"
done
expect 1 "a request cut in two is found" "explore $options --param bug=split tests/explore/chunky.scn" \
    "something else came" "reproduce: torc run --seed" "shrunk:"
shrunk=$(ls "$at"/chunky-seed*.scn); decisions=$(ls "$at"/chunky-seed*.decisions)
seed=$(basename "$decisions" | sed 's/.*seed\([0-9]*\).*/\1/')
[ "$(wc -l <"$shrunk")" -le 12 ]; report $? "the shrunk scenario has twelve lines or fewer"
expect 0 "and is in its canonical form" "fmt --check $shrunk"
sed -n 2p "$shrunk" | grep -q '^# .*it takes 1 decision other than the default'; report $? "it says in a sentence what it shows"
minimal "$shrunk"
expect 1 "its decisions reproduce it" "run --modules $at --param bug=split --seed $seed --decisions $decisions tests/explore/chunky.scn" "something else came"
expect 1 "so does its strategy" "run --modules $at --param bug=split --seed $seed --strategy portfolio tests/explore/chunky.scn" "something else came"
expect 0 "after an unrelated edit the decisions still fit or tell their drift" "run --modules $at --seed $seed --decisions $decisions tests/explore/chunky.scn"
echo "decide srv read.short 4711 = 1" >>"$decisions"
expect 0 "drift is told with the first decision that was not asked for" "run --modules $at --decisions $decisions tests/explore/chunky.scn" "drift: " "decide srv read.short"
rm -f "$at"/*.scn "$at"/*.decisions
expect 1 "an order of ready connections is found" "explore $options --sites ready.order --seeds 1..200 tests/explore/order.scn" "shrunk:"
minimal "$(ls "$at"/order-seed*.scn)"
expect 1 "a crash does not end the campaign" "explore $options --param bug=crash tests/explore/chunky.scn" "the run ended its process" "shrunk:"
crashed=$(ls -t "$at"/chunky-seed*.scn | head -1)
(exec "$torc" run --modules "$at" "$crashed") >"$at/out" 2>&1
status=$? # AddressSanitizer makes an exit of it
{ [ $status -gt 128 ] || grep -q "AddressSanitizer: SEGV" "$at/out"; } && [ "$(wc -l <"$crashed")" -le 12 ]
report $? "a scenario that crashes is shrunk, and the small one crashes"
grep -q "^crash    $crashed: Segmentation fault at [0-9.]* s of virtual time, in code of host srv\$" "$at/out" &&
    grep -q "^    debug:     gdb --args torc run --seed 1 --modules $at $crashed\$" "$at/out"
report $? "the run says when and on which host it crashed, and how to look at it"
places=$(sed -n 's/^    places:    //p' "$at/out")
[ -n "$places" ] && $places >"$at/places" 2>&1 && grep -q '^data_received ' "$at/places"
report $? "and which function of the module that was"
(exec "$torc" run -v --modules "$at" "$crashed") >"$at/out" 2>"$at/crash"
grep -q 'line [0-9]*: .* send ' "$at/out"
report $? "what -v tells up to then is not lost"
expect 1 "nor does an exit, and it is not called a signal" "explore $options --param bug=exit tests/explore/chunky.scn" "the run ended its process (it exited)"
expect 0 "what is there is right under every order" "explore --seeds 1..50 --out $at scenarios/smoke/tour.scn" "50 of 50 seeds"
mkdir "$at/parts"
printf 'scn 1\nhost s module=chunky\nhost c peer\n' >"$at/parts/hosts.inc"
printf 'scn 1\ninclude hosts.inc\n0 c connect s:1 as x\n+0 x expect refused\n+1ms x expect "no"\n' >"$at/parts/parts.scn"
expect 1 "of a shrunk scenario written elsewhere it is said where its files are" "explore $options $at/parts/parts.scn" \
    "to run it: move it to $at/parts,"
expect 1 "beside the one it comes from it finds them" "explore --modules $at $at/parts/parts.scn" "shrunk:"
! grep -q "to run it" "$at/out"; report $? "and nothing is said"
expect 4 "a budget ends it and says what it left" "explore $options --seeds 1..100000 --budget 200ms tests/explore/chunky.scn" "of 100000 seeds" "the budget ended it"
printf '%s\n' 'scn 1' 'host s module=echo' 'host a peer' '0 a connect s:7007 as x' \
    'when s.bytes == 1 : a kill as K' 'K+1ms expect !running(a)' '1ms x send "12"' '9ms x reset' >"$at/when.scn"
expect 5 "a run in which a trigger does not fire is unmet" "run $at/when.scn" "this never happened: s.bytes is 2"
expect 0 "a trigger must fire in one run only" "explore --seeds 1..40 $at/when.scn" "40 of 40 seeds"
sed 's/s.bytes == 1/s.bytes == 7/' "$at/when.scn" >"$at/never.scn"
expect 5 "but in one it must" "explore --seeds 1..40 $at/never.scn" "a \`sometimes\` was never true, or a \`when\`"
printf 'scn 1\nhost s module=chunky\nsometimes s.nothing == 1\n' >"$at/x.scn"
printf 'scn 1\nhost s module=nowhere\n0 s kill\n' >"$at/lacks.scn"
expect 2 "a module that is not there is nothing to shrink" "explore $options $at/lacks.scn" "module 'nowhere'"
[ "$(ls "$at" | grep -c '^lacks')" -eq 1 ]; report $? "and no file is written, no seed kept"
expect 2 "an invalid scenario" "explore $options $at/nowhere.scn" "nowhere.scn"
expect 1 "dfs finds an order that does harm" "explore $options --strategy dfs --sites ready.order --param bug=order tests/explore/order.scn" \
    "shrunk:" "strategy dfs"
expect 1 "dfs survives a crash and shrinks it" "explore $options --strategy dfs --depth 3 --param bug=crash tests/explore/chunky.scn" \
    "the run ended its process" "shrunk:"
expect 0 "runs whose assumption is false are set aside, and are no failures" \
    "explore $options --param bug=assume tests/explore/chunky.scn" "300 of 300 seeds" "of 300 runs set aside: an assumption was false"
expect 5 "a campaign of which every run is set aside has met nothing" "explore $options --seeds 1..20 --param bug=hope tests/explore/chunky.scn" \
    "every run was set aside" "20 of 20 runs set aside"
expect 77 "torc run tells why a run is set aside" "run --modules $at --param bug=hope tests/explore/chunky.scn" \
    "skipped" "set aside: the assumption \"chunky.more\" is false" "reproduce: torc run --seed 1"
expect 77 "in TAP and JUnit it is skipped" "run --modules $at --param bug=hope --tap --junit $at/j.xml tests/explore/chunky.scn" \
    "ok 1 - tests/explore/chunky.scn" "# SKIP set aside: the assumption"
grep -q '<skipped message="set aside' "$at/j.xml" && ! grep -q '<failure' "$at/j.xml"
report $? "and no failure"
printf 'scn 1\nparam bug=none\nhost srv module=chunky listen=tcp:7000\n' >"$at/idle.scn"
expect 0 "beside one that passes it is only counted" "run --modules $at --param bug=hope tests/explore/chunky.scn $at/idle.scn" \
    "1 passed, 0 failed, 1 set aside"
expect 5 "a shard's results tell it" "explore $options --seeds 1..5 --results $at/r.db --param bug=hope tests/explore/chunky.scn" "5 of 5 runs set aside"
expect 5 "resumed, they are set aside as before" "explore $options --seeds 1..5 --results $at/r.db --resume --param bug=hope tests/explore/chunky.scn" \
    "5 of 5 runs set aside"
expect 0 "hunt does not take them for failures" "hunt --modules $at --budget 1s --param bug=hope tests/explore/chunky.scn" "runs set aside"
expect 5 "a mark that held in no run is listed" "explore $options --marks --strategy fifo --seeds 1..3 tests/explore/chunky.scn" \
    'held in no run: sometimes "chunky.cut", tests/explore/chunky.c:' "a mark held in no run"
expect 0 "one that held in one of them is not" "explore $options --marks tests/explore/chunky.scn" "300 of 300 seeds"
expect 0 "nor is one if nobody asks" "explore $options --strategy fifo --seeds 1..3 tests/explore/chunky.scn" "3 of 3 seeds"
expect 5 "dfs lists them too" "explore $options --marks --strategy dfs --depth 4 --sites ready.order tests/explore/chunky.scn" \
    'held in no run: sometimes "chunky.cut"' "all their answers; a mark held in no run"
expect 5 "a run that is set aside holds none" "explore $options --marks --seeds 1..3 --param bug=hope tests/explore/chunky.scn" 'held in no run: sometimes "chunky.cut"'
expect 0 "a shard does not judge marks" "explore $options --marks --strategy fifo --seeds 1..4 --shard 0/2 tests/explore/chunky.scn" "2 of 2 seeds"
printf 'explore marks=all\n' | cat tests/explore/chunky.scn - >"$at/marks.scn"
expect 5 "the scenario can ask for it" "explore $options --strategy fifo --seeds 1..3 $at/marks.scn" "held in no run:"
printf 'scn 1\nexplore marks=some\n' >"$at/x.scn"
expect 2 "marks are all or none" "run $at/x.scn" "x.scn:2:15: of marks there is marks=all only"
expect 2 "--marks takes no value" "explore --marks=all x.scn" "--marks"
expect 0 "dfs tries every answer to the first questions" "explore $options --strategy dfs --depth 4 tests/explore/chunky.scn" \
    "the first 4 questions" ": all their answers"
expect 4 "a budget ends dfs" "explore $options --strategy dfs --depth 20 --budget 1s tests/explore/chunky.scn" "the budget ended it"
cat >"$at/join.scn" <<'TEXT'
scn 1
host srv module=echo listen=tcp:7000
host cli peer
0         cli connect srv:7000 as c1
+1ms      c1 send "one two three" seg=3
+0..5ms   c1 expect "one two three"
+1ms      c1 close
TEXT
"$torc" run --trace "$at/join.scn" >"$at/out" && [ "$(grep -c '"host":"srv","k":"rx".*"data":"..*"}' "$at/out")" -eq 5 ]
report $? "a read gives one segment of those there are"
echo "decide srv read.join 0 = 1" >>"$at/join.scn"
"$torc" run --trace "$at/join.scn" >"$at/out" && grep -q '"host":"srv","k":"rx".*"data":"one two three"}' "$at/out"
report $? "decided otherwise, it gives all of them"
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/till.so" tests/explore/till.c >"$at/out" 2>&1
report $? "a module with a window in a job is built"
window="$options --param bug=window tests/explore/till.scn"
expect 0 "orders and amounts do not show the window" "explore --sites free --seeds 1..300 $window" "300 of 300 seeds"
expect 0 "nor does a longer job" "explore --sites times,-point.hold --seeds 1..300 $window" "300 of 300 seeds"
expect 0 "nor does all there is beside points" "explore --sites all,-point.hold --seeds 1..300 $window" "300 of 300 seeds"
expect 1 "a job that is held at its point does" "explore --sites times --seeds 1..300 $window" "till.sold is 2" "shrunk:"
shrunk=$(ls "$at"/till-seed*.scn)
[ "$(grep -c '^decide till point.hold ' "$shrunk")" -eq 1 ] && [ "$(grep -c '^decide' "$shrunk")" -eq 1 ] && [ "$(wc -l <"$shrunk")" -le 8 ]
report $? "one decision, at the point, is left of it"
minimal "$shrunk"
expect 0 "without the window no point does harm" "explore --sites times --seeds 1..300 $options tests/explore/till.scn" "300 of 300 seeds"
expect 2 "a depth that is none" "explore --depth 65 x.scn" "'65' is not a number from 1 to 64"
expect 2 "dfs is no strategy of a single run" "run --strategy dfs x.scn" "none of fifo, random, pct, portfolio"
expect 2 "a misspelt strategy" "explore --strategy protfolio x.scn" "none of fifo, random, pct, portfolio, dfs"
expect 2 "a misspelt site" "explore --sites all,x x.scn" "unknown site 'x'"
expect 2 "seeds the wrong way round" "explore --seeds 9..3 x.scn" "'9..3' is not A..B"
printf 'scn 1\nexplore strategy=random seeds=1..3 bugdet=3s\n' >"$at/x.scn"
expect 2 "a misspelt key of an explore line" "run $at/x.scn" "x.scn:2:36: unknown key 'bugdet'; did you mean 'budget'?"
printf 'scn 1\ndecide srv red.short 1 = 2\n' >"$at/x.scn"
expect 2 "a misspelt site of a decide line" "run $at/x.scn" "x.scn:2:12: unknown site 'red.short'; did you mean 'read.short'?"
printf 'scn 1\ndecide srv read.short 1 2\n' >"$at/x.scn"
expect 2 "a decide line without its =" "run $at/x.scn" "a decision is written decide HOST SITE NUMBER = VALUE"
finish
