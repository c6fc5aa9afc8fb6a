# Claims of a script, told as TAP.  For scripts that set at, a folder of their own: what was said last is in its files
# out, err and log, and shown if the claim does not hold.
n=0 not_ok=0
# report STATUS CLAIM: it holds if the status is 0.
report() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; return; fi
    not_ok=$((not_ok + 1))
    for said in "$at/out" "$at/err" "$at/log"; do
        [ ! -f "$said" ] || tail -n 60 "$said" | sed 's/^/# /'
    done
    echo "not ok $n - $2"
}
# The end of the script: status 1 if a claim did not hold.
finish() {
    echo "1..$n"
    [ "$not_ok" -eq 0 ]
    exit
}
