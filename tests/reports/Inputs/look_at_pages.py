"""look_at_pages.py SAMPLE_PROGRAM FOLDER [KEEP]: the pages of the samples in a browser.

KEEP: a folder for screenshots, to be looked at.
"""
import os
import pathlib
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients"))
import chromium  # noqa: E402

program, folder = sys.argv[1], pathlib.Path(sys.argv[2]) / "größe & <b>"
keep = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
folder.mkdir(parents=True, exist_ok=True)
READY = "document.body && document.body.dataset.ready === 'yes' && document.body.dataset.searching === 'no'"
ALL = ["Data race", "Partial deadlock", "Send on closed channel", "Lock-order inversion (potential deadlock)", "Fiber leak"]


def expect(condition, what):
    if not condition:
        sys.exit(f"not as expected: {what}")


def url_of(sample):
    path = folder / f"{sample}.html"
    with open(path, "wb") as file:
        subprocess.run([program, "html", sample, str(folder)], stdout=file, check=True, timeout=120)
    return "file://" + urllib.parse.quote(str(path))


def opened(page, url, **size):
    page.open(url, **size)
    page.wait_for(READY)


def shot(page, name):
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        page.screenshot(keep / f"{name}.png")


def texts(page, selector):
    return page.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")


def type_into(page, field, text):
    page.run(f"(() => {{ const e = document.getElementById({field!r}); e.value = {text!r}; "
             "document.body.dataset.searching = 'yes'; e.dispatchEvent(new Event('input')); })()")
    page.wait_for(READY)


def click(page, selector):
    page.run(f"document.querySelector({selector!r}).click()")


def kinds_shown(page):
    return texts(page, ".row .what span:first-child")


def background(page):
    return page.run("getComputedStyle(document.body).backgroundColor")


def look_at_findings(page, url):
    opened(page, url)
    shot(page, "race")
    expect(kinds_shown(page) == ALL, kinds_shown(page))
    expect(texts(page, "#verdict") == ["5 findings"], "verdict")
    boxes = page.run("[...document.querySelectorAll('.sides')[0].children].map(e => e.getBoundingClientRect()).map(r => [r.x, r.y])")
    expect(len(boxes) == 2 and boxes[0][1] == boxes[1][1] and boxes[0][0] < boxes[1][0], f"two stacks side by side: {boxes}")
    expect(texts(page, ".card.first .source li.hit") == ["10  account.balance += amount;  // no lock"], "the source line")
    expect(texts(page, ".card.second mark") == ["balance"], "the column")
    lanes = page.run("[...document.querySelectorAll('svg.time .label')].map(e => e.firstChild.data)")
    expect(lanes == ["main thread", "fiber 1", "fiber 7 'teller'", "fiber 8"], f"time line: {lanes}")
    expect(background(page) == "rgb(244, 246, 249)", "light")
    page.run("document.querySelectorAll('.card.first button.frame')[1].click()")
    expect(len(texts(page, ".card.first .source")) == 2, "a click shows the source of another frame")
    page.run("[...document.querySelectorAll('.part')].pop().open = true")
    page.wait_for("document.querySelector('.part pre') !== null")
    expect("  Previous read of size 8 at 0x7b0400001028 by fiber 8:" in texts(page, ".part pre")[0], "the text")


def look_at_the_rest(page, url):
    opened(page, url + "#n1", dark=True)
    shot(page, "deadlock")
    expect(background(page) == "rgb(14, 18, 23)", "dark")
    expect(len(texts(page, ".graph svg .fiber")) == 4 and len(texts(page, ".graph svg .edge.held")) == 2, "the graph of waits")
    click(page, "#theme")
    expect(background(page) == "rgb(244, 246, 249)", "switched to light")
    opened(page, url + "#n3", dark=True)
    shot(page, "lock-order")
    expect(texts(page, ".across") == ["Cycle in lock order: M1 (0x7b0400000010) 'savings' => M2 (0x7b0400000020) => M1"], "circle")
    opened(page, url + "#n4")
    shot(page, "leak")
    expect("No source: /nowhere/at/all/gone.cpp cannot be read here: No such file or directory" in texts(page, ".source p"),
           f"a missing source: {texts(page, '.source p')}")


def look_through_filters(page, url):
    opened(page, url)
    type_into(page, "search", "LOOK(Account")
    expect(kinds_shown(page) == ["Data race"], f"search: {kinds_shown(page)}")
    expect(texts(page, "#count") == ["1 of 5 findings"], "count")
    type_into(page, "search", "0x7b0400000030 produce")
    expect(kinds_shown(page) == ["Send on closed channel"], "an address and a function")
    type_into(page, "search", "nothing has this")
    expect(kinds_shown(page) == [] and texts(page, "#none") == ["No finding matches these filters."], "nothing matches")
    click(page, "#clear")
    type_into(page, "file", "channel.cpp")
    expect(kinds_shown(page) == ["Partial deadlock", "Send on closed channel"], f"file: {kinds_shown(page)}")
    click(page, "#clear")
    type_into(page, "fiber", "fiber 9")
    expect(kinds_shown(page) == ["Send on closed channel"], f"fiber: {kinds_shown(page)}")
    click(page, "#clear")
    page.run("document.querySelectorAll('.kind')[1].click()")
    expect(kinds_shown(page) == ["Partial deadlock"], "kind")
    click(page, "#clear")
    expect(kinds_shown(page) == ALL, "cleared")
    page.run("document.getElementById('list').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}))")
    expect(texts(page, "#detail h2") == ["Partial deadlock"], "the arrow key")


def look_at_a_narrow_window(page, url):
    opened(page, url, width=400, height=900)
    expect(page.run("document.documentElement.scrollWidth") <= 400, "no wider than the window")
    expect(page.run("getComputedStyle(document.getElementById('detail')).display") == "none", "the list first")
    click(page, ".row")
    shot(page, "narrow")
    expect(page.run("getComputedStyle(document.getElementById('browse')).display") == "none", "then the finding")
    expect(page.run("document.documentElement.scrollWidth") <= 400, "the finding is no wider than the window")
    click(page, ".back")
    expect(page.run("getComputedStyle(document.getElementById('browse')).display") != "none", "and back")


def look_at_hostile_names(page):
    opened(page, url_of("hostile"))
    shot(page, "hostile")
    expect(page.run("document.querySelectorAll('script:not([type]), img, iframe').length") == 1, "one script")
    for number in range(5):
        page.run(f"choose({number}, false)")
        expect("</script><script>alert(1)</script>" in texts(page, "#detail")[0], "the text itself")
        expect("größer 数 😀" in texts(page, "#detail")[0], "UTF-8")
        expect("cannot be shown" not in texts(page, "#detail")[0], "a graph")
    expect(page.errors == [], page.errors)
    # What the policy is for.
    page.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 1'}))")
    expect(page.run("window.broken") is None, "another script is refused")
    page.errors.clear()  # that it was


def look_at_many(page):
    opened(page, url_of("20000"))
    expect(texts(page, "#count") == ["20,000 findings"], "count")
    page.run("document.getElementById('list').scrollTop = 62 * 15000")
    page.wait_for("document.querySelector('.row') && Number(document.querySelector('.row').id.slice(3)) > 14000")
    expect(page.run("document.querySelectorAll('.row').length") < 60, "only what is seen has elements")
    shot(page, "many")
    type_into(page, "search", "ledger::audit_3()")
    expect(texts(page, "#count") == ["3,000 of 20,000 findings"], texts(page, "#count"))


def look_at_others(page):
    opened(page, url_of("clean"))
    shot(page, "clean")
    expect(texts(page, "#verdict") == ["No findings"], "clean")
    opened(page, url_of("children"))
    expect(texts(page, "#verdict") == ["Nothing found, but not proven"], "children's findings that are not here")
    expect("child processes had findings" in texts(page, ".warning.error")[0], "they are told")
    opened(page, url_of("none"))
    expect(page.run("document.getElementById('verdict').className") == "pill unsure", "nothing ran")
    opened(page, url_of("processes"))
    shot(page, "processes")
    expect("and 1 more: killed, or the report was cut." in texts(page, ".warning.error")[0], "killed processes")
    page.run("document.getElementById('processes').open = true")
    page.wait_for("document.querySelectorAll('#processes tbody tr').length === 30")
    shot(page, "processes-open")


with chromium.page() as page:
    bank = url_of("bank")
    for look in (look_at_findings, look_at_the_rest, look_through_filters, look_at_a_narrow_window):
        look(page, bank)
    for look in (look_at_hostile_names, look_at_many, look_at_others):
        look(page)
    expect(page.errors == [], page.errors)
    expect(all(url == "about:blank" or url.startswith("file://") for url in page.requests), page.requests)
print("the page works")
