#!/bin/bash
# Shards, results, torc merge and seeds that are kept: shared out or not, killed or not, the same runs come out.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
export HOME=$at TMPDIR=$at
unset ${!TEST_*} ${!SLURM_*} ${!JOB_COMPLETION*} GITHUB_ACTIONS
torc=$TORC_BUILD/torc
python=${PYTHON:-/usr/bin/python3}
. tests/support/tap.sh
# expect STATUS WHAT ARGUMENTS TEXT...
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
# table FILE: all that is in it but what real time it took and where it was made.
table() {
    "$python" - "$1" <<'PY'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for columns, table, order in (
        ("item, number, digest, verdict, identity, message, unmet, events, t_ns, marks", "run", "number"),
        ("number, kind, name, site", "mark", "number"), ("behaviour, first", "behaviour", "behaviour"),
        ("verdict, identity, item, number, sentence, detail, decisions, found.scenario, lines, runs, trace", "found", "number")):
    for row in database.execute("SELECT command, scenario_hash, build, settings, %s FROM %s JOIN campaign ON campaign.id = campaign"
                                " ORDER BY campaign, %s" % (columns, table, order)):
        print(table, *row, sep="|")
PY
}
# same FILE FILE WHAT: the tables are equal and not empty.
same() {
    table "$1" >"$at/one" && table "$2" >"$at/two" && [ -s "$at/one" ] && diff "$at/one" "$at/two" >"$at/out"
    report $? "$3"
}
sql() { "$python" -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); [print(*r, sep="|") for r in d.execute(sys.argv[2])]' "$@"; }
build() { gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/$2.so" "$1/$2.c"; }
{ build tests/explore chunky && build tests/check slip; } >"$at/out" 2>&1
report $? "the modules with bugs are built"
chunky="--modules $at --out $at tests/explore/chunky.scn"
split="--param bug=split $chunky"

# --- shards -------------------------------------------------------------------------------------------
expect 1 "with results a failure does not end the campaign" "explore --results $at/whole.db $split" "300 of 300 seeds" "26 runs fail like that" "seed 4 and others" \
    "shrunk:    $at/chunky-seed1.scn" "shrunk:    $at/chunky-seed4.scn" "shrunk:    $at/chunky-seed30.scn"
for seed in 1 4 30; do
    "$torc" run --modules "$at" "$at/chunky-seed$seed.scn" >"$at/out" 2>&1
    [ $? -eq 1 ]; report $? "and the first of each kind is shrunk: seed $seed"
done
[ "$(sql "$at/whole.db" 'SELECT number, lines > 0, length(trace) > 0 FROM found ORDER BY number')" = "$(printf '%s|1|1\n' 1 4 30)" ]
report $? "the results have what was found, with its trace"
[ "$(sql "$at/whole.db" 'SELECT name, runs = (SELECT count(*) FROM run WHERE verdict = "fail"), first FROM held')" = "chunky.cut|1|1" ]
report $? "and in how many runs each mark held"
[ "$(sql "$at/whole.db" 'SELECT count(*) > 20, min(first), max(first) > 1 FROM behaviour')" = "1|1|1" ]
report $? "and which behaviours there were, by the run they came with"
for i in 0 1 2; do
    expect 1 "shard $i/3 has its hundred seeds" "explore --shard $i/3 --results $at/$i.db $split" "shard $i/3, from --shard" "100 of 100 seeds"
done
[ "$(for i in 0 1 2; do sql "$at/$i.db" 'SELECT number FROM run'; done | sort -n)" = "$(seq 300)" ]
report $? "every seed belongs to exactly one shard"
expect 1 "merged, their failures are told" "merge $at/all.db $at/0.db $at/1.db $at/2.db" "300 runs" "0 left out" "chunky.scn:12: something else came" "reproduce: torc run --seed 1 "
same "$at/whole.db" "$at/all.db" "and are what one process finds"
expect 1 "merged again with themselves they are the same" "merge $at/again.db $at/all.db $at/1.db" "300 runs" "0 different"
line=$(sed -n 's/^ *reproduce: torc //p' "$at/out" | head -n 1)
expect 1 "the line it prints reproduces the failure" "$line" "something else came"
[ "$(sql "$at/whole.db" 'SELECT digest FROM run WHERE item = 7')" = "$("$torc" run --digest --seed 7 --strategy portfolio --modules "$at" --param bug=split tests/explore/chunky.scn | cut -d' ' -f1)" ]
report $? "the digest of a run is the one torc run has"
rm "$at/all.db"
expect 1 "a shard that is missing is told, and its seeds" "merge $at/all.db $at/0.db $at/1.db" "nothing of shard 2/3 of 1..300" "left out: 2 5 8 " "100 of 1..300" "200 runs"
rm -f "$at"/*.db "$at"/chunky*.seeds "$at"/chunky-seed*
for i in 0 1 2 3; do "$torc" explore --shard $i/4 --results "$at/$i.db" $chunky >"$at/out" 2>&1 || report 1 "shard $i of 4"; done
expect 4 "what was left out is no success" "merge $at/all.db $at/0.db $at/2.db" "nothing of shard 1/4" "nothing of shard 3/4" "150 left out"
rm "$at/all.db"
expect 0 "with all shards it is one" "merge $at/all.db $at/0.db $at/1.db $at/2.db $at/3.db" "1 campaigns, 300 runs, 0 failed, 0 different, 0 left out"
# Marks: a shard alone does not judge them, all of them together do.
rm "$at/all.db"
expect 0 "marks that held in some run of some shard are not listed" "merge --marks $at/all.db $at/0.db $at/1.db $at/2.db $at/3.db" "0 left out"
for i in 0 1; do "$torc" explore --marks --strategy fifo --seeds 1..4 --shard $i/2 --results "$at/m$i.db" $chunky >"$at/out" 2>&1 || report 1 "half without marks"; done
expect 5 "those that held in none are" "merge --marks $at/marks.db $at/m0.db $at/m1.db" 'held in no run: sometimes "chunky.cut", tests/explore/chunky.c:'
rm "$at/marks.db"
expect 0 "if that is asked" "merge $at/marks.db $at/m0.db $at/m1.db"
"$torc" explore --seeds 1..3 --results "$at/hope.db" --param bug=hope $chunky >"$at/out" 2>&1
expect 5 "a run that is set aside holds none" "merge --marks $at/hopes.db $at/hope.db" 'held in no run: sometimes "chunky.cut"'
for i in 0 1; do "$torc" sweep --shard $i/2 --results "$at/s$i.db" scenarios/smoke/kv.scn >"$at/out" 2>&1 || report 1 "half a sweep"; done
"$torc" sweep --results "$at/sweep.db" scenarios/smoke/kv.scn >"$at/out" 2>&1
expect 0 "halves of a sweep are merged" "merge $at/sweeps.db $at/s0.db $at/s1.db" "sweep scenarios/smoke/kv.scn" "0 left out"
same "$at/sweep.db" "$at/sweeps.db" "and are the whole sweep"
expect 0 "what sweep has is known when it is resumed" "sweep --results $at/sweeps.db --resume scenarios/smoke/kv.scn" "$(table "$at/sweep.db" | grep -c ^run) known"

# A sweep that fails: what it found is there without a folder for it, and shrunk with one.
faulty="--modules $at --fault alloc,db --param bug=unhandled tests/explore/faulty.scn"
build tests/explore faulty
expect 1 "a sweep that fails" "sweep --results $at/faulty.db $faulty" "reproduce:"
[ "$(sql "$at/faulty.db" "SELECT count(*) > 0, min(length(trace) > 0), max(lines) FROM found")" = "1|1|0" ]
report $? "its results have a trace of each kind"
mkdir "$at/folder"
expect 1 "and with a folder" "sweep --out $at/folder --results $at/shrunk.db $faulty" "reproduce:"
[ "$(sql "$at/shrunk.db" "SELECT count(*) > 0, min(lines) > 0 FROM found")" = "1|1" ]
report $? "the small scenario"
for i in 0 1 2; do "$torc" sweep --out "$at/folder" --shard $i/3 --results "$at/f$i.db" $faulty >"$at/out" 2>&1; done
expect 1 "the same in thirds" "merge $at/thirds.db $at/f0.db $at/f1.db $at/f2.db" "0 left out"
same "$at/shrunk.db" "$at/thirds.db" "is the same"

# A hunt: a campaign for each phase.
expect 1 "a hunt that finds something" "hunt --budget 20s --results $at/hunt.db --out $at --modules $at --param bug=split tests/explore/chunky.scn" "found (orders and amounts)"
[ "$(sql "$at/hunt.db" "SELECT phase, (SELECT group_concat(DISTINCT verdict) FROM run WHERE campaign = id ORDER BY 1) FROM campaign ORDER BY id")" = "as it is|pass
perturbed|pass
orders and amounts|fail,pass" ]
report $? "writes down its phases"
[ "$(sql "$at/hunt.db" "SELECT count(*), min(length(trace) > 0), min(lines) > 0 FROM found")" = "1|1|1" ]
report $? "and what it found"
line=$(sql "$at/hunt.db" "SELECT reproduce FROM failure LIMIT 1")
expect 1 "the line the results have reproduces it" "${line#torc }" "something else came"
expect 1 "its results can be merged" "merge $at/hunts.db $at/hunt.db" "hunt tests/explore/chunky.scn, phase=3" "0 left out"
expect 3 "one whose determinism check fails" "hunt --budget 5s --results $at/slip.db --out $at --modules $at --param kind=memory tests/check/slip.scn" "found (perturbed)"
[ "$(sql "$at/slip.db" "SELECT verdict, message FROM failure")" = "differs|a run and a perturbed one are not the same" ]
report $? "says so"
line=$(sql "$at/slip.db" "SELECT reproduce FROM failure")
expect 3 "and how to see it" "${line#torc }" "slip.scn"

# --- where the shard is taken from ----------------------------------------------------------------------
told() { what=$1 wanted=$2 text=$3; shift 3
    env "$@" "$torc" explore $chunky >"$at/out" 2>&1
    [ $? -eq "$wanted" ] && grep -qF -- "$text" "$at/out"
    report $? "$what"
}
told "Bazel tells the shard" 0 "shard 1/2, from TEST_SHARD_INDEX" TEST_SHARD_INDEX=1 TEST_TOTAL_SHARDS=2 TEST_SHARD_STATUS_FILE="$at/heeded"
[ -e "$at/heeded" ]; report $? "and sees that it was heeded"
told "Slurm tells it" 0 "shard 3/4, from SLURM_ARRAY_TASK_ID" SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=4 SLURM_ARRAY_TASK_COUNT=4
told "Kubernetes tells it" 0 "shard 0/2, from JOB_COMPLETION_INDEX" JOB_COMPLETION_INDEX=0 JOB_COMPLETIONS=2
told "an index without a number of shards is an error" 2 "JOB_COMPLETION_INDEX is set, but JOB_COMPLETIONS, the number of shards, is not" JOB_COMPLETION_INDEX=0
told "an array with gaps is an error" 2 "an array with gaps" SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=3
told "an index that is too high is an error" 2 "TEST_SHARD_INDEX is 2, but TEST_TOTAL_SHARDS is 2" TEST_SHARD_INDEX=2 TEST_TOTAL_SHARDS=2
told "no shards at all are an error" 2 "TEST_TOTAL_SHARDS is 0" TEST_SHARD_INDEX=0 TEST_TOTAL_SHARDS=0
told "a word is an error" 2 "TEST_SHARD_INDEX: 'one' is not a number" TEST_SHARD_INDEX=one TEST_TOTAL_SHARDS=2
TEST_SHARD_INDEX=7 expect 0 "the option comes first" "explore --shard 0/3 $chunky" "shard 0/3, from --shard"
expect 2 "a shard that is none" "explore --shard 3 x.scn" "--shard: '3' is not I/N"
expect 2 "a shard beyond the last" "sweep --shard 3/3 x.scn" "'3/3': 3 shards are numbered from 0 to 2"

# --- killed and resumed ---------------------------------------------------------------------------------
many="--seeds 1..30000 --jobs 2 $split"
"$python" - "$at/killed.db" "$torc" explore $many --results "$at/killed.db" >"$at/out" 2>&1 <<'PY'
import os, sqlite3, subprocess, sys
campaign = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
runs = 0
while runs == 0 and campaign.poll() is None:
    try:
        runs = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True, timeout=60).execute("SELECT count(*) FROM run").fetchone()[0]
    except sqlite3.OperationalError:
        pass  # there is no file or no table yet
campaign.kill()
print("ended with", campaign.wait(), "after", runs)
sys.exit(campaign.returncode != -9)
PY
report $? "a campaign is killed while it runs"
[ "$(sql "$at/killed.db" 'PRAGMA integrity_check')" = ok ]; report $? "its results are whole"
"$torc" explore $many --results "$at/killed.db" --resume >"$at/resumed" 2>&1
status=$?; cp "$at/resumed" "$at/out"
known=$(sed -n 's/.*: \([0-9]*\) known.*/\1/p' "$at/resumed")
[ $status -eq 1 ] && [ "$known" -gt 0 ] && [ "$known" -lt 30000 ]
report $? "it is resumed: some runs are known and not all"
"$torc" explore $many --results "$at/whole.db" >"$at/uninterrupted" 2>&1
same "$at/killed.db" "$at/whole.db" "and ends with the table of one that was not killed"
expect 1 "when all is known nothing is run, failures are told, and the status is the same" "explore $many --results $at/killed.db --resume" "30000 known" "30000 of 30000 seeds" "something else came" "reproduce:"
rm -f "$at"/*.db "$at"/chunky*.seeds "$at"/chunky-seed*
expect 4 "what a budget left" "explore --seeds 1..100000000 --budget 100ms --results $at/b.db $chunky" "the budget ended it"
expect 4 "is left out of the merge" "merge $at/all.db $at/b.db" "..100000000"

# --- what is in the rows --------------------------------------------------------------------------------
for bug in crash exit; do
    "$torc" explore --results "$at/$bug.db" --param bug=$bug $chunky >"$at/out" 2>&1
    cp "$at/$bug.db" "$at/copy.db"
    expect 1 "what ends its process is known when it is resumed: bug=$bug" "explore --results $at/$bug.db --resume --param bug=$bug $chunky" "300 known" "49 runs fail like that"
    same "$at/copy.db" "$at/$bug.db" "and nothing has changed: bug=$bug"
done
# With a sanitizer it is the sanitizer that ends it.
crash="signal 11|"; nm "$torc" | grep -q __asan_init && crash="exited|"
[ "$(sql "$at/crash.db" "SELECT DISTINCT verdict, digest FROM failure")" = "$crash" ]; report $? "a crash is in the results with its signal"
[ "$(sql "$at/exit.db" "SELECT DISTINCT verdict, digest FROM failure")" = "exited|" ]; report $? "and an exit as one"
printf '%s\n' 'scn 1' 'host s module=echo' 'host a peer' '0 a connect s:7007 as x' '1ms x send "12"' '9ms x reset' 'sometimes s.bytes == 1' >"$at/once.scn"
sed 's/== 1/== 7/' "$at/once.scn" >"$at/never.scn"
some="--seeds 1..40"
for i in 0 1; do
    expect 0 "a shard alone does not judge what must be true once: $i/2" "explore $some --shard $i/2 --results $at/once$i.db $at/once.scn" "20 of 20 seeds"
    expect 0 "nor what never is: $i/2" "explore $some --shard $i/2 --results $at/never$i.db $at/never.scn" "20 of 20 seeds"
done
expect 0 "all shards together do: it was true" "merge $at/once.db $at/once0.db $at/once1.db" "0 left out"
[ "$(sql "$at/once.db" "SELECT count(DISTINCT verdict) FROM run")" = 2 ]; report $? "in some runs and not in all"
expect 5 "it was not" "merge $at/never.db $at/never0.db $at/never1.db" "in no run" "0 failed"
expect 5 "who runs all judges it" "explore $some --results $at/never2.db $at/never.scn" "never true"

# --- the same and not the same --------------------------------------------------------------------------
slip="--modules $at --out $at --seeds 1..5 --param kind=environment tests/check/slip.scn"
"$torc" explore --results "$at/here.db" $slip >"$at/out" 2>&1; report $? "a module that looks at the environment runs"
PAD=0123456789 "$torc" explore --results "$at/there.db" $slip >"$at/out" 2>&1; report $? "elsewhere too"
rm "$at/all.db"
expect 3 "merging shows both sides of what is different" "merge $at/all.db $at/here.db $at/there.db" "different: 5" "$at/here.db: pass $(sql "$at/here.db" 'SELECT digest FROM run WHERE item = 5')" \
    "$at/there.db: pass $(sql "$at/there.db" 'SELECT digest FROM run WHERE item = 5')" "5 different"
export PAD=0123456789
expect 3 "so does running it into the same file again" "explore --results $at/here.db $slip" "different: $at/here.db: 5" "5 different"
expect 0 "known runs are not compared" "explore --results $at/here.db --resume $slip" "5 known, 0 different"
unset PAD
expect 0 "another parameter is another campaign" "explore --results $at/here.db ${slip/environment/none}" "0 known, 0 different"
expect 0 "another strategy too" "explore --strategy pct --results $at/here.db --resume $slip" "0 known, 0 different"
"$torc" explore --results "$at/build.db" $chunky >"$at/out" 2>&1
gcc -std=c11 -O0 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/chunky.so" tests/explore/chunky.c
expect 0 "another build of a module too" "explore --results $at/build.db --resume $chunky" " 0 known"
[ "$(sql "$at/build.db" 'SELECT count(DISTINCT build) FROM campaign')" = 2 ]; report $? "the results have both"
sed 's/50ms      one send/51ms      one send/' tests/explore/chunky.scn >"$at/chunky.scn"
expect 0 "another text too" "explore --results $at/build.db --resume --modules $at $at/chunky.scn" " 0 known"

# --- what cannot be -------------------------------------------------------------------------------------
echo "this is no results file, and longer than a header is: $(seq 200)" >"$at/text"
sql "$at/other.db" 'CREATE TABLE mine (x)'
cp "$at/here.db" "$at/newer.db"; sql "$at/newer.db" 'PRAGMA user_version = 4'
expect 2 "results into a text" "explore --results $at/text $chunky" "$at/text is no file of results"
expect 2 "results into somebody's database" "explore --results $at/other.db $chunky" "$at/other.db is no file of results"
expect 2 "results of another version" "sweep --results $at/newer.db scenarios/smoke/kv.scn" "results of version 4; this torc reads and writes version 3"
expect 2 "results where there is no folder" "explore --results $at/none/x.db $chunky" "it cannot be opened: No such file"
expect 2 "nothing to resume" "explore --resume $chunky" "nothing to resume without --results FILE"
expect 2 "results of every order" "explore --strategy dfs --results $at/dfs.db $chunky" "strategy dfs has no seeds to write down"
expect 2 "a value for --resume" "explore --resume=yes $chunky" "takes no value"
expect 2 "a misspelt option" "sweep --result x.db x.scn" "did you mean --results?"
expect 2 "merging a text" "merge $at/m.db $at/here.db $at/text" "$at/text is no file of results"
[ -z "$(ls "$at" | grep '^m\.db')" ]; report $? "leaves nothing behind"
expect 2 "merging another version" "merge $at/m.db $at/newer.db" "results of version 4"
"$torc" explore --results "$at/part.db" $chunky >"$at/out" 2>&1
head -c 10000 "$at/part.db" >"$at/cut.db"
expect 2 "merging a file cut short" "merge $at/m.db $at/cut.db" "$at/cut.db: database disk image is malformed"
expect 2 "going on with one" "explore --results $at/cut.db --resume $chunky" "$at/cut.db: database disk image is malformed"
expect 2 "merging a file that is to be made with itself" "merge $at/m.db $at/m.db" "$at/m.db: No such file or directory"
(trap '' XFSZ; ulimit -f 8; "$torc" merge "$at/m.db" "$at/part.db") >"$at/out" 2>&1
[ $? -eq 99 ] && [ ! -e "$at/m.db" ]; report $? "where there is no room for it nothing is left"
expect 2 "merging what is not there" "merge $at/m.db $at/nowhere.db" "$at/nowhere.db: No such file or directory"
expect 2 "merging into what is there" "merge $at/here.db $at/build.db" "is there already"
expect 2 "merging nothing" "merge $at/m.db" "into which file, and which files?"
expect 2 "a misspelt option of merge" "merge --hlep x y" "did you mean --help?"
expect 0 "its help" "merge --help" "usage: torc merge [options] OUT FILE..."

# --- seeds that failed ----------------------------------------------------------------------------------
rm -f "$at"/*.db "$at"/chunky*.seeds "$at"/chunky-seed*
expect 0 "where nothing fails" "explore $chunky" "300 of 300"
[ -z "$(ls "$at" | grep chunky | grep -v -e '\.so$' -e '\.scn$')" ]; report $? "nothing is kept"
expect 2 "a folder for what is found that is not there" "explore --seeds 1..3 --out $at/none --modules $at --param bug=split tests/explore/chunky.scn" "torc explore: --out $at/none: No such file or directory"
expect 2 "one of a sweep that is a file" "sweep --out $at/chunky.so --modules $at tests/explore/chunky.scn" "torc sweep: --out $at/chunky.so: Not a directory"
expect 0 "A alone is a seed" "explore --seeds 5 $chunky" "1 of 1 seeds"
expect 1 "a seed that fails is kept" "explore --seeds 30..40 $split" "kept:      1 seed in $at/chunky.seeds"
seed=$(sed -n 's/^\([0-9]*\) .*/\1/p' "$at/chunky.seeds")
expect 1 "and tried first, whatever seeds are asked for" "explore --seeds 1..300 $split" "1 seed of $at/chunky.seeds first" "chunky.scn, seed$seed" ": 1 of 300 seeds"
! grep -q "kept:" "$at/out"; report $? "it is not told a second time"
expect 0 "it is not tried with other parameters" "explore --seeds 1..3 --param bug=none $chunky" "3 of 3 seeds"
grep -q "^$seed " "$at/chunky.seeds"; report $? "and stays"
expect 0 "it is not tried by a shard it does not belong to" "explore --seeds 2..2 --shard $(((seed + 1) % 1000))/1000 $split" "of 0 seeds"
# All at once, each with other settings, so that each has its line.
count=0
for strategy in random pct; do
    for also in ready.order write.short packet.delay job.delay ready.order,write.short; do
        "$torc" explore --strategy $strategy --sites read.short,$also --jobs 1 $split >"$at/out-$count" 2>&1 &
        count=$((count + 1))
    done
done
wait
cat "$at/chunky.seeds" "$at"/out-* >"$at/out"
[ "$(grep -c 'bug=split$' "$at/chunky.seeds")" -eq $((count + 1)) ] && [ "$(grep -c '^ *kept: ' "$at/out")" -eq $count ]
report $? "several may keep seeds at the same time"
sed -i '/strategy=portfolio/!d' "$at/chunky.seeds"
sed 's/bug, "split") == 0/bug, "spilt") == 0/' tests/explore/chunky.c >"$at/chunky.c"
gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/chunky.so" "$at/chunky.c"
expect 0 "when it passes that is said, and it is counted beside those that were asked for" "explore --seeds 1..3 $split" "4 of 4 seeds" "kept:      seed $seed passes now, it is no longer in $at/chunky.seeds"
[ ! -e "$at/chunky.seeds" ]; report $? "and with the last one the file goes"

# --- the scripts ----------------------------------------------------------------------------------------
build tests/explore chunky
export TORC=$torc
"$torc" explore --results "$at/whole.db" $split >"$at/out" 2>&1
if parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
    examples/distribution/parallel.sh "$at/par" 5 explore $split >"$at/out" 2>&1
    [ $? -eq 1 ] && grep -q "300 runs, 49 failed, 0 different, 0 left out" "$at/out"; report $? "parallel.sh shares a campaign out and merges it"
    same "$at/whole.db" "$at/par/all.db" "and finds what one process finds"
    examples/distribution/parallel.sh "$at/par" 5 explore $split >"$at/out" 2>&1
    [ $? -eq 1 ] && [ "$(grep -c ': 60 known' "$at/out")" -eq 5 ]; report $? "run again it goes on where it was"
    examples/distribution/parallel.sh "$at/bad" 2 explore --strategy none x.scn >"$at/out" 2>&1
    [ $? -eq 99 ] && [ "$(grep -c '^ended with status 2' "$at/out")" -eq 2 ]; report $? "a shard that cannot run is an error"
else
    for what in "shares a campaign out" "finds what one process finds" "goes on where it was" "a shard that cannot run"; do
        n=$((n + 1)); echo "ok $n - parallel.sh: $what # SKIP GNU parallel is not installed"
    done
fi
bash -n examples/distribution/slurm.sbatch; report $? "slurm.sbatch is a script"
bad=0
for id in 3 4 5; do
    SLURM_ARRAY_TASK_ID=$id SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=5 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_STEP=1 SLURM_CPUS_PER_TASK=2 \
        examples/distribution/slurm.sbatch "$at/slurm" explore $split >"$at/out" 2>&1
    [ $? -eq 1 ] && grep -q "from SLURM_ARRAY_TASK_ID" "$at/out" || bad=1
done
report $bad "with Slurm's variables each task runs its shard"
"$torc" merge "$at/slurm/all.db" "$at"/slurm/[0-9]*.db >"$at/out" 2>&1
same "$at/whole.db" "$at/slurm/all.db" "and all tasks find what one process finds"
finish
