"""Pages of the manual in man(7), for terminals of 80 columns."""

import os
import re
import textwrap
import time

WIDTH = 72  # of what is set as it is: 80, without the margin and a column for what mandoc and man differ in

SPECIAL = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "^": "\\(ha", "~": "\\(ti", "`": "\\(ga", '"': "\\(dq"}


def escape(text):
    """Text as it is, wherever it stands in a line."""
    return "".join(SPECIAL.get(character, character) for character in text)


def prose(text):
    """Running text: `word` and **words** are bold, *words* are slanted."""
    parts = re.split(r"(`[^`]+`|\*\*.+?\*\*|(?<![\w*])\*[a-z][^*]*[a-z]\*)", text)
    done = []
    for part in parts:
        if len(part) > 1 and part[0] == "`" and part[-1] == "`":
            word = escape(part[1:-1])
            done.append("\\fB" + (word.replace(",", ",\\:") if len(word) > 30 else word) + "\\fR")
        elif len(part) > 4 and part.startswith("**") and part.endswith("**"):
            done.append("\\fB" + escape(part[2:-2].replace("`", "")) + "\\fR")
        elif len(part) > 2 and part[0] == "*" and part[-1] == "*":
            done.append("\\fI" + escape(part[1:-1]) + "\\fR")
        else:
            done.append(escape(part))
    return "".join(done)


def sentences(text):
    """Lines of input, a sentence each, none of which is taken for a request."""
    lines = re.sub(r"(?<=[.:;?!]) +(?=[A-Z])", "\n", prose(" ".join(text.split()))).split("\n")
    return ["\\&" + line if line.startswith((".", "'")) else line for line in lines if line]


def join_gaps(lines):
    """What goes on below the right one of two columns is put behind it."""
    out, column = [], None
    for line in lines:
        margin = len(line) - len(line.lstrip())
        if margin == column and not re.match(r"\s*(\||\S.*\s{2,}\S)", line):
            out[-1] += " " + line.strip()
            continue
        out.append(line)
        gap = re.match(r"(\s*\S.*?\s{2,})(?=\S)", line)
        column = gap.end() if gap and gap.end() > margin + 2 else None
    return out


def wrap(text, width, first, then):
    return textwrap.wrap(text, width, initial_indent=" " * first, subsequent_indent=" " * then,
                         break_on_hyphens=False) or [text]


def wrap_code(line, width):
    """A line of a display in pieces that fit: broken at a gap if there is one, else at a blank."""
    if len(line) <= width:
        return [line]
    text = line.lstrip()
    margin = min(len(line) - len(text), max(8, width - len(text)))  # to the left, if that is enough
    line = " " * margin + text
    remark = re.match(r"(.*\S)\s{2,}(# .*)$", line)
    if remark:  # beside it, if there is room
        near = remark.group(1) + "  " + remark.group(2)
        return [near] if len(near) <= width else \
            wrap(remark.group(2), width, margin, margin) + wrap_code(remark.group(1), width)
    if len(line) <= width:
        return [line]
    if set(text) == {"-"}:
        return [" " * margin + "-" * (width - margin)]
    grammar = re.match(r"\s*[a-z]* +(?:=|\|) ", line)
    gap = re.match(r"(\s*\S.*?)(\s{2,})(?=\S)", line)
    if grammar or not gap:
        text = line[margin:] if not grammar else line[grammar.end():]
        pieces = wrap(text, width, grammar.end() if grammar else margin, grammar.end() + 2 if grammar else margin + 4)
        return [grammar.group(0) + pieces[0].lstrip()] + pieces[1:] if grammar else pieces
    if gap.end() <= width // 3:  # beside it
        pieces = wrap(line[gap.end():], width, gap.end(), gap.end())
        return [line[:gap.end()] + pieces[0].lstrip()] + pieces[1:]
    return wrap_code(gap.group(1), width) + wrap(line[gap.end():], width, margin + 8, margin + 8)


def display(lines, width=WIDTH):
    """Lines that are set as they are."""
    out = [".PP", ".nf"]
    for line in join_gaps([line.rstrip() for line in lines]):
        for piece in wrap_code(line, width):
            text = escape(piece)
            out.append("\\&" + text if text.startswith((".", "\\(aq")) else text)
    return out + [".fi"]


def item(tag, lines, shown_bytes):
    """A tag and what is said of it; a long tag is a paragraph."""
    if shown_bytes <= 60:
        return [".TP", tag] + (lines or ["\\&"])
    return [".PP", tag] + ([".RS 7"] + lines + [".RE"] if lines else [])


def head(name, section, summary, version):
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    date = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    return ['.TH "%s" "%s" "%s" "Torc %s" "Torc"' % (escape(name.upper()), section, date, version), ".nh", ".ad l", ".SH NAME",
            "%s \\- %s" % (escape(name), prose(summary))]


def write(folder, name, section, lines):
    kept = [line for at, line in enumerate(lines)
            if line != ".PP" or (at > 0 and not lines[at - 1].startswith((".SH", ".SS", ".PP", ".RS 4")))]
    place = os.path.join(folder, "man%s" % section)
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "%s.%s" % (name, section)), "w", encoding="utf-8") as out:
        out.write("\n".join(kept) + "\n")


def see_also(pages):
    return [".SH SEE ALSO", ",\n".join("\\fB%s\\fR(%s)" % (escape(name), section) for name, section in pages)]
