#!/usr/bin/env python3
"""The five things a cooperative does, on a small phone, by one who thinks between taps: a first product, a harvest, the morning's
orders, what was earned and why, telling a hotel. Taps and letters are counted; at a thinking pace each takes two minutes at most.

Run by `tests/run`, with the same surroundings as console.py.
"""
import os

from playwright.sync_api import sync_playwright

from common import ARTEFACTS, BASE, api, console, faults, finish, look, sign_in

# Seconds: to find the next thing to press, to type a letter on glass, to read a page that opened.
TAP, LETTER, PAGE, MOST = 2.5, 0.35, 4.0, 120


class Hand:
    """Presses and types as a person does, and counts."""

    def __init__(self, page):
        self.page, self.taps, self.letters, self.pages = page, 0, 0, 0
        page.on("framenavigated", lambda frame: self.turned(frame))

    def turned(self, frame):
        if frame == self.page.main_frame:
            self.pages += 1

    def tap(self, what):
        self.taps += 1
        self.page.click(what)

    def type(self, field, text):
        self.taps += 1
        self.letters += len(text)
        self.page.fill(field, text)

    def choose(self, field, **what):
        self.taps += 2
        self.page.select_option(field, **what)

    def begins(self, path="/console/today"):
        self.page.goto(BASE + path)
        self.taps = self.letters = self.pages = 0

    def ends(self, task):
        seconds = self.taps * TAP + self.letters * LETTER + self.pages * PAGE
        print(f"  {task}: {self.taps} taps, {self.letters} letters, {self.pages} pages: {seconds:.0f} s at a thinking pace")
        if seconds > MOST:
            faults.append(f"{task} takes {seconds:.0f} s")
        look(self.page, "task-" + task.replace(" ", "-").replace("'", ""))


def buys(offer):
    cart = api("POST", "/v1/carts", {"items": [{"offer_id": offer, "quantity": 1}]})
    token = {"x-cart-token": cart["token"]}
    address = {"recipient": "Nguyễn Thị Lan", "phone": "0912345678", "street": "12 phố Hàng Bông", "commune_code": "00070"}
    quote = api("POST", f"/v1/carts/{cart['id']}/quote", {"address": address}, headers=token)
    api("POST", "/v1/checkouts", {"cart_id": cart["id"], "quote_id": quote["id"], "payment_method": "cash_on_delivery",
        "contact": {"name": "Nguyễn Thị Lan", "phone": "0912345678"}}, headers={**token, "idempotency-key": cart["id"]})


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    _, page = console(browser, "xanh-kim-boi@example.vn")
    page.wait_for_url("**/console/today")
    from PIL import Image
    Image.new("RGB", (1200, 900), (200, 170, 60)).save(ARTEFACTS + "/san-pham.jpg")
    hand = Hand(page)

    hand.begins()
    hand.tap("nav a:has-text('Hàng')")
    hand.tap("a[href='/console/products/new']")
    hand.taps += 2  # the phone's own way to a picture
    page.set_input_files("#file", ARTEFACTS + "/san-pham.jpg")
    for field, text in {"name_vi": "Bưởi đỏ Đú Sáng", "summary_vi": "Ruột đỏ, ngọt thanh", "pack_vi": "Hộp 4 quả", "price": "220k", "weight_g": "4,5 kg", "stock": "20"}.items():
        hand.type("#" + field, text)
    hand.tap("button:has-text('Lưu')")
    page.wait_for_selector("text=Tạm ngưng")
    hand.ends("first product")

    hand.begins()
    hand.tap("nav a:has-text('Kho')")
    hand.tap("main a[href='/console/lots']")
    hand.tap("summary:has-text('Ghi lô mới')")
    hand.choose("#what", label="Bưởi đỏ Đú Sáng · Hộp 4 quả")
    hand.type("#quantity", "30")
    hand.tap("button:has-text('Ghi lô')")
    page.wait_for_selector("text=Đã ghi lô mới")
    hand.ends("harvest")

    found = api("GET", "/v1/products?q=buoi+do+du+sang")["items"]
    slug = next(one["slug"] for one in found if one["name"]["vi"] == "Bưởi đỏ Đú Sáng")
    offer = api("GET", f"/v1/products/{slug}")["offers"][0]["id"]
    for _ in range(3):
        buys(offer)
    hand.begins()
    # Everything that waits, at each step in one go.
    before = page.locator("main").inner_text()
    for step in ("Xác nhận tất cả", "Đã đóng gói tất cả"):
        hand.tap(f"button:has-text('{step}')")
        page.wait_for_load_state()
    hand.ends("morning's orders")
    states = {one["state"] for one in api("GET", "/v1/seller/cooperatives/" + api("GET", "/v1/me", token=sign_in("xanh-kim-boi@example.vn"))["cooperatives"][0]["id"]
                                          + "/orders?limit=3", token=sign_in("xanh-kim-boi@example.vn"))["items"]}
    if states != {"packed"}:
        faults.append(f"the morning's orders are {states}; today said: {before[:400]}")

    hand.begins()
    hand.tap("main a[href='/console/income'] >> nth=0")
    page.wait_for_selector("h1")
    hand.tap("main details summary >> nth=0")
    hand.ends("what I earn and why")

    # The demo's hotels are told already: one is to be told anew.
    page.goto(BASE + "/console/receptions")
    page.click("button:has-text('Thôi') >> nth=0")
    page.wait_for_selector("button:has-text('Mang hàng đến đây')")
    hand.begins()
    hand.tap("nav a:has-text('Đội')")
    hand.tap("main a[href='/console/receptions'] >> nth=0")
    hand.tap("button:has-text('Mang hàng đến đây') >> nth=0")
    page.wait_for_selector("text=đang phục vụ")
    hand.ends("telling a hotel")
    browser.close()
finish("The five tasks of a cooperative")
