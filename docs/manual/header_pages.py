#!/usr/bin/python3
"""header_pages.py OUT VERSION HEADER...: a page of section 3 for each public header, into OUT/man3, and one for each name
it declares that leads there.

The headers are the reference: what is said here is what their comments say.  It reads the C they are written in: a
comment at the beginning of a line is about the declarations that follow it, up to an empty line or the next comment."""

import os
import re
import sys
import textwrap

import roff

RULE = re.compile(r"/\* --- (.*?) -+(?: \*/)?$")
EACH = re.compile(r"#define X\((\w+)[^)]*\)[^\n]*?\b(torc_\w+_)##\1;\n(\w+)\(X\)")
DECORATION = re.compile(r"\b(TORC_API|TORC_CHECKED)\b ?|\bTORC_PRINTF\([^)]*\)|__attribute__\(\(.*?\)\)\)?")


def comment_text(lines):
    """The lines of a comment without what makes it one."""
    text = "\n".join(lines).strip()[2:-2]
    return [re.sub(r"^ ?\* ?", "", line).rstrip() if number else line.strip()
            for number, line in enumerate(text.split("\n"))]


def attribute(name, code):
    """Whether a macro stands for an attribute, or for nothing: it is for compilers."""
    return re.search(r"^#define %s(\([^)]*\))?([ \t]+__attribute__.*)?$" % name, code, flags=re.M) is not None


class Item:
    """Declarations that stand together, and the comment about them."""

    def __init__(self, section, comment, code):
        self.section = section
        self.comment = comment
        self.code = code
        text = "\n".join(code)
        flat = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.macros = re.findall(r"^#define (TORC_\w+\b(?<!_)|torc_\w+\b(?<!_))(\([^)]*\))?", flat, flags=re.M)
        self.macros = [each for each in self.macros if not attribute(each[0], flat)]
        self.declared = statements(flat)
        self.types = re.findall(r"^(?:struct|enum) (torc_\w+)\s*\{", flat, flags=re.M)
        self.types += [name for name, _ in named(self.declared, typedef=True)]
        self.functions = named(self.declared, typedef=False)

    def names(self):
        return self.types + [name for name, _ in self.functions] + [name for name, _ in self.macros if self.comment]


def statements(code):
    """What is declared, one after the other, each in one line; bodies of functions are left out."""
    lines = re.sub(r"^#.*?(?<!\\)$", "", re.sub(r"\\\n", " ", code), flags=re.M)
    out, text, depth, kept = [], "", 0, True
    for character in lines:
        if character == "{":
            depth += 1
            if depth == 1:
                kept = not text.rstrip().endswith(")")
        if depth == 0 or kept:
            text += character
        if character == "}":
            depth -= 1
            if depth == 0 and not kept:
                out.append(text.strip() + ";")
                text, kept = "", True
        elif character == ";" and depth == 0:
            out.append(text.strip())
            text = ""
    return [" ".join(DECORATION.sub("", each).split()).replace(" ;", ";") for each in out]


def named(declared, typedef):
    """Of what is declared: the names, each with its declaration."""
    out = []
    for text in declared:
        if text.startswith("typedef") != typedef or text.startswith(("struct torc_", "enum torc_")) and text.endswith("};"):
            continue
        match = re.match(r"[\w\s*]*?\b(torc_\w+)\s*\(", text) or re.match(r"(?:extern )[\w\s*]*?\b(torc_\w+)(?:\[\])?;", text)
        if match:
            text = text.replace("static inline ", "").replace("extern ", "")
            out.append((match.group(1), text))
    return out


class Header:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        self.file = os.path.basename(path)
        self.page = "torc_" + self.file[:-2]
        end = next(number for number, line in enumerate(lines) if line.rstrip().endswith("*/"))
        text = comment_text(lines[:end + 1])
        text[0] = text[0].split(" - ", 1)[1]
        first = " ".join(text[:text.index("")] if "" in text else text)
        self.summary = re.split(r"\.(?:\s|$)", first)[0]
        rest = first[len(self.summary) + 1:].strip()
        self.about = ([rest] if rest else []) + (text[text.index(""):] if "" in text else [])
        self.includes = re.findall(r"^#include <torc/(\w+)\.h>", "\n".join(lines), flags=re.M)
        self.mentions = re.findall(r"torc/(\w+)\.h", "\n".join(lines[1:]))
        # Names a list of X(name, ...) stands for.
        self.listed = [prefix + name for _, prefix, macro in EACH.findall("\n".join(lines))
                       for name in re.findall(r"\bX\((\w+)", "\n".join(lines).split("#define %s(X)" % macro)[1].split("\n\n")[0])]
        self.items = list(self.read_items(lines[end + 1:]))

    def read_items(self, lines):
        at, section, comment, code, depth = 0, None, [], [], 0
        while at < len(lines):
            line = lines[at]
            begins = depth == 0 and line.startswith("/*")
            if depth == 0 and (begins or not line.strip()):
                if code or (comment and begins):
                    yield Item(section, comment, code)
                    comment, code = [], []
                if RULE.match(line):
                    section = RULE.match(line).group(1)
                    line = "/*"
                if begins and not RULE.match(lines[at]) or begins and "*/" not in lines[at]:
                    first = at
                    while "*/" not in lines[at]:
                        at += 1
                    comment = comment_text([line] + lines[first + 1:at + 1])
            elif depth > 0 or not re.match(r'#(include|ifndef TORC_|endif|ifdef __cplusplus|if |else)|extern "C"|}$', line) \
                    and not re.match(r"#define TORC_\w+_H$", line):
                code.append(line)
                flat = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", line)
                depth += flat.count("{") - flat.count("}") + (1 if flat.endswith("\\") else 0)
                depth -= 1 if at > 0 and lines[at - 1].endswith("\\") else 0
            at += 1
        if code:
            yield Item(section, comment, code)

    def names(self):
        return [name for item in self.items for name in item.names()] + self.listed


# --- pages --------------------------------------------------------------------------------------------

def prototype(text):
    """A declaration in lines that fit, broken after commas as the headers do."""
    parts = re.sub(r"(?<!,) ", "\0", text.replace("* torc_", "*torc_"))

    def lines(text):
        return [line.replace("\0", " ") for line in textwrap.wrap(text, roff.WIDTH, subsequent_indent="    ",
                                                                  break_long_words=False, break_on_hyphens=False)]

    out = lines(parts)
    return out if max(map(len, out)) <= roff.WIDTH else lines(parts.replace("(", "( ", 1))


def definition(lines):
    """A struct or an enum; a remark that does not fit beside its member stands before it."""
    out, at = [], 0
    while at < len(lines):
        line = lines[at]
        while "/*" in line and "*/" not in line[line.index("/*"):] and at + 1 < len(lines):
            at += 1
            line += " " + re.sub(r"^\s*\* ?", "", lines[at])
        match = re.match(r"(\s*)(.*?)\s*/\* ?(.*?) ?\*/\s*$", line)
        line = DECORATION.sub("", line)
        if match and len(line) > roff.WIDTH:
            margin = match.group(1)
            out += textwrap.wrap("/* %s */" % match.group(3), roff.WIDTH, initial_indent=margin,
                                 subsequent_indent=margin + " * ", break_on_hyphens=False)
            line = margin + match.group(2)
        if line.strip():
            out.append(line)
        at += 1
    return out


def shown(item):
    """What an item declares besides functions, as it stands in the header."""
    text = "\n".join(item.code)
    out = []
    for match in re.finditer(r"^(?:struct|enum)(?: torc_\w+)?(?:;|\s*\{[^\n]*\};|\s*\{\n.*?^\};)|^typedef .*?;", text,
                             flags=re.S | re.M):
        one = match.group(0)
        if re.match(r"(struct|enum) \w+;", one) and not item.comment:
            continue
        plain = "\n" not in one or (one.startswith("typedef") and "{" not in one)
        out += prototype(" ".join(one.split())) if plain else definition(one.split("\n"))
    for name, parameters in item.macros:
        if parameters == "(X)":
            out += [line.rstrip("\\ ") for line in text[text.index("#define " + name):].split("\n")]
            continue
        value = re.search(r"^#define %s(?:\([^)]*\))?[ \t]+([^\\\n]*)$" % name, text, flags=re.M)
        short = value is not None and not parameters and len(value.group(1)) < 50
        out += ["#define %s%s%s" % (name, parameters, " " + " ".join(value.group(1).split()) if short else "")]
    return out


def paragraphs(lines, width=roff.WIDTH - 2):
    """A comment's text: paragraphs, lists, and what is indented as it is."""
    out, text, literal, first = [], [], [], True

    def end():
        nonlocal text, literal, first
        if text:
            out.extend([".PP"] + roff.sentences(" ".join(text)))
        if literal:
            while literal and not literal[-1]:
                literal.pop()
            margin = min(len(line) - len(line.lstrip()) for line in literal if line)
            out.extend([".RS 2"] + roff.display([line[margin:] for line in literal], width) + [".RE"])
        text, literal = [], []

    at = 0
    while at < len(lines):
        line = lines[at]
        marker = re.match(r"(\s*)(-|\d+\.) +(?=\S)", line)
        if marker and (marker.group(1) or marker.group(2) != "-") and not literal:
            end()
            item = [line[marker.end():]]
            while at + 1 < len(lines) and lines[at + 1].startswith(" " * (len(marker.group(1)) + 2)) \
                    and not re.match(r"\s*(-|\d+\.) +\S", lines[at + 1]):
                at += 1
                item.append(lines[at].strip())
            tag = "\\(bu" if marker.group(2) == "-" else roff.escape(marker.group(2))
            out.extend([".IP %s 4" % tag] + roff.sentences(" ".join(item)))
        elif line.startswith("  ") or (literal and not line):
            if text:
                end()
            literal.append(line)
        else:
            if not line or literal:
                end()
            if line:
                text.append(line)
        at += 1
    end()
    return out


def item_lines(item):
    body = paragraphs(item.comment, roff.WIDTH - 6)
    head = shown(item)
    out = roff.display(head) if head else []
    called = ", ".join("\\fB%s\\fR" % roff.escape(name + ("()" if "(" in text else "")) for name, text in item.functions)
    if called and body:
        return out + [".PP", called, ".RS 4"] + body + [".RE"]
    return out + ([".RS 4"] + body + [".RE"] if head and body else body)


def synopsis(header):
    out = [".SH SYNOPSIS", ".nf", "\\fB#include <torc/%s>\\fR" % header.file]
    for item in header.items:
        for name, text in item.functions:
            lines = [roff.escape(line) for line in prototype(text)]
            out += [".PP"] if out[-1] != ".PP" and not out[-1].startswith("\\fB#") else []
            out += [re.sub(r"\b(%s)\b" % re.escape(name), r"\\fB\1\\fR", line, count=1) for line in lines]
        for name, parameters in item.macros:
            if parameters and name.startswith("torc_"):
                out.append(roff.escape("#define ") + "\\fB%s\\fR%s" % (name, roff.escape(parameters)))
    return [line for line in out if line != ".PP"] + [".fi"]


def page(header, version, pages):
    lines = roff.head(header.page, 3, header.summary, version) + synopsis(header) + [".SH DESCRIPTION"]
    about = paragraphs(header.about)
    lines += about[1:] if about and about[0] == ".PP" else about
    section = None
    for item in header.items:
        if item.section != section:
            section = item.section
            lines.append(".SS " + roff.escape(section[0].upper() + section[1:]))
        lines += item_lines(item)
    near = sorted(set("torc_" + name for name in header.includes + header.mentions) - {header.page})
    return lines + roff.see_also([(name, 3) for name in near if name in pages] + [("torc", 7)])


def main(out, version, *paths):
    headers = [Header(path) for path in paths]
    pages = {header.page for header in headers}
    for header in headers:
        roff.write(out, header.page, 3, page(header, version, pages))
    led = set(pages)
    for header in headers:
        for name in header.names():
            if name not in led:
                led.add(name)
                roff.write(out, name, 3, [".so man3/%s.3" % header.page])


if __name__ == "__main__":
    main(*sys.argv[1:])
