#!/bin/bash
# torc fmt: what is shipped is canonical; files are replaced as a whole, or left alone.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
# fmt STATUS ARGUMENTS...: the command, in $at/out and $at/err.
fmt() {
    wanted=$1; shift
    timeout 20 "$torc" fmt "$@" >"$at/out" 2>"$at/err"
    status=$?
    [ $status -eq "$wanted" ] || { echo "# exit status $status, not $wanted"; return 1; }
}
fmt 0 --diff $(find scenarios examples tests/check tests/explore -name '*.scn' -o -name '*.inc' | LC_ALL=C sort)
report $? "every scenario and every included file that is shipped is canonical (torc fmt FILE makes it so)"

cat >"$at/loose.scn" <<'SCN'
scn 1


title "loose"   # why
host a,b peer
0 b listen 9
+0 a connect b:9 as c
+0 c close
1 more


SCN
sed '/^1 more/d' "$at/loose.scn" >"$at/good.scn"
cat >"$at/wanted" <<'SCN'
scn 1

title "loose"  # why
host a,b peer
0         b listen 9
+0        a connect b:9 as c
+0        c close
SCN
sed -i 's/^title "loose"  # why/title "loose"   # why/' "$at/wanted"
cp "$at/good.scn" "$at/before"
fmt 1 --check "$at/good.scn" && [ "$(cat "$at/out")" = "$at/good.scn" ] && cmp "$at/good.scn" "$at/before" >>"$at/err"
report $? "--check names the file and changes nothing"
fmt 1 --diff "$at/good.scn" && cmp "$at/good.scn" "$at/before" >>"$at/err" && cp "$at/out" "$at/told" &&
    diff -u --label "$at/good.scn" --label "$at/good.scn" "$at/good.scn" "$at/wanted" | diff - "$at/told" >>"$at/err"
report $? "--diff prints what diff -u prints, and changes nothing"
fmt 0 - <"$at/good.scn" && cmp "$at/out" "$at/wanted" >>"$at/err"
report $? "- is from standard input to standard output"
chmod 640 "$at/good.scn"; ln -s good.scn "$at/link.scn"
fmt 0 "$at/link.scn" && cmp "$at/good.scn" "$at/wanted" >>"$at/err" && [ "$(cat "$at/out")" = "$at/link.scn" ] &&
    [ -L "$at/link.scn" ] && [ "$(stat -c %a "$at/good.scn")" = 640 ]
report $? "a file is rewritten and named; its mode stays, a link stays a link"
inode=$(stat -c %i "$at/good.scn")
fmt 0 "$at/good.scn" && [ ! -s "$at/out" ] && [ "$(stat -c %i "$at/good.scn")" = "$inode" ]
report $? "a canonical file is not touched"
printf 'scn 1\nhost a peer\n0 a kill' >"$at/unended.scn"
fmt 1 --diff "$at/unended.scn" && grep -qF '\ No newline at end of file' "$at/out" &&
    fmt 0 "$at/unended.scn" && [ "$(tail -n 1 "$at/unended.scn")" = "0         a kill" ]
report $? "a missing last newline is added"
cp "$at/loose.scn" "$at/before"
fmt 2 "$at/loose.scn" && grep -qF "torc fmt: $at/loose.scn:9:1: '1': a duration is a number with a unit" "$at/err" &&
    cmp "$at/loose.scn" "$at/before" >>"$at/err"
report $? "a file that does not parse is not touched, and the place is told"
printf 'scn 1\nhost  a peer\n0 a kil' >"$at/cut.scn"; cp "$at/cut.scn" "$at/before"
fmt 2 "$at/cut.scn" && cmp "$at/cut.scn" "$at/before" >>"$at/err"
report $? "a last line that is cut short is no reason to lose it"
fmt 2 "$at/nosuch.scn" "$at/good.scn" && grep -qF "$at/nosuch.scn: No such file" "$at/err"
report $? "a file that is not there is told"
printf 'scn 1\nhost  a peer\n' >"$at/other.scn"
fmt 2 "$at/nosuch.scn" "$at/other.scn" && [ "$(cat "$at/out")" = "$at/other.scn" ]
report $? "and the files after it are rewritten"
fmt 2 </dev/null && grep -q "which scenario?" "$at/err"
report $? "without a file it says what is missing"
fmt 2 --chek x && grep -q "did you mean --check?" "$at/err"
report $? "an option misspelt"
mkdir "$at/full"; printf 'scn 1\nhost  a peer\n' >"$at/full/a.scn"; cp "$at/full/a.scn" "$at/before"
(ulimit -f 0; trap '' XFSZ; "$torc" fmt "$at/full/a.scn" 2>&1; echo "exit $?") | cat >"$at/out"
grep -qF "torc fmt: $at/full/a.scn: it cannot be written: File too large" "$at/out" && grep -q '^exit 99$' "$at/out" &&
    cmp "$at/full/a.scn" "$at/before" >>"$at/err" && [ "$(ls "$at/full")" = a.scn ]
report $? "a file that cannot be written stays, and nothing beside it"
finish
