#!/bin/bash
# torc report campaign: from campaigns that fail to the page, and how that looks in a browser.  TORC_PICTURES=DIR keeps the
# pictures.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
export HOME=$at TMPDIR=$at
torc=$TORC_BUILD/torc
python=${PYTHON:-/usr/bin/python3}
. tests/support/tap.sh
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
# expect STATUS WHAT ARGUMENTS TEXT...
expect() {
    wanted=$1 what=$2 arguments=$3; shift 3
    "$torc" $arguments >"$at/out" 2>&1
    status=$? bad=0
    [ $status -eq "$wanted" ] || { bad=1; echo "# exit status $status, not $wanted"; }
    for text in "$@"; do
        grep -qF -- "$text" "$at/out" || { bad=1; echo "# not said: $text"; }
    done
    report $bad "$what"
}
# page FILE WHAT TEXT...: it has each text.
page() {
    file=$at/$1 what=$2 bad=0; shift 2
    for text in "$@"; do
        grep -qF -- "$text" "$file" || { bad=1; echo "# not on the page: $text"; }
    done
    : >"$at/out"
    report $bad "$what"
}
# json EXPRESSION WANTED WHAT: of r, what --json wrote.
json() {
    told=$("$python" -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$at/page.json" "$1" 2>&1)
    echo "$1 is $told" >"$at/out"
    [ "$told" = "$2" ]; report $? "$3"
}
for module in chunky faulty; do
    gcc -std=c11 -O1 -w -shared -fPIC -fvisibility=hidden -Ilib/include -o "$at/$module.so" tests/explore/$module.c >"$at/out" 2>&1
    report $? "$module is built"
done
chunky="--modules $at --out $at --param bug=split tests/explore/chunky.scn"

# --- an exploration -----------------------------------------------------------------------------------
"$torc" explore --results "$at/whole.db" $chunky >"$at/explored" 2>&1
expect 0 "a page is made of what an exploration found" "report campaign --out $at/page.html --json $at/page.json $at/whole.db" "explore tests/explore/chunky.scn: 49 of 300 runs failed, in 3 ways"
page page.html "what failed, and how that is seen again, is on it" "49 of 300 runs failed, in 3 ways" "tests/explore/chunky.scn:12: something else came" \
    "torc run --seed 1 --strategy portfolio --sites " "torc run -v $at/chunky-seed1.scn" "Shrunk to 8 lines" "does not hold: +0..50ms" "chunky.cut"
line=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["campaigns"][0]["failures"][0]["reproduce"])' "$at/page.json")
expect 1 "the command on it reproduces the failure" "${line#torc }" "something else came"
json '[f["count"] for f in r["campaigns"][0]["failures"]]' "[26, 13, 10]" "failures are grouped, the most frequent first"
json 'r["campaigns"][0]["marks"][0]["runs"]' 49 "marks are counted"
json 'r["campaigns"][0]["behaviours"] == r["campaigns"][0]["growth"][-1][1] > 20' True "coverage grows to what there is"

# --- shards -------------------------------------------------------------------------------------------
for i in 0 1 2; do "$torc" explore --shard $i/3 --results "$at/$i.db" $chunky >"$at/out" 2>&1; done
"$torc" merge "$at/all.db" "$at/0.db" "$at/1.db" "$at/2.db" >"$at/out" 2>&1
figures() { "$torc" report campaign --out "$at/x.html" --json "$at/x.json" "$@" >"$at/out" 2>&1 && "$python" -c '
import json, sys
c, = json.load(open(sys.argv[1]))["campaigns"]; c["matrix"] = list(c["matrix"].values())[-1]; print(c)' "$at/x.json"; }
merged=$(figures "$at/all.db") several=$(figures "$at/0.db" "$at/1.db" "$at/2.db") whole=$(figures "$at/whole.db")
[ -n "$merged" ] && [ "$merged" = "$several" ]; report $? "files that are merged and the files themselves make the same page"
[ "$merged" = "$whole" ]; report $? "and so does one file of all"
expect 0 "a shard that is missing" "report campaign --out $at/page.html --json $at/page.json $at/0.db $at/2.db" "30 of 200 runs failed"
page page.html "is on the page" "nothing of shard 1/3 of 1..300"
json 'r["left_out"]' 100 "with the runs that are left out"

# --- a sweep, a hunt ----------------------------------------------------------------------------------
"$torc" sweep --fault alloc,db --results "$at/sweep.db" --modules "$at" --param bug=unhandled tests/explore/faulty.scn >"$at/out" 2>&1
expect 0 "a page is made of a sweep" "report campaign --out $at/page.html --json $at/page.json $at/sweep.db" "77 of 128 runs failed"
json 'sorted(r["campaigns"][0]["matrix"])' "['all', 'alloc.fail', 'db.fail']" "with a row for each operation"
"$torc" hunt --budget 20s --results "$at/hunt.db" $chunky >"$at/out" 2>&1
expect 0 "a page is made of a hunt" "report campaign --out $at/page.html --json $at/page.json $at/hunt.db" "hunt tests/explore/chunky.scn"
json 'list(r["campaigns"][0]["matrix"])' "['as it is', 'perturbed', 'orders and amounts', 'all']" "with a row for each phase"
mkdir "$at/evil"
sed 's/^title .*/title "<script>alert(1)<\/script>"/; s/ABCD/<b>D/' tests/explore/chunky.scn >"$at/evil/a<img>.scn"
"$torc" explore --results "$at/evil.db" --modules "$at" --out "$at/evil" --param bug=split "$at/evil/a<img>.scn" >"$at/out" 2>&1
expect 0 "a scenario with tags in it" "report campaign --out $at/page.html $at/evil.db" "a<img>.scn"
! grep -qF -e '<img>' -e '<script' -e '<b>D' "$at/page.html" && grep -qF '&lt;b&gt;D' "$at/page.html"
report $? "has none on the page"

# --- what cannot be -----------------------------------------------------------------------------------
echo "no results" >"$at/text"
expect 2 "a page of a text" "report campaign --out $at/none.html $at/text" "$at/text is no file of results"
expect 2 "a page of what is not there" "report campaign --out $at/none.html $at/nowhere.db" "$at/nowhere.db: No such file or directory"
[ ! -e "$at/none.html" ]; report $? "leave nothing behind"
expect 2 "a page where there is no folder" "report campaign --out $at/none/page.html $at/whole.db" "$at/none/page.html: No such file or directory"
head -c 10000 "$at/whole.db" >"$at/cut.db"
expect 2 "a page of a file cut short" "report campaign --out $at/none.html $at/cut.db" "$at/cut.db: database disk image is malformed"
echo "a page" >"$at/old.html"
(trap '' XFSZ; ulimit -f 4; "$torc" report campaign --out "$at/old.html" "$at/whole.db") >"$at/out" 2>&1
[ $? -eq 2 ] && grep -qF "$at/old.html: File too large" "$at/out" && [ "$(cat "$at"/old.html*)" = "a page" ]
report $? "where there is no room for a page the old one stays"
rm "$at/cut.db" "$at/old.html"
expect 2 "no report" "report" "which report?"
expect 2 "a misspelt report" "report campain x.db" "did you mean 'campaign'?"
expect 0 "its help" "report --help" "usage: torc report REPORT"
expect 0 "the help of a report" "report campaign --help" "usage: torc report campaign"
expect 0 "the help of the other" "report error-paths --help" "--source"
PYTHON=$at/python expect 2 "a python that is not there" "report campaign $at/whole.db" "$at/python, which reports are made with, cannot be run: No such file"
printf '#!/bin/sh\nexec "%s" -S "$@"\n' "$python" >"$at/bare"; chmod +x "$at/bare"
if "$at/bare" -c 'import jinja2' 2>"$at/out"; then
    skip "a python without jinja2 is told" "it is built in"
else
    PYTHON=$at/bare expect 2 "a python without jinja2 is told" "report campaign --out $at/none.html $at/whole.db" "has no jinja2" "python3-jinja2"
fi

# --- in a browser -------------------------------------------------------------------------------------
browser=$(command -v chromium)
"$torc" report campaign --out "$at/page.html" "$at/whole.db" "$at/sweep.db" "$at/hunt.db" >"$at/out" 2>&1
"$torc" report campaign --out "$at/many.html" "$at"/*.db >"$at/out" 2>&1
# What the browser finds of it: the widths, and the first thing that is too wide without being in a box that scrolls.
cat >"$at/measure" <<'HTML'
<script>
document.querySelectorAll('details').forEach(function (d) { d.open = true; });
var wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth, over = '';
document.querySelectorAll('body *').forEach(function (e) {
    if (!over && !e.closest('.scroll, pre, .run, script') && e.getBoundingClientRect().right > room + 1) over = e.tagName + '.' + e.className;
});
parent.document.title = 'measured ' + (wide <= room ? 'fits' : 'is wide') + ' ' + room + ' ' + over;
</script>
HTML
browse() { # WIDTH SCHEME PAGE OPTION...
    local width=$1 scheme=0 shown=$3
    [ "$2" = dark ] || scheme=1
    shift 3
    timeout 100 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$at/profile" \
        --allow-file-access-from-files --blink-settings=preferredColorScheme=$scheme --window-size="$width,2400" "$@" \
        "file://$shown" 2>"$at/out"
}
for name in page many; do
    cat "$at/$name.html" "$at/measure" >"$at/$name-measured.html"
    for width in 380 1200; do
        what="$name, $width wide, does not go beyond its window"
        if [ -z "$browser" ]; then skip "$what" "there is no chromium"; continue; fi
        # A window cannot be as narrow as that, a frame in it can.
        printf '<title>not measured</title><iframe style="width: %spx; height: 2000px; border: 0" src="%s"></iframe>' \
            $width "$name-measured.html" >"$at/frame.html"
        browse 1300 light "$at/frame.html" --dump-dom >"$at/dom"
        grep -o '<title>[^<]*' "$at/dom" | head -n 1 >>"$at/out"
        grep -qE "<title>measured fits $width </title>" "$at/dom"; report $? "$what"
    done
done
for width in 380 1200; do
    for scheme in light dark; do
        what="the page, $width wide and $scheme, is to be seen"
        if [ -z "$browser" ]; then skip "$what" "there is no chromium"; continue; fi
        picture=$at/$width-$scheme.png
        browse $width $scheme "$at/page.html" --screenshot="$picture" >/dev/null
        "$python" tests/reports/picture.py "$picture" $width $scheme >>"$at/out" 2>&1; report $? "$what"
        [ -z "${TORC_PICTURES:-}" ] || cp "$picture" "$TORC_PICTURES/"
    done
done
finish
