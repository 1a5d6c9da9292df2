#!/usr/bin/env python3
"""The platform's people: what waits, each task from open to done, by the one who may; rules, figures, search and the trail.

Run by `tests/run`, with the same surroundings as console.py.
"""
import datetime, io, os, urllib.request

import openpyxl
from playwright.sync_api import sync_playwright

from PIL import Image

from common import ARTEFACTS, BASE, PHONE, api, console, faults, finish, look, sign_in, until

TODAY = datetime.date.today()
WIDE = {"width": 1280, "height": 800}


def done(page, words="Đã ghi"):
    page.wait_for_selector("[role=status]")
    told = page.inner_text("[role=status]")
    if words not in told:
        faults.append(f"{page.url}: {told}")


def waiting(page, kind):
    page.goto(BASE + "/admin")
    card = page.locator(f"#tasks li:has-text('{kind}')")
    return int(card.locator(".tag").inner_text()) if card.count() else 0


def open_task(page, kind):
    page.goto(BASE + "/admin")
    page.click(f"#tasks a:has-text('{kind}')")


def applicant():
    """Somebody's application with its papers, handed in."""
    token = sign_in("lan@example.vn")
    facts = {"kind": "cooperative", "name": "HTX Rau sạch Mường Pa", "legal_name": "Hợp tác xã Rau sạch Mường Pa", "tax_code": "5400333444",
             "representative": "Bùi Thị Lan", "licence_number": "25D7000123", "licence_issuer": "UBND huyện Kim Bôi", "street": "Xóm Pa", "commune_code": "04978",
             "phone": "0912345678", "bank_bin": "970436", "bank_account": "0071000999888", "bank_holder": "HTX RAU SACH MUONG PA"}
    made = api("POST", "/v1/applications", facts, token=token)
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    for kind in ("identity", "licence"):
        request = urllib.request.Request(f"{BASE}/v1/applications/{made['id']}/documents?kind={kind}", data=pdf, method="POST",
                                         headers={"authorization": "Bearer " + token, "content-type": "application/pdf"})
        urllib.request.urlopen(request)
    api("POST", f"/v1/applications/{made['id']}/submit", {}, token=token)


def partner(name="Thác Bạc", mail="thac-bac@example.vn", tax="5400111222"):
    token = sign_in("lan@example.vn")
    facts = {"name": "Nhà nghỉ " + name, "legal_name": "Hộ kinh doanh " + name, "tax_code": tax, "representative": "Bùi Thị Mận", "street": "Xóm Mu",
             "commune_code": "04978", "phone": "0912000333", "email": mail, "bank_bin": "970436", "bank_account": "0071000123456", "bank_holder": "BUI THI MAN"}
    api("POST", "/v1/partners", facts, token=token)


def organisation():
    token = sign_in("lan@example.vn")
    facts = {"name": "Bếp ăn Trường Mường", "legal_name": "Công ty Bếp ăn Trường Mường", "tax_code": "5400777888", "representative": "Lan", "street": "Xóm Mu",
             "commune_code": "04978", "phone": "0912345678", "email": "bep-an@example.vn"}
    api("POST", "/v1/business", facts, token=token)


def stray_transfer(amount, text):
    told = {"id": amount, "transferType": "in", "transferAmount": amount, "content": text, "referenceCode": "FT-" + text.replace(" ", "-"), "transactionDate": f"{TODAY} 09:00:00"}
    api("POST", "/v1/payments/bank_transfer/webhook", told, headers={"authorization": "Apikey " + os.environ["BANK_SECRET"]})


def bought(method, product="mat-ong-rung-hop-tien", quantity=1):
    """A guest's purchase."""
    offer = api("GET", f"/v1/products/{product}")["offers"][0]["id"]
    cart = api("POST", "/v1/carts", {"items": [{"offer_id": offer, "quantity": quantity}]})
    headers = {"x-cart-token": cart["token"], "idempotency-key": f"k-{method}-{product}-{quantity}"}
    address = {"recipient": "Nguyễn Thị Lan", "phone": "0912345678", "street": "12 phố Hàng Bông", "commune_code": "00070"}
    quote = api("POST", f"/v1/carts/{cart['id']}/quote", {"address": address}, headers=headers)
    contact = {"name": "Nguyễn Thị Lan", "phone": "0912345678", "email": "khach@example.vn"}
    body = {"cart_id": cart["id"], "quote_id": quote["id"], "contact": contact, "payment_method": method}
    made = api("POST", "/v1/checkouts", body, headers=headers)
    if method == "bank_transfer":
        secret = made["orders"][0]["link"].split("token=")[1]
        asked = {"purchase_id": made["id"], "method": method, "token": secret}
        made["reference"] = api("POST", "/v1/payments", asked, headers={**headers, "idempotency-key": "pay-" + made["id"]})["reference"]
    return made


def delivered(purchase, owner):
    """Paid by a transfer, and brought."""
    order = purchase["orders"][0]["id"]
    token = sign_in(owner)
    shop = api("GET", "/v1/me", token=token)["cooperatives"][0]["id"]
    for step in ("confirm", "pack", "ship", "deliver"):
        api("POST", f"/v1/seller/cooperatives/{shop}/orders/{order}/{step}", {}, token=token)


def people(page):
    """Lets in, verifies, refuses: each with the facts beside the papers."""
    before = waiting(page, "Hồ sơ xin bán hàng")
    applicant(), partner(), organisation()
    page.reload()
    look(page, "admin-today", strict=True)
    if waiting(page, "Hồ sơ xin bán hàng") != before + 1:
        faults.append("an application that was handed in does not wait")
    open_task(page, "Hồ sơ xin bán hàng")
    look(page, "admin-applications", strict=True)
    page.click("a:has-text('Rau sạch Mường Pa')")
    look(page, "admin-application", strict=True)
    papers = page.locator("a[href*='/documents/']")
    answer = page.request.get(BASE + papers.first.get_attribute("href"))
    if papers.count() != 2 or answer.status != 200 or not answer.body().startswith(b"%PDF"):
        faults.append("the papers of an application cannot be read")
    page.click("summary:has-text('Cần bổ sung')")
    page.fill("input[id^=more_needed]", "Ảnh căn cước bị mờ")
    page.click("button:has-text('Cần bổ sung')")
    done(page)
    if "Rau sạch Mường Pa" in page.inner_text("main"):
        faults.append("an application that was answered still waits")
    open_task(page, "Đối tác chờ duyệt")
    look(page, "admin-partners", strict=True)
    page.click("section:has-text('Thác Bạc') button:has-text('Duyệt')")
    done(page)
    open_task(page, "Tổ chức mua chờ xác minh")
    card = page.locator("section:has-text('Trường Mường')")
    card.locator("input[name=credit_limit]").fill("50 triệu")
    card.locator("input[name=credit_days]").fill("15 ngày")
    look(page, "admin-organisations", strict=True)
    card.locator("button:has-text('Xác minh')").click()
    done(page)
    if "50.000.000" not in page.inner_text("section:has-text('Trường Mường')"):
        faults.append("the credit that was granted is not shown")


def money(page, second):
    """A stray transfer finds its payment; a refund is asked for, and approved by another; a run of payouts likewise."""
    purchase = bought("bank_transfer", quantity=2)
    total = purchase["total"]["amount"]
    stray_transfer(total, "tra tien hang")
    open_task(page, "Tiền chưa khớp")
    look(page, "admin-reconciliation", strict=True)
    item = page.locator("section.card").first
    if purchase["number"] not in item.inner_text():
        faults.append("the payment a transfer was meant for is not proposed")
    item.locator("input[name=note]").fill("Khách gọi báo đã chuyển")
    item.locator("button:has-text('Ghi cho khoản đã chọn')").click()
    done(page)
    order = purchase["orders"][0]
    page.goto(f"{BASE}/admin/search?q={order['number']}")
    page.click(f"#found a:has-text('{order['number']}')")
    page.wait_for_selector(f"h1:has-text('{order['number']}')")
    look(page, "admin-order", strict=True)
    page.click("summary:has-text('Hoàn tiền')")
    page.fill("#note", "Khách không nhận được")
    page.click("button:has-text('Hoàn tiền')")
    done(page)
    for person in (page, second):
        open_task(person, "Hoàn tiền chờ duyệt")
    look(page, "admin-refunds", strict=True)
    page.click("button:has-text('Duyệt')")
    done(page, "phải khác người đề nghị")
    second.click("button:has-text('Duyệt')")
    done(second)
    # No gateway sends a transfer back: a person does.
    until(second, lambda: waiting(second, "Hoàn tiền phải chuyển tay") > 0)
    open_task(second, "Hoàn tiền phải chuyển tay")
    second.fill("input[name=bank_reference]", "FT26333000009")
    look(second, "admin-refund-by-hand", strict=True)
    second.click("button:has-text('Đã chuyển tay')")
    done(second)
    paid = bought("bank_transfer", product="buoi-dien-du-sang", quantity=3)
    stray_transfer(paid["total"]["amount"], paid["reference"])
    delivered(paid, "xanh-kim-boi@example.vn")
    page.goto(BASE + "/admin/payouts")
    look(page, "admin-payouts", strict=True)
    page.click("button:has-text('Lập đợt chi trả')")
    told = page.inner_text("[role=status]")
    if "Đã ghi" in told:
        page.click("ul.plain a >> nth=0")
        if page.locator("button:has-text('Duyệt chi')").count():
            faults.append("who made a run may approve it")
        second.goto(page.url)
        look(second, "admin-payout", strict=True)
        second.click("button:has-text('Duyệt chi')")
        done(second)
        sheet = second.request.get(second.url + "/bank-file")
        rows = list(openpyxl.load_workbook(io.BytesIO(sheet.body())).worksheets[0].iter_rows(values_only=True))
        if len(rows) < 2 or sum(row[4] for row in rows[1:]) <= 0:
            faults.append(f"the file for the bank holds no transfers: {rows}")
        second.fill("input[id^=bank-] >> nth=0", "FT26333000001")
        second.click("button:has-text('Ngân hàng đã chuyển') >> nth=0")
        done(second)
    else:
        faults.append(f"nothing is due in the demo: {told}")


def rivals(page, second):
    """Two of the platform decide on the same thing at the same moment: one does, the other is told."""
    partner("Thác Mu", "thac-mu@example.vn", "5400111333")
    for one in (page, second):
        open_task(one, "Đối tác chờ duyệt")
    page.click("section:has-text('Thác Mu') button:has-text('Duyệt')")
    done(page)
    second.click("section:has-text('Thác Mu') button:has-text('Duyệt')")
    second.wait_for_selector("[role=status].bad")
    look(second, "admin-second", strict=True)


def private(page):
    """A breach recorded and reported in time, and a rule of how long things are kept."""
    page.goto(BASE + "/admin/privacy")
    page.click("summary:has-text('Ghi sự cố mới')")
    page.fill("#found-new", f"{TODAY - datetime.timedelta(days=1)}T08:00")
    page.fill("#happened-new", "Một máy tính của văn phòng bị mất")
    page.fill("#data-new", "Tên, số điện thoại của người mua")
    page.fill("#people-new", "12")
    look(page, "admin-privacy-new", strict=True)
    page.click("details[open] button:has-text('Ghi')")
    done(page)
    open_task(page, "Sự cố dữ liệu cá nhân")
    page.click("summary:has-text('Ghi tiếp')")
    look(page, "admin-privacy", strict=True)
    page.locator("details[open] input[name=authority_told_at]").fill(f"{TODAY - datetime.timedelta(days=1)}T17:00")
    page.check("details[open] input[name=closed]")
    page.click("details[open] button:has-text('Ghi')")
    done(page)
    page.wait_for_selector("text=đã khép")
    page.click("summary:has-text('giỏ hàng của khách')")
    page.locator("details[open] input[name=days]").fill("45")
    page.click("details[open] button:has-text('Ghi')")
    done(page)
    page.wait_for_selector("summary:has-text('45 ngày')")


def world(page):
    """Categories, destinations, holidays."""
    page.goto(BASE + "/admin/categories")
    page.click("summary:has-text('Thêm nhóm')")
    page.select_option("#parent", index=0)
    page.fill("#name_vi", "Quả có múi Kim Bôi")
    page.fill("#name_en", "Citrus of Kim Boi")
    look(page, "admin-categories", strict=True)
    page.click("button:has-text('Thêm')")
    done(page)
    page.click("summary:has-text('qua-co-mui-kim-boi')")
    page.locator("details[open] input[name=name_en]").fill("Kim Boi citrus")
    page.click("details[open] button:has-text('Ghi')")
    done(page)
    page.goto(BASE + "/admin/holidays")
    page.fill("#day", "2027-02-06")
    page.fill("#name", "Tết Nguyên đán")
    page.click("button:has-text('Thêm')")
    done(page)
    look(page, "admin-holidays", strict=True)
    page.click("li:has-text('06/02/2027') button:has-text('Không nghỉ')")
    done(page)
    private(page)
    page.goto(BASE + "/admin/destinations")
    page.click("summary:has-text('Thêm điểm đến')")
    for name, text in [("name_vi", "Thác Mặt Trời"), ("name_en", "Sun waterfall"), ("commune", "Kim Bôi, Phú Thọ"), ("latitude", "20,65"), ("longitude", "105,49")]:
        page.fill("#" + name, text)
    page.select_option("#kind", "waterfall")
    look(page, "admin-destinations", strict=True)
    page.click("button:has-text('Thêm')")
    done(page)
    page.click("a:has-text('Thác Mặt Trời')")
    page.fill("#text_vi", "Thác ba tầng giữa rừng.")
    page.click("button:has-text('Ghi')")
    done(page)
    belongs(page)
    look(page, "admin-destination", strict=True)
    shown = page.request.get(BASE + "/d/thac-mat-troi").text()
    for words in ["Thác ba tầng", "Lễ hội thác", "Mật ong", "Thác nhìn từ suối"]:
        if words not in shown:
            faults.append(f"“{words}” was added to a destination and is not shown to visitors")


def belongs(page):
    """A picture, a festival, a cooperative and a product; one of each taken out again."""
    kept = ARTEFACTS + "/thac.jpg"
    for shade, words in [(120, "Thác nhìn từ suối"), (40, "Ảnh sẽ gỡ")]:
        Image.new("RGB", (800, 600), (shade, 170, 190)).save(kept)
        page.click("summary:has-text('Thêm ảnh')")
        page.set_input_files("#file", kept)
        page.fill("#alt_vi", words)
        page.click("button:has-text('Treo ảnh')")
        done(page)
    page.click("li:has-text('Ảnh sẽ gỡ') button:has-text('Gỡ')")
    done(page)
    today = datetime.date.today()
    for days, name in [(12, "Lễ hội thác"), (20, "Ngày sẽ hủy")]:
        page.click("summary:has-text('Thêm sự kiện')")
        page.fill("#event_vi", name)
        page.fill("#event_en", "Waterfall festival")
        page.fill("#starts_on", str(today + datetime.timedelta(days=days)))
        page.click("button:has-text('Thêm sự kiện')")
        done(page)
    page.click("li:has-text('Ngày sẽ hủy') button:has-text('Hủy')")
    done(page)
    page.click("summary:has-text('Thêm hợp tác xã')")
    page.fill("#cooperative", BASE + "/c/" + page.request.get(BASE + "/v1/products/hat-doi").json()["seller"]["slug"])
    page.click("button:has-text('Thêm hợp tác xã')")
    done(page)
    for product in ["mat-ong-rung-hop-tien", BASE + "/p/buoi-dien-du-sang"]:
        page.click("summary:has-text('Thêm sản vật')")
        page.fill("#product", product)
        page.select_option("#link", "tasting")
        page.click("button:has-text('Thêm sản vật')")
        done(page)
    page.click("li:has-text('Bưởi Diễn') button:has-text('Bỏ')")
    done(page)
    page.click("summary:has-text('Thêm sản vật')")
    page.fill("#product", "khong-co")
    page.click("button:has-text('Thêm sản vật')")
    page.wait_for_selector("text=hãy dán địa chỉ trang")


def rules(page):
    """What holds as data, and who is of the platform."""
    page.goto(BASE + "/admin/commission")
    page.click("summary:has-text('Thêm quy định')")
    page.fill("#rate_bp", "300")
    page.fill("#campaign", "tet-2027")
    look(page, "admin-commission", strict=True)
    page.click("button:has-text('Thêm')")
    done(page)
    page.goto(BASE + "/admin/promotions")
    page.click("summary:has-text('Thêm khuyến mãi')")
    for name, text in [("name_vi", "Giảm 10 % dịp Tết"), ("name_en", "10 % off for Tet"), ("code", "TET10"), ("rate_bp", "1000"), ("max", "50k")]:
        page.fill("#" + name, text)
    look(page, "admin-promotions", strict=True)
    page.click("button:has-text('Thêm')")
    done(page)
    page.click("section:has-text('TET10') button:has-text('Tạm dừng')")
    done(page)
    page.goto(BASE + "/admin/rates")
    page.fill("#rate", "25.412,5")
    page.click("button:has-text('Ghi tỷ giá')")
    done(page)
    if "25412.5" not in page.inner_text("main"):
        faults.append("a rate that was typed is not shown")
    look(page, "admin-rates", strict=True)
    for name in ("tax", "settlements", "people", "listings", "reviews", "disputes", "late", "failures", "recalls"):
        page.goto(f"{BASE}/admin/{name}")
        look(page, "admin-" + name, strict=True)
    page.goto(BASE + "/admin/people")
    page.fill("#login", "lan@example.vn")
    page.click("button:has-text('Trao quyền quản trị')")
    done(page)
    page.click("li:has-text('lan@example.vn') button:has-text('Thôi quyền quản trị')")
    done(page)


def terms(page):
    """How long, how much, how often; and a partner's site that should show nothing of ours."""
    page.goto(BASE + "/admin/terms")
    page.click("summary:has-text('Mỗi lần chi trả ít nhất')")
    page.fill("#payout_minimum", "50k")
    look(page, "admin-terms", strict=True)
    page.click("details[open] button:has-text('Ghi')")
    done(page)
    page.wait_for_selector("summary:has-text('50.000 ₫')")
    token = sign_in("homestay@example.vn")
    owned = api("GET", "/v1/partners", token=token)["items"][0]["id"]
    api("POST", f"/v1/partner/{owned}/sites", {"url": "https://trang-da-doi-chu.example"}, token=token)
    page.goto(BASE + "/admin/partners")
    page.click("li:has-text('trang-da-doi-chu') summary:has-text('Gỡ trang này')")
    page.fill("li:has-text('trang-da-doi-chu') input[name=note]", "Trang đã đổi chủ")
    look(page, "admin-partner-site", strict=True)
    page.click("li:has-text('trang-da-doi-chu') button:has-text('Gỡ trang này')")
    done(page)
    if "trang-da-doi-chu" in page.inner_text("main"):
        faults.append("a site that was taken away is still there")


def overview(page):
    page.goto(BASE + "/admin/search?q=muong+dong")
    page.click("#found a:has-text('Mường Động')")
    page.wait_for_selector("h1:has-text('Mường Động')")
    look(page, "admin-cooperative", strict=True)
    page.click("a:has-text('Lịch sử thay đổi')")
    page.goto(BASE + "/admin/trail")
    if "commission_rule.created" not in page.inner_text("main"):
        faults.append("the trail does not tell of the rule that was added: " + page.inner_text("main")[:300])
    look(page, "admin-trail", strict=True)
    page.goto(BASE + "/admin/figures")
    look(page, "admin-figures", strict=True)
    page.set_viewport_size(WIDE)
    look(page, "admin-figures-wide", width=WIDE["width"], strict=True)
    page.set_viewport_size(PHONE)
    page.click("button:has-text('English')")
    page.goto(BASE + "/admin")
    page.wait_for_selector("h1:has-text('To do')")
    look(page, "admin-english", strict=True)


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    context, page = console(browser, "admin@example.vn")
    page.wait_for_url("**/admin")
    page.goto(BASE + "/admin/people")
    page.fill("#login", "homestay@example.vn")
    page.click("button:has-text('Trao quyền quản trị')")
    done(page)
    _, second = console(browser, "homestay@example.vn")
    second.goto(BASE + "/admin")
    second.wait_for_selector("h1:has-text('Việc cần làm')")
    people(page)
    money(page, second)
    rivals(page, second)
    rules(page)
    world(page)
    terms(page)
    overview(page)
    _, seller = console(browser, "xanh-kim-boi@example.vn")
    if seller.goto(BASE + "/admin").status != 403:
        faults.append("a cooperative sees the platform's pages")
    browser.close()
finish("admin")
