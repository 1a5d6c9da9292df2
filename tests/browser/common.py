"""What every browser test needs: the API, pictures of every page, axe-core, and what a cheap phone can take."""
import email, email.policy, glob, json, os, re, sys, time, urllib.request

BASE, DATA, ARTEFACTS = os.environ["BASE"], os.environ["DATA"], os.environ["ARTEFACTS"]
AXE = open(os.environ["AXE"]).read()
PASSWORD = "buoi-dien-kim-boi"
PHONE = {"width": 360, "height": 740}
# A guest's own browser: headless ones are programs, and count for nothing.
AGENT = "Mozilla/5.0 (Linux; Android 11; Redmi 9A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
faults, seen, listening = [], [], {}


def until(page, holds, seconds=60):
    """Waits from outside of the page: `wait_for_function` looks again by `eval`, which our policy for scripts forbids."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        page.wait_for_timeout(50)
    raise TimeoutError("what was waited for did not come")


def api(method, path, body=None, token=None, headers=None):
    request = urllib.request.Request(BASE + path, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    if token:
        request.add_header("authorization", "Bearer " + token)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def sign_in(login):
    return api("POST", "/v1/auth/login", {"login": login, "password": PASSWORD})["access_token"]


def console(browser, login):
    """A cooperative's phone, signed in."""
    context = browser.new_context(viewport=PHONE, locale="vi-VN", has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(BASE + "/console/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main button:has-text('Đăng nhập')")
    return context, page


def mailed_code(to, pattern):
    for _ in range(600):
        for name in sorted(glob.glob(DATA + "/mail/*.eml"), reverse=True):
            message = email.message_from_binary_file(open(name, "rb"), policy=email.policy.default)
            if to in str(message["to"]):
                found = re.search(pattern, message.get_content())
                if found:
                    return found.group(1)
        time.sleep(0.1)
    sys.exit(f"no mail to {to} matches {pattern}")


def picture(page, name, whole=True):
    """Of a page, into the artefacts. A browser that has much to do says at times that it could not, and can a moment later."""
    for left in (2, 1, 0):
        try:
            return page.screenshot(path=f"{ARTEFACTS}/{name}.png", full_page=whole)
        except Exception as error:
            if not left or "Unable to capture" not in str(error) and "Timeout" not in str(error):
                raise
            page.wait_for_timeout(2000)


def look(page, name, width=PHONE["width"], strict=False):
    """Every page is photographed, measured and judged; strictly: nothing at all may be wrong."""
    # Pictures below the fold are fetched when somebody comes near them.
    page.evaluate("() => Promise.all([...document.images].map(image => { image.loading = 'eager'; return image.decode().catch(() => {}); }))")
    picture(page, f"{len(seen):02}-{name}")
    found = page.evaluate(AXE + "\n; axe.run(document, {resultTypes: ['violations']})")
    for violation in found["violations"]:
        if strict or violation["impact"] in ("serious", "critical"):
            where = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            faults.append(f"{name}: axe {violation['id']} ({violation['impact']}): {where}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        faults.append(f"{name}: {wide} pixels wide on a screen of {width}")
    small = page.evaluate(
        "[...document.querySelectorAll('button, .button, nav a')].filter(e => e.offsetParent && e.getBoundingClientRect().height < 40).map(e => e.textContent.trim())"
    )
    if small:
        faults.append(f"{name}: too small to touch: {small[:5]}")
    head = page.evaluate("(document.querySelector('header.top') || document.head).getBoundingClientRect().height")
    if head > 64:
        faults.append(f"{name}: the page's head takes {head:.0f} pixels")
    # Pages of others, which hold a widget, are printed and read as they say.
    if page.url.startswith(BASE):
        on_paper(page, name)
        aloud(page, name)
    if os.environ.get("SHAPES"):
        shapes(page, name, strict)
    seen.append(name)


def on_paper(page, name):
    """Printed by somebody whose screen is dark: ink on white, and nothing to press."""
    page.emulate_media(media="print", color_scheme="dark")
    ink, paper, pressed = page.evaluate("""() => {
      const light = color => color.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
      const style = getComputedStyle(document.body);
      const seen = [...document.querySelectorAll('button, nav')].filter(e => e.getClientRects().length);
      return [light(style.color), light(style.backgroundColor), seen.map(e => e.textContent.trim().slice(0, 40))];
    }""")
    page.emulate_media(media="null", color_scheme="null")
    if ink > 90 or paper < 250 or pressed:
        faults.append(f"{name}: on paper ink is {ink:.0f} and paper {paper:.0f} of 255, and these are printed: {pressed[:3]}")


SILENT = {"none", "generic", "InlineTextBox", "LineBreak", "ListMarker", "RootWebArea", "Ignored", "Iframe", "SvgRoot", "LayoutTable",
          "LabelText", "Legend", "MenuListPopup", "paragraph"}
PRESSED = {"button", "link", "textbox", "combobox", "checkbox", "radio", "searchbox", "spinbutton", "DisclosureTriangle", "slider"}


def read_aloud(page):
    """What a screen reader goes through, in its order: role, name, and how far below the page each stands."""
    # One that is detached would take the page's virtual authenticator along.
    if page not in listening:
        listening[page] = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in listening[page].send("Accessibility.getFullAXTree")["nodes"]}
    lines = []

    def walk(node, depth):
        role = node.get("role", {}).get("value", "none")
        said = " ".join(str(node.get("name", {}).get("value", "")).split())
        heard = not node.get("ignored") and role not in SILENT
        # The words of what is named by them are said once.
        if heard and not (role == "StaticText" and lines and said and said in lines[-1][1]):
            lines.append((role, said, depth, node))
        for child in node.get("childIds", []):
            if child in nodes:
                walk(nodes[child], depth + heard)

    walk(next(node for node in nodes.values() if "parentId" not in node), 0)
    return lines


def aloud(page, name):
    """Listened to: one heading above all, none of a level that nothing leads to, everything to press has a name, and no two things to
    press are called the same and do something else. What is heard is written beside the picture."""
    lines = read_aloud(page)
    with open(f"{ARTEFACTS}/{len(seen):02}-{name}.txt", "w") as file:
        file.writelines(f"{'  ' * depth}{role} {said}\n" for role, said, depth, _ in lines)
    roles = [role for role, *_ in lines]
    if "main" not in roles:
        faults.append(f"{name}: a screen reader finds no main part")
    level, tops = 0, 0
    for role, said, _, node in lines:
        if role == "heading":
            now = next((p["value"]["value"] for p in node.get("properties", []) if p["name"] == "level"), 0)
            tops += now == 1
            if now > level + 1:
                faults.append(f"{name}: heading “{said}” of level {now} follows one of level {level}")
            level = now
        if "{" not in said and re.search(r"\dT\d\d:\d\d", said):
            faults.append(f"{name}: a moment is told as machines write it: {said}")
        if role in PRESSED and not said:
            faults.append(f"{name}: {role} has no name to be read")
    if tops != 1:
        faults.append(f"{name}: {tops} headings of the first level")
    # Two buttons that are called the same and send different forms cannot be told apart by ear.
    twice = page.evaluate("""() => {
      const sends = new Map();
      for (const button of document.querySelectorAll("main button")) {
        if (!button.getClientRects().length || button.type === "button") continue;
        const named = (button.getAttribute("aria-label") || button.textContent).trim().replace(/\\s+/g, " ");
        const form = button.form;
        const parts = form ? [...new FormData(form, button)].filter(([key]) => !["csrf", "once", "seen"].includes(key)) : [];
        // Where people work, a field beside it tells which it is.
        if (form && !document.body.classList.contains("shop") && form.querySelector("input:not([type=hidden]), select, textarea")) continue;
        const what = (form ? form.getAttribute("action") : "") + JSON.stringify(parts);
        if (sends.has(named) && sends.get(named) !== what) return named;
        sends.set(named, what);
      }
      return null;
    }""")
    if twice:
        faults.append(f"{name}: two buttons are called “{twice}” and do something else")


def shapes(page, name, strict):
    """The same page in the dark, and on a wide screen, light and dark: pictures of all, and whether it can be read."""
    size = page.viewport_size
    for shape, width, scheme in [("dark", size["width"], "dark"), ("wide", 1280, "light"), ("wide-dark", 1280, "dark")]:
        page.set_viewport_size({"width": width, "height": size["height"]})
        page.emulate_media(color_scheme=scheme)
        picture(page, f"{len(seen):02}-{name}-{shape}")
        found = page.evaluate(AXE + "\n; axe.run(document, {resultTypes: ['violations'], runOnly: ['color-contrast', 'scrollable-region-focusable']})")
        for violation in found["violations"]:
            faults.append(f"{name}, {shape}: axe {violation['id']}: {violation['nodes'][0]['html'][:160]}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults.append(f"{name}, {shape}: {wide} pixels wide on a screen of {width}")
    page.emulate_media(color_scheme="null")
    page.set_viewport_size(size)


def finish(what):
    for fault in faults:
        print("fault:", fault)
    if faults:
        sys.exit(1)
    print(f"{what}: {len(seen)} pages looked at: passed.")
