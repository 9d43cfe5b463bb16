"""Looks at reports in Chromium, as people with different eyes, hands and paper do; says what is wrong with each."""

import json
import os
import pathlib
import sys

import axe_playwright_python
from playwright.sync_api import sync_playwright

work = pathlib.Path(sys.argv[1])
axe = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
faults = []


def expect(holds, what):
    if not holds:
        faults.append(what)


def text_of_rows(page, table):
    return page.evaluate("(id) => [...document.querySelectorAll(`#${id} tbody tr`)].filter((row) => !row.hidden).length", table)


def search(page, name):
    """Tables and picture can be searched."""
    before = text_of_rows(page, "flows-0")
    page.fill("#flows-0-words", "NoSuchFlow")
    expect(text_of_rows(page, "flows-0") == 0, f"{name}: a search for nothing finds something")
    page.fill("#flows-0-words", "")
    expect(text_of_rows(page, "flows-0") == before, f"{name}: an empty search hides rows")
    # What is far from being seen is not laid out, and has no inner text.
    first = page.text_content("#flows-0 tbody tr:first-child th").strip()
    page.fill("#flows-0-words", first.upper())
    found = text_of_rows(page, "flows-0")
    expect(0 < found < before, f"{name}: a search for {first} finds {found} of {before}")
    expect(f"{found} of {before} rows" in page.inner_text("#flows .search"), f"{name}: the search does not say how many")
    page.fill("#flows-0-words", "")


def picture(page, name):
    """Reach by mouse and by keyboard; Escape ends it."""
    boxes = page.locator("[data-box].hosts")
    expect(boxes.count() > 0, f"{name}: no box")
    page.locator("[data-box].hosts").first.click()
    expect("An intruder on" in page.inner_text("#picture-told"), f"{name}: a click tells nothing")
    page.keyboard.press("Escape")
    expect(page.is_hidden("#picture-told"), f"{name}: Escape does not end it")
    boxes.last.focus()
    page.keyboard.press("Enter")
    expect("An intruder on" in page.inner_text("#picture-told"), f"{name}: Enter tells nothing")
    expect(boxes.last.get_attribute("aria-pressed") == "true", f"{name}: the box is not said to be pressed")
    page.keyboard.press(" ")
    expect(page.is_hidden("#picture-told"), f"{name}: a second press does not end it")
    page.fill("#picture-search", "NoSuchBox")
    expect("0 boxes and 0 arrows" in page.inner_text("#picture-told"), f"{name}: a search in the picture does not say what it found")
    page.click("#picture-clear")
    expect(page.locator(".box.off").count() == 0, f"{name}: boxes stay off")


def agreement(page):
    """What the picture says of a box is what `reach` says of a host of it."""
    told = json.loads((work / "reach.json").read_text())
    counts = {}
    for one in told["reached"]:
        counts[one["hops"]] = counts.get(one["hops"], 0) + 1
    page.locator("[data-box]", has=page.locator("title", has_text="web")).first.click()
    words = page.inner_text("#picture-told")
    # An intruder on one of three has two alike beside him whom nothing lets him get to.
    steps = ", ".join(f"{count} in {hop} hop{'' if hop == 1 else 's'}" for hop, count in sorted(counts.items()))
    expect(steps in words, f"reach says {steps}, the picture: {words}")
    page.keyboard.press("Escape")


def on(page, kind):
    """Which boxes, or arrows, are not dimmed."""
    return set(page.evaluate(
        "(kind) => [...document.querySelectorAll(`[data-${kind}]`)].filter((one) => !one.classList.contains('off'))"
        ".map((one) => Number(one.dataset[kind]))", kind))


def light(page, name):
    """What lights up from each box: every arrow from where the intruder gets, through dashed boxes too, and no other."""
    drawn = json.loads(page.evaluate("document.getElementById('picture-data').textContent"))
    kinds = page.evaluate("[...document.querySelectorAll('[data-box]')].map((box) => box.classList[1])")
    through = 0
    for box, found in enumerate(drawn["reached"]):
        if not found:
            continue
        page.locator(f"[data-box='{box}']").click(force=True)
        held = {box, *drawn["parts"][box], *(int(one) for one in found["hops"])}
        held |= {number for number, parts in enumerate(drawn["parts"]) if held & set(parts)}
        arrows = {number for number, (start, _) in enumerate(drawn["arrows"]) if start in held}
        boxes = {box, *drawn["parts"][box], *(int(one) for one in found["hops"])}
        boxes |= {end for number in arrows for end in drawn["arrows"][number]}
        expect(on(page, "arrow") == arrows, f"{name}: from box {box} arrows {on(page, 'arrow') ^ arrows} are wrong")
        expect(on(page, "box") == boxes, f"{name}: from box {box} boxes {on(page, 'box') ^ boxes} are wrong")
        # Whoever is reached is reached by an arrow that is lit, where every host enforces.
        if name.startswith(("reference", "lab")):
            ends = {drawn["arrows"][number][1] for number in arrows}
            ends |= {part for end in ends for part in drawn["parts"][end]}
            expect({int(one) for one in found["hops"]} <= ends, f"{name}: from box {box} somebody is reached by no arrow")
        through += sum(kinds[drawn["arrows"][number][0]] == "selection" for number in arrows if kinds[box] == "hosts")
        words = page.inner_text("#picture-told")
        who = {"network": "Whoever is in", "selection": "Depending on where in"}.get(kinds[box], "An intruder on")
        expect(words.startswith(who) and f"gets to {sum(found['counts'])} of" in words, f"{name}: of box {box} it says {words}")
        page.keyboard.press("Escape")
    expect(name.startswith("large") or through > 0, f"{name}: no arrow from a dashed box lights up")
    expect(on(page, "arrow") == set(range(len(drawn["arrows"]))), f"{name}: arrows stay off")


def look(browser, name, width, height, scheme):
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    told, asked = [], []
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    file = work / f"{name}.html"
    page.goto(f"file://{file}", wait_until="load")
    if name == "large":
        timing = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        work_done = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        print(
            f"{file.stat().st_size} bytes open in {timing / 1000:.2f} s at {width}, {scheme}, with {work_done['TaskDuration']:.2f} s of a core; "
            f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
    where = f"{name} at {width}, {scheme}"
    page.screenshot(path=work / f"{name}-{width}-{scheme}.png", full_page=name != "large")
    wide = page.evaluate("document.documentElement.scrollWidth")
    expect(wide <= width, f"{where}: the page is {wide} wide")
    search(page, where)
    picture(page, where)
    if name == "reference":
        agreement(page)
    if (width, scheme) == (1440, "light"):
        light(page, where)
    expect(not told, f"{where}: the console says {told[:3]}")
    expect(asked == [f"file://{file}"], f"{where}: it asks for {asked[1:3]}")
    if (width, scheme) == (1440, "light"):
        page.pdf(path=work / f"{name}.pdf", format="A4", prefer_css_page_size=True)
    context.close()
    judge(browser, name, width, height, scheme)


def judge(browser, name, width, height, scheme):
    """The rules of axe; the page's own policy lets no script of others run, and is off for it."""
    if name == "large" and (width, scheme) != (1440, "light"):
        return
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"file://{work / name}.html")
    page.evaluate(axe)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for fault in result["violations"]:
        first = fault["nodes"][0]
        faults.append(f"{name} at {width}, {scheme}: {fault['impact']} {fault['id']}: {first['html'][:160]}")
    context.close()


def incident(browser):
    """All of it stands in one report: what is broken, open, in quarantine, drifted, denied, tried."""
    page = browser.new_page()
    page.goto(f"file://{work / 'lab.html'}")

    def rows(chapter):
        return page.evaluate(
            "(id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [row.cells[0].className, [...row.cells].map((cell) => cell.textContent).join(" ")])", chapter)

    def told(chapter, tone, *words):
        found = [row for row in rows(chapter) if tone in row[0].split() or tone is None]
        expect(any(all(word in text for word in words) for _, text in found), f"lab: {chapter} has no row ({tone}) with {words}")

    told("guards", "bad", "the-keys-stay-out-of-reach", "no", "web-1 gets to signer-1 in 3 hops", "remove the flow `shortcut`")
    told("summary", "bad", "of which do not hold", "1")
    told("exceptions", "notice", "has open", "bastion-1 → db-1, tcp/5999", "restore, INC-12")
    told("exceptions", "notice", "refuses", "web-2 (10.20.2.12)", "INC-12, a shell on it", "until released")
    told("hosts", "bad", "queue-1", "drifted")
    told("hosts", "notice", "api-1", "objects differ")
    told("hosts", "good", "db-1", "as confirmed")
    told("denied", None, "web-1", "postgres of db-1")
    told("usage", None, "api-to-db")
    told("history", None, "bastion-1", "opened")
    told("history", None, "db-1", "quarantined", "web-2")
    told("history", None, "db-1", "first", "not asked for")
    told("history", None, "keys-1", "first", "ada, bob")
    expect("ada, bob (what is in force on 3 of 31 hosts)" in page.inner_text("header"), "lab: the header does not say who approved")
    told("probe", "good", "otherwise than the policy says", "0")
    told("clauses", None, "1.2.5", "queue-1")
    told("guards", "good", "signing-passes-the-signer", "the nearest way has 2 hops", "(signer-to-keys)")
    told("flows", None, "api-to-db", "ago")
    page.close()


def without_script(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{work / 'reference.html'}")
    expect(page.is_visible("#flows-0") and page.is_visible("#picture-drawing"), "without its script nothing is to be seen")
    expect(page.is_hidden("#flows-0-words"), "without its script there is a search that does nothing")
    context.close()


def by_keyboard(browser):
    """The first press of Tab offers to go past the chapters."""
    page = browser.new_page()
    page.goto(f"file://{work / 'reference.html'}")
    page.keyboard.press("Tab")
    expect(page.evaluate("document.activeElement.className") == "skip", "the first link does not lead to the content")
    page.keyboard.press("Enter")
    expect(page.evaluate("document.activeElement.id") == "content", "it leads elsewhere")
    page.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    for name in ["reference", "broken", "lab", "large"]:
        for width, height in [(390, 844), (1440, 900)]:
            for scheme in ["light", "dark"]:
                look(browser, name, width, height, scheme)
    incident(browser)
    without_script(browser)
    by_keyboard(browser)
    page = browser.new_page()
    page.goto(f"file://{work / 'broken.html'}")
    expect("not hold" in page.inner_text("#summary"), "a broken guard is not told in short")
    expect(page.locator("#guards th.bad").count() > 0, "nor in its chapter")
    expect(page.locator("img").count() == 0, "a reason has become an image")
    browser.close()

for fault in faults:
    print(fault, file=sys.stderr)
print(f"reports: {len(faults)} faults; pictures and PDF are in {work}")
sys.exit(1 if faults else 0)
