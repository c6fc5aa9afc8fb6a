#!/bin/bash
# Counts of gcov: what is written when a process ends otherwise than by exit(), and reports/coverage, by the lines
# docs/coverage.md shows for a module of one's own.  The command itself has no counters.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
claim() { report $? "$1"; }
counters=$(sed -n 's/^    gcc \(.*--coverage [^$]*\).*-shared .*/\1/p' docs/coverage.md | head -n 1)
build() { # OUTPUT SOURCE...
    to=$1; shift
    gcc $counters -D_GNU_SOURCE -I"$TORC_ROOT/lib/include" -I"$TORC_ROOT/sim/include" -shared -o "$to" "$@" "$TORC_ROOT/sim/coverage/coverage.c" \
        >>"$at/out" 2>&1
}
look() { "$torc" report coverage "$@" >"$at/out" 2>&1; }
field() { "${PYTHON:-/usr/bin/python3}" -c "import json; whole = json.load(open('report/coverage.json')); print($1)"; }

mkdir "$at/own" && cp tests/reports/ends.c tests/explore/faulty.* examples/hello/hello.c examples/hello/hello.scn examples/hello/hello_trial.c "$at/own" && cd "$at/own" &&
    git init -q . >"$at/out" 2>&1 && git add . && git -c user.name=a -c user.email=a@b commit -q -m begin >>"$at/out" 2>&1
[ -n "$counters" ] && build ends.so ends.c && build hello_trial.so hello_trial.c hello.c && build hello.so hello.c
claim "modules and tests are built with the options docs/coverage.md shows"

"$torc" trial --coverage counts ./ends.so >"$at/out" 2>&1
claim "tests with counters pass"
look --tests counts --exclude none --out report
claim "what they reached is reported"
while IFS=: read -r line text; do
    test=${text##*counted: } test=${test%% *}
    look --out report --who "ends.c:$line" && [ "$(cat "$at/out")" = "$test" ]
    claim "a line before the end of a process is counted, in the test that ran it: $test"
done < <(grep -n 'counted: ' ends.c | grep -v 'tests/coverage')
look --out report --who "ends.c:$(grep -n 'never \*/' ends.c | cut -d: -f1)"
[ $? -eq 1 ] && grep -q 'no test reached ends.c:' "$at/out"
claim "that no test reached a line is exit status 1"

"$torc" trial --in-process --coverage counts ./hello_trial.so >"$at/out" 2>&1 && look --tests counts --out report &&
    look --out report --who "hello.c:$(grep -n 'torc_transport_write_spans' hello.c | cut -d: -f1)" &&
    [ "$(cat "$at/out")" = hello_trial.a_client_is_greeted ]
claim "tests in one process are counted apart as well"
grep -q '^TN:hello_trial_a_client_is_greeted$' report/coverage.info && grep -q 'hello_trial.a_client_is_greeted' report/tests.html &&
    grep -rq 'hello_trial.a_client_is_greeted' report/html && grep -q 'filename="hello.c"' report/cobertura.xml
claim "the tests stand in lcov's file, in the pages, and the lines in Cobertura's"
never=$(field '[f for f in whole["files"] if f["name"] == "hello.c"][0]["never"]')
"$torc" sweep --modules . hello.scn >"$at/out" 2>&1 && look . --tests counts --out report &&
    [ "$(field '[f for f in whole["files"] if f["name"] == "hello.c"][0]["never"]')" != "$never" ]
claim "the runs of a sweep, in processes of their own, are counted too"

look . --tests counts --out report --base HEAD
claim "what has not changed need not have run"
line=$(grep -n 'way = 3' ends.c | cut -d: -f1)
sed -i "${line}s/never/not yet/" ends.c
echo "ends.c changed-lines 90" >bars
look . --tests counts --out report --base HEAD --thresholds bars
[ $? -eq 5 ] && grep -q "never ran: ends.c:$line: way = 3" "$at/out" && grep -q 'NOT MET: changed-lines of ends.c: 0.0 % (0 of 1)' "$at/out"
claim "changed lines that never ran are told, and a bar for them that is not met is exit status 5"
echo "ends.c decisions 100" >bars
look . --out report --thresholds bars
[ $? -eq 5 ] && grep -q 'NOT MET: decisions of ends.c: 0.0 %' "$at/out" && ! grep -q 'changed' "$at/out"
claim "so is one for decisions"

sed -i "${line}s|\$| /* LCOV_EXCL_LINE */|" ends.c
look . --tests counts --out report
[ $? -eq 2 ] && grep -q "coverage: ends.c:$line: why is this excluded?" "$at/out"
claim "an exclusion without a reason is refused, with its place"
sed -i "${line}s|EXCL_LINE|EXCL_LINE: nothing stays|" ends.c
look . --tests counts --out report && grep -q '^1 places are excluded' "$at/out" && grep -q "^excluded: ends.c:$line: nothing stays" "$at/out" &&
    [ "$(field "$line in [f for f in whole['files'] if f['name'] == 'ends.c'][0]['never']")" = False ]
claim "one with a reason is told, and counted"

build ends.so ends.c; look --tests counts --out report
[ $? -eq 2 ] && grep -q 'counted by another build' "$at/out"
claim "counts of another build are refused"
"$torc" trial --coverage none "$TORC_BUILD/tests/trial/passes.so" >"$at/out" 2>&1
[ $? -eq 2 ] && grep -q 'nothing here has counters' "$at/out" && [ ! -e none ]
claim "--coverage without counters is refused, and nothing is made"
finish
