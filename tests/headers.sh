#!/bin/sh
# Every public header compiles alone, as C11 and as C++, without a warning, under every compiler here.
set -u
cd "$TORC_ROOT" || exit 99
. tests/support/tap.sh
for header in lib/include/torc/*.h sim/include/torc/*.h; do
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || continue
        for language in "c -std=c11 -Wstrict-prototypes" "c++ -std=c++11"; do
            n=$((n + 1))
            if printf '#include <torc/%s>\n' "$(basename "$header")" |
                $compiler -x $language -Wall -Wextra -Wpedantic -Werror -Ilib/include -Isim/include \
                    -fsyntax-only - 2>&1 | sed 's/^/# /' | grep . ; then
                echo "not ok $n - $header alone as ${language%% *}, $compiler"
                not_ok=$((not_ok + 1))
            else
                echo "ok $n - $header alone as ${language%% *}, $compiler"
            fi
        done
    done
done
finish
