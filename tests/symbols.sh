#!/bin/sh
# The undefined names of each folder's objects, on a plain -O2 build, are on that folder's list in
# ci/symbols (`x*`: all that begin with x): the core asks nothing of an operating system.  And the shared
# libraries export torc_* only.
set -u
cd "$TORC_ROOT" || exit 99
plain=$TORC_BUILD/plain
. tests/support/tap.sh
if ! flock "$plain.lock" make -s BUILD="$plain" SAN= COVERAGE= OPT=-O2 CC=gcc libs >"$plain.log" 2>&1; then
    sed 's/^/# /' "$plain.log"
    echo "not ok 1 - a plain -O2 build"
    echo "1..1"
    exit 1
fi
rm -f "$plain.log"
for list in ci/symbols/*; do
    folder=$(basename "$list" | tr - /)
    n=$((n + 1))
    # Names that some object of our own library defines are not foreign.
    objects=$(find "$plain/$folder" -name "*.o" ! -name "*_test.o")
    own=$(nm -g --defined-only "$plain/libtorc.a" "$plain/libtorc-sim.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
    foreign=$(nm -u $objects | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u |
              grep -vxF "$own" | grep -vxE "$(grep -v '^#' "$list" | sed 's/\*$/.*/')" | grep -v '^_GLOBAL_OFFSET_TABLE_$')
    if [ -n "$objects" ] && [ -z "$foreign" ]; then
        echo "ok $n - $folder asks for nothing that is not in $list"
    else
        for name in $foreign; do
            echo "# $folder uses $name: $(nm -uA $objects | awk -v s="$name" '$NF == s { sub(/:.*/, "", $1); print $1 }' | head -n 1)"
        done
        echo "not ok $n - $folder asks for nothing that is not in $list"
        not_ok=$((not_ok + 1))
    fi
done
for library in libtorc libtorc-sim libtorc-trial; do
    n=$((n + 1))
    alien=$(nm -D --defined-only "$plain/$library.so" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | grep -v '^torc_')
    if [ -z "$alien" ]; then
        echo "ok $n - $library.so exports torc_* only"
    else
        echo "# $alien" | tr '\n' ' '; echo
        echo "not ok $n - $library.so exports torc_* only"
        not_ok=$((not_ok + 1))
    fi
done
# Not lib/live: the disposition of signals is the process's, and so is the note of who watches them.
for folder in lib/core lib/net lib/db lib/service sim/world sim/scenario; do
    n=$((n + 1))
    # .data.rel.ro is written by the loader alone.
    writable=$(find "$plain/$folder" -name '*.o' ! -name '*_test.o' -exec objdump -t {} + |
               awk '/file format/ { file = $1 } $4 ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $4 !~ /^\.data\.rel\.ro/ && $3 == "O" { print file, $NF }')
    if [ -z "$writable" ]; then
        echo "ok $n - $folder has no writable statics"
    else
        echo "# $writable"
        echo "not ok $n - $folder has no writable statics"
        not_ok=$((not_ok + 1))
    fi
done
finish
