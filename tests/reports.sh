#!/bin/bash
# reports/: each of its test files, and the report on a module of one's own, by the line docs/coverage.md shows.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
python=${PYTHON:-/usr/bin/python3}
export PYTHONDONTWRITEBYTECODE=1
. tests/support/tap.sh
for file in reports/test_*.py; do
    "$python" "$file" >"$at/tap" 2>"$at/err"
    status=$?
    while read -r line; do
        case $line in
        'ok '*) n=$((n + 1)); echo "ok $n - $(basename "$file" .py):${line#*-}" ;;
        'not ok '*) n=$((n + 1)) not_ok=$((not_ok + 1)); echo "not ok $n - $(basename "$file" .py):${line#*-}" ;;
        '#'*) echo "$line" ;;
        esac
    done <"$at/tap"
    told=$(grep -c '^not ok' "$at/tap")
    cp "$at/err" "$at/out"
    { grep -q '^1\.\.[1-9]' "$at/tap" && [ $((status != 0)) -eq $((told > 0)) ]; }
    report $? "$file ran to its end"
done

# A module that is not Torc's own, with a command that has no counters.
git init -q "$at/own" >"$at/out" 2>&1 && cp tests/explore/faulty.* "$at/own" && cd "$at/own" &&
    git add . && git -c user.name=a -c user.email=a@b commit -q -m "begin" >>"$at/out" 2>&1 &&
    counters=$(sed -n 's/^    \(-fprofile-instr-generate .*\)/\1/p' "$TORC_ROOT/docs/coverage.md") &&
    clang -std=c11 -O1 -g -w -shared -fPIC $counters -I"$TORC_ROOT/lib/include" -o faulty.so faulty.c >>"$at/out" 2>&1
report $? "a module of one's own is built with the options docs/coverage.md shows"
look() {
    "$TORC_ROOT/reports/error-paths" --source faulty.c --torc "$TORC_BUILD/torc" --module ./faulty.so \
        --torc-option=--modules=. --out report "$@" -- -std=c11 -I"$TORC_ROOT/lib/include" >"$at/out" 2>&1
}
percent() { "$python" -c 'import json; print(round(10 * json.load(open("report/error-paths.json"))["all"]["percent"]))'; }
look --scenario faulty.scn
report $? "its error paths are reported after one run of a scenario"
once=$(percent)
grep -q '^never    faulty.c:[0-9]*: ' "$at/out"
report $? "and those that were never reached are told"
! grep '^this run ' "$at/out"
report $? "the folder of its modules is that of who asks"
look --scenario faulty.scn --torc-option=--seed=x
grep -A1 '^this run failed: .*faulty.scn' "$at/out" | grep -q "^    torc run: --seed"
report $? "of a run that fails it is told what it said"
look --scenario faulty.scn --sweep faulty.scn
report $? "a sweep of it as well"
[ "$(percent)" -gt "$once" ] && grep -q ' only with faults' report/error-paths.html
report $? "reaches more of them"
grep -q '<class name="faulty.c"' report/cobertura.xml && grep -q ' % of decisions  all' "$at/out"
report $? "lines and decisions are told as well, and in the form of Cobertura"
line=$(grep -n 'code = take_blocks(faulty)' faulty.c | cut -d: -f1)
"$TORC_ROOT/reports/error-paths" --out report --who "faulty.c:$line" >"$at/out" 2>&1
grep -q ' run .*faulty.scn$' "$at/out" && grep -q ' sweep .*faulty.scn$' "$at/out"
report $? "which runs reached a line is told by the commands to type"
"$TORC_ROOT/reports/error-paths" --out report --who faulty.c:1 >"$at/out" 2>&1
[ $? -eq 1 ] && grep -q "no run reached faulty.c:1" "$at/out"
report $? "that none did is exit status 1"
echo "faulty.c error-paths 100" >bars
look --scenario faulty.scn --thresholds bars; [ $? -eq 5 ] && grep -q 'NOT MET: error paths of faulty.c' "$at/out"
report $? "a bar that is not met is exit status 5"
look --no-run --base HEAD
report $? "what has not changed need not have been reached"
at_line=$(sed -n 's/^never    faulty.c:\([0-9]*\): .*/\1/p' "$at/out" | head -n 1)
sed -i "${at_line}s|\$| // changed|" faulty.c
look --no-run --base HEAD; [ $? -eq 5 ] && grep -q "NOT MET: changed since HEAD and never reached: faulty.c:$at_line: " "$at/out"
report $? "a changed error path that nothing reached is exit status 5"
echo '#include "none.h"' >>faulty.c
look --scenario faulty.scn; [ $? -eq 2 ] && grep -q "faulty.c:.*'none.h' file not found" "$at/out"
report $? "a source that cannot be read is exit status 2, with its place"
/usr/bin/python3 -B - >"$at/out" 2>&1 <<'TEXT'
import os, sys
sys.path.insert(0, os.path.join(os.environ["TORC_ROOT"], "bench"))
import run
def judged(bar, torc, ratio=None, ratio_to=None, **peers):
    return run.judge({"bar": bar, "torc": torc, "ratio": ratio, "ratio_to": ratio_to, "peers": peers})
assert judged("<= 1.05", 9, 1.05, "x") and not judged("<= 1.05", 1, 1.06, "x")
assert judged(">= 50", 50) and not judged(">= 50", 49) and not judged("< 200", 200)
assert judged("torc >= 10", 10, 0.5, "x") and not judged("torc >= 10", 9, 2, "x")
assert judged("torc - sqlite <= 15", 30, 2, "sqlite", sqlite=15) and not judged("torc - sqlite <= 15", 31, 2, "sqlite", sqlite=15)
assert all(judged(bar, 1) is None for bar in (None, "shown", "flat"))
assert judged(">= 2", 1, None, "x") is None and judged("torc - sqlite <= 15", 1, None, "sqlite") is None
TEXT
report $? "a bar is reached or missed by what it is for; none by a peer that is not here"
finish
