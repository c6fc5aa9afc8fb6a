#!/bin/bash
# What completes the arguments of torc: bash's is called as bash calls it, zsh and fish read theirs.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
torc=$TORC_BUILD/torc
. tests/support/tap.sh
: >"$at/log"
tell() { report "$@"; : >"$at/log"; }
"$torc" --completion bash >"$at/torc.bash" && . "$at/torc.bash" 2>"$at/log"
tell $? "bash reads its script"
[ "$(complete -p torc)" = "complete -F _torc torc" ]
tell $? "and completes torc with it"
mkdir "$at/files" && touch "$at/files/a.scn" "$at/files/b.torc" "$at/files/c.so" "$at/files/d.txt" && mkdir "$at/files/folder"
# offers WHAT "WORDS" EXPECTED: the words after torc, the last of which is to be completed ("" after a blank); what is
# offered, sorted, in one line.  It is not called by a shell that reads a line, so compopt has nothing to change.
offers() {
    IFS=' ' read -ra COMP_WORDS <<<"torc $2"
    case $2 in *' ' | '') COMP_WORDS+=("") ;; esac
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    (cd "$at/files" && _torc torc "" ""; printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort -u | tr '\n' ' ') >"$at/out" 2>"$at/err"
    echo "offered: $(cat "$at/out" "$at/err")" >"$at/log"
    [ "$(cat "$at/out")" = "$3 " ] && [ ! -s "$at/err" ]
    tell $? "torc $2<TAB>: $1"
}
offers "commands by their beginning" "re" "replay report"
offers "all commands" "" "$("$torc" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | { cat; echo help; } | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')"
offers "options before a command" "--" "--completion --help --man --version"
offers "commands that have a page" "--man tr" "trial"
offers "shells" "--completion " "bash fish zsh"
offers "options by their beginning" "sweep --s" "--sample --seed --shard"
offers "one of a fixed set" "explore --strategy p" "pct portfolio"
offers "the same after =" "explore --strategy = p" "pct portfolio"
offers "the same with nothing after =" "replay --db =" "canned real"
offers "the second of a list" "sweep --fault alloc,re" "alloc,read alloc,resolve"
offers "names of sites among groups" "run --sites ready" "$("$torc" --completion bash | grep -o 'ready\.[a-z]*' | sort -u | tr '\n' ' ' | sed 's/ $//')"
offers "reporters" "trial --reporter j" "jsonl junit"
offers "modes" "sweep --mode " "once persist"
offers "scenarios and folders" "run " "a.scn folder"
offers "scenarios after options" "run --seed 7 -v " "a.scn folder"
offers "recordings and folders" "replay " "b.torc folder"
offers "modules and folders" "serve " "c.so folder"
offers "what is checked, of both kinds" "lint " "a.scn c.so folder"
offers "any file" "run --jsonl " "a.scn b.torc c.so d.txt folder"
offers "folders" "explore --out " "folder"
offers "nothing where anything may stand" "run --seed " ""
# Every option of every command's help is offered, and nothing else.
bad=0
for command in $("$torc" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    "$torc" "$command" --help | sed -nE 's/^  (-[a-z], )?(--[a-z-]+).*/\2/p' | LC_ALL=C sort >"$at/told"
    COMP_WORDS=(torc "$command" --) COMP_CWORD=2
    _torc
    printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | diff "$at/told" - >>"$at/log" && [ -s "$at/told" ] || bad=1
done
tell $bad "what is offered after -- is what the help of each command has"
for shell in zsh fish; do
    "$torc" --completion $shell >"$at/torc.$shell"
    if command -v $shell >/dev/null; then
        $shell -n "$at/torc.$shell" 2>"$at/log"
        tell $? "$shell reads its script"
    else
        n=$((n + 1)); echo "ok $n - $shell reads its script # SKIP there is no $shell"
    fi
done
if command -v fish >/dev/null; then
    # offered "LINE" EXPECTED: by fish, for a line that is typed.
    offered() {
        (cd "$at/files" && HOME=$at fish -N -c "source $at/torc.fish; complete -C '$1'" 2>"$at/log" | sed 's/\t.*//' | LC_ALL=C sort -u | tr '\n' ' ') >"$at/out"
        cat "$at/out" >>"$at/log"
        [ "$(cat "$at/out")" = "$2 " ]
        tell $? "fish: $1"
    }
    offered "torc re" "replay report"
    offered "torc --man tr" "trial"
    offered "torc explore --strategy p" "pct portfolio"
    offered "torc sweep --fault alloc,re" "alloc,read alloc,resolve"
    offered "torc trial --reporter=j" "--reporter=jsonl --reporter=junit"
fi
finish
