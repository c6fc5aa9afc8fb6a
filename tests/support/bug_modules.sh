# Builds the known bugs of fixtures/bugs.  For scripts that set root, the folder of the project, and at, a folder of
# their own in which there are wrong/ and right/.
compile="${CC:-gcc} -std=c11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function -shared -fPIC -fvisibility=hidden -I$root/lib/include"

# make_modules NAME: as a module in $at/wrong, and without the bug in $at/right.
make_modules() {
    name=$1 folder=$root/fixtures/bugs/$1
    if [ -f "$folder/$name.c" ]; then
        $compile -DBUG=1 -o "$at/wrong/$name.so" "$folder/$name.c" &&
            $compile -DBUG=0 -o "$at/right/$name.so" "$folder/$name.c"
        return
    fi
    fixture=$(sed -n '2s/^# fixture: //p' "$folder/$name.patch")
    mkdir -p "$at/$name/fixtures"
    cp -r "$root/fixtures/$fixture" "$at/$name/fixtures/"
    (cd "$at/$name" && rm -f fixtures/*/*_test.c fixtures/*/*_bench.c) || return 1
    $compile -o "$at/right/$name.so" "$at/$name/fixtures/$fixture"/*.c &&
        (cd "$at/$name" && patch -s -p1 <"$folder/$name.patch") &&
        $compile -o "$at/wrong/$name.so" "$at/$name/fixtures/$fixture"/*.c
}
