#!/usr/bin/python3
"""document_pages.py OUT VERSION HEADER...: pages of sections 5 and 7, from documents in Markdown, into OUT/man5, OUT/man7.

It knows the Markdown the documents are written in: headings, paragraphs, lists, tables, blocks of code.  A table becomes
a list of its rows, because three columns of sentences cannot be read in 80 columns."""

import os
import re
import sys

import roff
from header_pages import Header

# The page, its section, the document, what it is about, and what to see also.
PAGES = [
    ("torc-scenario", 5, "docs/scenario.md", "what happens in virtual time, and what must be true",
     [("torc-fmt", 1), ("torc-lint", 1), ("torc-run", 1), ("torc_scenario", 3), ("torc-trace", 5)]),
    ("torc-recording", 5, "docs/recording.md", "what a program has read and written, and what a replay of it compares",
     [("torc-replay", 1), ("torc-serve", 1), ("torc_recording", 3)]),
    ("torc-results", 5, "docs/distribution.md", "shards of a campaign, and the file their results are in",
     [("torc-explore", 1), ("torc-merge", 1), ("torc-sweep", 1)]),
    ("torc-trace", 5, "docs/trace.md", "every event of a simulated run, and the digest of them",
     [("torc-check", 1), ("torc-run", 1), ("torc_trace", 3), ("torc-scenario", 5)]),
    ("torc", 7, "docs/architecture.md", "event-driven programs that run live and in virtual time",
     [("torc", 1), ("torc-recording", 5), ("torc-results", 5), ("torc-scenario", 5), ("torc-trace", 5), ("torc-limits", 7)]),
    ("torc-limits", 7, "docs/limits.md", "what the simulator does not model, and what the guard cannot see",
     [("torc", 7), ("torc-check", 1)]),
]
PAGE_OF = {os.path.basename(path): "%s(%d)" % (name, section) for name, section, path, _, _ in PAGES}


def link(match):
    """What a link leads to, as a page or as a file of the source."""
    name = os.path.basename(match.group(2).split("#")[0])
    if name in PAGE_OF:
        return PAGE_OF[name]
    if name.endswith(".h"):
        return "torc_%s(3)" % name[:-2]
    return "docs/" + name if name.endswith(".md") else match.group(1)


def cells(line):
    """The cells of a table's line; a bar after a backslash is a bar."""
    parts = re.split(r"(?<!\\)\|", line.strip()[1:-1])
    return [part.strip().replace("\\|", "|") for part in parts]


def shown_bytes(text):
    return len(re.sub(r"[`*]", "", text))


def table(lines):
    titles = cells(lines[0])
    out = []
    for line in lines[2:]:
        row = cells(line)
        body = []
        for title, cell in zip(titles[1:], row[1:]):
            if not cell:
                continue
            titled = title and len(titles) > 2
            text = "%s%s: %s" % (title[0].upper(), title[1:], cell) if titled else cell
            body += roff.sentences(text if text.endswith(".") else text + ".")
        out += roff.item(roff.prose(row[0] or "otherwise"), body, shown_bytes(row[0]))
    # A first title in code is what the table describes; another says what the tags are, which they show.
    caption = [titles[0]] if "`" in titles[0] else []
    caption += [titles[1]] if len(titles) == 2 and titles[1] else []
    caption = [".PP"] + roff.sentences(": ".join(caption) + ":") if caption else []
    return caption + out


class Document:
    def __init__(self, text):
        self.lines = re.sub(r"\[([^\]`]+)\]\(([^)]+)\)", link, text).split("\n")
        self.at = 0

    def take(self, wanted):
        """The lines from here on that are wanted."""
        first = self.at
        while self.at < len(self.lines) and wanted(self.lines[self.at]):
            self.at += 1
        return self.lines[first:self.at]

    def code(self):
        lines = self.take(lambda line: line.startswith("    ") or not line.strip())
        while lines and not lines[-1].strip():
            lines.pop()
        return [".RS 2"] + roff.display([line[4:] for line in lines], roff.WIDTH - 2) + [".RE"]

    def fenced(self):
        self.at += 1
        lines = self.take(lambda line: not line.startswith("```"))
        self.at += 1
        return [".RS 2"] + roff.display(lines, roff.WIDTH - 2) + [".RE"]

    def one_item(self):
        marker = re.match(r"(-|\d+\.) +", self.lines[self.at])
        text = [self.lines[self.at][marker.end():]]
        self.at += 1
        text += self.take(lambda line: line.startswith(" ") and line.strip() != "")
        tag = "\\(bu" if marker.group(1) == "-" else roff.escape(marker.group(1))
        return [".IP %s 4" % tag] + roff.sentences(" ".join(text))

    def block(self):
        line = self.lines[self.at]
        if not line.strip():
            self.at += 1
            return []
        if line.startswith("#"):
            self.at += 1
            marks, title = line.split(" ", 1)
            title = roff.escape(title.replace("`", ""))
            return [".SS " + title] if len(marks) > 2 else [".SH " + title.upper().replace("\\(AQ", "\\(aq")]
        if line.startswith("```"):
            return self.fenced()
        if line.startswith("    "):
            return self.code()
        if line.startswith("|"):
            return table(self.take(lambda each: each.startswith("|")))
        if re.match(r"(-|\d+\.) ", line):
            return self.one_item()
        first = self.at
        self.at += 1
        self.take(lambda each: each.strip() != "" and not re.match(r"(#|```|\||- |\d+\. )", each))
        return [".PP"] + roff.sentences(" ".join(self.lines[first:self.at]))

    def body(self):
        out = []
        while self.at < len(self.lines):
            out += self.block()
        return out


def headers_of(paths):
    out = [".SH HEADERS"]
    for path in sorted(paths, key=os.path.basename):
        header = Header(path)
        out += roff.item("\\fB%s\\fR(3)" % roff.escape(header.page), roff.sentences(header.summary + "."), 20)
    return out


def main(out, version, *headers):
    for name, section, path, summary, pages in PAGES:
        with open(path, encoding="utf-8") as file:
            document = Document(file.read())
        document.at = 1  # its title is the page's
        body = document.body()
        lines = roff.head(name, section, summary, version) + ([] if body[0].startswith(".SH") else [".SH DESCRIPTION"])
        lines += body[1:] if body[0] == ".PP" else body
        if name == "torc":
            lines += headers_of(headers)
        roff.write(out, name, section, lines + roff.see_also(pages))


if __name__ == "__main__":
    main(*sys.argv[1:])
