#!/bin/sh
# Programs that are wrong do not compile (warnings are errors), under any compiler here, and the compiler says
# why: each file of tests/compile-fail holds the words it is to say; right.c is right.
set -u
cd "$TORC_ROOT" || exit 99
. tests/support/tap.sh
said=$(mktemp) || exit 99
trap 'rm -f "$said"' EXIT
compiles() { # compiles COMPILER FILE
    "$1" -std=c11 -Wall -Wextra -Wpedantic -Werror -Ilib/include -fsyntax-only "$2" >"$said" 2>&1
}
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for file in tests/compile-fail/*.c; do
        n=$((n + 1))
        name=$(basename "$file" .c)
        words=$(sed -n '1s|^/\* says: \(.*\) \*/$|\1|p' "$file")
        if [ "$name" = right ]; then
            compiles $compiler "$file" && { echo "ok $n - right compiles, $compiler"; continue; }
        elif [ -n "$words" ] && ! compiles $compiler "$file" && grep -qF -- "$words" "$said"; then
            echo "ok $n - $name does not compile, $compiler"
            continue
        fi
        sed 's/^/# /' "$said"
        echo "not ok $n - $name, $compiler"
        not_ok=$((not_ok + 1))
    done
done
finish
