#!/usr/bin/env python3
"""The programme, from an officer's plan to a household's own page: a plan with targets, a course with guests who say what it was like,
support and what came of it, a difficulty that finds help, a season's jobs, and the figures with charts, map and files.

Run by `tests/run`, with the same surroundings as console.py.
"""
import datetime, io, os

import openpyxl
from playwright.sync_api import sync_playwright

from common import BASE, PHONE, console, faults, finish, look, until

TODAY = datetime.date.today()
WIDE = {"width": 1280, "height": 800}


def done(page, words="Đã ghi"):
    page.wait_for_selector("[role=status]")
    told = page.inner_text("[role=status]")
    if words not in told:
        faults.append(f"{page.url}: {told}")


def unfold(page, words):
    block = page.locator("details", has=page.locator(f"summary:text-is('{words}')")).last
    block.locator("summary").first.click()
    return block


def plan(browser):
    """The commune's plan: begun by its clerk, adopted by its head."""
    context, page = console(browser, "van-thu-nat-son@example.vn")
    page.wait_for_selector("h1:has-text('Việc cần làm')")
    page.click("nav.tabs >> text=Địa bàn")
    page.wait_for_selector("h1:has-text('Số liệu chương trình')")
    page.click("main nav >> text=Kế hoạch")
    look(page, "plans", strict=True)
    page.fill("#title", "Kế hoạch OCOP & du lịch xã Nật Sơn")
    page.click("button:has-text('Lập kế hoạch')")
    page.wait_for_selector("text=Chưa có mục tiêu")
    block = unfold(page, "Ghi mục tiêu")
    block.locator("#goal-new_products").fill("2")
    block.locator("#goal-revenue").fill("500tr")
    block.locator("button").click()
    done(page)
    if "500.000.000" not in page.inner_text("main"):
        faults.append("a goal written as 500tr is not 500,000,000 đồng")
    block = unfold(page, "Thêm biện pháp")
    block.locator("#title-new").fill("Bảo quản bưởi sau thu hoạch")
    block.locator("#venue-new").fill("Nhà văn hóa xóm Suối Chuộn")
    block.locator("#starts-new").fill(TODAY.isoformat())
    block.locator("#planned-farmer_support-new").fill("12tr5")
    block.locator("button").click()
    done(page)
    block = unfold(page, "Mời")
    block.locator("input[name=cooperative]").fill("htx-nong-nghiep-xanh-kim-boi")
    block.locator("textarea").fill("Bùi Thị Mai\nBùi Văn Tâm\n")
    block.locator("button").click()
    done(page)
    page.locator("summary:has-text('2 người được mời')").click()
    look(page, "plan", strict=True)
    page.locator("label.line:has-text('Bùi Thị Mai') input").check()
    page.click("button:has-text('Ghi người đã dự')")
    done(page)
    path = page.url
    if page.locator("summary:text-is('Ban hành')").count():
        faults.append("a clerk is offered to adopt the plan")
    context.close()
    context, page = console(browser, "xa-nat-son@example.vn")
    page.wait_for_selector("h1:has-text('Việc cần làm')")
    page.goto(path)
    block = unfold(page, "Ban hành")
    block.locator("#decision_number").fill("12/KH-UBND")
    block.locator("#adopted_on").fill(TODAY.isoformat())
    block.locator("button").click()
    done(page)
    page.wait_for_selector("text=12/KH-UBND")
    page.set_viewport_size(WIDE)
    look(page, "plan-adopted", width=WIDE["width"], strict=True)
    page.set_viewport_size(PHONE)
    return context, page


def cooperative(browser, owner):
    """Says what the course was like, what is lacking, whom it employs, and what a household was paid."""
    context, page = console(browser, owner)
    page.wait_for_selector("nav.tabs")
    page.goto(BASE + "/console/ocop")
    page.click("a:has-text('Khóa học, hỗ trợ, khó khăn')")
    page.wait_for_selector("text=Bảo quản bưởi sau thu hoạch")
    card = page.locator("li.card", has_text="Bảo quản bưởi sau thu hoạch").filter(has_text="Bùi Thị Mai")
    card.locator("textarea").fill("Rất thiết thực")
    card.locator("button").click()
    done(page)
    page.select_option("#kind", "preservation")
    page.fill("#story", "Thiếu kho mát cho 3 tấn bưởi")
    page.click("button:has-text('Nêu khó khăn')")
    done(page)
    look(page, "programme", strict=True)
    page.goto(BASE + "/console/people")
    block = unfold(page, "Khai một mùa vụ")
    for name, text in [("season", "Vụ thử"), ("from_on", (TODAY - datetime.timedelta(days=40)).isoformat()), ("to_on", TODAY.isoformat()),
                       ("households", "12"), ("regular_workers", "3"), ("seasonal_workers", "20"), ("women", "11"), ("working_days", "400"),
                       ("turnover", "1,2 tỷ")]:
        block.locator("#" + name).fill(text)
    block.locator("button").click()
    done(page)
    if "1.200.000.000" not in page.inner_text("main"):
        faults.append("a turnover written as 1,2 tỷ is not 1,200,000,000 đồng")
    block = unfold(page, "Thêm hộ")
    block.locator("#name").fill("Hộ bà Bùi Thị Thử")
    block.locator("#consent").check()
    block.locator("button").click()
    done(page)
    # The list of payments, filled in as the template asks.
    unfold(page, "Ghi tiền công, chia lãi bằng bảng tính")
    with page.expect_download() as found:
        page.click("a:has-text('Tải tệp mẫu')")
    book = openpyxl.load_workbook(io.BytesIO(open(found.value.path(), "rb").read()))
    sheet = book.worksheets[0]
    sheet.append(["Hộ bà Bùi Thị Thử", "Tiền công", "3tr2", TODAY.strftime("%d/%m/%Y"), "PC-THU-1", "Thu hoạch"])
    out = io.BytesIO()
    book.save(out)
    page.set_input_files("#file", {"name": "chi.xlsx", "mimeType": "application/octet-stream", "buffer": out.getvalue()})
    page.click("button:has-text('Gửi'):visible")
    done(page)
    look(page, "people", strict=True)
    page.click("a:has-text('Hộ bà Bùi Thị Thử')")
    page.wait_for_selector("text=PC-THU-1")
    page.click("button:has-text('Tạo đường dẫn riêng')")
    page.wait_for_selector(".told a")
    look(page, "household", strict=True)
    link = page.locator(".told a").get_attribute("href")
    own = browser.new_context(viewport=PHONE, locale="vi-VN", has_touch=True, is_mobile=True)
    home = own.new_page()
    home.goto(BASE + "/h?token=" + link.rsplit("=", 1)[1])
    home.wait_for_selector("text=3.200.000")
    look(home, "household-own", strict=True)
    own.close()
    return context, page


def help_and_support(officer, shop, browser):
    """Help is offered, accepted, done; support is written down and shows what came of it."""
    officer.goto(BASE + "/officer/difficulties?state=open")
    card = officer.locator("li.card", has_text="Thiếu kho mát cho 3 tấn bưởi")
    card.locator("textarea").fill("Mượn kho mát của xã trong một tháng")
    look(officer, "difficulties", strict=True)
    card.locator("button").last.click()
    done(officer)
    shop.goto(BASE + "/console/today")
    shop.click("a:has-text('lời giúp chờ trả lời')")
    shop.click("button:has-text('Nhận lời')")
    done(shop)
    shop.locator("input[name=outcome]").first.fill("Đã giữ được 3 tấn")
    shop.click("button:has-text('Đã tháo gỡ')")
    done(shop)
    shop.wait_for_selector(".tag:has-text('Đã tháo gỡ')")
    officer.goto(BASE + "/officer/supports")
    block = unfold(officer, "Ghi hỗ trợ")
    for name, text in [("cooperative", "htx-nong-nghiep-xanh-kim-boi"), ("what", "Kệ kho"), ("purpose", "Bảo quản bưởi"), ("worth", "8tr"),
                       ("granted_on", (TODAY - datetime.timedelta(days=5)).isoformat())]:
        block.locator("#" + name).fill(text)
    block.locator("button").click()
    done(officer)
    look(officer, "supports", strict=True)
    officer.click("a:has-text('Kệ kho')")
    officer.wait_for_selector("text=không chứng minh nguyên nhân")
    look(officer, "support", strict=True)
    # A commune sees no other place's support.
    context, other = console(browser, "xa-muong-dong@example.vn")
    other.wait_for_selector("h1:has-text('Việc cần làm')")
    if other.goto(officer.url).status != 404:
        faults.append("support is seen from another commune")
    context.close()


def elsewhere(browser):
    """The register of the place, and a partner who helps."""
    context, page = console(browser, "can-bo@example.vn")
    page.wait_for_selector("h1:has-text('Việc cần làm')")
    page.goto(BASE + "/officer/stars")
    page.click("a:has-text('Sổ sản phẩm còn hiệu lực')")
    page.wait_for_selector("li.card")
    look(page, "register", strict=True)
    page.click("a:text-is('4 ★')")
    until(page, lambda: page.locator("li.card").count() and all("4 sao" in text for text in page.locator("li.card").all_inner_texts()))
    context.close()
    context, page = console(browser, "homestay@example.vn")
    page.wait_for_selector("nav.tabs")
    page.goto(BASE + "/partner/help")
    card = page.locator("li.card", has_text="Bưởi chín rộ trong ba tuần")
    card.locator("textarea").fill("Cho gửi 40 thùng trong phòng mát")
    look(page, "partner-help", strict=True)
    card.locator("button").click()
    done(page)
    context.close()


def figures(browser):
    context, page = console(browser, "can-bo@example.vn")
    page.wait_for_selector("h1:has-text('Việc cần làm')")
    page.goto(BASE + "/officer/figures")
    page.wait_for_selector("svg.chart")
    look(page, "figures", strict=True)
    if page.locator("svg.map circle").count() < 3:
        faults.append("the map has too few communes")
    page.locator("summary:has-text('Chọn kỳ')").click()
    page.select_option("#by", "recognised")
    page.click("button:has-text('Xem'):visible")
    page.wait_for_selector("h2:has-text('Sản phẩm OCOP còn hiệu lực')")
    page.set_viewport_size(WIDE)
    look(page, "figures-wide", width=WIDE["width"], strict=True)
    for words, begins in [("XLSX", b"PK"), ("PDF", b"%PDF")]:
        with page.expect_download() as found:
            page.click(f"a:text-is('{words}')")
        if not open(found.value.path(), "rb").read().startswith(begins):
            faults.append(f"the report is no {words}")
    page.goto(BASE + "/officer/plans")
    page.click("a:has-text('Kế hoạch OCOP năm')")
    page.wait_for_selector("progress")
    look(page, "plan-of-the-province", width=WIDE["width"], strict=True)
    context.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    office, officer = plan(browser)
    console_context, shop = cooperative(browser, "xanh-kim-boi@example.vn")
    help_and_support(officer, shop, browser)
    elsewhere(browser)
    figures(browser)
    browser.close()
finish("the programme")
