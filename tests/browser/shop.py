#!/usr/bin/env python3
"""A stranger's first purchase on a cheap phone: from the front page to a code to pay by, in how many taps; the money comes and the
page turns by itself. Then who looks for something, and who looks at it in the dark, in English, on a wide screen.

Run by `tests/run`, with the same surroundings as console.py.
"""
import base64
import hmac
import http.server
import json
import os
import struct
import threading
import time

import zxingcpp
from PIL import Image
from playwright.sync_api import sync_playwright

from common import AGENT, ARTEFACTS, BASE, PHONE, api, faults, finish, look, mailed_code, sign_in, until

# What a page may weigh without its pictures, and how much of it may jump while it comes.
WEIGHT, SHIFT = 100 * 1024, 0.02
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""
taps = 0


def tap(page, what):
    global taps
    taps += 1
    page.click(what)


def weigh(browser, path, name):
    """A first visit, with nothing kept from before."""
    context = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", is_mobile=True)
    page = context.new_page()
    sizes = {}
    page.on("response", lambda answer: sizes.update({answer.url: answer}))
    page.goto(BASE + path, wait_until="networkidle")
    pictures = ("image", "media")
    weight = sum(len(answer.body()) for answer in sizes.values() if answer.ok and answer.request.resource_type not in pictures)
    shift = page.evaluate(SHIFTS)
    print(f"  {name}: {weight // 1024} KB without pictures, layout shift {shift:.3f}")
    if weight > WEIGHT:
        faults.append(f"{name}: {weight} bytes without pictures")
    if shift >= SHIFT:
        faults.append(f"{name}: what is read jumps by {shift:.3f}")
    context.close()


def buys(browser):
    context = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", has_touch=True, is_mobile=True, accept_downloads=True)
    page = context.new_page()
    page.goto(BASE + "/")
    look(page, "shop-front", strict=True)
    tap(page, "a.card:has-text('Bưởi Diễn Đú Sáng')")
    look(page, "shop-product", strict=True)
    tap(page, "button:has-text('Thêm vào giỏ') >> nth=0")
    look(page, "shop-basket", strict=True)
    tap(page, "a:has-text('Đặt hàng')")
    page.fill("#name", "Nguyễn Thị Khách")
    page.fill("#phone", "0987 333 444")
    page.fill("#street", "12 phố Hàng Bông")
    page.fill("#commune", "hoan kiem ha noi")
    page.select_option("#method", "bank_transfer")
    look(page, "shop-checkout", strict=True)
    tap(page, "button:has-text('Xem tổng tiền')")
    look(page, "shop-review", strict=True)
    tap(page, "button:has-text('Đặt mua')")
    page.wait_for_selector("svg.qr")
    look(page, "shop-transfer", strict=True)
    print(f"  a first purchase: {taps} taps and one form to the code")
    if taps > 6:
        faults.append(f"a first purchase takes {taps} taps")

    # The picture is the code, by somebody else's reader.
    with page.expect_download() as download:
        page.click("a:has-text('Lưu ảnh mã QR')")
    kept = ARTEFACTS + "/vietqr.png"
    download.value.save_as(kept)
    read = zxingcpp.read_barcodes(Image.open(kept))
    text = page.inner_text("dd b")
    amount = page.get_attribute("dd:has-text('₫') button", "data-copy")
    if len(read) != 1 or text not in read[0].text or f"54{len(amount):02}{amount}" not in read[0].text:
        faults.append(f"the picture holds {[one.text for one in read]}, not {amount} and {text}")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=BASE)
    page.click("dd:has(b) button")
    page.wait_for_selector("button:has-text('Đã chép')")
    if page.evaluate("navigator.clipboard.readText()") != text:
        faults.append("what is copied is not the text of the transfer")

    told = {"id": 260001, "gateway": "Vietcombank", "transactionDate": "2026-11-29 10:00:00", "accountNumber": "0071000888888", "content": text,
            "transferType": "in", "transferAmount": int(amount), "referenceCode": "FT26333SHOP1"}
    api("POST", "/v1/payments/bank_transfer/webhook", told, headers={"authorization": "Apikey " + os.environ["BANK_SECRET"]})
    page.wait_for_selector("p.big:has-text('Chờ hợp tác xã xác nhận')", timeout=60_000)
    look(page, "shop-paid", strict=True)
    context.close()


def app_code(secret, away):
    """What an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">q", int(time.time()) // 30 + away), "sha1").digest()
    at = digest[19] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def secures(page):
    """Switches the second factor on, signs in with it on another device, and signs that one out from here."""
    page.goto(BASE + "/account/security")
    look(page, "account-security", strict=True)
    page.click("button:has-text('Bật xác thực hai lớp')")
    look(page, "account-factor", strict=True)
    secret = page.inner_text("code")
    page.fill("#code", app_code(secret, -1))
    page.click("main button:has-text('Bật')")
    page.wait_for_selector("ul.codes")
    look(page, "account-recovery-codes", strict=True)
    other = page.context.browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN")
    there = other.new_page()
    there.goto(BASE + "/sign-in")
    there.fill("#login", "quen@example.vn")
    there.fill("#password", "bưởi ngọt đầu mùa")
    there.click("main button:has-text('Đăng nhập')")
    look(there, "account-second", strict=True)
    there.fill("#code", app_code(secret, 0))
    there.click("main button:has-text('Nhập mã')")
    there.wait_for_selector("h1:has-text('Chào Lê Thị Quen')")
    page.goto(BASE + "/account/security")
    page.click("button:has-text('Đăng xuất máy này') >> nth=0")
    page.wait_for_selector("text=Đã đăng xuất máy đó")
    there.goto(BASE + "/account")
    if "/sign-in" not in there.url:
        faults.append("a device that was signed out from afar is still in")
    other.close()


def keys(page):
    """Adds a passkey on this phone, and comes in with it: no password, no code."""
    phone = page.context.new_cdp_session(page)
    phone.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    phone.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, "automaticPresenceSimulation": True}})
    page.goto(BASE + "/account/security")
    page.fill("#again", "không phải mật khẩu này")
    page.click("button:has-text('Thêm khoá trên máy này')")
    until(page, lambda: page.inner_text("form[data-passkey] [data-words]") != "")
    page.fill("#again", "bưởi ngọt đầu mùa")
    page.click("button:has-text('Thêm khoá trên máy này')")
    page.wait_for_selector("text=Đã thêm khoá")
    look(page, "account-passkey", strict=True)
    for door, inside in (("/sign-in", "h1:has-text('Chào Lê Thị Quen')"), ("/console/login", "h1")):
        page.goto(BASE + "/account")
        page.click("button:has-text('Đăng xuất')")
        page.goto(BASE + door)
        page.click("button:has-text('Đăng nhập bằng khoá')")
        page.wait_for_url(lambda url: door not in url)
        page.wait_for_selector(inside)
    page.goto(BASE + "/account/security")
    page.click("summary:has-text('Xoá khoá')")
    page.click("details[open] button:has-text('Xoá')")
    page.wait_for_selector("text=Đã xoá khoá")
    page.goto(BASE + "/account")
    page.click("button:has-text('Đăng xuất')")
    page.goto(BASE + "/sign-in")
    page.fill("#login", "quen@example.vn")
    page.fill("#password", "bưởi ngọt đầu mùa")
    page.click("main button:has-text('Đăng nhập') >> nth=0")
    page.wait_for_selector("h1:has-text('Chào Lê Thị Quen')")


def is_told(page):
    """Has this phone told of orders: what its browser subscribed with is a push service of ours, and what arrives is shown."""
    got = []

    class Service(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    # A headless browser knows no push service: this one stands in for its subscription, with a key pair of RFC 8291's example.
    page.add_init_script("""PushManager.prototype.subscribe = async () => ({toJSON: () => ({endpoint: "http://127.0.0.1:%d/send", expirationTime: null,
      keys: {auth: "BTBZMqHH6r4Tts7J_aSIgg",
        p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}})});""" % service.server_address[1])
    page.context.grant_permissions(["notifications"], origin=BASE)
    page.goto(BASE + "/account/notices")
    look(page, "account-notices", strict=True)
    page.select_option("#way0", "email")
    page.click("button:has-text('Ghi lại')")
    page.wait_for_selector("text=Đã ghi.")
    page.click("button:has-text('Báo cho tôi trên máy này')")
    page.wait_for_selector("text=Máy này sẽ nhận thông báo")
    look(page, "account-notices-device", strict=True)
    told = page.context.new_cdp_session(page)
    found = []
    told.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    told.send("ServiceWorker.enable")
    until(page, lambda: found)
    words = json.dumps({"title": "Đơn DH-1 đã gửi", "body": "Mật ong", "url": BASE + "/account/orders", "tag": "t1"})
    shown = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(one => one.title)"

    def pushed_is_shown():
        # What is pushed before the worker is at work is lost: pushed again, its tag makes one of both.
        told.send("ServiceWorker.deliverPushMessage", {"origin": BASE, "registrationId": found[-1]["registrationId"], "data": words})
        page.wait_for_timeout(500)
        return page.evaluate(shown) == ["Đơn DH-1 đã gửi"]

    until(page, pushed_is_shown)
    page.close()
    return got, service


def signs_up(page, name, contact, pictures=None):
    """From the form to the code that was sent; looked at on the way where the pictures have a name."""
    page.fill("#name", name)
    page.fill("#contact", contact)
    page.fill("#password", "bưởi ngọt đầu mùa")
    page.check("input[name=consent]")
    if pictures:
        look(page, f"{pictures}-sign-up", strict=True)
    page.click("button:has-text('Tạo tài khoản')")
    page.fill("#code", mailed_code(contact, r"([0-9A-Z]{5}-[0-9A-Z]{5})"))
    if pictures:
        look(page, f"{pictures}-code", strict=True)
    page.click("main button:has-text('Nhập mã')")


def knows(page):
    """What is known of somebody, a consent taken back and given again, and why the account cannot go yet."""
    page.goto(BASE + "/account/data")
    for summary in page.locator("details.card > summary").all():
        summary.click()
    look(page, "account-data", strict=True)
    page.click("button:has-text('Rút lại đồng ý')")
    page.wait_for_selector("text=không gửi tin nữa")
    page.click("button:has-text('Đồng ý nhận tin')")
    page.wait_for_selector("text=bạn đồng ý nhận tin")
    page.wait_for_selector("text=Còn đơn chưa xong")
    if page.locator("input[name=password]").count():
        faults.append("an account with open orders offers its erasure")
    with page.expect_download() as taken:
        page.click("a:has-text('Tải về')")
    known = json.load(open(taken.value.path()))
    if not any(section["record"] == "orders" for section in known["sections"]):
        faults.append("the file does not tell of orders")


def leaves(browser):
    """An account that is erased: nobody signs in with it any more."""
    context = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(BASE + "/sign-up")
    with context.expect_page() as opened:
        page.click("a:has-text('Giữ gì, bao lâu')")
    opened.value.wait_for_selector("h1:has-text('Dữ liệu cá nhân')")
    look(opened.value, "privacy", strict=True)
    opened.value.close()
    signs_up(page, "Bùi Văn Đi", "di@example.vn")
    page.click("a:has-text('Dữ liệu của bạn')")
    page.click("summary:has-text('Xoá tài khoản của tôi')")
    look(page, "account-erase", strict=True)
    page.fill("#password", "không phải mật khẩu")
    page.click("button:has-text('Xoá hẳn')")
    page.wait_for_selector(".told.bad")
    page.click("summary:has-text('Xoá tài khoản của tôi')")
    page.fill("#password", "bưởi ngọt đầu mùa")
    page.click("button:has-text('Xoá hẳn')")
    page.wait_for_selector("text=Tài khoản đã được xoá")
    look(page, "account-erased", strict=True)
    page.goto(BASE + "/sign-in")
    page.fill("#login", "di@example.vn")
    page.fill("#password", "bưởi ngọt đầu mùa")
    page.click("main button:has-text('Đăng nhập')")
    page.wait_for_load_state()
    if "/sign-in" not in page.url:
        faults.append("an account that was erased still signs in")
    context.close()


def belongs(browser):
    """Who comes back: an account by a code, what one keeps an eye on, an address, buying again, and what may follow."""
    context = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(BASE + "/p/buoi-dien-du-sang")
    page.click("a:has-text('Đăng nhập để theo dõi')")
    look(page, "account-sign-in", strict=True)
    page.click("a:has-text('Tạo tài khoản')")
    signs_up(page, "Lê Thị Quen", "quen@example.vn", "account")
    # Back where it began, and the heart may be pressed.
    page.click("button:has-text('Theo dõi, báo khi có hàng')")
    page.wait_for_selector("button:has-text('Đang theo dõi')")
    look(page, "account-liked", strict=True)
    page.goto(BASE + "/account/favourites")
    look(page, "account-favourites", strict=True)
    page.click("button:has-text('Thôi báo')")
    page.wait_for_selector("button:has-text('Báo khi có hàng')")
    page.goto(BASE + "/account/addresses")
    page.fill("#phone-new", "0987 333 555")
    page.fill("#street-new", "Xóm Sáng")
    # Three choices by the names of before; what they come to is today's.
    page.click("details[data-choices=commune] > summary")
    until(page, lambda: page.locator("#commune-province option").count() > 34)
    page.select_option("#commune-province", label="Hoà Bình (nay là Phú Thọ)")
    until(page, lambda: page.locator("#commune-district option").count() > 1)
    page.select_option("#commune-district", label="Huyện Kim Bôi")
    communes = page.locator("#commune-commune option").all_inner_texts()
    named = [one for one in communes if one.startswith("Xã Nật Sơn") and "Đú Sáng" in one]
    if len(named) != 1 or len(communes) > 12:
        faults.append(f"the communes of old Kim Bôi: {communes}")
    look(page, "account-address-chosen", strict=True)
    page.select_option("#commune-commune", label=named[0])
    if page.input_value("#commune") != "Xã Nật Sơn, Phú Thọ":
        faults.append(f"three choices came to {page.input_value('#commune')}")
    page.click("button:has-text('Thêm địa chỉ')")
    page.wait_for_selector("section.card:has-text('Nật Sơn')")
    look(page, "account-addresses", strict=True)
    page.goto(BASE + "/p/buoi-dien-du-sang")
    page.click("button:has-text('Thêm vào giỏ') >> nth=0")
    page.click("a:has-text('Đặt hàng')")
    if page.input_value("#commune") != "Xã Nật Sơn, Phú Thọ" or page.input_value("#name") != "Lê Thị Quen":
        faults.append("the checkout does not know who it is")
    page.select_option("#method", "cash_on_delivery")
    page.click("button:has-text('Xem tổng tiền')")
    page.click("button:has-text('Đặt mua')")
    page.fill("#message", "Giao sau 5 giờ chiều nhé")
    page.click("#talk button")
    page.wait_for_selector("#talk p.card:has-text('Giao sau 5 giờ')")
    look(page, "account-ordered", strict=True)
    order = page.url.split("/o/")[1].split("?")[0]
    grower = sign_in(seller_of("buoi-dien-du-sang"))
    own = api("GET", "/v1/me", token=grower)["cooperatives"][0]["id"]
    told, service = is_told(context.new_page())
    for step in ("confirm", "pack", "ship", "deliver"):
        api("POST", f"/v1/seller/cooperatives/{own}/orders/{order}/{step}", {}, token=grower)
    until(page, lambda: told)
    service.shutdown()
    page.reload()
    page.click("summary:has-text('Trả hàng trước')")
    page.fill("input.qty >> nth=0", "1")
    page.fill("#return-text", "Một quả bị dập khi nhận")
    Image.new("RGB", (300, 200), (180, 160, 40)).save(ARTEFACTS + "/dap.jpg")
    page.set_input_files("#photo1", ARTEFACTS + "/dap.jpg")
    look(page, "account-return", strict=True)
    page.click("button:has-text('Xin trả hàng')")
    page.wait_for_selector("#returns img.thumb")
    page.click("summary:has-text('Không thỏa thuận được')")
    page.fill("#dispute-text", "Người bán không trả lời tin nhắn của tôi")
    page.click("button:has-text('Nhờ chợ phân xử')")
    page.wait_for_selector("#disputes .card:has-text('Đang xem xét')")
    look(page, "account-disputed", strict=True)
    page.click("a[href^='/account/reviews/']")
    page.check("input[name=rating][value='4']")
    page.fill("#text", "Ngọt, nhiều nước; một quả bị dập")
    look(page, "account-review", strict=True)
    page.click("button:has-text('Gửi đánh giá')")
    page.wait_for_selector("text=Cảm ơn bạn đã đánh giá")
    look(page, "account-orders", strict=True)
    page.click("button:has-text('Mua lại')")
    page.wait_for_selector("h1:has-text('Giỏ hàng')")
    page.goto(BASE + "/account/details")
    look(page, "account-details", strict=True)
    keys(page)
    secures(page)
    knows(page)
    page.goto(BASE + "/account")
    look(page, "account", strict=True)
    for name, width, settings in [("dark", 360, {"color_scheme": "dark"}), ("wide", 1280, {}), ("wide-dark", 1280, {"color_scheme": "dark"})]:
        other = browser.new_context(viewport={"width": width, "height": 740}, user_agent=AGENT, locale="en-GB",
                                    storage_state=context.storage_state(), **settings)
        seen_there = other.new_page()
        for path in ("/account?lang=en", "/account/orders", "/account/favourites", "/account/addresses", "/account/details", "/account/security", "/account/notices", "/account/data", "/privacy", f"/account/orders/{order}"):
            seen_there.goto(BASE + path)
            look(seen_there, f"account-{name}-{path.strip('/').split('?')[0].replace('/', '-')[:24]}", width, strict=True)
        other.close()
    page.click("button:has-text('Đăng xuất')")
    page.wait_for_url(BASE + "/")
    context.close()


def seller_of(product):
    slug = api("GET", f"/v1/products/{product}")["seller"]["slug"]
    return slug.removeprefix("htx-").removeprefix("nong-nghiep-") + "@example.vn"


def looks_around(browser):
    context = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", has_touch=True, is_mobile=True,
                                  geolocation={"latitude": 20.67, "longitude": 105.53}, permissions=["geolocation"])
    page = context.new_page()
    page.goto(BASE + "/")
    page.fill("#q", "mat ong")
    page.click("button:has-text('Tìm')")
    page.wait_for_selector("a.card:has-text('Mật ong')")
    page.click("summary")
    page.fill("#max_price", "250k")
    page.check("input[name=in_stock]")
    page.click("button:has-text('Xem')")
    page.wait_for_selector("a:has-text('Bỏ lọc')")
    look(page, "shop-filtered", strict=True)
    page.click("a:has-text('Bỏ lọc')")
    page.fill("#q", "")
    page.click("summary")
    page.click("button:has-text('Gần tôi')")
    page.wait_for_selector("a.card:has-text(' km')")
    look(page, "shop-near", strict=True)
    page.goto(BASE + "/?q=khong+co+gi+nhu+vay&star=5")
    look(page, "shop-nothing", strict=True)
    page.goto(BASE + "/?max_price=re")
    look(page, "shop-unclear", strict=True)
    page.goto(BASE + "/p/buoi-dien-du-sang")
    page.fill("#commune", "Kim Bôi, Phú Thọ")
    page.click("button:has-text('Xem phí')")
    page.wait_for_selector("text=Giao tới")
    look(page, "shop-fee", strict=True)
    context.close()


def describes_itself(browser):
    """The API's pages come from this server alone, with no script or style in them, and open."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    page.on("console", lambda message: faults.append(f"/docs/: {message.text[:200]}") if message.type == "error" else None)
    page.goto(BASE + "/docs/")
    page.wait_for_selector(".opblock-summary-path:has-text('/v1/auth/login')", timeout=60_000)
    page.click(".opblock:has-text('/v1/auth/login')")
    page.wait_for_selector("button:has-text('Try it out')")
    context.close()


def installed(browser):
    """On the home screen: a manifest with pictures, and what was looked at opens without a line; what is somebody's own does not."""
    context = browser.new_context(viewport=PHONE, user_agent=AGENT, locale="vi-VN", has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(BASE + "/map")
    look(page, "shop-map", strict=True)
    page.click("svg.map a >> nth=-1")
    page.wait_for_url("**/d/*")
    manifest = page.request.get(BASE + "/app.webmanifest").json()
    for icon in manifest["icons"]:
        if not page.request.get(BASE + icon["src"]).body().startswith(b"\x89PNG"):
            faults.append(f"{icon['src']} is no picture")
    page.goto(BASE + "/")
    until(page, lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"))
    page.goto(BASE + "/p/buoi-dien-du-sang")
    page.click("button:has-text('Thêm vào giỏ') >> nth=0")
    page.wait_for_url("**/basket")
    context.set_offline(True)
    page.goto(BASE + "/p/buoi-dien-du-sang")
    page.wait_for_selector("h1:has-text('Bưởi Diễn Đú Sáng')")
    look(page, "shop-without-a-line", strict=True)
    page.goto(BASE + "/basket")
    page.wait_for_selector("h1:has-text('Không có mạng')")
    look(page, "shop-offline", strict=True)
    context.set_offline(False)
    page.goto(BASE + "/basket")
    page.wait_for_selector("h1:has-text('Giỏ hàng')")
    page.goto(BASE + "/design")
    look(page, "design", strict=True)
    context.close()


def otherwise(browser):
    """In the dark, in English, on a wide screen, without scripts."""
    paths = ["/", "/p/buoi-dien-du-sang", "/c/htx-nong-nghiep-xanh-kim-boi", "/d/suoi-khoang-kim-boi", "/?q=cam"]
    for name, width, settings in [("dark", 360, {"color_scheme": "dark"}), ("english", 360, {"locale": "en-GB"}), ("wide", 1280, {}),
                                  ("wide-dark", 1280, {"color_scheme": "dark"})]:
        context = browser.new_context(viewport={"width": width, "height": 740}, user_agent=AGENT, **{"locale": "vi-VN", **settings})
        page = context.new_page()
        for path in paths:
            page.goto(BASE + path)
            look(page, f"shop-{name}-{path.strip('/').replace('/', '-').replace('?', '') or 'front'}", width, strict=True)
        context.close()


with sync_playwright() as playwright:
    browser, notifying = [playwright.chromium.launch(executable_path=os.environ[one], args=["--no-sandbox"]) for one in ("CHROMIUM", "NOTIFYING")]
    try:
        for path, name in [("/", "front"), ("/p/buoi-dien-du-sang", "product"), ("/?q=cam", "search"), ("/d/suoi-khoang-kim-boi", "destination")]:
            weigh(browser, path, name)
        buys(browser)
        belongs(notifying)
        notifying.close()
        leaves(browser)
        looks_around(browser)
        describes_itself(browser)
        installed(browser)
        otherwise(browser)
    finally:
        browser.close()
finish("The shop")
