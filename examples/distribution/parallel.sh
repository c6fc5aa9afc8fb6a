#!/bin/sh
# Shares a campaign out with GNU parallel and merges what comes of it.  Run it again and it goes on where it was.
# Usage: parallel.sh DIR SHARDS explore|sweep [options] SCENARIO
# The shards' results are DIR/0.db and so on, all of them DIR/all.db.  TORC is the command [torc].  What the variable
# PARALLEL says goes to GNU parallel, for example --sshloginfile and --workdir to use other machines as well.
set -u
[ $# -ge 4 ] || { sed -n 's/^# //p' "$0" >&2; exit 2; }
dir=$1 shards=$2 torc=${TORC:-torc}
shift 2
mkdir -p "$dir" || exit 2
seq 0 $((shards - 1)) |
    parallel --will-cite -q --joblog "$dir/jobs" --line-buffer \
        "$torc" "$@" --jobs 1 --shard "{}/$shards" --results "$dir/{}.db" --resume
# A shard that failed, differed, ran out of its budget or met no `sometimes` is for torc merge to judge.
awk 'NR > 1 && ($8 != 0 || $7 !~ /^[01345]$/) { print "ended with status " $7 ", signal " $8 ": " $0; bad = 1 }
     END { exit bad || NR < 2 }' "$dir/jobs" >&2 || exit 99
rm -f "$dir/all.db"
exec "$torc" merge "$dir/all.db" "$dir"/[0-9]*.db
