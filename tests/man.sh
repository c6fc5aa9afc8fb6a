#!/bin/bash
# The manual: every page is sound and fits a terminal, nothing that is public has none, and what the headers and documents
# say is in their pages, word for word.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
export LC_ALL=C.UTF-8 MANWIDTH=80 MANROFFOPT=-ww
unset MANPAGER PAGER
torc=$TORC_BUILD/torc man=$TORC_BUILD/man python=${PYTHON:-/usr/bin/python3}
. tests/support/tap.sh
: >"$at/log"
tell() { report "$@"; : >"$at/log"; }
commands=$("$torc" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
headers=$(echo lib/include/torc/*.h sim/include/torc/*.h)
pages=$(grep -L '^\.so' "$man"/man[1357]/*)

# --- pages --------------------------------------------------------------------------------------------
[ "$(printf '%s\n' $pages | wc -l)" -ge 50 ] || echo "only $(printf '%s\n' $pages | wc -l) pages" >>"$at/log"
mandoc -T lint -W warning $pages >>"$at/log" 2>&1
[ ! -s "$at/log" ]
tell $? "mandoc has nothing to warn of, in any page"
mkdir "$at/text" "$at/lower"
for page in $pages; do
    man -l "$page" >"$at/text/${page##*/}" 2>"$at/err" </dev/null || echo "$page: man cannot show it" >>"$at/log"
    sed "s|^|${page##*/}: |" "$at/err" >>"$at/log"
done
[ ! -s "$at/log" ]
tell $? "man shows each of them, and groff has nothing to warn of"
"$python" - "$at"/text/* >"$at/log" 2>&1 <<'PY'
import re, sys
for name in sys.argv[1:]:
    text = open(name, encoding="utf-8").read()
    page = name.split("/")[-1]
    for line in text.split("\n"):
        if len(line) > 80:
            print(page + ": too long: " + line)
        if line.endswith("\u2010"):
            print(page + ": a word is divided: " + line)
        if re.search(r"\\f[BIRP]|\\\(|\\&|\*\*\w.*\w\*\*|^\.[A-Z]{2}\b", line):
            print(page + ": not formatted: " + line)
    wanted = ["NAME", "SEE ALSO"] + (["SYNOPSIS"] if page[-1] in "13" else [])
    wanted += ["DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES"] if page[-1] == "1" else []
    for title in wanted:
        if not re.search("^" + title + "$", text, flags=re.M):
            print(page + ": there is no " + title)
PY
[ $? -eq 0 ] && [ ! -s "$at/log" ]
tell $? "no line is longer than 80 columns, nothing is left of the source, each has its parts"
for page in "$man"/man3/*; do
    target=$(sed -n 's/^\.so //p' "$page")
    [ -z "$target" ] || [ -f "$man/$target" ] || echo "$page leads to $target" >>"$at/log"
done
for reference in $(grep -ohE '\\fB[a-z_\\-]+\\fR\([1357]\)' $pages | sed 's/\\fB//; s/\\fR//; s/\\-/-/g' | sort -u) \
                 $(sed -n 's/^\.Xr \([a-z_-]*\) \([1357]\).*/\1(\2)/p' "$man"/man1/* | sort -u); do
    name=${reference%(*} section=${reference#*(}
    [ -f "$man/man${section%)}/$name.${section%)}" ] || echo "$reference is not there" >>"$at/log"
done
[ ! -s "$at/log" ]
tell $? "what pages lead to is there"

# --- nothing is left out ------------------------------------------------------------------------------
for library in libtorc libtorc-sim libtorc-trial; do
    nm -D --defined-only "$TORC_BUILD/$library.so" | awk '$2 != "A" { print $3 }' | sed 's/@.*//'
done | grep '^torc_' | sort -u >"$at/symbols"
sed -nE 's/^#define (torc_[a-z0-9_]*[a-z0-9])\(.*/\1/p; s/^static inline .*\b(torc_[a-z0-9_]+)\(.*/\1/p' $headers >>"$at/symbols"
[ "$(wc -l <"$at/symbols")" -ge 400 ] || echo "only $(wc -l <"$at/symbols") names were found" >>"$at/log"
while read -r name; do
    [ -f "$man/man3/$name.3" ] || echo "$name has no page" >>"$at/log"
done <"$at/symbols"
[ ! -s "$at/log" ]
tell $? "every name the libraries export, and every function and macro of the headers, has a page"
for command in $commands; do
    grep -q "torc-$command(1)" "$at/text/torc.1" || echo "torc(1) has no $command" >>"$at/log"
    "$torc" "$command" --help | sed -nE 's/^  (-[a-z], )?(--[a-z-]+)( [^ ]+)?.*/\2\3/p' | while read -r option; do
        sed -n '/^OPTIONS$/,$p' "$at/text/torc-$command.1" | grep -qF -- "$option" || echo "torc-$command(1) has no $option"
    done >>"$at/log"
done
[ -n "$commands" ] && [ ! -s "$at/log" ]
tell $? "every command and every option of its help is in its page"
# words PAGE: the words of what comes in, each of which has to be in the page as often.
cat >"$at/words.py" <<'PY'
import collections, re, sys
said = collections.Counter(re.findall(r"\w+", sys.stdin.read()))
there = collections.Counter(re.findall(r"\w+", open(sys.argv[1], encoding="utf-8").read()))
lost = said - there
if lost or not said:
    print("%s lacks: %s" % (sys.argv[1].split("/")[-1], " ".join(sorted(lost)[:20])))
PY
for header in $headers; do
    name=$(basename "$header" .h)
    # Comments that begin a line, but for the rules between parts, whose words are titles.
    awk '/^\/\*/ { on = 1 } on { print } /\*\// { on = 0 }' "$header" |
        sed -E "s#^/\* torc/$name\.h - ##; s#^/\* --- (.*) -+#\1#" |
        awk '{ print tolower($0) }' >"$at/said"
    awk '{ print tolower($0) }' "$at/text/torc_$name.3" >"$at/lower/torc_$name.3"
    "$python" "$at/words.py" "$at/lower/torc_$name.3" <"$at/said" >>"$at/log"
done
[ ! -s "$at/log" ]
tell $? "every word of a header's comments is in its page"
for header in $headers; do
    name=$(basename "$header" .h)
    awk '/^(struct|enum|typedef) .*[{;]/ || /^enum \{/ { on = 1 } on { print } /;$/ && !/^ / || /^}/ { on = 0 }' "$header" |
        sed -E 's#/\*.*##; s/^ +\*.*//; /^struct torc_[a-z_]+;/d; s/__attribute__.*\)\)|TORC_API//' | awk '{ print tolower($0) }' >"$at/said"
    [ ! -s "$at/said" ] || "$python" "$at/words.py" "$at/lower/torc_$name.3" <"$at/said" >>"$at/log"
done
[ ! -s "$at/log" ]
tell $? "so is every member of a struct, every constant of an enum, every type of a function"
while read -r page document; do
    # Without its title, links, and what the first column of a table is, which its tags show.
    sed -E '1d; s/\[([^]`]*)\]\([^)]*\)//g' "$document" |
        sed -E ':a; N; $!ba; s/\n\| [a-z ]+ \|([^\n]*\n\|---)/\n|\1/g' | awk '{ print tolower($0) }' >"$at/said"
    awk '{ print tolower($0) }' "$at/text/$page" >"$at/lower/$page"
    "$python" "$at/words.py" "$at/lower/$page" <"$at/said" >>"$at/log"
done <<'LIST'
torc-scenario.5 docs/scenario.md
torc-recording.5 docs/recording.md
torc-results.5 docs/distribution.md
torc-trace.5 docs/trace.md
torc.7 docs/architecture.md
torc-limits.7 docs/limits.md
LIST
[ ! -s "$at/log" ]
tell $? "every word of a document is in its page"
finish
