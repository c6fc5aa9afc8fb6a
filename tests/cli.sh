#!/bin/bash
# The command from outside: what it says, where it says it, and with which exit status.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
server= other=
trap 'for p in $server $other; do kill -KILL $p 2>/dev/null; done; rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
says() { # says FILE TEXT...
    file=$1; shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || { echo "# not said: $text"; return 1; }
    done
}
# wrong WHAT "ARGUMENTS" TEXT...: exit status 2, nothing on stdout, each text on stderr.
wrong() {
    what=$1 arguments=$2; shift 2
    eval "timeout 20 \"$torc\" $arguments" >"$at/out" 2>"$at/err" </dev/null
    status=$? bad=0
    [ $status -eq 2 ] || { bad=1; echo "# exit status $status, not 2"; }
    [ -s "$at/out" ] && { bad=1; echo "# something on stdout"; }
    says "$at/err" "$@" || bad=1
    report $bad "$what"
}
# right WHAT "ARGUMENTS" TEXT...: exit status 0, nothing on stderr, each text on stdout.
right() {
    what=$1 arguments=$2; shift 2
    eval "timeout 20 \"$torc\" $arguments" >"$at/out" 2>"$at/err" </dev/null
    status=$? bad=0
    [ $status -eq 0 ] || { bad=1; echo "# exit status $status, not 0"; }
    [ -s "$at/err" ] && { bad=1; echo "# something on stderr"; }
    says "$at/out" "$@" || bad=1
    report $bad "$what"
}

# --- help and version --------------------------------------------------------------------------------
right "--help names every command and the exit statuses" "--help" serve replay run "130 Interrupted" "man torc"
right "--version is the version" "--version" "torc $(cat VERSION)"
for command in serve replay run fmt; do
    right "$command --help says how it is used" "$command --help" "usage: torc $command"
done
right "serve MODULE --help has the module's options" "serve kv --help" "--listen ADDRESS" "--max-value SIZE"
# A module that is not there: what helps.
mkdir "$at/here" && cp "$TORC_BUILD/modules/echo.so" "$at/here/mine.so"
cd "$at/here" || exit 99
wrong "a file named without its folder is one of the modules folder" "serve mine.so" "a file is named with its folder: ./mine.so"
wrong "a module in the present folder is pointed at" "serve mine" "the one of this folder is found with --modules ."
wrong "of another the option is named" "serve other" "--modules DIR says where else to look"
cd "$TORC_ROOT" || exit 99
wrong "an unknown site" "run --sites fault x.scn" "unknown site 'fault'; free, times, faults and all are groups"
wrong "no command shows the help" "" "usage: torc [options] COMMAND"

# --- wrong arguments ---------------------------------------------------------------------------------
wrong "an unknown command is named" "serv" "unknown command 'serv'; did you mean 'serve'?" "Try 'torc --help'"
wrong "one like none is named without a guess" "xyzzyx" "unknown command 'xyzzyx'"
wrong "an unknown option of torc" "--frob" "unknown option --frob"
wrong "serve without a module" "serve" "which MODULE?"
wrong "serve: an unknown option" "serve kv --rekord f" "unknown option --rekord; did you mean --record?"
wrong "serve: an option of the module misspelt" "serve kv --lisen tcp:1" "unknown option --lisen; did you mean --listen?"
wrong "serve: the same as NAME=VALUE" "serve kv lisen=tcp:1" "lisen" "listen"
wrong "serve: an option without its value" "serve kv --listen" "--listen needs a value"
wrong "serve: a value that is no address" "serve kv --listen mars" "mars"
wrong "serve: a value that is no duration" "serve kv --idle 5" "idle" "5"
wrong "serve: a level that is none" "serve kv --log-level loud" "--log-level: 'loud' is none of debug"
wrong "serve: threads that are no number" "serve kv --threads many" "--threads: 'many'"
wrong "serve: a second operand" "serve kv kv" "'kv' is neither an option nor NAME=VALUE"
wrong "serve: an option of the module before it" "serve --listen tcp:1 kv" "--listen: options of a module come after MODULE"
wrong "serve: a module that is not there" "serve nosuch" "module 'nosuch': " "nosuch.so: No such file"
wrong "serve: a path that is not there" "serve ./nosuch.so" "./nosuch.so: No such file"
wrong "serve: a file that is no shared object" "serve ./Makefile" "./Makefile is not a module"
echo 'int nothing;' | ${CC:-gcc} -shared -fPIC -x c -o "$at/plain.so" - 2>"$at/err"
wrong "serve: a shared object that is no module" "serve $at/plain.so" "is a shared object but not a module"
wrong "serve: another folder" "serve --modules / echo" "module 'echo': //echo.so: No such file"
wrong "serve: a recording that cannot be written" "serve echo --listen tcp:127.0.0.1:0 --record /nosuch/f" "--record /nosuch/f: No such file"
wrong "replay without a file" "replay" "which FILE?"
wrong "replay: two files" "replay a b" "'b' is the second"
wrong "replay: an unknown option" "replay a --modul b" "unknown option --modul; did you mean --module?"
wrong "replay: a value for an option that takes none" "replay a --verbose=yes" "--verbose takes no value"
wrong "replay: another kind of database" "replay a --db rael" "--db rael: did you mean real?"
wrong "replay: a kind of database nothing is like" "replay a --db x" "--db x: it is canned or real"
wrong "replay: an initial database without databases" "replay a --db-from b" "--db-from goes with --db real"
wrong "replay: an initial database that is not there" "replay fixtures/recordings/kv-redis-clients.torc --db real --db-from /nosuch/f" "--db-from /nosuch/f: No such file"
wrong "replay: a folder is no file" "replay /" "replay: /"
wrong "replay: events that cannot be written" "replay fixtures/recordings/kv-redis-clients.torc --jsonl /nosuch/f" "--jsonl /nosuch/f: No such file"

wrong "serve: why a file is no module is said once" "serve ./VERSION" "torc serve: ./VERSION is not a module: file too short"
: >"$at/empty"; mkdir "$at/folder"; printf '{"torc":"recording","form' >"$at/cut"
wrong "replay: an empty file" "replay $at/empty" "$at/empty:1: this is not a recording: it is empty"
wrong "replay: a file cut within its first line" "replay $at/cut" "$at/cut:1: " "its first line has no end"
head -n 1 fixtures/recordings/kv-redis-clients.torc >"$at/header"
wrong "replay: a file cut before the first event" "replay $at/header" "$at/header: it was cut short before the first event"
wrong "replay: a file without an end" "replay /dev/zero" "/dev/zero:1: the line is longer than any of a recording"
wrong "replay: a folder is said to be one" "replay $at/folder" "replay: $at/folder: Is a directory"
wrong "run: an output that cannot be written" "run --jsonl /nosuch/f scenarios/smoke/kv.scn" "run: --jsonl /nosuch/f: No such file"

wrong "serve: a folder for a module that is loaded already" "serve echo --modules /" "--modules comes before MODULE"
cat >"$at/old.c" <<'C'
const struct { unsigned long size; const char *name; } torc_module = {16, "old"};
C
${CC:-gcc} -shared -fPIC -o "$at/old.so" "$at/old.c" 2>"$at/err"
wrong "serve: a module of another version" "serve $at/old.so" "was built for another version of Torc"

# --- files of scenarios -------------------------------------------------------------------------------
# invalid WHAT FILE TEXT: exit status 2, and the text with the file's name on stdout or stderr.
invalid() {
    timeout 20 "$torc" run "$2" >"$at/out" 2>"$at/err" </dev/null
    status=$?
    cat "$at/out" >>"$at/err"
    [ $status -eq 2 ] && says "$at/err" "$2$3"
    report $? "run: $1"
}
invalid "an empty file" "$at/empty" ":1:1: a scenario begins with the line 'scn 1'"
invalid "a folder" "$at/folder" ": Is a directory"
invalid "a file that is not there" "$at/nosuch.scn" ": No such file"
! grep -v "^torc run: " "$at/err" >/dev/null; report $? "run: and who says so"
invalid "a file without end" /dev/zero ": File too large"
invalid "bytes that are no text" "$TORC_BUILD/torc" ":1:5: a control character cannot be in a scenario"
printf 'scn 1\nhost cli peer\n0 cli connect srv:1 as c # %s\n' "$(head -c 100000 /dev/zero | tr '\0' x)" >"$at/long"
invalid "a line of 100 kB" "$at/long" ":3:"
"$torc" run --param tiem=1 scenarios/smoke/kv.scn >"$at/out" 2>"$at/err"
[ $? -eq 0 ] && says "$at/err" "warning: scenarios/smoke/kv.scn: the parameter 'tiem' is given, and no line has it"
report $? "run: a parameter no line has is warned of"

printf 'scn 1\nscn 1\n' >"$at/twice"; printf '\357\273\277scn 1\n' >"$at/mark"
invalid "a second first line" "$at/twice" ":2:1: 'scn 1' is the first line, and no other"
invalid "a byte order mark" "$at/mark" ":1:1: a byte order mark"

# --- what cannot be written ---------------------------------------------------------------------------
# lost WHAT "ARGUMENTS" TEXT [OUTPUT]: exit status 99, the text on stderr.
lost() {
    eval "timeout 20 \"$torc\" $2" >"${4:-$at/out}" 2>"$at/err" </dev/null
    status=$?
    [ $status -eq 99 ] && says "$at/err" "$3"
    report $? "$1"
}
full="No space left on device"
lost "run: verdicts that cannot be printed" "run scenarios/smoke/kv.scn" "torc: standard output is not complete: " /dev/full
lost "replay: an answer that cannot be printed" "replay fixtures/recordings/kv-redis-clients.torc" "torc: standard output is not complete: $full" /dev/full
lost "help that cannot be printed" "--help" "torc: standard output is not complete: $full" /dev/full
lost "run: a report that cannot be written" "run --junit /dev/full scenarios/smoke/kv.scn" "torc run: --junit /dev/full: $full"
lost "replay: events that are not written are an error" "replay --jsonl /dev/full fixtures/recordings/kv-redis-clients.torc" "torc replay: --jsonl /dev/full: $full"
"$torc" run --jsonl /dev/full scenarios/smoke/kv.scn >"$at/out" 2>"$at/err"
status=$?; cat "$at/out" >>"$at/err"
[ $status -eq 99 ] && says "$at/err" "/dev/full: $full"
report $? "run: a trace that cannot be written"
sed '1s/,\["db","kv.sqlite"\]//' fixtures/recordings/kv-redis-clients.torc >"$at/kv.torc"
"$torc" replay "$at/kv.torc" --module line_server >"$at/out" 2>"$at/err"
[ $? -eq 1 ] && says "$at/out" "kv was recorded, this is line_server"
report $? "replay: another module than the recorded one is named"

# --- serving -----------------------------------------------------------------------------------------
# start ARGUMENTS...: sets server and port.
start() {
    : >"$at/out"
    "$torc" serve "$@" >"$at/out" 2>"$at/err" &
    server=$!
    for _ in $(seq 200); do grep -q '^listening ' "$at/out" && break; sleep 0.05; done
    port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' "$at/out")
}
end() { # end SIGNAL: sets status
    kill -"$1" $server; wait $server
    status=$? server=
}
start echo --listen tcp:127.0.0.1:0
[ -n "$port" ] && [ "$(cat "$at/out")" = "listening tcp:127.0.0.1:$port" ] && [ "$port" -ne 0 ]
report $? "serve tells the real port on stdout, and nothing else"
"$torc" serve echo --listen tcp:127.0.0.1:$port >"$at/out2" 2>"$at/err2"
status=$?
[ $status -eq 1 ] && says "$at/err2" "cannot listen on tcp:127.0.0.1:$port: address in use" && [ ! -s "$at/out2" ]
report $? "a port in use is said with its address and reason, exit status 1"
end TERM
[ $status -eq 0 ]
report $? "SIGTERM stops in order, exit status 0"
start echo --listen tcp:127.0.0.1:0
end INT
[ $status -eq 130 ]
report $? "SIGINT stops in order, exit status 130"
# A connection that does not read holds the shutdown; the second signal does not wait for it.
start echo --listen tcp:127.0.0.1:0
exec 3<>"/dev/tcp/127.0.0.1/$port"
{ head -c 20000000 /dev/zero >&3; } 2>/dev/null & other=$!
sleep 0.3
kill -TERM $server; sleep 0.3
kill -0 $server 2>/dev/null
held=$?
end TERM
kill $other 2>/dev/null; wait $other 2>/dev/null; other=
exec 3>&-
[ $held -eq 0 ] && [ $status -eq 130 ] && says "$at/err" "stopped by force"
report $? "a peer that does not read holds the shutdown, and a second signal forces it, exit status 130"
grep -Eq '^warn torc.reactor a second signal.* at=.*:[0-9]+$' "$at/err"
report $? "the log is on stderr: level, namespace, message, place"
start echo "listen=unix:$at/socket"
port=unix
[ -S "$at/socket" ] && says "$at/out" "listening unix:$at/socket"
report $? "serve listens on a UNIX socket, with NAME=VALUE"
end TERM
"$torc" serve echo --listen "unix:/nosuch/socket" >"$at/out" 2>"$at/err"
[ $? -eq 1 ] && says "$at/err" "cannot listen on unix:/nosuch/socket: "
report $? "a UNIX socket that cannot be made is said with its reason"
start echo --listen tcp:127.0.0.1:0 --record /dev/full
for _ in $(seq 200); do [ -s "$at/err" ] && break; sleep 0.05; done
says "$at/err" "the recording /dev/full ends here, serving goes on: No space left on device"
report $? "a recording that cannot be written is said while it serves"
end TERM
[ $status -eq 1 ] && says "$at/err" "the recording /dev/full is not complete: no space left"
report $? "a recording that could not be written is said at the end, exit status 1"
finish
