#!/usr/bin/env python3
"""A made-up homestay's page on another origin shows what grows nearby; a guest buys; the partner earns. And the partner's own pages.

Run by `tests/run`, with the same surroundings as console.py.
"""
import gzip, http.server, threading, time, urllib.request

from playwright.sync_api import sync_playwright

from common import AGENT, BASE, PASSWORD, PHONE, api, faults, finish, look, picture, sign_in, until
import os

FEED = "qua-que-suoi-khoang"
site = {"token": "", "body": ""}


class Homestay(http.server.BaseHTTPRequestHandler):
    """Somebody else's web server."""

    def do_GET(self):
        page = f"""<!doctype html><html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Homestay Mường Bi</title><meta name="cho-ocop-verification" content="{site['token']}"><style>body{{margin:0;padding:16px;font-family:sans-serif}}@media(prefers-color-scheme:dark){{body{{background:#111;color:#eee}}}}</style></head>
<body><main><h1>Homestay Mường Bi</h1><p>Bên suối khoáng Kim Bôi.</p>{site['body']}<p id="after">Đặt phòng qua điện thoại.</p></main></body></html>"""
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Homestay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


# Layout shifts, of the page and of what stands in it.
SHIFTS = "window.__shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"


def widget(browser, origin, width, scheme, layout="grid"):
    height = 740 if width < 500 else 900
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, user_agent=AGENT, locale="vi-VN")
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(origin)
    page.locator("ocop-products a.card").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    count = page.evaluate("document.querySelector('ocop-products').shadowRoot.querySelectorAll('a.card').length")
    if count != 6:
        faults.append(f"the widget shows {count} products, not 6")
    shift = page.evaluate("window.__shift")
    if shift > 0.01:
        faults.append(f"layout shift {shift} at {width} pixels, {layout}")
    look(page, f"widget-{layout}-{width}-{scheme}", width, strict=True)
    return context, page


def run(browser):
    origin = serve()
    script = urllib.request.urlopen(BASE + "/embed.js").read()
    weight = len(gzip.compress(script))
    print(f"embed.js: {len(script)} bytes, {weight} gzipped")
    if weight > 15 * 1024:
        faults.append(f"embed.js weighs {weight} bytes gzipped")

    # The partner's pages, on a phone.
    context = browser.new_context(viewport=PHONE, locale="vi-VN", device_scale_factor=2, has_touch=True, is_mobile=True, user_agent=AGENT)
    page = context.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(BASE + "/partner")
    page.fill("#login", "homestay@example.vn")
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Đăng nhập')")
    page.wait_for_selector("h1:has-text('Nguồn sản phẩm')")
    look(page, "partner-feeds")
    page.click("text=Tạo nguồn mới")
    page.wait_for_selector("#preview li")
    look(page, "partner-builder")
    page.fill("#name", "Mật ong gần đây")
    before = page.inner_text("#preview")
    page.fill("#products", "mat-ong-rung-hop-tien, hat-doi")
    page.dispatch_event("#products", "change")
    until(page, lambda: page.inner_text("#preview") != before)
    if page.locator("#preview li").count() != 2:
        faults.append("the preview does not follow the fields")
    page.click("button:has-text('Lưu')")
    page.wait_for_selector("#snippet")
    until(page, lambda: page.locator("ocop-products a.card").count() == 2)
    look(page, "partner-snippet")
    page.select_option("#layout", "carousel")
    page.select_option("#theme", "dark")
    page.click("button:has-text('Xem thử')")
    page.wait_for_selector("#snippet")
    if 'layout="carousel" theme="dark"' not in page.input_value("#snippet"):
        faults.append("the snippet does not follow what was chosen")
    page.goto(BASE + "/partner/settings")
    page.fill("#url", origin)
    page.click("button:has-text('Thêm trang web')")
    page.wait_for_selector("text=chưa xác minh")
    look(page, "partner-settings")

    # Before it is verified, neither the element nor the frame shows anything.
    feeds = api("GET", "/v1/partners", token=sign_in("homestay@example.vn"))["items"]
    partner = feeds[0]["id"]
    snippet = f'<script src="{BASE}/embed.js"></script><ocop-products feed="{FEED}" count="6"></ocop-products>'
    site["body"] = snippet + f'<iframe src="{BASE}/embed/{FEED}" title="OCOP" width="340" height="300"></iframe>'
    guest = browser.new_context(viewport=PHONE, user_agent=AGENT)
    other = guest.new_page()
    other.goto(origin)
    other.locator("ocop-products .note").first.wait_for(state="attached")
    refused = other.evaluate("document.querySelector('ocop-products').shadowRoot.querySelector('.note').textContent")
    if "chưa được xác minh" not in refused:
        faults.append(f"an unverified site's widget says {refused!r}")
    other.wait_for_timeout(500)
    inside = [frame for frame in other.frames if frame != other.main_frame]
    if any(frame.locator("a.card").count() for frame in inside):
        faults.append("an unverified site frames the widget")
    look(other, "widget-refused", strict=True)
    guest.close()

    site["token"] = api("GET", f"/v1/partner/{partner}/sites", token=sign_in("homestay@example.vn"))["items"][0]["token"]
    page.click("button:has-text('Xác minh')")
    page.wait_for_selector("text=đã xác minh")

    # Verified: the frame works without scripts.
    plain = browser.new_context(viewport=PHONE, user_agent=AGENT, java_script_enabled=False)
    other = plain.new_page()
    other.goto(origin)
    frame = other.frame_locator("iframe")
    frame.locator("a.card").first.wait_for()
    if frame.locator("a.card").count() != 6:
        faults.append("the frame does not show 6 products")
    picture(other, "frame-without-scripts", whole=False)
    plain.close()

    site["body"] = snippet
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            shown, _ = widget(browser, origin, width, scheme)
            shown.close()
    for layout in ("carousel", "single"):
        site["body"] = snippet.replace('count="6"', f'count="6" layout="{layout}"')
        context2 = browser.new_context(viewport={"width": 360, "height": 740}, user_agent=AGENT)
        other = context2.new_page()
        other.add_init_script(SHIFTS)
        other.goto(origin)
        other.locator("ocop-products a.card").first.wait_for(state="attached")
        if layout == "carousel":
            # By keyboard: to the button, and on.
            other.keyboard.press("Tab")
            other.keyboard.press("Tab")
            other.keyboard.press("Enter")
            until(other, lambda: other.locator("ocop-products ul").first.evaluate("list => list.scrollLeft") > 50)
        if other.evaluate("window.__shift") > 0.01:
            faults.append(f"layout shift in {layout}")
        look(other, f"widget-{layout}", strict=True)
        context2.close()

    # A guest clicks, buys and the partner earns.
    site["body"] = snippet
    shown, widget_page = widget(browser, origin, 360, "light", "guest")
    with shown.expect_page() as opened:
        widget_page.locator("ocop-products a.card", has_text="Bưởi Diễn").click()
    shop = opened.value
    shop.wait_for_selector("h1:has-text('Bưởi Diễn')")
    if "/p/buoi-dien-du-sang" not in shop.url:
        faults.append(f"the click leads to {shop.url}")
    look(shop, "shop-product")
    shop.locator("button:has-text('Thêm vào giỏ')").first.click()
    shop.wait_for_selector("h1:has-text('Giỏ hàng')")
    if "Homestay Mường Bi" not in shop.inner_text("main"):
        faults.append("the basket does not disclose the commission")
    look(shop, "shop-basket")
    shop.click("text=Đặt hàng")
    shop.fill("#name", "Khách Suối Khoáng")
    shop.fill("#phone", "0987 222 333")
    shop.fill("#street", "Phòng 3, Homestay")
    shop.fill("#commune", "Kim Bôi, Phú Thọ")
    look(shop, "shop-checkout")
    shop.click("button:has-text('Xem tổng tiền')")
    shop.wait_for_selector("h1:has-text('Xác nhận đơn hàng')")
    look(shop, "shop-review")
    shop.click("button:has-text('Đặt mua')")
    shop.wait_for_selector("text=Cảm ơn bạn đã đặt hàng")
    look(shop, "shop-order")
    number = shop.inner_text("h1").split()[-1]
    seller = sign_in("xanh-kim-boi@example.vn")
    cooperative = api("GET", "/v1/products/buoi-dien-du-sang")["seller"]["id"]
    orders = api("GET", f"/v1/seller/cooperatives/{cooperative}/orders?limit=50", token=seller)["items"]
    order = next(order for order in orders if order["number"] == number)
    if not order["partner"] or order["partner"]["name"] != "Homestay Mường Bi":
        faults.append("the order does not carry the partner")
    for step in ("confirm", "pack", "ship", "deliver"):
        api("POST", f"/v1/seller/cooperatives/{cooperative}/orders/{order['id']}/{step}", token=seller)
    shop.reload()
    shop.click("button:has-text('Đã nhận đủ hàng')")
    shop.wait_for_selector("p.big:has-text('Hoàn tất')")
    shown.close()
    page.goto(BASE + "/partner/reports")
    text = page.inner_text("main")
    if "12.500" not in text:
        faults.append(f"the report does not show the commission: {text}")
    look(page, "partner-reports")
    page.goto(BASE + "/partner/reports?by=product")
    if "12.500" not in page.inner_text("main"):
        faults.append("the report by product does not show the commission")
    viewed = page.locator("tbody tr td:nth-child(5)").all_inner_texts()
    if sum(1 for views in viewed if views != "0") < 6:
        faults.append(f"the report by product does not show that six were seen: {viewed}")
    page.goto(BASE + "/partner/reports?by=page")
    if origin not in page.inner_text("main"):
        faults.append("the report by page does not name the homestay's page")

    # Another buys without scripts.
    bare = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", java_script_enabled=False)
    shop = bare.new_page()
    shop.goto(BASE + "/?q=mat ong rung")
    shop.click("a.card:has-text('Mật ong rừng')")
    shop.locator("button:has-text('Thêm vào giỏ')").first.click()
    shop.fill("#code", "KIMBOI26")
    shop.click("button:has-text('Dùng')")
    if "Homestay Mường Bi" not in shop.inner_text("main"):
        faults.append("a code typed by hand brings no partner")
    shop.click("text=Đặt hàng")
    shop.fill("#name", "Khách Không Script")
    shop.fill("#phone", "0987 222 555")
    shop.fill("#street", "12 phố Hàng Bông")
    shop.fill("#commune", "Hoàn Kiếm, Hà Nội")
    shop.click("button:has-text('Xem tổng tiền')")
    shop.click("button:has-text('Đặt mua')")
    if "Cảm ơn bạn đã đặt hàng" not in shop.inner_text("main"):
        faults.append(f"buying without scripts ends at {shop.url}: {shop.inner_text('main')[:200]}")
    picture(shop, "order-without-scripts")
    bare.close()

    # Collected at the reception.
    guest = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN")
    shop = guest.new_page()
    shop.goto(BASE + "/d/suoi-khoang-kim-boi")
    look(shop, "shop-destination")
    shop.goto(BASE + "/c/htx-nong-nghiep-xanh-kim-boi")
    look(shop, "shop-cooperative")
    shop.goto(BASE + "/?lang=en")
    look(shop, "shop-front-english")
    shop.goto(BASE + "/p/buoi-dien-du-sang?lang=vi")
    shop.locator("button:has-text('Thêm vào giỏ')").first.click()
    shop.click("text=Đặt hàng")
    shop.fill("#name", "Khách Lễ Tân")
    shop.fill("#phone", "0987 222 444")
    shop.select_option("select[name^=how-]", label="Lấy tại Lễ tân Homestay Mường Bi")
    shop.click("button:has-text('Xem tổng tiền')")
    shop.click("button:has-text('Đặt mua')")
    shop.wait_for_selector("text=Mã nhận hàng")
    look(shop, "shop-order-to-collect")
    code = shop.locator("section:has-text('Mã nhận hàng') .big").inner_text()
    number = shop.inner_text("h1").split()[-1]
    orders = api("GET", f"/v1/seller/cooperatives/{cooperative}/orders?limit=50", token=seller)["items"]
    order = next(order for order in orders if order["number"] == number)
    for step in ("confirm", "pack"):
        api("POST", f"/v1/seller/cooperatives/{cooperative}/orders/{order['id']}/{step}", token=seller)
    page.goto(BASE + "/partner/boxes")
    look(page, "partner-boxes")
    page.click("button:has-text('Hàng đã đến')")
    page.wait_for_selector("button:has-text('Trao hàng')")
    page.fill("input[name=code]", "SAI123")
    page.click("button:has-text('Trao hàng')")
    page.wait_for_selector("text=Mã nhận hàng không đúng")
    page.fill("input[name=code]", code)
    page.click("button:has-text('Trao hàng')")
    page.wait_for_selector("text=Đã trao")
    shop.goto(BASE + "/p/khong-co")
    look(shop, "shop-missing")
    guest.close()

    # A new partner signs up.
    context.clear_cookies()
    contact = f"nha-nghi-{int(time.time())}@example.vn"
    from common import mailed_code
    page.goto(BASE + "/partner")
    page.click("text=Đăng ký bán hàng")
    page.fill("#name", "Bùi Văn Tâm")
    page.fill("#contact", contact)
    page.fill("#password", PASSWORD)
    page.check("#consent")
    page.click("text=Gửi mã xác nhận")
    page.fill("#code", mailed_code(contact, r"là: ([A-Z0-9-]+)"))
    page.click("text=Tiếp tục")
    page.wait_for_selector("h1:has-text('Đăng ký đối tác du lịch')")
    look(page, "partner-sign-up")
    facts = {"name": "Nhà nghỉ Thác", "legal_name": "Hộ kinh doanh Bùi Văn Tâm", "tax_code": "5400511111", "representative": "Bùi Văn Tâm", "street": "Xóm Thác",
             "commune": "Kim Bôi, Phú Thọ", "phone": "0987123123", "email": contact, "bank_bin": "970405", "bank_account": "3005215002222", "bank_holder": "BUI VAN TAM"}
    for field, value in facts.items():
        page.fill("#" + field, value)
    page.click("button:has-text('Gửi đăng ký')")
    page.wait_for_selector("text=Đang chờ duyệt")
    look(page, "partner-waiting")
    ignored = ("Failed to load resource",)
    for error in errors:
        if not error.startswith(ignored):
            faults.append(f"a page of the partner complains: {error}")
    context.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    run(browser)
    browser.close()
finish("Widget, shop and partner's pages")
