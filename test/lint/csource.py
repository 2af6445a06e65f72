# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lints need to know of C."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*folders):
    """Our C files, relative to the root of the tree."""
    return [path.relative_to(ROOT) for folder in folders or ("src", "test")
            for path in sorted((ROOT / folder).rglob("*.[ch]"))]


def blank(match):
    """The same number of lines, and nothing on them."""
    return '""' if match[0][0] in "\"'" else re.sub(r"[^\n]", " ", match[0])


def code(path):
    """A file's text, line by line as it is, without what stands in comments, strings and characters."""
    text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
    token = r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'"
    return re.sub(token, blank, text, flags=re.DOTALL)
