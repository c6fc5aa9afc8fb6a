#!/bin/bash
# torc new: what it makes builds against the installed library and passes its own checks, which find what is
# wrong; what it cannot make it says, and leaves nothing.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
server=
trap '[ -z "$server" ] || kill -KILL $server 2>/dev/null; rm -rf "$at"' EXIT
unset GITHUB_ACTIONS MAKEFLAGS MAKELEVEL CFLAGS LDFLAGS TORC BUDGET
. tests/support/tap.sh
check() { what=$1; shift; "$@" >"$at/log" 2>&1; report $? "$what"; }
# refuses STATUS WHAT TEXT COMMAND...: in the empty folder $at/empty, which stays empty; TEXT on stderr, nothing on stdout.
refuses() {
    wanted=$1 what=$2 text=$3; shift 3
    mkdir -p "$at/empty"
    (cd "$at/empty" && "$@") >"$at/out" 2>"$at/log" </dev/null
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    [ ! -s "$at/out" ] || { bad=1; echo "# something on stdout"; }
    grep -qF -- "$text" "$at/log" || { bad=1; echo "# not said: $text"; }
    [ -z "$(ls -A "$at/empty")" ] || { bad=1; echo "# left: $(ls -A "$at/empty")"; }
    rm -rf "$at/empty"
    report $bad "$what"
}

plain=$TORC_BUILD/plain
check "make install into a prefix" \
    flock "$plain.lock" make -s BUILD="$plain" SAN= COVERAGE= OPT=-O2 CC=gcc prefix="$at/usr" install
export PKG_CONFIG_PATH="$at/usr/lib/pkgconfig" PATH="$at/usr/bin:$PATH"

# --- what is made ---------------------------------------------------------------------------------------
mkdir "$at/made" && cd "$at/made" || exit 99
check "torc new makes a project" torc new tally
grep -qx '    cd tally && make check' "$at/log"
report $? "and says how to go on"
cp -r tally as-made
check "it builds without a warning and passes its checks" make -s -C tally CFLAGS=-Werror BUDGET=1s check
grep -q 'nothing found in' "$at/log"
report $? "among them a hunt"
make -s -C tally clean
check "and make clean leaves it as it was made" diff -r as-made tally
grep -rn '@name@' tally >"$at/log"
[ $? -eq 1 ] && [ -z "$(find tally -name '*@*')" ]
report $? "the name is everywhere where it belongs"
[ "$(stat -c %a tally)" = "$(mkdir usual && stat -c %a usual)" ]
report $? "the folder is for whom folders are that are made here"
mkdir tree && check "the command makes it in the tree where it was built, too" env -C tree "$TORC_BUILD/torc" new tally
check "and makes the same" diff -r as-made tree/tally
for name in check all int A_9; do
    (torc new $name && make -s -C $name BUDGET=100ms check) >"$at/log" 2>&1
    report $? "a project may be called $name"
done
# steps FILE: the commands of a file for CI, in their order, those of several lines as they stand.
steps() {
    "${PYTHON:-/usr/bin/python3}" - "$1" <<'PY'
import sys, yaml
file = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
jobs = file["jobs"].values() if "jobs" in file else file.values()
for job in jobs:
    for step in job.get("steps") or job.get("before_script", []) + job.get("script", []):
        command = step if isinstance(step, str) else step.get("run")
        if command:
            print(command)
PY
}
for file in tally/.github/workflows/check.yml tally/.gitlab-ci.yml; do
    steps $file 2>"$at/log" | grep -v '^apt-get' >"$at/steps"
    printf 'sh ci/install-torc\nmake check\n' | diff - "$at/steps" >>"$at/log" 2>&1
    report $? "$file installs Torc and checks"
done
mkdir "$at/stub" && cat >"$at/stub/make" <<'SH'
#!/bin/sh
[ -x "$3/ci/install" ] && echo "$1 $2 TREE ${4%%[0-9]*} $5 $6"
SH
chmod +x "$at/stub/make"
PATH="$at/stub:$PATH" TORC_REPOSITORY="$TORC_ROOT" TORC_REVISION=HEAD TMPDIR=$at/stub sh tally/ci/install-torc "$at/prefix" >"$at/log" 2>&1
status=$?
[ $status -eq 0 ] && grep -qxF -- "-s -C TREE -j prefix=$at/prefix install" "$at/log"
report $? "what CI installs Torc with fetches it and installs what it fetched"
[ "$(ls "$at/stub")" = make ]
report $? "and leaves no sources behind"
(unset TORC_REPOSITORY; sh tally/ci/install-torc) >"$at/log" 2>&1
[ $? -ne 0 ] && grep -q 'TORC_REPOSITORY: is not set: where is Torc to be fetched from?' "$at/log"
report $? "and says what it needs to be told"
# A module that does not check whether it got memory.
unchecked='s/if (!connection)/if (!connection \&\& !peer)/'
# hunts FILE: what a file of examples/ci does at night, in the folder $at/hunted, but for a second each.
hunts() {
    steps "$TORC_ROOT/examples/ci/$1" | sed -n '/^mkdir -p found$/,/^exit /p' | sed 's/--budget 10m/--budget 2s/' >"$at/hunt" || return 99
    (cd "$at/hunted" && sh -e "$at/hunt")
}
for file in github-actions.yml gitlab-ci.yml; do
    rm -rf "$at/hunted" && cp -r as-made "$at/hunted" && mkdir "$at/hunted/build" && make -s -C "$at/hunted"
    cp "$at/hunted/tally.so" "$at/hunted/build"
    check "examples/ci/$file hunts and finds nothing in what is right" hunts $file
    [ "$(grep -c 'nothing found in' "$at/log")" -eq 2 ] && [ -z "$(ls "$at/hunted/found")" ]
    report $? "in both scenarios"
    sed -i "$unchecked" "$at/hunted/tally.c" && make -s -C "$at/hunted" && cp "$at/hunted/tally.so" "$at/hunted/build"
    hunts $file >"$at/log" 2>&1
    [ $? -eq 1 ] && [ -n "$(find "$at/hunted/found" -name 'tally-*.scn')" ]
    report $? "and fails, and keeps a scenario, where memory is not checked"
done

torc serve ./all/all.so --listen tcp:127.0.0.1:0 >"$at/served" 2>"$at/log" &
server=$!
for _ in $(seq 400); do grep -q '^listening ' "$at/served" && break; sleep 0.05; done
port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' "$at/served") one= two=
exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'ECHO hello\r\nQUIT\r\n' >&3 && IFS= read -r -t 20 one <&3 && IFS= read -r -t 20 two <&3
exec 3>&-
kill -TERM $server; wait $server
status=$? server=
[ $status -eq 0 ] && [ "$one$two" = $'hello\rBYE\r' ]
report $? "the module serves live as well, and stops in order"

# --- its checks find what is wrong ------------------------------------------------------------------------
# finds WHAT TEXT FILE SED-SCRIPT: with that change make check fails, and says TEXT.
finds() {
    rm -rf wrong && cp -r as-made wrong && sed -i "$4" "wrong/$3"
    cmp -s "wrong/$3" "as-made/$3" && { echo "# nothing was changed" >"$at/log"; report 1 "$1"; return; }
    make -s -C wrong BUDGET=2s check >"$at/log" 2>&1
    [ $? -eq 2 ] && grep -qF -- "$2" "$at/log"
    report $? "$1"
}
finds "an answer that is wrong fails make check" "something else came" tally.c 's/"BYE"/"BYX"/'
finds "so does memory that is not checked, which no scenario is about" "found (" tally.c "$unchecked"
finds "and a variable that hosts would share" "writable-static" tally.c 's/^struct connection {/static int64_t shared;\n&/
s/line_count++;/line_count++; shared++;/'
finds "and a scenario that is not in its canonical form" "scenarios/tally.scn" scenarios/tally.scn 's/^host srv /host   srv /'
rm -rf wrong && cp -r as-made wrong
PKG_CONFIG_PATH= PKG_CONFIG_LIBDIR="$at/none" make -s -C wrong >"$at/log" 2>&1
[ $? -eq 2 ] && grep -q "'libtorc'\|libtorc.pc" "$at/log"
report $? "where pkg-config knows no Torc make says so"

# --- what cannot be made ----------------------------------------------------------------------------------
check "--help says how it is used" torc new --help
grep -q '^usage: torc new NAME' "$at/log"; report $? "on standard output"
refuses 2 "no name" "torc new: which NAME?" torc new
refuses 2 "two names" "'one' and 'two': one project at a time" torc new one two
refuses 2 "an unknown option" "unknown option --hlep; did you mean --help?" torc new --hlep x
refuses 2 "a value for --help" "--help takes no value" torc new --help=x
refuses 2 "an empty name" "the name is empty" torc new ""
refuses 2 "a name with a slash" "'a/b': '/' cannot be in a name; it has letters, digits and _" torc new a/b
refuses 2 "a name with a dash" "'my-server': '-' cannot be in a name" torc new my-server
refuses 2 "a name of two words" "'a b': ' ' cannot be in a name" torc new "a b"
refuses 2 "a letter of another alphabet" "'größe': 'ö' cannot be in a name" torc new größe
refuses 2 "a name that begins with a dash" "'-' cannot be in a name" torc new -- -x
refuses 2 "a name that begins with a digit" "'9lives' begins with '9'; a name begins with a letter" torc new 9lives
refuses 2 "a name that is too long" "has 65 letters; a name has at most 64" torc new "$(printf 'x%.0s' {1..65})"
check "one of 64 letters is possible" torc new "$(printf 'x%.0s' {1..64})"
mkdir taken && echo mine >taken/file && ln -s nowhere link
for there in taken link as-made/Makefile; do
    cd "$(dirname $there)" || exit 99
    cp -a "$(basename $there)" "$at/before"
    torc new "$(basename $there)" >"$at/log" 2>&1
    status=$?
    [ $status -eq 2 ] && grep -q "is there already, and is left as it is" "$at/log" &&
        diff -r --no-dereference "$at/before" "$(basename $there)" >>"$at/log" 2>&1
    report $? "$there stays as it is"
    rm -rf "$at/before"; cd "$at/made" || exit 99
done
full() { trap '' XFSZ; ulimit -f 1; exec torc new full; }
refuses 99 "a disk that is full" "cannot be written: File too large" full
gone() { mkdir gone && cd gone && rmdir ../gone && exec torc new x; }
refuses 99 "a folder that is gone" "x cannot be made here: No such file or directory" gone
mkdir -p "$at/alone/bin" && ln "$at/usr/bin/torc" "$at/alone/bin/torc"
refuses 99 "a command without its template" "there is no template, neither in $at/alone/bin/template nor in $at/alone/bin/../share/torc/template" \
    "$at/alone/bin/torc" new x
mkdir -p "$at/alone/bin/template/folder" && echo text >"$at/alone/bin/template/folder/file" && ln -s nowhere "$at/alone/bin/template/link"
refuses 99 "a template with a file that cannot be read" "$at/alone/bin/template/link cannot be read: No such file" "$at/alone/bin/torc" new x
finish
