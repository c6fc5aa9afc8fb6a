#!/usr/bin/env python3
"""Does what a page of docs says, in the present directory, and compares what is shown with what comes.

    run_page.py [--skip HEADING] [--port SHOWN=OTHER] [--write] PAGE

A fenced block is one of these, by the line before it: "Put this into `FILE`:", "Add this to the end of `FILE`:",
"In `FILE`, replace" with "by" before the block that follows, and ```console, whose lines with `$ ` are commands of
one bash and whose other lines are what they print. Blocks of any other kind are an error: everything shown is
checked. --skip leaves out the section with that heading; --port takes another port than the one shown;
--write puts what came in the place of what is shown (but not where `...` leaves lines out)."""
import argparse, os, re, select, subprocess, sys, time

MARK = "=-=-page-=-="
SECONDS = 120


def fail(place, text):
    print("%s: %s" % (place, text))
    sys.exit(1)


# What differs from run to run, or with the inside of Torc (docs/tutorial.md says so).
MASKS = [
    (re.compile(r"\r$"), ""),
    (re.compile(r"\b[0-9a-f]{32}\b"), "DIGEST"),
    (re.compile(r"^[0-9a-f]{7} "), "COMMIT "),
    (re.compile(r"\bbuild [0-9a-f]{8}\b"), "build HASH"),
    (re.compile(r"\b127\.0\.0\.1:(?!7000\b)\d+"), "127.0.0.1:PORT"),
    (re.compile(r'\bevent \d+|"n":\d+'), "event N"),
    (re.compile(r"\d+( of \d+ seeds.*: the budget ended it)"), r"N\1"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "ADDRESS"),
    (re.compile(r" at /\S+/"), " at FOLDER/"),
    (re.compile(r"^(bash: line \d+: +\d+ )?Segmentation fault.*"), "Segmentation fault"),
    (re.compile(r"\b\d+\.\d+ s\b(?! of)"), "SECONDS"),
    (re.compile(r"\b\d+\.\d+ ms\b"), "SECONDS"),
    (re.compile(r"\b\d+ (runs|cases)/s\b"), r"N \1/s"),
    (re.compile(r"(alloc\.fail:\w+):\d+"), r"\1:N"),
    (re.compile(r"\b[1-9]\d* failed\b"), "N failed"),
    (re.compile(r"\b[1-9]\d* (operations|bytes|events|cases|pairs?|runs?|known)\b *"), r"N \1 "),
    (re.compile(r"\bafter \d+ runs\b"), "after N runs"),
    (re.compile(r" +"), " "),
]


def masked(line):
    for pattern, put in MASKS:
        line = pattern.sub(put, line)
    return line.rstrip()


def agree(shown, came):
    """Line by line; a shown line `...` stands for any number."""
    shown, came = [masked(l) for l in shown], [masked(l) for l in came]
    def walk(i, j):
        if i == len(shown):
            return j == len(came)
        if shown[i] == "...":
            return any(walk(i + 1, k) for k in range(j, len(came) + 1))
        return j < len(came) and shown[i] == came[j] and walk(i + 1, j + 1)
    return walk(0, 0)


class Shell:
    def __init__(self):
        environment = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8", PS4="")
        for name in ("GITHUB_ACTIONS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            environment.pop(name, None)
        self.process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        self.rest = b""

    def read_line(self, until):
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return None
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("utf-8", "replace")

    def run(self, command, expected):
        """What it prints. One that is left running has until its shown lines are there."""
        self.process.stdin.write((command + "\nprintf '\\n" + MARK + "\\n'\n").encode())
        self.process.stdin.flush()
        until = time.monotonic() + SECONDS
        lines, marked = [], False
        while not marked or (command.endswith("&") and len([l for l in lines if l]) < expected):
            line = self.read_line(until)
            if line is None:
                lines.append("(no more came)")
                break
            if line == MARK:
                marked = True
                if lines and lines[-1] == "":
                    lines.pop()
            else:
                lines.append(line)
        return [l for l in lines if l] if command.endswith("&") else lines

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            return False
        return True


def write(path, text, mode="w"):
    with open(path, mode, encoding="utf-8") as file:
        file.write(text)


def blocks(lines):
    """(number of the opening line, language, the text line before it, the lines, heading)"""
    before, heading, at = "", "", 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = next((k for k in range(at + 1, len(lines)) if lines[k] == "```"), None)
            if end is None:
                fail(at + 1, "this block does not end")
            yield at, line[3:], before, lines[at + 1:end], heading
            at = end
            before = ""
        elif line.startswith("#"):
            heading = line.lstrip("# ")
        elif line:
            before = line
        at += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page")
    parser.add_argument("--skip")
    parser.add_argument("--port")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    lines = open(asked.page, encoding="utf-8").read().split("\n")
    shell, new, bad, commands, skipped, old = Shell(), {}, 0, 0, False, None
    shown_port, other_port = asked.port.split("=") if asked.port else ("", "")

    def with_port(text, back=False):
        if not asked.port:
            return text
        pair = (other_port, shown_port) if back else (shown_port, other_port)
        return re.sub(r"(127\.0\.0\.1[:/])%s\b" % pair[0], r"\g<1>" + pair[1], text)

    where = "."
    for at, language, before, block, heading in blocks(lines):
        place = "%s:%d" % (asked.page, at + 1)
        if heading == asked.skip:
            skipped = True
            continue
        text = "\n".join(block) + "\n"
        if language == "console":
            out, k = [], 0
            while k < len(block):
                if not block[k].startswith("$ "):
                    fail("%s:%d" % (asked.page, at + 2 + k), "this line belongs to no command")
                begin, command = k, block[k][2:]
                k += 1
                while command.endswith("\\") and k < len(block) and block[k].startswith("> "):
                    command += "\n" + block[k][2:]
                    k += 1
                typed = k
                while k < len(block) and not block[k].startswith("$ "):
                    k += 1
                shown = block[typed:k]
                came = [with_port(l, True) for l in shell.run(with_port(command), len(shown))]
                commands += 1
                out += block[begin:typed]
                out += shown if "..." in shown or agree(shown, came) else [l.rstrip("\r") for l in came]
                if not agree(shown, came) and not asked.write:
                    bad += 1
                    print("%s:%d: $ %s" % (asked.page, at + 2 + begin, command))
                    print("".join("  shown  %s\n" % l for l in shown) + "".join("  came   %s\n" % l for l in came), end="")
            new[at] = (len(block), out)
            where = shell.run("pwd", 1)[0]
            continue
        named = re.fullmatch(r"(?:.*\. )?(Put this into|Add this to the end of|In) `([^`]+)`(:|, replace)", before)
        if named and named.group(1) == "In":
            old = (os.path.join(where, named.group(2)), text)
        elif named:
            path = os.path.join(where, named.group(2))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, text, "w" if named.group(1).startswith("Put") else "a")
        elif before == "by" and old:
            content = open(old[0], encoding="utf-8").read()
            if content.count(old[1]) != 1:
                fail(place, "what is to be replaced stands in the file %d times" % content.count(old[1]))
            write(old[0], content.replace(old[1], text))
            old = None
        else:
            fail(place, "nothing says what is done with this block: '%s'" % before)
    if not shell.end():
        fail(asked.page, "something is left running")
    if asked.skip and not skipped:
        fail(asked.page, "there is no section '%s'" % asked.skip)
    if commands == 0:
        fail(asked.page, "it has no command")
    if asked.write:
        for at in sorted(new, reverse=True):
            length, out = new[at]
            lines[at + 1:at + 1 + length] = out
        write(asked.page, "\n".join(lines))
    sys.exit(1 if bad else 0)


main()
