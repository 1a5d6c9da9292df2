#!/usr/bin/env python3
"""Supply in quantity: an organisation signs up and is verified, a supermarket asks for goods, two cooperatives offer, shares are reckoned
by two rules and agreed to, and each grower sees its own.

Run by `tests/run`, with the same surroundings as console.py.
"""
import datetime, os, urllib.request

import pypdfium2
from playwright.sync_api import sync_playwright

from common import BASE, PHONE, api, console, faults, finish, look, sign_in

TODAY = datetime.date.today()
WIDE = {"width": 1280, "height": 800}


def ahead(days):
    return (TODAY + datetime.timedelta(days=days)).isoformat()


def done(page):
    page.wait_for_selector("[role=status]")
    told = page.inner_text("[role=status]")
    if "Đã ghi" not in told:
        faults.append(f"{page.url}: {told}")


def newcomer(browser):
    """Signs an organisation up; it waits until the platform has verified it."""
    context, page = console(browser, "lan@example.vn")
    page.wait_for_selector("h1")
    page.goto(BASE + "/business")
    for name, text in [("name", "Khách sạn Thác Mu"), ("legal_name", "Công ty Thác Mu"), ("tax_code", "5400123123"), ("representative", "Lan"),
                       ("street", "Xóm Mu"), ("commune", "Kim Bôi, Phú Thọ"), ("phone", "0912345678"), ("email", "mua@thacmu.example.vn")]:
        page.fill("#" + name, text)
    look(page, "business-sign-up", strict=True)
    page.click("button:has-text('Gửi xác minh')")
    done(page)
    page.wait_for_selector(".tag:has-text('Chờ xác minh')")
    if page.locator("a:has-text('Viết yêu cầu')").count():
        faults.append("one that is not verified may ask for goods")
    admin = sign_in("admin@example.vn")
    waiting = api("GET", "/v1/admin/organisations?state=submitted", token=admin)["items"]
    api("POST", f"/v1/admin/organisations/{waiting[0]['id']}/decision", {"decision": "approve"}, token=admin)
    page.goto(BASE + "/business")
    page.wait_for_selector(".tag:has-text('Đã xác minh')")
    context.close()


def ask(browser):
    context, page = console(browser, "sieu-thi@example.vn")
    page.wait_for_selector("h2:has-text('Siêu thị Sông Đà')")
    look(page, "business", strict=True)
    page.click("a:has-text('Viết yêu cầu')")
    category = api("GET", "/v1/products/buoi-dien-du-sang")["category"]["slug"]
    page.select_option("#category", category)
    page.fill("#title", "Quả tươi cho hai đợt cuối năm")
    page.fill("#price_idea", "30k")
    page.fill("#answer_by", ahead(7))
    for row, weight in [(0, "300 kg"), (1, "0,5 tấn")]:
        page.fill(f"#weight-{row}", weight)
        page.fill(f"#from-{row}", ahead(14 + 7 * row))
    look(page, "business-new", strict=True)
    page.click("button:has-text('Lưu nháp')")
    page.wait_for_selector(".tag:has-text('Nháp')")
    if "800 kg" not in page.inner_text("main") or "30.000" not in page.inner_text("main"):
        faults.append("300 kg and 0,5 tấn at 30k are not 800 kg at 30,000 đồng")
    page.click("button:has-text('Gửi tới các hợp tác xã')")
    done(page)
    return context, page


def offer(browser, owner, price, weights, pictures):
    context, page = console(browser, owner)
    page.wait_for_selector("nav.tabs")
    page.goto(BASE + "/console/orders")
    page.click("a:has-text('Yêu cầu số lượng lớn')")
    if pictures:
        look(page, "requests", strict=True)
    page.click("a:has-text('Quả tươi cho hai đợt cuối năm')")
    page.fill("#price", price)
    for field, weight in zip(page.locator("input[name^=w_]").all(), weights):
        field.fill(weight)
    if pictures:
        look(page, "request", strict=True)
    page.click("button:has-text('Gửi lời chào')")
    done(page)
    return context, page


def share(page):
    page.reload()
    page.click("button:has-text('Ngừng nhận chào hàng')")
    done(page)
    for rule in ("equal", "cheapest"):
        page.select_option("#rule", rule)
        page.click("button:has-text('Tính phần')")
        done(page)
    page.set_viewport_size(WIDE)
    look(page, "business-shares", width=WIDE["width"], strict=True)
    page.set_viewport_size(PHONE)
    look(page, "business-shares-phone", strict=True)
    page.click("button:has-text('Đồng ý cách chia này')")
    done(page)
    page.wait_for_selector(".tag:has-text('Đã đồng ý')")


def paper(page, number):
    """The contract read back by another library: its number, parties, every weight and sum."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    path = page.locator("a:has-text('Xem hợp đồng')").get_attribute("href")
    request = urllib.request.Request(BASE + path, headers={"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())})
    document = pypdfium2.PdfDocument(urllib.request.urlopen(request).read())
    text = " ".join(sheet.get_textpage().get_text_range() for sheet in document).replace("\u00a0", " ")
    for words in (number, "SÔNG ĐÀ", "150 kg", "300 kg", "450 kg", "29.000", "4.350.000", "8.700.000", "13.050.000", "bất khả kháng"):
        if words not in text:
            faults.append(f"the contract does not say {words}")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    newcomer(browser)
    _, buyer = ask(browser)
    _, growers = offer(browser, "xanh-kim-boi@example.vn", "29k", ["200 kg", "300 kg"], True)
    second = next(login for login in ("cam-thung-rech", "nhan-son-thuy") if api("GET", f"/v1/products/{login}"))
    owner = api("GET", f"/v1/products/{second}")["seller"]["slug"].removeprefix("htx-").removeprefix("nong-nghiep-") + "@example.vn"
    _, others = offer(browser, owner, "27k", ["150 kg", "200 kg"], False)
    if "27.000" in growers.inner_text("main"):
        faults.append("a competitor's price is seen")
    share(buyer)
    growers.reload()
    growers.wait_for_selector("h2:has-text('Phần của bạn')")
    look(growers, "request-share", strict=True)
    if "27.000" in growers.inner_text("main"):
        faults.append("a competitor's price is seen with the shares")
    growers.goto(BASE + "/console/today")
    growers.click("a:has-text('1 hợp đồng chờ ký')")
    growers.wait_for_selector("h2:has-text('Hợp đồng')")
    look(growers, "contract", strict=True)
    number = growers.inner_text("h2:has-text('Hợp đồng')").split()[-1]
    paper(growers, number)
    growers.click("button:has-text('Ký')")
    done(growers)
    growers.wait_for_selector(".tag:has-text('Hai bên đã ký')")
    buyer.reload()
    buyer.wait_for_selector(".tag:has-text('Hai bên đã ký')")
    look(buyer, "business-contracts", strict=True)
    browser.close()
finish("supply")
