#!/bin/bash
# Recordings from outside: the committed one replays equal, a damaged one is found with a message that
# helps, a changed program is found, and what is recorded now can be replayed now.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
server=
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null; rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
recording=fixtures/recordings/kv-redis-clients.torc
. tests/support/tap.sh
# expect STATUS WHAT [TEXT...]: replays $at/file; the status, and each text in what is printed.
expect() {
    wanted=$1 what=$2; shift 2
    "$torc" replay "$at/file" ${options:-} >"$at/out" 2>&1
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}

# --- the committed recording -------------------------------------------------------------------------
"$torc" replay "$recording" >"$at/out" 2>&1
report $? "the recording of real clients replays equal"
digest=$(tail -n 1 "$recording" | sed 's/.*"digest":"\([0-9a-f]*\)".*/\1/')
grep -q "digest  *$digest\$" "$at/out"
report $? "the digest is the recorded one"
grep -q 'equal byte for byte' "$at/out" && grep -q 'virtual time' "$at/out" && grep -q 'wall time' "$at/out"
report $? "replies, virtual time and wall time are told"
"$torc" replay "$recording" --jsonl "$at/events" >"$at/out" 2>&1 && sed '1d;$d' "$recording" | cmp - "$at/events" >>"$at/out" 2>&1
report $? "--jsonl writes the recorded events again"
"$torc" replay "$recording" -v >"$at/out" 2>&1 && grep -q '^recorded by module kv' "$at/out"
report $? "-v says what recorded it"

# --- damaged -----------------------------------------------------------------------------------------
sed 's/\("k":"tx".*\)hello there/\1hello THERE/' "$recording" >"$at/file"
event=$(sed -n 's/^{"n":\([0-9]*\),.*"k":"tx".*hello THERE.*/\1/p' "$at/file" | head -n 1)
expect 1 "a changed reply is found, with both sides and what led to it" "event $event at" \
    'expected      "$11\r\nhello THERE\r\n"' 'got           "$11\r\nhello there\r\n"' \
    'after reading "*2\r\n$4\r\nPING\r\n$11\r\nhello there\r\n"' "connection    c1 with tcp:127.0.0.1:"
reproduce=$(sed -n 's/^  reproduce *torc //p' "$at/out")
show=$(sed -n 's/^  show *//p' "$at/out")
eval "\"$torc\" $reproduce" >"$at/again" 2>&1
[ $? -eq 1 ] && grep -q "event $event at" "$at/again"
report $? "the command it gives reproduces it"
eval "$show" >"$at/shown" 2>&1 && grep -q 'hello THERE' "$at/shown"
report $? "the command it gives shows it"
sed 's/\("k":"tx".*\)hello there/\1hello there, and more/' "$recording" >"$at/file"
expect 1 "a reply made longer is found" "event $event at" "expected"
sed 's/\("k":"tx".*\)hello there/\1hello/' "$recording" >"$at/file"
expect 1 "a reply made shorter is found" "expected"
sed 's/\("k":"rx".*\)hello there/\1hello THERE/' "$recording" >"$at/file"
expect 1 "a changed request is found by its reply" "hello THERE"
sed 's/hello there/hello THERE/g' "$recording" >"$at/file"
expect 2 "request and reply changed alike are found by the digest" "$at/file:$(wc -l <"$at/file"):" "the recording was changed"
sed '20d' "$recording" >"$at/file"
expect 2 "a missing line is found" "$at/file:20: event 20 follows event 18"
sed '20s/"t":[0-9]*/"t":0/' "$recording" >"$at/file"
expect 2 "time that goes back is found" "$at/file:20: the field \"t\" goes back"
awk 'NR == 20 { held = $0; next } { print } NR == 21 { print held }' "$recording" >"$at/file"
expect 2 "exchanged lines are found" "$at/file:20: event 20 follows event 18"
sed '30s/.*/not json/' "$recording" >"$at/file"
expect 2 "a line that is not JSON is named" "$at/file:30: "
sed '$s/"digest":"./"digest":"g/' "$recording" >"$at/file"
expect 2 "another digest is found" "the recording was changed"
{ cat "$recording"; echo x; } >"$at/file"
expect 2 "something after the end is found" "something follows the last line"
head -c 200000 "$recording" >"$at/file"
expect 0 "a recording cut in mid-line replays up to its last whole turn" "truncated" "equal byte for byte"
head -c 100 "$recording" >"$at/file"
expect 2 "half a first line is no recording" "$at/file:1: this is not a recording"
: >"$at/file"
expect 2 "nor is an empty file" "$at/file:1: this is not a recording"
cp "$torc" "$at/file"
expect 2 "nor is a program" "this is not a recording"
sed '1s/"module":"kv"/"module":"nosuch"/' "$recording" >"$at/file"
expect 2 "a module that is not there is named" "module 'nosuch': " "No such file"
sed '1s/"options":\[\[/"options":[["frobnicate","1"],[/' "$recording" >"$at/file"
expect 2 "an option the module does not have is named" "frobnicate"
sed '1s|"module":"kv"|"module":"./evil.so"|' "$recording" >"$at/file"
expect 2 "a recording does not say which file is loaded" "it names its module './evil.so'" "--module ./evil.so"
sed '1s|"module":"kv"|"module":"k\\u001b[2Jv"|' "$recording" >"$at/file"
expect 2 "nor what a terminal does" "$at/file:1: a control character is in one of version, module"
rm "$at/file"
expect 2 "a file that is not there is named" "$at/file: No such file"

# --- databases ---------------------------------------------------------------------------------------
mkdir "$at/tmp"
real() { options="--db real $2" TMPDIR="$at/tmp" expect "$1" "${@:3}"; }
cp "$recording" "$at/file"
statements=$(grep -c '"what":"statement"' "$recording")
expect 0 "statements are answered from the recording" "$statements with " "answered from the recording"
real 0 "" "SQLite gives what is recorded for each" "SQLite        ran $statements of them; codes, rows and changes equal"
sed 's/\("sql":"UPDATE batches SET number = ?"[^}]*"changes":\)1/\12/' "$recording" >"$at/file"
real 1 "" "a changed number of changes is found by SQLite" "SQLite changed another number of rows" \
    "at            database kv, request " "statement     UPDATE batches" "expected      2" "got           1" \
    "reproduce     torc replay $at/file --db real"
expect 2 "and without it by the digest" "the recording was changed"
sed '0,/"rows":\[\["wal"\]\]/s//"rows":[["delete"]]/' "$recording" >"$at/file"
real 1 "" "a changed row is found by SQLite" "row 1, column journal_mode" "expected      'delete'" "got           'wal'"
sed '0,/"sql":"REPLACE INTO keys/s//"sql":"INSERT INTO keys/' "$recording" >"$at/file"
expect 1 "a changed statement is found" "the program ran another statement than recorded" \
    "expected      'INSERT INTO keys" "got           'REPLACE INTO keys"
sed '0,/"parameters":\[{"blob64":"Z3JlZXRpbmc="/s//"parameters":[{"blob64":"Z3JlZXRpbmd="/' "$recording" >"$at/file"
expect 2 "a value that is no value is named" 'the field "parameters" is not a value of a database'
sed '0,/"parameters":\[{"blob64":"Z3JlZXRpbmc="/s//"parameters":[{"blob64":"R3JlZXRpbmc="/' "$recording" >"$at/file"
expect 1 "a changed parameter is found" ", parameter 1" "expected      x'Greeting'" "got           x'greeting'"
head -c 300000 "$recording" >"$at/file"
real 0 "" "a recording cut in mid-line is run up to its last whole turn" "truncated" "codes, rows and changes equal"
cp "$recording" "$at/file"
real 2 "--db-from $0" "an initial database that is none is named" "$0: cannot be copied: file is not a database"
[ -z "$(ls -A "$at/tmp")" ]
report $? "no file is left of any of these"

# --- another program ---------------------------------------------------------------------------------
sed '1s/,\["db","kv.sqlite"\]//' "$recording" >"$at/file"
options="--module echo" expect 1 "another program is found by what it does" "kv was recorded, this is echo" \
    "the program listened on tcp:127.0.0.1:0, which is not recorded"
unset options
cp "$recording" "$at/file"
# changed WHAT FILE SED TEXT: kv with one line changed.
changed() {
    what=$1
    cp -r fixtures/kv "$at/kv" && sed -i "$3" "$at/kv/$2"
    if cmp -s "fixtures/kv/$2" "$at/kv/$2" ||
       ! ${CC:-gcc} -std=c11 -shared -fPIC -O1 -Ilib/include -o "$at/changed.so" \
           $(ls "$at"/kv/*.c | grep -v _test.c) >"$at/out" 2>&1; then
        report 1 "$what (it could not be built)"
    else
        options="--module $at/changed.so" expect 1 "$what" "event " "expected" "got" "$4"
        unset options
    fi
    rm -rf "$at/kv" "$at/changed.so"
}
changed "kv with another answer to PING is found" commands_connection.c 's/"PONG"/"PANG"/' "after reading"
changed "kv that counts otherwise is found by what it stores" commands_string.c 's/value += by;/value += by + 1;/' \
    "bound another value than recorded"
changed "kv with another statement is found" kv_batch.c 's/REPLACE INTO keys/INSERT INTO keys/' \
    "got           'INSERT INTO keys"

# --- recorded now ------------------------------------------------------------------------------------
start() {
    : >"$at/listening"
    "$torc" serve echo --listen tcp:127.0.0.1:0 --record "$at/file" >"$at/listening" 2>"$at/log" &
    server=$!
    for _ in $(seq 200); do grep -q '^listening ' "$at/listening" && break; sleep 0.05; done
    port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' "$at/listening")
}
talk() {
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'one\r\n' >&3 && head -c 5 <&3 && printf 'two\0\377' >&3 && head -c 5 <&3 | wc -c
    exec 3>&-
}
start
answer=$(talk)
kill -TERM $server; wait $server
status=$? server=
cp "$at/log" "$at/out"
[ $status -eq 0 ] && [ "$answer" = "$(printf 'one\r\n5')" ]
report $? "torc serve --record serves, and ends in order at SIGTERM"
expect 0 "what was recorded now replays now" "1 connections" "10 bytes in 2 writes, equal"
start
talk >/dev/null
sleep 0.3
kill -KILL $server; wait $server 2>/dev/null
server=
expect 0 "the recording of a server that was killed has what happened up to a moment before" truncated "10 bytes in 2 writes, equal"
finish
