#!/bin/bash
# The documents are true: what they name exists, what they show is what is there, and their commands run.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
server=
trap '[ -z "$server" ] || kill -KILL $server 2>/dev/null; rm -rf "$at"' EXIT
unset GITHUB_ACTIONS
torc=$TORC_BUILD/torc
pages="README.md CONTRIBUTING.md SECURITY.md $(echo docs/*.md docs/howto/*.md)"
. tests/support/tap.sh
: >"$at/log"
tell() { report "$@"; : >"$at/log"; }
# within PART WHOLE: the text of the one file stands in the other, line by line.
within() {
    [ -s "$1" ] || { echo "nothing to look for"; return 1; }
    "${PYTHON:-/usr/bin/python3}" - "$1" "$2" <<'PY'
import sys
part, whole = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
if part not in whole:
    for line in part.splitlines():
        if line + "\n" not in whole:
            print("%s has no line: %s" % (sys.argv[2], line))
    sys.exit(1)
PY
}
# indented PAGE PATTERN: the indented block that begins with the line that matches, without its margin.
indented() {
    awk -v begin="$2" '!on && $0 ~ "^    " begin { on = 1 } on && !/^    / && !/^$/ { exit } on { print substr($0, 5) }' "$1" |
        sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# --- names --------------------------------------------------------------------------------------------
for page in $pages; do
    bad=0
    # What is written `like/this` is a path; torc/X.h is one as it is included; build/ is made, NAME stands for one.
    for path in $(grep -o '`[A-Za-z0-9_.*/-]*/[A-Za-z0-9_.*/-]*`' "$page" | tr -d '`' | grep -v '^build/' | grep -v NAME | sort -u); do
        case $path in torc/*.h) set -- {lib,sim}/include/$path ;; *) set -- $path ;; esac
        found=1
        for each; do [ -e "$each" ] && found=0; done
        [ $found -eq 0 ] || { bad=1; echo "$path is not there" >>"$at/log"; }
    done
    for file in $(grep -oE '`[A-Za-z0-9_*-]+\.(c|h|sh|scn|py|inc)`' "$page" | tr -d '`' | sort -u); do
        # What a page tells its reader to make is there, too.
        grep -qE "(Put this into|mv [^ ]*) \`?$file\b" docs/tutorial.md "$page" && continue
        [ -n "$(find bench ci docs examples fixtures lib scenarios sim tests -name "$file")" ] ||
            { bad=1; echo "there is no $file" >>"$at/log"; }
    done
    for link in $(grep -o '](\([^)#:]*\))' "$page" | sed 's/](\(.*\))/\1/'); do
        [ -e "$(dirname "$page")/$link" ] || { bad=1; echo "the link $link leads nowhere" >>"$at/log"; }
    done
    tell $bad "$page: files and folders it names exist"
done
bad=0
for page in docs/*.md; do
    grep -qF "\`$page\`" README.md || { bad=1; echo "$page" >>"$at/log"; }
done
tell $bad "the README leads to every page"
MAKEFLAGS= make -s help >"$at/help"
bad=0
for target in $(grep -ohE '`make [a-z][a-z-]*' $pages | sed 's/.*make //' | sort -u) \
              $(grep -oE '\bmake -s .*' ci/quickstart ci/test | grep -oE '[a-z][a-z-]*$' | sort -u); do
    grep -q "^$target " "$at/help" || { bad=1; echo "make $target" >>"$at/log"; }
done
tell $bad "every make target that is named is in make help"

bad=0
# Every `name_of_a_test`, and the second half of every `program_test: name_of_a_test`, of a table row.
for test in $(grep '^|' docs/conformance.md | grep -oE '`([a-z0-9_]+_test: )?[a-z0-9]+(_[a-z0-9]+){3,}`' | tr -d '`' | sed 's/.* //' | sort -u); do
    grep -rqw --include='*.c' "$test" lib sim fixtures tests || [ -n "$(find lib sim fixtures -name "$test.c")" ] ||
        { bad=1; echo "no test is called $test" >>"$at/log"; }
done
tell $bad "docs/conformance.md: bodies and tests it names exist"

# --- the example of the README ------------------------------------------------------------------------
awk '/^```c$/ { on = 1; count++; next } /^```$/ { on = 0 } on { print >("'"$at"'/c" count) }' README.md
within "$at/c1" examples/hello/hello.c >>"$at/log"
tell $? "the protocol in the README is the one of examples/hello"
within "$at/c2" examples/hello/hello_test.c >>"$at/log"
tell $? "so is the unit test"
indented README.md 'scn 1' >"$at/scn"
within "$at/scn" examples/hello/hello.scn >>"$at/log"
tell $? "so is the scenario"

indented docs/database.md 'struct order_line' >"$at/rows"
within "$at/rows" fixtures/orders/order_rows.h >>"$at/log"
tell $? "docs/database.md shows the rows of the fixture"

awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' docs/trial.md >"$at/trial.c"
within "$at/trial.c" fixtures/echo/echo_test.c >>"$at/log"
tell $? "docs/trial.md shows a test of the fixture"

# --- commands -----------------------------------------------------------------------------------------
# Every `torc COMMAND --option` of a code block, of any page: the help knows it.
grep -hE '^    ' $pages | grep -oE '(build/)?torc (serve|run|replay) .*' | sed 's|^build/||; s/   .*//' | sort -u >"$at/lines"
bad=0
while read -r _ command rest; do
    "$torc" "$command" --help >"$at/help"
    for module in kv lease; do
        case $rest in *$module*) "$torc" serve $module --help >>"$at/help" ;; esac
    done
    for option in $(printf '%s\n' "$rest" | tr -d '[]' | grep -oE '(^| )--?[a-z][a-z-]*'); do
        grep -qE -- "(^| )$option( |,|\$)" "$at/help" || { bad=1; echo "torc $command has no $option" >>"$at/log"; }
    done
done <"$at/lines"
[ "$(wc -l <"$at/lines")" -ge 6 ] || { bad=1; echo "only $(wc -l <"$at/lines") commands were found" >>"$at/log"; }
tell $bad "every option in a shown command exists"

# The block of the README, line by line: on a free port, and a file of ours for session.torc.
grep -E '^    build/torc ' README.md | sed 's/^    //; s/  .*//' >"$at/block"
grep -c . "$at/block" >"$at/log"
[ "$(cat "$at/log")" -eq 9 ]
tell $? "the README shows nine commands"
while read -r line; do
    shown=$line
    line=$(printf '%s\n' "$line" | sed "s|build/|$TORC_BUILD/|g; s|session.torc|$at/session.torc|; s|tcp:6379|tcp:127.0.0.1:0|")
    case $line in
    *' serve '*)
        : >"$at/out"
        $line >"$at/out" 2>"$at/log" &
        server=$!
        for _ in $(seq 200); do grep -q '^listening ' "$at/out" && break; sleep 0.05; done
        port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' "$at/out")
        answer=
        if [ -n "$port" ]; then
            exec 3<>"/dev/tcp/127.0.0.1/$port"
            printf 'PING\r\n' >&3
            IFS= read -r -t 20 answer <&3
            exec 3>&-
        fi
        kill -TERM $server; wait $server
        status=$? server=
        echo "answered '$answer', exit status $status" >>"$at/log"
        [ "$answer" = "+PONG"$'\r' ] && [ $status -eq 0 ] ;;
    *)  $line >"$at/log" 2>&1 ;; # the * of scenarios are to be expanded
    esac
    tell $? "README: $shown"
done <"$at/block"

# --- outputs ------------------------------------------------------------------------------------------
# Wall time differs from run to run; a digest of a failing run is not promised.
"$torc" replay fixtures/recordings/kv-redis-clients.torc | grep -v '^  wall time' >"$at/whole"
indented docs/recording.md 'equal: ' | grep -v '^  wall time' >"$at/part"
within "$at/part" "$at/whole" >>"$at/log"
tell $? "docs/recording.md shows what replaying the committed recording prints"
failing='s/(\([^,]*, [0-9]* events\), [0-9a-f]*)/(\1)/'
"$torc" run tests/scenarios-fail/other_bytes.scn | sed "$failing" >"$at/whole"
indented docs/scenario.md 'fail  *tests' | sed "$failing" >"$at/part"
within "$at/part" "$at/whole" >>"$at/log"
tell $? "docs/scenario.md shows what a failing scenario prints"
indented docs/scenario.md 'scn 1' >"$at/shown.scn"
"$torc" run "$at/shown.scn" >"$at/log" 2>&1
tell $? "the first scenario of docs/scenario.md passes"
"$torc" fmt --diff "$at/shown.scn" >"$at/log" 2>&1
tell $? "it is in its canonical form"
for module in echo line_server kv; do
    "$torc" serve $module --help | sed -n 's/^  --\([a-z-]*\) .*\[\(.*\)\].*/\1 \2/p' | sort >"$at/real"
    awk -v module="$module" '/^## / { on = $2 == module; options = 0 } on && /^\| option / { options = 1; next }
        on && options && /^$/ { options = 0 } on && options && /^\| `/ { print $2, $(0) }' docs/fixtures.md |
        sed -n 's/^`\([a-z-]*\)` .*| `\([^`]*\)` | .*/\1 \2/p' | sort >"$at/told"
    grep -Ev '^(record|log-level|modules|threads|help) ' "$at/real" | diff - "$at/told" >"$at/log" && [ -s "$at/told" ]
    tell $? "docs/fixtures.md has the options of $module with their defaults"
done
finish
