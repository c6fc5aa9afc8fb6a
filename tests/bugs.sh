#!/bin/bash
# The known bugs of fixtures/bugs: each hides in its fault-free scenario, shows in the one written by hand, and is not
# in the right version.  A few are hunted here; make bug-hunt hunts all.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
. tests/support/tap.sh
export TMPDIR=$at
mkdir "$at/left"
names=$(cd fixtures/bugs && ls -d */ | tr -d /)
printf '%s\n' $names | xargs -P "$(nproc)" -I{} sh -c "tests/bug-hunt --build '$TORC_BUILD' --prove {} >'$at/left/{}' 2>&1 || touch '$at/left/{}.bad'"
for name in $names; do
    cp "$at/left/$name" "$at/out"
    [ ! -e "$at/left/$name.bad" ]
    report $? "$name hides, shows, and is not in the right version"
done
for name in line-split courier-window-not-moved half-close-drops-answer netstring-digits failover-past-the-end; do
    tests/bug-hunt --build "$TORC_BUILD" --budget 30s --right 1s $name >"$at/out" 2>&1 && grep -q 'found 1 of 1' "$at/out" && grep -q '^0 false alarms' "$at/out"
    report $? "$name is found and shrunk, and nothing is found in the right version"
done
total=$(wc -w <<<"$names")
pairs=$(grep -l '^# takes: [2-9]' fixtures/bugs/*/hides.scn | wc -l)
echo "$total bugs, $pairs of them take two coincidences or more" >"$at/out"
[ "$total" -ge 40 ] && [ $((3 * pairs)) -ge "$total" ]
report $? "there are forty at least, and a third of them take two coincidences"
finish
