#!/usr/bin/env python3
"""options.py [--check]: docs/options.md from detector/abi/options.def.

Output:  the document; with --check nothing is written, and the exit status is 1 when it is not current.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(TOP, "detector", "abi", "options.def")
DOCUMENT = os.path.join(TOP, "docs", "options.md")
ROW = re.compile(r'^FSAN_OPTION\((\w+), (\w+), (\w+), ("[^"]*"|[^,]+), "((?:[^"\\]|\\.)*)"\)$', re.M)

HEAD = """# Options

<!-- Written by utils/docs/options.py from detector/abi/options.def. -->

Two environment variables take options, as `key=value` with colons between them:

    FIBERSAN_OPTIONS=log_path=report:exitcode=0 FIBER_OPTIONS=procs=4:seed=7 ./app

A value with a colon in it stands in quotes: `log_path="a:b"`. A flag is 0 or 1. Of two values for one key the later one
counts. An unknown key or an unusable value is an error message, which names the nearest key, and the process ends with 1.
`help=1` prints these tables.

```sh
cat > app.cpp <<'END'
int main() {}
END
clang++-19 --config="$FIBERSAN/fibersan.cfg" app.cpp -o app
FIBERSAN_OPTIONS=help=1 ./app
FIBER_OPTIONS=help=1 ./app
```

A name and its default are ThreadSanitizer's where it has an option of that meaning.
"""

SECTIONS = {
    "detector": ("FIBERSAN_OPTIONS: the detector", "Programs that were built with `fibersan.cfg`; in a plain build without effect."),
    "runtime": ("FIBER_OPTIONS: the fibers", "Every program of fibers, plain or checked."),
}


def document():
    with open(TABLE, encoding="utf-8") as file:
        text = file.read()
    rows = ROW.findall(text)
    if len(rows) != len(re.findall(r"^FSAN_OPTION\(", text, re.M)):
        sys.exit(f"{TABLE}: a row that options.py cannot read")
    lines = [HEAD]
    for scope, (title, words) in SECTIONS.items():
        lines += [f"## {title}\n", f"{words}\n", "| option | default | meaning |", "|---|---|---|"]
        for row_scope, kind, name, default, help_text in rows:
            if row_scope != scope:
                continue
            default = default.strip('"') or "(empty)"
            help_text = help_text.replace('\\"', '"').replace("|", "\\|").replace("<", "&lt;")
            lines.append(f"| `{name}` ({kind}) | {default} | {help_text} |")
        lines.append("")
    return "\n".join(lines)


def main():
    text = document()
    current = ""
    if os.path.exists(DOCUMENT):
        with open(DOCUMENT, encoding="utf-8") as file:
            current = file.read()
    if sys.argv[1:] == ["--check"]:
        if text != current:
            print("docs/options.md is not what detector/abi/options.def says: run utils/docs/options.py")
            return 1
        return 0
    if sys.argv[1:]:
        sys.exit(__doc__)
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
