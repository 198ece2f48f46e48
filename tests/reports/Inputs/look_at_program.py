"""look_at_program.py PAGE: what a browser shows of the findings of a program."""
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients"))
import chromium  # noqa: E402

READY = "document.body && document.body.dataset.ready === 'yes' && document.body.dataset.searching === 'no'"
url = "file://" + urllib.parse.quote(str(pathlib.Path(sys.argv[1]).resolve()))


def texts(page, selector):
    return page.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")


def opened(page, kind):
    """The finding of that kind."""
    rows = texts(page, ".row .what span:first-child")
    page.open(f"{url}#n{rows.index(kind)}")
    page.wait_for(READY)


with chromium.page() as page:
    page.open(url)
    page.wait_for(READY)
    print("verdict:", *texts(page, "#verdict"))
    for kind in texts(page, ".row .what span:first-child"):
        print("finding:", kind)
    opened(page, "Data race")
    print("source:", *texts(page, ".card.first .source li.hit"))
    opened(page, "Partial deadlock")
    print("graph:", len(texts(page, ".graph svg .fiber")), "fiber")
    others = [one for one in page.requests if one != "about:blank" and not one.startswith("file://")]
    print(f"errors: {len(page.errors)}, requests beside files: {len(others)}")
