#!/bin/bash
# torc lint: what is shipped is clean; each check finds what it is for, at its place, and can be silenced.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
# lint STATUS ARGUMENTS...: the command, in $at/out.
lint() {
    wanted=$1; shift
    timeout 60 "$torc" lint "$@" >"$at/out" 2>&1
    status=$?
    [ $status -eq "$wanted" ] || { echo "# exit status $status, not $wanted"; return 1; }
}
# finds WHAT CHECK PLACE-AND-TEXT: the scenario on stdin has that one finding; with a comment it has none.
finds() {
    what=$1 check=$2 text=$3
    cat >"$at/found.scn"
    lint 1 "$at/found.scn" && grep -F -- "$at/found.scn:$text" "$at/out" | grep -q " \[$check\]\$" && grep -qx "1 file, 1 finding" "$at/out"
    report $? "$check: $what"
    sed "${text%%:*}s/\$/  # lint: off $check/" "$at/found.scn" >"$at/off.scn"
    [ "$check" = lint-off ] || { lint 0 "$at/off.scn"; report $? "and a comment silences it"; }
}
# clean WHAT: the scenario on stdin has no finding.
clean() {
    cat >"$at/clean.scn"
    lint 0 "$at/clean.scn"
    report $? "$1"
}
scenarios=$(find scenarios examples tests/explore tests/check -name '*.scn' | LC_ALL=C sort)
lint 0 "$TORC_BUILD"/modules/*.so $scenarios
report $? "every module and every scenario that is shipped is clean"

head='scn 1
host srv module=orders listen=tcp:7000
host cli peer
0         cli connect srv:7000 as c1'
finds "of a call" unused-name "5:15: warning: no line is about 'd1', and none counts from it" <<SCN
$head
0         cli call srv place_order id=1 as d1
always    t < 1s
SCN
finds "of an expectation" unused-name "5:11: warning: no line is about 'E'" <<SCN
$head
+1ms      expect running(srv) as E
SCN
clean "a connection that is there and no more, and names that times count from" <<SCN
$head
+1ms      expect running(srv) as E
E+1ms     srv kill as K
K.end+1ms expect !running(srv)
SCN
finds "with the one that may be meant" unknown-name "5:15: warning: no line makes 'cl1', so this never happens; did you mean 'c1'?" <<SCN
$head
+1ms      cl1 expect "HELLO"
SCN
finds "of a time" unknown-name "5:11: warning: no line makes 'other', so this never happens" <<SCN
$head
other+1ms expect running(srv)
SCN
finds "a link is no use" unused-host "3:6: warning: nothing is done to host 'more', and nothing is asked of it" <<SCN
scn 1
host srv module=echo listen=tcp:7000
host more peer
link srv<->more delay=1ms
always    srv.connections == 0
SCN
clean "hosts are used by conditions, calls, names, options and what asks all" <<SCN
scn 1
host srv module=courier peer=tcp:other:7000
host cli,other peer
host still module=echo
dns db.example = other
end       expect leaks == 0
0         cli call srv send as d1
d1+0      expect running(srv)
SCN
finds "after the limit" never-due "6:11: warning: this never happens: the run is over before, by its limit" <<SCN
$head
limit time=2s
3s        expect running(srv)
SCN
finds "after the end" never-due "6:11: warning: this never happens: 'E' is of the end, when the timeline is over" <<SCN
$head
end       expect leaks == 0 as E
E+1s      expect running(srv)
SCN
finds "counting from itself" never-due "5:11: warning: this never happens: it counts from itself" <<SCN
$head
E+1s      expect running(srv) as E
SCN
clean "a line may count from one further down, and from a trigger" <<SCN
$head
K+1s      expect !running(srv)
1s        srv kill as K
when running(srv) : cli listen 9 as L
L+1ms     expect running(srv)
SCN
cat >"$at/chain.scn" <<SCN
$head
A+1s      expect running(srv) as B
B+1s      expect running(srv) as A
SCN
lint 1 "$at/chain.scn" && grep -qF "chain.scn:5:11: warning: this never happens: 'A', which it counts from, never does [never-due]" "$at/out" &&
    grep -qx "1 file, 2 findings" "$at/out"
report $? "never-due: two that count from each other"
finds "at its first line" no-assertion "1:1: warning: it asserts nothing" <<SCN
$head
SCN
finds "with the one that may be meant" failure-type "5:14: warning: neither the library nor a module here has failures of a type 'database_bussy'; did you mean 'database_busy'?" <<SCN
scn 1
host srv module=orders listen=tcp:7000
host cli peer
0         cli call srv place_order id=1 as d1
+0..20ms  d1 expect failure database_bussy
SCN
finds "that another module has" failure-type "5:14: warning: neither the library nor a module here has failures of a type 'order_exists'" <<SCN
scn 1
host srv module=courier
host cli peer
0         cli call srv send id=1 as d1
+0..20ms  d1 expect failure order_exists
SCN
clean "a type that only the module has" <<SCN
scn 1
host srv module=orders listen=tcp:7000
host cli peer
0         cli call srv place_order id=1 as d1
+0..20ms  d1 expect failure order_exists
SCN
finds "the others are told by name" lint-off "6:31: warning: there is no check 'unused-nam'" <<SCN
$head
always    t < 1s
never     t > 2s  # lint: off unused-nam
SCN
printf 'scn 1\nhost a,b peer\nlink a<->b delay=1ms\nnever t > 2s\n' >"$at/some.inc"
clean "what an included file has too much of is its own affair" <<SCN
scn 1
include some.inc
always    t < 1s
SCN
lint 2 tests/scenarios-fail/syntax.scn && grep -q "^torc lint: tests/scenarios-fail/syntax.scn:5:15: unknown verb" "$at/out"
report $? "a scenario that does not parse is an error"

# --- modules ------------------------------------------------------------------------------------------
build() { # build [FLAGS...]
    gcc -std=c11 -O1 -w -fno-builtin -shared -fPIC -fvisibility=hidden -Ilib/include "$@" -o "$at/linted.so" tests/lint/linted.c >"$at/out" 2>&1
}
# module WHAT CHECK TEXT FLAGS...
module() {
    what=$1 check=$2 text=$3; shift 3
    build "$@" && lint 1 "$at/linted.so" && grep -qF -- "$at/linted.so: warning: $text" "$at/out" && grep -q " \[$check\]\$" "$at/out" &&
        grep -qx "1 file, 1 finding" "$at/out"
    report $? "$check: $what"
}
build && lint 0 "$at/linted.so"
report $? "a module without any of that is clean"
build -g -O0 -fstack-protector-all && lint 0 "$at/linted.so" && build -s && lint 0 "$at/linted.so"
report $? "and so it is unoptimised, and stripped"
module "initialised" writable-static "'counter' (4 bytes in .data) can be written" -DSTATIC_DATA=counter
module "zero" writable-static "'counter' (4 bytes in .bss) can be written" -DSTATIC_BSS=counter
module "of a thread" writable-static "'counter' (4 bytes in .tbss) can be written" -DSTATIC_THREAD=counter
module "with a name that begins as one of the sanitizers' does not" writable-static "'asan_counter'" -DSTATIC_BSS=asan_counter
module "initialised, stripped" writable-static "12 bytes in .data can be written" -s -DSTATIC_DATA=counter
module "zero, stripped" writable-static "8 bytes in .bss can be written" -s -DSTATIC_BSS=counter
module "of a thread, stripped" writable-static "4 bytes in .tbss can be written" -s -DSTATIC_THREAD=counter
build --coverage -DSTATIC_DATA=counter && lint 0 "$at/linted.so" &&
    grep -q "it counts coverage, so its statics and imports are not looked at" "$at/out"
report $? "where gcov counts, it says that it does not look"
# Whatever the guard stands in front of, and one of each other kind.
: >"$at/missed"
for name in $(sed -n 's/^STAND_IN([^,]*, \([a-z_]*\),.*/\1/p' sim/guard/guard.c) fopen write printf puts exit abort malloc qsort pthread_mutex_lock; do
    build -DIMPORT=$name && lint 1 "$at/linted.so" && grep -qF "it asks for '$name': " "$at/out" && ! grep -q "not known to be" "$at/out" ||
        echo "$name" >>"$at/missed"
done
cp "$at/missed" "$at/out"; [ ! -s "$at/out" ] && [ "$(grep -c '^STAND_IN' sim/guard/guard.c)" -ge 25 ]
report $? "forbidden-import: each function that the guard stands in front of, with what to say instead"
module "a name nobody knows" forbidden-import "it asks for 'getpwuid': not known to be a function of its arguments alone" -DIMPORT=getpwuid
module "by its type" descriptor "the option 'idle': its default '5s' is no value of its type" -DIDLE_TYPE=TORC_OPTION_INTEGER
module "by its text" descriptor "the option 'port': its default 'seven' is no value of its type" -DPORT_DEFAULT='"seven"'
module "a type there is not" descriptor "the option 'idle' has a type there is not: 77" -DIDLE_TYPE='(enum torc_option_type)77'
module "options twice" descriptor "there are two of the option 'port'" -DIDLE_NAME='"port"'
module "an option hosts have" descriptor "no scenario can give the option 'clock'" -DPORT_NAME='"clock"'
module "a name that is none" descriptor "the option '2nd': a name is made of" -DPORT_NAME='"2nd"'
module "no doc" descriptor "the option 'port' has no doc" -DPORT_DOC=NULL
module "probes twice" descriptor "there are two of the probe 'words'" -DPROBE_NAME='"words"'
module "a probe of two kinds" descriptor "the probe 'words' has both number and text" -DPROBE_TEXT='(void *)stop'
module "calls twice" descriptor "there are two of the call 'do'" -DCALL_NAME='"do"'
module "a call of nothing" descriptor "the call 'undo' calls nothing" -DCALL=NULL
module "a parameter of a call" descriptor "the call 'do', its parameter 'id': its default 'x' is no value" -DPARAMETER_DEFAULT='"x"'
module "another name" descriptor "it is named 'other', and scenarios call it by its file, linted.so" -DNAME='"other"'
module "no version" descriptor "it has no version" -DVERSION=NULL
module "no stop" descriptor "$at/linted.so: its torc_module has no name, options, start or stop" -DSTOP=NULL
module "of another size" descriptor "$at/linted.so was built for another version of Torc" -DSIZE=8
module "no descriptor" descriptor "$at/linted.so is a shared object but not a module" -Dtorc_module=other_module
build && head -c 3000 "$at/linted.so" >"$at/cut.so"
lint 2 "$at/cut.so" && grep -q "cut.so: it is cut short, or damaged" "$at/out"
report $? "a shared object that is cut short is an error, and not loaded"
printf 'scn 1\n' >"$at/text.so"; lint 2 "$at/text.so" && grep -q "text.so: it is no ELF file" "$at/out"
report $? "so is one that is none"
lint 2 "$at/no.so" && grep -q "no.so: No such file" "$at/out"; report $? "and one that is not there"
lint 2 && grep -q "which scenario, or which module?" "$at/out"; report $? "without a file it says what is missing"
lint 2 --modul x && grep -q "did you mean --modules?" "$at/out"; report $? "a misspelt option"
finish
