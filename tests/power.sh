#!/bin/bash
# kv with a database loses its power, at every operation of its simulated disk and with every loss the device
# allows: no change that was acknowledged is lost.  And that two liars are caught by this: a device that
# ignores syncs, and a kv that answers before its commit.
# TORC_POWER_EVERY: only each so many operations (7).  Prints TAP.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
power=$TORC_BUILD/tests/power/power
every=${TORC_POWER_EVERY:-7}
. tests/support/tap.sh
tell() { report "$@"; grep '^# kv: ' "$at/out"; }

"$power" "$TORC_BUILD/modules/kv.so" "$every" >"$at/out" 2>&1
tell $? "kv loses nothing it has acknowledged (TORC_POWER_EVERY=$every)"

"$power" "$TORC_BUILD/modules/kv.so" 31 ignore-sync >"$at/out" 2>&1
[ $? -eq 1 ]
tell $? "a device that ignores syncs is caught"

# kv with one line changed: it waits for nothing.
cp -r fixtures/kv "$at/source"
sed -i 's/kv_connection_hold(connection, begin, journal->depends);/kv_connection_hold(connection, begin, 0);/' \
    "$at/source/kv_connection.c"
if cmp -s fixtures/kv/kv_connection.c "$at/source/kv_connection.c" ||
   ! ${CC:-gcc} -std=c11 -shared -fPIC -O1 -Ilib/include -o "$at/early.so" \
       $(ls "$at"/source/*.c | grep -v _test.c) >"$at/out" 2>&1; then
    tell 1 "a kv that replies before its commit is caught (it could not be built)"
else
    "$power" "$at/early.so" 31 >"$at/out" 2>&1
    [ $? -eq 1 ] && grep -q 'changes were acknowledged' "$at/out"
    tell $? "a kv that replies before its commit is caught"
fi
finish
