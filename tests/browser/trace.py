#!/usr/bin/env python3
"""From the tree to the box and back, on a cheap phone: a plot, its diary, a harvest, labels, a purchase, and what the label's QR code
leads to. The code is read from the PDF's pixels, by other people's code.

Run by `tests/run`, with the same surroundings as console.py.
"""
import os, re, time

import pypdfium2
import zxingcpp
from playwright.sync_api import sync_playwright

from common import AGENT, ARTEFACTS, BASE, PHONE, api, console, faults, finish, look, sign_in

OWNER = "xanh-kim-boi@example.vn"


def codes_of(pdf):
    """QR codes of all pages, as a scanner sees them printed with 203 dots per inch, the coarsest of label printers."""
    pages = list(pypdfium2.PdfDocument(pdf))
    return len(pages), [found.text for page in pages for found in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())]


def run(browser):
    context, page = console(browser, OWNER)
    page.goto(BASE + "/console/plots")
    look(page, "plots")
    page.click("summary:has-text('Thêm thửa')")
    for field, value in {"name": "Đồi Thử & Nghiệm", "area_m2": "3.600", "commune": "Đú Sáng, Kim Bôi", "crop": "Bưởi Diễn", "household": "Bùi Văn Thử",
                         "latitude": "20,6711", "longitude": "105.5321", "growing_area_code": "VN-PTOR-0123"}.items():
        page.fill("#" + field, value)
    page.check("#household_shown")
    look(page, "plot-form")
    page.click("button:has-text('Thêm')")
    page.wait_for_selector("h1:has-text('Đồi Thử & Nghiệm')")
    plot = page.url

    # A year of it by spreadsheet: a wrong line is told, and nothing of the file goes in.
    def sheet(day):
        rows = f"Thửa;Ngày;Việc;Loại thuốc, phân;Lượng\nĐồi Thử & Nghiệm;{day};Bón phân;Phân chuồng hoai;2 tạ\n"
        page.goto(BASE + "/console/plots")
        page.click("summary:has-text('Nhập bằng bảng tính')")
        page.set_input_files("#file", {"name": "nhat-ky.csv", "mimeType": "text/csv", "buffer": rows.encode()})
        page.click("button:has-text('Nhập')")

    sheet("tháng trước")
    page.wait_for_selector("text=dòng 2, Ngày")
    look(page, "diary-sheet-refused")
    sheet(time.strftime("%d/%m/%Y", time.gmtime(time.time() - 30 * 86400)))
    page.wait_for_selector("text=1 dòng đã được ghi")
    page.goto(plot)
    assert "Phân chuồng hoai" in page.inner_text("main")

    # Two taps: what is done most is one button.
    page.click("button:has-text('Đã tưới')")
    page.wait_for_selector("text=Đã ghi nhật ký")
    page.click("summary:has-text('Phun thuốc')")
    page.fill("#spray", "Dầu khoáng SK Enspray 99EC")
    page.fill("#active_ingredient", "Petroleum spray oil")
    page.fill("#wait_days", "7 ngày")
    page.click("button:has-text('Ghi phun thuốc')")
    page.wait_for_selector("text=Chưa được thu hoạch")
    look(page, "plot-sprayed")

    # Within the waiting period nothing is harvested, unless it was a mistake.
    def harvest(quantity):
        page.goto(BASE + "/console/lots")
        page.click("summary:has-text('Ghi lô mới')")
        page.select_option("#what", label="Bưởi Diễn Đú Sáng · Hộp 6 quả")
        page.fill("#quantity", quantity)
        page.check("label:has-text('Đồi Thử & Nghiệm') input")
        page.click("button:has-text('Ghi lô')")

    harvest("70")
    page.wait_for_selector("text=thời gian cách ly")
    look(page, "harvest-refused")
    page.goto(plot)
    page.locator("section:has-text('Petroleum') summary").click()
    page.locator("section:has-text('Petroleum') input[name=reason]").fill("Ghi nhầm thửa")
    page.click("button:has-text('Rút mục này')")
    page.wait_for_selector("text=Đã rút: Ghi nhầm thửa")
    look(page, "diary-withdrawn")
    harvest("70")
    page.wait_for_selector("h2:has-text('Việc đã xảy ra')")
    look(page, "lot")
    code = page.locator("dl a[href^='/t/']").inner_text()
    lot = page.url
    page.fill("form[action$='/observe'] input[name=note]", "Kho mát 8 °C")
    page.click("button:has-text('Đã vào kho')")
    page.wait_for_selector("text=Kho mát 8 °C")

    # Labels on all papers: every one of them is read, none leads elsewhere.
    def labels(size, count, serials):
        form = {"csrf": page.locator("form[action$='/labels'] input[name=csrf]").get_attribute("value"), "offer": page.locator("#offer").input_value(),
                "count": str(count), "size": size, **({"serials": "yes"} if serials else {})}
        answer = context.request.post(lot + "/labels", form=form)
        assert answer.ok and answer.body().startswith(b"%PDF-"), (answer.status, answer.text()[:300])
        path = f"{ARTEFACTS}/labels-{size}.pdf"
        open(path, "wb").write(answer.body())
        return codes_of(path)

    plain = f"{BASE}/t/{code.replace('-', '')}"
    for size, pages in (("a4_24", 2), ("a4_65", 1), ("roll_50x30", 48)):
        printed, found = labels(size, 48, False)
        if printed != pages or found != [plain] * 48:
            faults.append(f"{size}: {printed} pages, {len(found)} codes, {set(found)}")
    _, numbered = labels("a4_24", 24, True)
    if len(set(numbered)) != 24 or not all(re.fullmatch(re.escape(plain) + "[0-9A-Z]{8}", text) for text in numbered):
        faults.append(f"numbered labels: {numbered[:3]}")

    # Somebody buys, from this lot: it is the only one that keeps long enough, once the others are held back.
    token = sign_in(OWNER)
    product = api("GET", "/v1/products/buoi-dien-du-sang")
    shop = f"/v1/seller/cooperatives/{product['cooperative']['id']}"
    for other in api("GET", f"{shop}/lots?in_stock=true&product_id={product['id']}", token=token)["items"]:
        if other["trace_code"] != code:
            api("PATCH", f"{shop}/lots/{other['id']}", {"state": "blocked"}, token)
    cart = api("POST", "/v1/carts", {"items": [{"offer_id": product["offers"][0]["id"], "quantity": 2}]})
    secret = {"x-cart-token": cart["token"]}
    address = {"recipient": "Nguyễn Thị Lan", "phone": "0912345678", "street": "12 phố Hàng Bông", "commune_code": "00070"}
    quote = api("POST", f"/v1/carts/{cart['id']}/quote", {"address": address}, headers=secret)
    bought = api("POST", "/v1/checkouts", {"cart_id": cart["id"], "quote_id": quote["id"], "payment_method": "cash_on_delivery",
        "contact": {"name": "Nguyễn Thị Lan", "phone": "0912345678", "email": "khach@example.vn"}}, headers={**secret, "idempotency-key": "traced"})
    for step in ("confirm", "pack", "ship", "deliver"):
        api("POST", f"{shop}/orders/{bought['orders'][0]['id']}/{step}", {}, token)

    # Who scans the box reads its story.
    guest = browser.new_context(viewport=PHONE, locale="vi-VN", user_agent=AGENT)
    page = guest.new_page()
    weight, asked = [0], []
    page.on("request", lambda request: asked.append(request.url))
    weight[0] = len(page.goto(numbered[0]).body())
    page.wait_for_load_state("networkidle")
    look(page, "story", strict=True)
    text = page.inner_text("main")
    for told in ("Bưởi Diễn Đú Sáng", "Đồi Thử & Nghiệm", "Bùi Văn Thử", "VN-PTOR-0123", "Nật Sơn", "tưới", "Thu hoạch", "Vào kho", "Đóng gói", "Giao đi", "Đến tay người mua"):
        if told not in text:
            faults.append(f"the story does not tell of {told}")
    for secret_word in ("Petroleum", "Nguyễn Thị Lan", bought["orders"][0]["number"]):
        if secret_word in text:
            faults.append(f"the story tells of {secret_word}")
    if weight[0] > 60_000:
        faults.append(f"the story weighs {weight[0]} bytes")
    foreign = [url for url in asked if not url.startswith(BASE)]
    if foreign:
        faults.append(f"the story asks elsewhere: {foreign}")
    page.click("header a[lang=en]")
    page.wait_for_selector("h2:has-text('Certificates')")
    look(page, "story-in-english", strict=True)
    if "The road it took" not in page.inner_text("main"):
        faults.append("no English story")
    page.goto(BASE + "/t?lang=vi")
    look(page, "code-form", strict=True)
    page.fill("#code", code.lower())
    page.click("button:has-text('Xem')")
    page.wait_for_selector("h1:has-text('Bưởi Diễn Đú Sáng')")
    page.goto(BASE + "/t/" + code[:-1] + ("0" if code[-1] != "0" else "1"))
    look(page, "code-wrong")
    assert "nhập lại" in page.inner_text("main"), page.inner_text("main")
    page.goto(f"{plain}00000000")
    assert "làm giả" in page.inner_text("main"), page.inner_text("main")
    # Held back, it says so before all else.
    api("PATCH", f"{shop}/lots/{lot.rsplit('/', 1)[1]}", {"state": "blocked"}, token)
    page.goto(numbered[0])
    page.wait_for_selector("[role=alert]:has-text('không dùng')")
    look(page, "story-blocked", strict=True)
    recall(context.new_page(), page, lot, numbered[0], bought["orders"][0])


def recall(page, guest, lot, label, order):
    """The cooperative takes the lot back; the buyer reads it on the order's page and on the label's."""
    page.goto(lot)
    page.click("text=Thu hồi lô này")
    look(page, "recalls")
    page.fill("#reason", "Mẫu kiểm nghiệm vượt mức dư lượng")
    page.fill("#advice", "Không ăn, giữ hộp lại chờ hợp tác xã đến nhận")
    page.click("main button:has-text('Thu hồi')")
    page.wait_for_selector("h2:has-text('Ai đã được báo')")
    look(page, "recall")
    assert order["number"] in page.inner_text("main")
    guest.goto(f"{BASE}/o/{order['id']}?{order['link'].split('?')[1]}")
    guest.wait_for_selector("[role=alert]:has-text('vượt mức dư lượng')")
    look(guest, "order-recalled", strict=True)
    guest.click("button:has-text('Tôi đã đọc')")
    guest.wait_for_selector("text=Bạn đã xác nhận")
    guest.goto(label)
    guest.wait_for_selector("[role=alert]:has-text('giữ hộp lại')")
    look(guest, "story-recalled", strict=True)
    page.reload()
    assert "1/1" in page.inner_text("dl"), page.inner_text("dl")
    page.click("button:has-text('Hoàn tiền cho người mua')")
    page.wait_for_selector("text=1 đơn được hoàn tiền")
    for kind, magic in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        answer = page.context.request.get(f"{page.url}/report.{kind}")
        assert answer.ok and answer.body().startswith(magic), (kind, answer.status)
        open(f"{ARTEFACTS}/recall.{kind}", "wb").write(answer.body())
    page.click("summary:has-text('Ghi kết quả xử lý')")
    page.fill("section input[name=note]", "Chôn lấp tại bãi xã, có biên bản")
    page.click("section button:has-text('Ghi')")
    page.wait_for_selector("h1 + .tag:has-text('Đã xong')")
    look(page, "recall-closed")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    try:
        run(browser)
    finally:
        browser.close()
finish("Tracing")
