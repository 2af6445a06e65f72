#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks of the verifier, numbered, each of which can be taken out (-Dmutate=N, test/mutate).

    mutants.py SOURCE OUTPUT DEPFILE    writes SOURCE with all its checks ready to be taken out
    mutants.py                          prints the table: number, place, function, what is taken out

The table is made from the sources, so no check is forgotten in it. A check is
    - each operand of || in the condition of an if (never true when taken out),
    - each operand of && or || that a function of bool returns, and the test of a returned ?:,
    - each result of a function that an int function hands on (0, as if all were well),
    - each "rc == 0 &&" that ends a loop,
    - each call that refuses or judges (left out), or expects bytes (which are stepped over),
    - each limit of a length or a number (which then has none).
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("src/verify", "src/wire")
FILES = sorted(p.relative_to(ROOT) for folder in FOLDERS for p in (ROOT / folder).glob("*.c")) + [
    pathlib.Path("src", name) for name in (
        "base/cursor.c", "base/ini.c", "base/settings.c", "log/chain.c", "log/history.c", "log/receipt.c", "log/signed.c")]

A_FILE = 512  # numbers, which mutant.h knows too

# what hands an error on that was found right there: the if before it is the check
ORIGINS = {"err_set", "no", "json_reject", "setting_wrong", "unknown_section", "unknown_key", "cursor_end"}
CALL = re.compile(r"(?<!\w)(?:verdict_|judge_|refute_|leave_|lean_|expect_|cursor_reject|cursor_expect)\w*(?=\()")
BOUNDS = {"cursor_prefixed": {2: "most"}, "text_number": {1: "most"}, "read_number": {-1: "most"},
          "cursor_until": {2: "most"}, "json_integer": {1: "least", 2: "most"}}
WORDS = {"never": "never", "always": "always", "well": "forgotten", "most": "no upper limit",
         "least": "no lower limit"}


def masked(text):
    """The same text, each comment, string and character replaced by as many blanks or x."""
    def fill(match):
        return re.sub(r"[^\n]", " " if match[0][0] == "/" else "x", match[0])

    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'", fill, text, flags=re.DOTALL)


def closing(code, at):
    """Where the bracket that opens at this place is closed."""
    depth = 0
    while True:
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if depth == 0:
            return at
        at += 1


def split(code, start, end, mark):
    """The parts between start and end that stand between marks, outside of brackets."""
    parts, at = [], start
    while at < end:
        if code[at] in "([{":
            at = closing(code, at)
        elif code.startswith(mark, at):
            parts.append((start, at))
            start = at = at + len(mark)
            continue
        at += 1
    parts.append((start, end))
    return [trim(code, *part) for part in parts]


def trim(code, start, end):
    while code[start].isspace():
        start += 1
    while code[end - 1].isspace():
        end -= 1
    return start, end


class Source:
    """One file, and its checks: where each begins and ends, and what goes before and behind it."""

    def __init__(self, path):
        self.path = path
        self.text = (ROOT / path).read_text()
        self.code = masked(self.text)
        self.checks = []
        for head, start, end in self.functions():
            self.name = re.search(r"(\w+)\s*\(", head)[1]
            self.find_ifs(start, end)
            self.find_loops(start, end)
            self.find_returns(head, start, end)
            self.find_calls(start, end)
            self.find_bounds(start, end)
        self.checks.sort()
        if len(self.checks) >= A_FILE:
            sys.exit(f"mutants.py: {path}: more than {A_FILE} checks")

    def functions(self):
        """Head, beginning and end of the body of each."""
        for match in re.finditer(r"^(\w[^;{}=]*\))\s*\{$", self.code, re.M):
            yield match[1], match.end(), closing(self.code, match.end() - 1)

    def add(self, start, end, before, behind, what):
        self.checks.append((start, end, before, behind, self.name, " ".join(what.split())))

    def wrap(self, part, macro, where=""):
        start, end = part
        self.add(start, end, f"mutant_{macro}(%d, ", ")", f"{WORDS[macro]}: {self.text[start:end]}{where}")

    def find_ifs(self, start, end):
        self.bodies = set()
        for match in re.compile(r"\bif \(").finditer(self.code, start, end):
            last = closing(self.code, match.end() - 1)
            for part in split(self.code, match.end(), last, "||"):
                self.wrap(part, "never")
            self.bodies.add(trim(self.code, last + 1, end)[0])

    def find_loops(self, start, end):
        for match in re.compile(r"\bfor \(").finditer(self.code, start, end):
            last = closing(self.code, match.end() - 1)
            condition = split(self.code, match.end(), last, ";")[1]
            for part in split(self.code, *condition, "&&"):
                if re.match(r"rc\b", self.code[slice(*part)]):
                    self.wrap(part, "always")

    def find_returns(self, head, start, end):
        kind = head.replace("static ", "").split()[0]
        for match in re.compile(r"\breturn (?=[^;])").finditer(self.code, start, end):
            value = (match.end(), self.code.index(";", match.end()))
            test = split(self.code, *value, " ?")
            call = re.match(r"(\w+)\(", self.code[slice(*value)])
            if len(test) == 2 and not self.code.startswith(":", test[1][0]):
                self.wrap(test[0], "never")
                self.wrap(test[0], "always")
            elif kind == "bool" and not re.fullmatch(r"true|false", self.code[slice(*value)]):
                either = split(self.code, *value, "||")
                for part in either if len(either) > 1 else split(self.code, *value, "&&"):
                    self.wrap(part, "never" if len(either) > 1 else "always")
            elif kind == "int" and call and call[1] not in ORIGINS:
                self.wrap(value, "well")

    def find_calls(self, start, end):
        for match in CALL.finditer(self.code, start, end):
            last = closing(self.code, match.end()) + 1
            what = " ".join(self.text[match.start():last].split())
            if match[0] == "cursor_expect":
                cursor, literal = (self.text[slice(*part)] for part in
                                   split(self.code, match.end() + 1, last - 1, ",")[:2])
                self.add(match.start(), last,
                         f"(mutant_is(%d) ? (void) cursor_bytes({cursor}, ({literal}).size) : ",
                         ")", f"not expected: {literal}")
            elif self.code[last] == ";" and match.start() not in self.bodies and \
                    self.code[:match.start()].rstrip()[-1:] in (";", "{", "}", ")", ":", "e"):
                self.add(match.start(), last, "(mutant_is(%d) ? (void) 0 : (void) ", ")", f"not called: {what}")

    def find_bounds(self, start, end):
        for match in re.compile(r"\b(" + "|".join(BOUNDS) + r")(?=\()").finditer(self.code, start, end):
            last = closing(self.code, match.end())
            arguments = split(self.code, match.end() + 1, last, ",")
            for place, macro in BOUNDS[match[1]].items():
                if not re.fullmatch(r"U?INT\d+_(MAX|MIN)", self.code[slice(*arguments[place])]):
                    self.wrap(arguments[place], macro, f" of {match[1]}")

    def key(self, check):
        """What names a check when lines move: file, function, what is taken out, which of several."""
        same = [other for other in self.checks if other[4:] == check[4:]]
        which = f" [{same.index(check) + 1}]" if len(same) > 1 else ""
        return f"{self.path} {check[4]}() {check[5]}{which}"

    def line(self, check):
        return self.text.count("\n", 0, check[0]) + 1

    def written(self, number):
        """The source with its checks, the first of which has this number."""
        events = []
        for i, (start, end, before, behind, *_) in enumerate(self.checks):
            events.append((start, 1, -end, i, before.replace("%d", str(number + i))))
            events.append((end, 0, -start, -i, behind))
        out, at = [f'#include "support/mutant.h"\n#line 1 "{ROOT / self.path}"\n'], 0
        for place, _, _, _, words in sorted(events):
            out += [self.text[at:place], words]
            at = place
        return "".join(out) + self.text[at:]


def table():
    """Every check, in order: source, number, check."""
    for path in FILES:
        source = Source(path)
        for number, check in enumerate(source.checks, first(path)):
            yield source, number, check


def first(path):
    """The number of a file's first check: those of one file do not move when another changes."""
    return 1 + FILES.index(path) * A_FILE


def rewrite(path, output, depfile):
    path = pathlib.Path(path).resolve().relative_to(ROOT)
    # what is not guarded is included by its folder's name, which is found from src/
    text = Source(path).written(first(path)) if path in FILES else f'#include "{path.relative_to("src")}"\n'
    pathlib.Path(output).write_text(text)
    # src/meson.build changes where there is a file more
    pathlib.Path(depfile).write_text(f"{output}: {ROOT / path} {ROOT / 'src/meson.build'} {__file__}\n")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        rewrite(*sys.argv[1:])
    else:
        for where, n, row in table():
            print(f"{n}\t{where.path}:{where.line(row)}\t{row[4]}()\t{row[5]}")
