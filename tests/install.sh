#!/bin/sh
# What is installed can be used: files in place, pkg-config answers, a consumer builds against the shared
# and the static libraries and runs, uninstall leaves nothing.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
. tests/support/tap.sh
check() { what=$1; shift; ("$@") >"$at/log" 2>&1; report $? "$what"; }
plain=$TORC_BUILD/plain
make_plain() { flock "$plain.lock" make -s BUILD="$plain" SAN= COVERAGE= OPT=-O2 CC=gcc prefix="$at/usr" "$@"; }
export PKG_CONFIG_PATH="$at/usr/lib/pkgconfig"
shared() {
    gcc -std=c11 -Wall -Wextra -Werror -o "$at/shared" tests/embedding/consumer.c $(pkg-config --cflags --libs libtorc-sim) &&
        LD_LIBRARY_PATH="$at/usr/lib" "$at/shared"
}
static() {
    gcc -std=c11 -Wall -Wextra -Werror -o "$at/static" tests/embedding/consumer.c \
        $(pkg-config --cflags libtorc-sim) "$at/usr/lib/libtorc-sim.a" "$at/usr/lib/libtorc.a" \
        $(pkg-config --libs-only-l --static libtorc-sim | sed 's/-ltorc-sim//; s/-ltorc//') && "$at/static"
}
plus() {
    g++ -std=c++11 -Wall -Wextra -Werror -x c++ -o "$at/plus" tests/embedding/consumer.c $(pkg-config --cflags --libs libtorc-sim) &&
        LD_LIBRARY_PATH="$at/usr/lib" "$at/plus"
}
# Of each page that is installed, the parts man needs to find it.
finds_pages() {
    command -v man >/dev/null || { echo "there is no man"; return 1; }
    for page in 1/torc 1/torc-run 3/torc_deferred 3/torc_deferred_add_callback 3/torc_reactor_new 3/torc_result 3/TORC_TEST \
                5/torc-scenario 5/torc-recording 7/torc 7/torc-limits; do
        MANPATH=$at/usr/share/man man -w "${page%/*}" "${page#*/}" | grep -q "^$at/usr/share/man/" || { echo "no $page"; return 1; }
    done
    MANPATH=$at/usr/share/man MANPAGER=cat man torc_deferred_add_callback | grep -q 'torc_deferred - a result that has not arrived yet'
}
finds_completion() {
    grep -q '^complete -F _torc torc$' "$at/usr/share/bash-completion/completions/torc" &&
        head -n 1 "$at/usr/share/zsh/site-functions/_torc" | grep -qx '#compdef torc' &&
        grep -q '^complete -c torc ' "$at/usr/share/fish/vendor_completions.d/torc.fish"
}
soname() { readelf -d "$at/usr/lib/libtorc.so" | grep -q 'SONAME.*libtorc.so.0\]'; }
installed_torc() { (cd / && "$at/usr/bin/torc" run "$TORC_ROOT/scenarios/protocol/line.scn"); }
empty() { [ -z "$(find "$at/usr" ! -type d)" ] || { find "$at/usr" ! -type d; false; }; }
trial() {
    printf '#include <torc/trial.h>\nTORC_TRIAL_MAIN\n' >"$at/main.c" &&
        gcc -std=c11 -Wall -Wextra -Werror -o "$at/trial" tests/trial/passes.c "$at/main.c" \
            $(pkg-config --cflags --libs libtorc-trial) && LD_LIBRARY_PATH="$at/usr/lib" "$at/trial"
}
example() {
    cp -r examples/hello "$at/hello" &&
        PATH="$at/usr/bin:$PATH" CFLAGS=-Werror make -s -C "$at/hello" check && rm -rf "$at/hello"
}
# The lines docs/coverage.md shows for a module of one's own.
counted() {
    mkdir "$at/counted" && cp examples/hello/*.c "$at/counted" && lines=$(grep -A 3 '^    gcc .*--coverage' docs/coverage.md) || return 1
    (cd "$at/counted" && PATH="$at/usr/bin:$PATH" && eval "$lines" && [ -n "$(find counts -name hello_trial.so-hello.gcda)" ]) && rm -rf "$at/counted"
}
# consumes TOOL CONFIGURE BUILD TEST: examples/hello in $at/TOOL; its tests pass, and fail with another greeting.
consumes() {
    tool=$1 configure=$2 build=$3 run=$4 n=$((n + 1))
    what="$tool builds the example against the installed library, and its tests notice a wrong answer"
    if ! command -v "$tool" >/dev/null; then echo "ok $n - $what # SKIP there is no $tool"; return; fi
    n=$((n - 1))
    check "$what" consume
}
consume() {
    cp -r examples/hello "$at/$tool" && cd "$at/$tool" && export PATH="$at/usr/bin:$PATH" CC=gcc CFLAGS=-Werror &&
        $configure && $build && $run && sed -i 's/"hello, "/"hallo, "/' hello.c && $build || return 1
    if $run; then echo "no test failed"; return 1; fi
}
installed_report() {
    cd / && "$at/usr/bin/torc" explore --seeds 1..5 --out "$at" --results "$at/r.db" "$TORC_ROOT/scenarios/protocol/line.scn" &&
        "$at/usr/bin/torc" report campaign --out "$at/r.html" "$at/r.db" && grep -q 'none of 5 runs failed' "$at/r.html" &&
        "$at/usr/bin/torc" report error-paths --help
}
check "make install into a prefix" make_plain install
check "the soname is libtorc.so.0" soname
check "a consumer builds and runs against the shared libraries" shared
check "a consumer builds and runs against the static libraries" static
check "a consumer builds and runs as C++" plus
check "the installed command finds its modules" installed_torc
check "the installed command makes a report" installed_report
check "a program of tests builds and passes" trial
check "the example of the README builds against the installed library, passes its tests and its scenario" example
consumes cmake "cmake -S . -B build" "cmake --build build" "ctest --test-dir build --output-on-failure"
consumes meson "meson setup build" "meson compile -C build" "meson test -C build --print-errorlogs"
check "what has counters of gcov is built against the installed library, and its tests are counted" counted
check "the manual is installed: man finds a command, a function, a type, a file, the overview" finds_pages
check "what completes arguments is where each shell looks for it" finds_completion
check "make uninstall leaves nothing behind" make_plain uninstall
check "nothing is left" empty
finish
