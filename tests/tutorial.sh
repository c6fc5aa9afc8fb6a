#!/bin/bash
# docs/tutorial.md and docs/howto do word for word what they say, in an empty folder, with an installed copy.
set -u
cd "$TORC_ROOT" || exit 99
at=$(mktemp -d) || exit 99
trap 'rm -rf "$at"' EXIT
root=$PWD
python=${PYTHON:-/usr/bin/python3}
unset CFLAGS LDFLAGS TORC BUDGET CMOCKA_MESSAGE_OUTPUT CMOCKA_XML_FILE CMOCKA_TEST_FILTER
n=0
report() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else sed 's/^/# /' "$at/log"; echo "not ok $n - $2"; fi
}
plain=$TORC_BUILD/plain
flock "$plain.lock" make -s BUILD="$plain" SAN= COVERAGE= OPT=-O2 CC=gcc prefix="$at/usr" install >"$at/log" 2>&1
report $? "make install into a prefix"
export PATH="$at/usr/bin:$PATH" PKG_CONFIG_PATH="$at/usr/lib/pkgconfig" GIT_CONFIG_NOSYSTEM=1
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# page HOME FOLDER PAGE OPTION...: does what the page says, in that folder of the reader's home.
page() {
    (cd "$1/$2" && HOME=$1 "$python" "$root/tests/support/run_page.py" --port "7000=$port" "${@:4}" "$3") >"$at/log" 2>&1
}
mkdir "$at/reader"
page "$at/reader" . "$root/docs/tutorial.md" --skip "1. Install Torc"
report $? "the tutorial goes as it says"
[ -z "$(git -C "$at/reader/guestbook" status --porcelain)" ] && [ "$(git -C "$at/reader/guestbook" log --oneline | wc -l)" -eq 2 ]
report $? "and leaves a repository with two commits and nothing uncommitted"

# --- it would be noticed ----------------------------------------------------------------------------------
# notices WHAT SED-SCRIPT: of a page that is wrong so.
notices() {
    sed "$2" "$root/docs/tutorial.md" >"$at/wrong.md"
    cmp -s "$root/docs/tutorial.md" "$at/wrong.md" && { echo "nothing was changed" >"$at/log"; report 1 "$1"; return; }
    rm -rf "$at/other" && mkdir "$at/other"
    if page "$at/other" . "$at/wrong.md" --skip "1. Install Torc"; then echo "nothing was noticed" >"$at/log"; report 1 "$1"; else report 0 "$1"; fi
}
notices "a shown answer that does not come is noticed" 's/^OK 1$/OK 2/'
notices "so is a command that does not exist" 's/torc explore --modules/torc explore --modulos/'
notices "and a failure that is not shown" 's/^    socket  .* 10 failed/    socket          1 operations,       10 cases,       10 run,      0 failed/'
notices "and code that is left out" '/^    guest->gone = true;$/d'
notices "a block that nothing is done with is an error" 's/^Put this into `Makefile`:/A Makefile:/'

# --- questions --------------------------------------------------------------------------------------------
for each in docs/howto/*.md; do
    [ "$each" = docs/howto/README.md ] && continue
    rm -rf "$at/home" && mkdir -p "$at/home/src" && cp -r "$at/reader/guestbook" "$at/home" && ln -s "$root" "$at/home/src/torc"
    page "$at/home" guestbook "$root/$each"
    report $? "$each goes as it says"
    grep -qF "(${each#docs/howto/})" docs/howto/README.md
    report $? "its question is asked in docs/howto/README.md"
done
echo "1..$n"
