#!/bin/bash
# torc trial: each kind of failure with its exact message, what tests can do, and every option.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
unset GITHUB_ACTIONS CMOCKA_MESSAGE_OUTPUT CMOCKA_TEST_FILTER CMOCKA_SKIP_FILTER CMOCKA_XML_FILE
objects=$TORC_BUILD/tests/trial
. tests/support/tap.sh
# What leaks for its test is told by trial; a sanitizer is not to tell it, too.
trial() { case " $* " in *fails.so*) leaks=0 ;; *) leaks=1 ;; esac; ASAN_OPTIONS=detect_leaks=$leaks timeout -s KILL 120 "$TORC_BUILD/torc" trial "$@" >"$at/out" 2>"$at/err" </dev/null; }
# ends STATUS WHAT "ARGUMENTS" TEXT...: this exit status, and each text said.
ends() {
    wanted=$1 what=$2 arguments=$3; shift 3
    eval "trial $arguments"
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" "$at/err" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}
# A sanitizer has more real time.
real=50
if nm "$TORC_BUILD/torc" | grep -q '__asan_init'; then real=250; fi
# Where functions lie, where the build is and how long a live time is differ.
plain() { sed "s|its $real ms of real time|its 50 ms of real time|; s|$objects|build/tests/trial|g; /(.*+0x[0-9a-f]*)\$/d; s/due in 3599[0-9]*/due in 3599.../; s/ ([0-9]* ms)\$//" "$1"; }
same() { plain "$at/out" >"$at/plain"; diff "$1" "$at/plain" >"$at/err"; }

# --- what fails ---------------------------------------------------------------------------------------
trial "$objects/fails.so"; status=$?
cp "$at/out" "$at/fails"
same tests/trial/fails.expected && [ $status -eq 1 ]
report $? "each kind of failure is told in its exact words"
grep -A2 'it crashed: Segmentation' "$at/fails" | grep -q 'fails.so(' && grep -A2 'it took more than' "$at/fails" | grep -q 'fails.so('
report $? "a crash and an endless loop come with a backtrace"
trial -j 3 "$objects/fails.so"; same tests/trial/fails.expected
report $? "three at a time tell the same, in the same order"
apart="$objects/fails.so --skip an_exit --skip '*live*' --skip '*sweep'"
eval "trial $apart"; plain "$at/out" >"$at/apart"
eval "trial --in-process $apart"; same "$at/apart"
report $? "in one process, where one test does no harm to the next, they tell the same"

# --- what passes --------------------------------------------------------------------------------------
trial "$objects/passes.so"; status=$?
same tests/trial/passes.expected && [ $status -eq 0 ]
report $? "tests that are right pass, those that are skipped are skipped"
trial --in-process "$objects/passes.so"; status=$?
same tests/trial/passes.expected && [ $status -eq 0 ]
report $? "in one process too"
ends 0 "several objects are run together" "$objects/passes.so $objects/fails.so --filter an_hour_is_short --filter a_sweep_of_nothing --skip '*@sweep'" \
    "2 passed, 0 failed"

# --- processes ----------------------------------------------------------------------------------------
ends 1 "each test runs in a process of its own" "$objects/static.so" "1 passed, 1 failed"
ends 0 "in one process the second finds what the first has left" "--in-process $objects/static.so" "2 passed, 0 failed"
if command -v valgrind >/dev/null && ! nm "$TORC_BUILD/torc" | grep -q '__[atm]san_init'; then
    timeout -s KILL 120 valgrind -q "$TORC_BUILD/torc" trial "$objects/static.so" >"$at/out" 2>"$at/err" </dev/null
    report $? "so they do under valgrind, without being asked for it"
else
    n=$((n + 1)); echo "ok $n - under valgrind all tests run in one process # SKIP there is no valgrind, or a sanitizer"
fi
other=$(grep -rlE --include='*.[ch]' 'cmocka_(run_group_tests|unit_test)' bench examples fixtures lib sim tests)
[ -z "$other" ] || echo "# $other"
[ -z "$other" ]
report $? "no program of this project registers its tests in another way"

# --- choosing -----------------------------------------------------------------------------------------
count() { ends 0 "$1" "--list $objects/passes.so $2"; [ "$(wc -l <"$at/out")" -eq "$3" ]; report $? "... which are $3"; }
count "a filter is a whole name" "--filter passes.an_hour_is_short" 1
count "or a name without its group" "--filter an_hour_is_short" 1
count "or a group" "--filter grouped" 3
count "without a parameter it is all of them" "--filter parameters_are_given_one_by_one" 3
count "with one it is that one" "--filter 'parameters*[20]'" 1
count "a name has ? for any character" "--filter 'an_hour_?s_short'" 1
count "filters add up, and what is to be skipped is left out" "--filter grouped --filter an_hour_is_short --skip '*@sweep'" 3
CMOCKA_TEST_FILTER=an_hour* CMOCKA_SKIP_FILTER=nothing count "CMOCKA_TEST_FILTER is honoured" "" 1
CMOCKA_SKIP_FILTER=grouped count "CMOCKA_SKIP_FILTER is honoured" "--filter 'grouped*' --filter an_hour_is_short" 1
ends 2 "a filter that leaves nothing is an error" "$objects/passes.so --filter nothing" "no test is left to run"
ends 2 "two tests of one name are an error" "$objects/twice.so" \
    "two tests are called twice.a_test[1]: tests/trial/twice.c:13 and tests/trial/twice.c:13"
ends 77 "when all are skipped that is the exit status" "$objects/passes.so --filter a_test_that_is_skipped" "1 skipped"

# --- order and repetition -----------------------------------------------------------------------------
names() { sed -n 's/^ *\(ok\|skip\|todo\) *\([^ ]*\).*/\2/p' "$at/out"; }
trial "$objects/passes.so"; names >"$at/defined"
trial "$objects/passes.so" --order random --seed 7; names >"$at/seven"
trial "$objects/passes.so" --order random --seed 7; names >"$at/again"
trial "$objects/passes.so" --order random --seed 8; names >"$at/eight"
cmp -s "$at/seven" "$at/again" && ! cmp -s "$at/seven" "$at/eight" && ! cmp -s "$at/seven" "$at/defined" &&
    [ "$(sort "$at/seven")" = "$(sort "$at/defined")" ]
report $? "a random order is that of its seed, and holds all tests"
ends 0 "--repeat runs all again" "$objects/passes.so --filter an_hour_is_short --repeat 3"
[ "$(grep -c '1 passed' "$at/out")" -eq 3 ]
report $? "... three times"
export TRIAL_COUNT="$at/count"
ends 1 "--until-failure goes on until one fails" "$objects/third.so --until-failure"
[ "$(grep -c passed "$at/out")" -eq 3 ]
report $? "... the third time"
ends 1 "--events tells what happened last in the world of a test that fails" "$objects/fails.so --events 2 --filter a_deferred_that_does_not_fire_in_time" \
    "the last of " '"k":"'
grep -c '^ .*"t":' "$at/out" | grep -qx 2
report $? "and no more than that"
ends 1 "--exit-first ends with the first failure" "$objects/fails.so --exit-first" "0 passed, 1 failed"
some="$objects/fails.so --filter no_success --filter no_failure --filter a_sweep_of_nothing --skip '*@sweep' --failed-first $at/failed"
ends 1 "--failed-first keeps the names of those that failed" "$some"
printf 'fails.no_success\nfails.no_failure\n' | cmp -s - "$at/failed"
report $? "... one on each line"
echo fails.a_sweep_of_nothing >"$at/failed"
eval "trial $some"
sed -n 2p "$at/out" | grep -q 'a_sweep_of_nothing'
report $? "... and begins with them"

# --- reports ------------------------------------------------------------------------------------------
mixed="$objects/fails.so $objects/passes.so --filter no_success --filter an_hour_is_short --filter a_test_that_is_skipped --filter a_todo"
ends 1 "--reporter dots" "$mixed --reporter dots" "F.ST" "FAIL fails.no_success" "1 passed, 1 failed, 1 skipped, 1 todo"
ends 1 "--tap" "$mixed --tap" "1..4" "not ok 1 - fails.no_success" "# a value was expected, and it failed: timeout: no answer" \
    "ok 2 - passes.an_hour_is_short" "ok 3 - passes.a_test_that_is_skipped # SKIP it is too warm" \
    "not ok 4 - passes.a_todo # TODO the second half"
CMOCKA_MESSAGE_OUTPUT=TAP ends 1 "CMOCKA_MESSAGE_OUTPUT=TAP" "$mixed" "not ok 1 - fails.no_success"
"${PYTHON:-/usr/bin/python3}" - "$TORC_BUILD/torc" "$at" $objects <<'PY' >"$at/out" 2>"$at/err"
import json, os, subprocess, sys, xml.etree.ElementTree as tree
torc, at, objects = sys.argv[1:]
names = ["no_success", "an_hour_is_short", "a_test_that_is_skipped", "a_todo"]
command = [torc, "trial", objects + "/fails.so", objects + "/passes.so"] + [x for n in names for x in ("--filter", n)]
subprocess.run(command + ["--junit", at + "/junit.xml", "--jsonl", at + "/lines"], check=False, stdout=subprocess.DEVNULL)
cases = tree.parse(at + "/junit.xml").findall(".//testcase")
assert [c.get("name") for c in cases] == names
assert cases[0].find("failure").get("message") == "a value was expected, and it failed: timeout: no answer (tests/trial/fails.c:%s)" \
    % cases[0].find("failure").text.split("fails.c:")[1].split(")")[0]
assert cases[0].get("classname") == "fails" and cases[1].find("failure") is None
assert cases[2].find("skipped").get("message") == "it is too warm"
lines = [json.loads(line) for line in open(at + "/lines")]
assert [(l["test"], l["verdict"]) for l in lines] == [("fails.no_success", "failed"), ("passes.an_hour_is_short", "passed"),
    ("passes.a_test_that_is_skipped", "skipped"), ("passes.a_todo", "todo")]
assert lines[1]["virtual_ns"] == 3601 * 10**9 and "a value was expected" in lines[0]["text"]
environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="XML", CMOCKA_XML_FILE=at + "/cmocka-%g.xml")
subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
assert len(tree.parse(at + "/cmocka-trial.xml").findall(".//testcase")) == 4
PY
report $? "JUnit's XML and JSON Lines say the same; CMOCKA_XML_FILE is honoured"
GITHUB_ACTIONS=true ends 1 "on GitHub a failure is an annotation as well" "$mixed" \
    "::error file=tests/trial/fails.c,line=" "title=fails.no_success::a value was expected, and it failed" "%0Aat tests/trial/fails.c:"

# --- interruption -------------------------------------------------------------------------------------
for how in "" --in-process; do
    : >"$at/out" # what the run before has said is no sign that this one is under way
    # What runs in the background ignores interrupts, unless it says otherwise.
    env --default-signal=INT "$TORC_BUILD/torc" trial $how "$objects/passes.so" --filter an_hour_is_short --until-failure >"$at/out" 2>"$at/err" &
    child=$!
    for _ in $(seq 400); do [ -s "$at/out" ] && break; sleep 0.05; done
    kill -INT $child; wait $child
    [ $? -eq 130 ]
    report $? "an interrupted run ends with status 130${how:+, $how}"
done

# --- what it is refused -------------------------------------------------------------------------------
# A sanitizer has an allocator of its own, and is to be loaded first; gcov asks for memory from within the command.
refused() { env LD_PRELOAD="$objects/refuser.so" "$@" >"$at/out" 2>"$at/err" </dev/null; }
if nm "$TORC_BUILD/torc" | grep -q '__[atm]san_init\|__gcov_dump'; then
    n=$((n + 1)); echo "ok $n - what it is refused is told # SKIP a sanitizer or gcov is in it"
else
    for way in "--in-process" "-j 2"; do
        k=0 status=99 untold=
        while [ $status -eq 99 ]; do
            k=$((k + 1))
            refused TORC_REFUSE_MEMORY=$k "$TORC_BUILD/torc" trial $way "$objects/passes.so" --filter a_test_that_is_skipped
            status=$?
            [ $status -ne 99 ] || [ "$(grep -c '^trial: out of memory for ' "$at/err")" -eq 1 ] || untold="$untold $k"
        done
        [ $status -eq 77 ] && [ -z "$untold" ] && [ $k -gt 20 ] || echo "status $status of the ${k}th block; of these nothing was said:$untold" >>"$at/out"
        [ $status -eq 77 ] && [ -z "$untold" ] && [ $k -gt 20 ]
        report $? "whichever block of memory it does not get, it says what for, $way"
    done
    refused TORC_REFUSE_MEMORY=1 "$TORC_BUILD/torc" trial --gdb "$objects/passes.so"
    [ $? -eq 99 ] && grep -q '^trial: out of memory for the arguments of gdb$' "$at/err"
    report $? "... so does --gdb"
    refused TORC_REFUSE_LINK=1 "$TORC_BUILD/torc" trial --gdb "$objects/passes.so"
    [ $? -eq 99 ] && grep -q '^trial: gdb: /proc/self/exe: Permission denied$' "$at/err"
    report $? "--gdb that cannot tell its own path says so"
    if command -v valgrind >/dev/null; then
        refused TORC_REFUSE_LINK=1 valgrind -q --error-exitcode=98 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
            "$TORC_BUILD/torc" trial --gdb "$objects/passes.so"
        [ $? -eq 99 ]
        report $? "... and loses no memory"
    else
        n=$((n + 1)); echo "ok $n - ... and loses no memory # SKIP there is no valgrind"
    fi
fi

# --- wrong usage --------------------------------------------------------------------------------------
ends 0 "--help" "--help" "usage: torc trial [options] TESTS.so..." "--failed-first FILE"
ends 2 "an unknown option" "--fliter x" "unknown option --fliter; did you mean --filter?"
ends 2 "a missing value" "--filter" "--filter: its value is missing"
ends 2 "an unknown reporter" "--reporter tre" "did you mean 'tree'?"
ends 2 "an order there is not" "--order backwards" "'backwards' is none of defined, random"
ends 2 "a number that is none" "--seed x" "'x' is not a number"
ends 2 "no object" "" "which tests? Shared objects are expected"
ends 2 "an object that is not there" "$at/nothing.so" "nothing.so: No such file or directory"
ends 2 "an object without tests" "$TORC_BUILD/modules/echo.so" "is a shared object without tests"

# --- gdb ----------------------------------------------------------------------------------------------
mkdir "$at/bin"
printf '#!/bin/sh\necho "$@"\n' >"$at/bin/gdb"; chmod +x "$at/bin/gdb"
PATH="$at/bin:$PATH" ends 0 "--gdb runs it under gdb" "$objects/passes.so --gdb --filter x" \
    "-q --args $TORC_BUILD/torc trial --filter x $objects/passes.so"
finish
