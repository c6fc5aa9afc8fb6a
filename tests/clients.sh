#!/bin/sh
# kv under `torc serve`, driven by the commands redis-cli and redis-benchmark.  Prints TAP.
set -u
build=${TORC_BUILD:-build}
torc=$build/torc
module=$build/modules/kv.so
work=$(mktemp -d) || exit 99
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null; fi; rm -rf "$work"' EXIT INT TERM
at=$work
. "$(dirname "$0")/support/tap.sh"
same() { # same CLAIM EXPECTED ACTUAL
    [ "$2" = "$3" ]
    report $? "$1"
    [ "$2" = "$3" ] || printf '# expected: %s\n# got: %s\n' "$2" "$3"
}

if ! command -v redis-cli >/dev/null || ! command -v redis-benchmark >/dev/null; then
    echo '1..1'
    echo 'ok 1 - redis-cli and redis-benchmark # SKIP they are not installed'
    exit 0
fi

# The line that says where it listens is awaited through a pipe: nothing here sleeps.
mkfifo "$work/out"
"$torc" serve "$module" --listen tcp:127.0.0.1:0 --log-level error >"$work/out" 2>"$work/err" &
server=$!
exec 3<"$work/out"
read -r said where <&3
port=${where##*:}
same 'it says where it listens' listening "$said"
cli() { redis-cli -p "$port" "$@"; }

same 'PING' PONG "$(cli PING)"
same 'ECHO' 'hello world' "$(cli ECHO 'hello world')"
same 'FLUSHDB' OK "$(cli FLUSHDB)"
same 'SET' OK "$(cli SET a 1)"
same 'SET NX' '' "$(cli SET a 2 NX)"
same 'SET XX' OK "$(cli SET a 2 XX)"
same 'GET' 2 "$(cli GET a)"
same 'EXISTS' 1 "$(cli EXISTS a b)"
same 'INCR' 3 "$(cli INCR a)"
same 'DECR' 2 "$(cli DECR a)"
same 'INCRBY' 42 "$(cli INCRBY a 40)"
same 'MSET' OK "$(cli MSET b 1 c 2)"
same 'MGET' '1 2' "$(cli MGET b c | tr '\n' ' ' | sed 's/ $//')"
same 'TYPE' string "$(cli TYPE a)"
same 'EXPIRE' 1 "$(cli EXPIRE a 100)"
same 'TTL' 100 "$(cli TTL a)"
same 'PEXPIRE' 1 "$(cli PEXPIRE a 100000)"
left=$(cli PTTL a)
[ "$left" -gt 90000 ] && [ "$left" -le 100000 ]
report $? 'PTTL'
same 'KEYS' 'a b c' "$(cli KEYS '*' | sort | tr '\n' ' ' | sed 's/ $//')"
same 'DBSIZE' 3 "$(cli DBSIZE)"
same 'DEL' 2 "$(cli DEL b c nosuch)"
same 'CONFIG GET' 'appendonly no' "$(cli CONFIG GET appendonly | tr '\n' ' ' | sed 's/ $//')"
same 'CLIENT' OK "$(cli CLIENT SETNAME me)"
cli INFO | grep -q '^redis_version:7'
report $? 'INFO'
cli COMMAND | grep -q '^mget'
report $? 'COMMAND'
same 'QUIT' OK "$(cli QUIT)"
same 'an error' "ERR unknown command 'NOSUCH', with args beginning with: 'x' " "$(cli NOSUCH x)"
same 'RESP3 is declined and redis-cli goes on' PONG "$(cli -3 PING 2>/dev/null | tail -n 1)"
same 'a value on standard input' 'from a pipe' \
    "$(printf 'from a pipe' | cli -x SET p >/dev/null; cli GET p)"
same 'commands on standard input' 'OK OK 7' \
    "$(printf 'SET x 3\nSET y 4\nINCRBY x 4\n' | cli | tr '\n' ' ' | sed 's/ $//')"
same 'an interactive session with help' OK \
    "$(printf 'SET x 1\n' | FAKETTY=1 redis-cli -p "$port" 2>/dev/null | tail -n 1)"

# Pipe mode: raw protocol, one megabyte of it.
i=0
while [ $i -lt 20000 ]; do
    echo "SET key:$i value-of-key-$i"
    i=$((i + 1))
done >"$work/commands"
cli --pipe <"$work/commands" >"$work/piped" 2>&1
grep -q '^errors: 0, replies: 20000$' "$work/piped"
report $? 'pipe mode'
same 'and all of it arrived' value-of-key-19999 "$(cli GET key:19999)"

for pipeline in 1 16; do
    redis-benchmark -p "$port" -n 2000 -c 50 -P $pipeline -t ping,set,get,incr,mset --csv \
        >"$work/bench" 2>"$work/bench.err"
    report $? "redis-benchmark, 50 clients, pipeline $pipeline"
    same 'and it warned of nothing' '' "$(cat "$work/bench.err")"
    same 'and it measured every test' 6 "$(grep -c '^"[A-Z]' "$work/bench")"
done
redis-benchmark -p "$port" -n 2000 -c 50 -r 1000 -d 10000 -t set,get -q >/dev/null 2>&1
report $? 'redis-benchmark with values of 10 kB'

kill -TERM "$server"
wait "$server"
same 'it stops in order' 0 $?
server=
same 'and had no error to log' '' "$(cat "$work/err")"
finish
