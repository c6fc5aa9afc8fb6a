#!/bin/bash
# kv with a database is killed (kill -9) while it is written to, again and again: no change that was
# acknowledged is lost.  And that a kv which answers before its commit is caught by this.
# TORC_KILLS: how often (6); TORC_KILL_SEED: what is drawn (the time).  Prints TAP.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
kill=$TORC_BUILD/tests/kill/kill
seed=${TORC_KILL_SEED:-$(date +%s)}
. tests/support/tap.sh

mkdir "$at/kv"
"$kill" "$TORC_BUILD/torc" "$TORC_BUILD/modules/kv.so" "$at/kv" "${TORC_KILLS:-6}" "$seed" >"$at/out" 2>&1
report $? "kv loses nothing it has acknowledged (TORC_KILL_SEED=$seed TORC_KILLS=${TORC_KILLS:-6})"
grep '^# .* changes acknowledged' "$at/out"

# kv with one line changed: it waits for nothing.
cp -r fixtures/kv "$at/source" && mkdir "$at/early"
sed -i 's/kv_connection_hold(connection, begin, journal->depends);/kv_connection_hold(connection, begin, 0);/' \
    "$at/source/kv_connection.c"
if cmp -s fixtures/kv/kv_connection.c "$at/source/kv_connection.c" ||
   ! ${CC:-gcc} -std=c11 -shared -fPIC -O1 -Ilib/include -o "$at/early.so" \
       $(ls "$at"/source/*.c | grep -v _test.c) >"$at/out" 2>&1; then
    report 1 "a kv that replies before its commit is caught (it could not be built)"
else
    "$kill" "$TORC_BUILD/torc" "$at/early.so" "$at/early" 20 "$seed" >"$at/out" 2>&1
    [ $? -eq 1 ] && grep -q '^not ok .* every acknowledged change is there' "$at/out"
    report $? "a kv that replies before its commit is caught"
    grep '^not ok .* every acknowledged change is there' "$at/out" | sed 's/^/# /'
fi
finish
