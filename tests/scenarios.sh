#!/bin/sh
# Every scenario of scenarios/ passes with its committed digest; every one of tests/scenarios-fail/ fails with its
# committed message and exit status (the last line of NAME.expected).  To commit new digests:
#   build/torc run --digest scenarios/*/*.scn >scenarios/golden-digests
set -u
torc=${TORC_BUILD:-$TORC_ROOT/build}/torc
cd "$TORC_ROOT" || exit 99
good=$(find scenarios -name '*.scn' | LC_ALL=C sort)
bad=$(find tests/scenarios-fail -name '*.expected' | LC_ALL=C sort)
echo "1..$(($(echo "$good" | wc -l) + $(echo "$bad" | wc -l)))"
n=0 failed=0
result() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
        echo "not ok $n - $2"; failed=1
        [ -n "$3" ] && printf '%s\n' "$3" | sed 's/^/# /'
    fi
}
for file in $good; do
    output=$(unset GITHUB_ACTIONS; "$torc" run "$file" 2>&1)
    status=$?
    golden=$(awk -v file="$file" '$2 == file { print $1 }' scenarios/golden-digests)
    if [ "$status" -eq 0 ]; then
        case $output in
        *' skipped'*) status=1 output="$output
a scenario that is shipped skips nothing" ;;
        *"${golden:-none is committed}"*) ;;
        *) status=1 output="$output
the committed digest is ${golden:-missing}" ;;
        esac
    fi
    result "$status" "$file" "$output"
done
for expected in $bad; do
    file=${expected%.expected}.scn
    output=$(unset GITHUB_ACTIONS; "$torc" run "$file" 2>&1; echo "exit $?")
    # AddressSanitizer says once that it watches contexts with less care.
    output=$(printf '%s\n' "$output" | grep -v "WARNING: ASan doesn't fully support makecontext")
    # Digests of failing runs are not promised.
    output=$(printf '%s\n' "$output" | sed 's/, [0-9]* events, [0-9a-f]\{32\}//')
    if [ "$output" = "$(cat "$expected")" ]; then status=0; else status=1; fi
    result "$status" "$file" "expected:
$(cat "$expected")
got:
$output"
done
[ "$failed" -eq 0 ]
