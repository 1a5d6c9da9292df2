//! What is known of the person who asks: to read, to take along, to take back, to have forgotten; and what everybody may know
//! beforehand (`/privacy`).

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::ConsentPurpose;
use minijinja::context;
use serde_json::{Value, json};

use super::Person;
use crate::pages::session::{Turn, stand_up};
use crate::pages::storefront::shell::{Fault, Shell};
use crate::people::identity::{CONSENT_VERSION, Passwords, change_consent, consents_of, find_account};
use crate::people::privacy::{self, Known, held_back, kept_for};
use crate::platform::personal::{self, Declared};
use crate::platform::problem::{Problem, UNAUTHENTICATED};
use crate::platform::retention::Over;
use crate::platform::templates::value;

const HERE: &str = "/account/data";

/// How a column is called on the page, in Vietnamese and English.
const FIELDS: &[(&str, &str, &str)] = &[
    ("action", "việc", "what was done"),
    ("amount", "số tiền (đ)", "amount (đ)"),
    ("answer", "trả lời", "answer"),
    ("at", "lúc", "at"),
    ("author_kind", "ai viết", "written by"),
    ("actor_kind", "ai làm", "done by"),
    ("bank_account", "số tài khoản", "bank account"),
    ("bank_bin", "ngân hàng", "bank"),
    ("bank_holder", "chủ tài khoản", "account holder"),
    ("bank_reference", "mã giao dịch", "bank's reference"),
    ("buyer", "ghi theo", "counted by"),
    ("carrier", "đơn vị vận chuyển", "carrier"),
    ("channel", "kênh", "channel"),
    ("commune_code", "mã xã", "commune"),
    ("confirmed_at", "xác nhận lúc", "confirmed at"),
    ("contact", "liên hệ", "contact"),
    ("content", "nội dung", "content"),
    ("cooperative", "hợp tác xã", "cooperative"),
    ("created_at", "ghi lúc", "written at"),
    ("data", "nội dung", "content"),
    ("decision", "phân xử", "decision"),
    ("decision_text", "lý do phân xử", "reasons"),
    ("delivered_at", "giao lúc", "delivered at"),
    ("delivery_amount", "phí giao (đ)", "delivery (đ)"),
    ("delivery_method", "cách nhận", "delivery method"),
    ("description", "nội dung chuyển khoản", "text of the transfer"),
    ("detail", "chi tiết", "detail"),
    ("email", "thư điện tử", "e-mail"),
    ("endpoint", "nơi nhận thông báo", "push service"),
    ("entity", "về", "about"),
    ("expires_at", "hết hạn", "ends at"),
    ("file_name", "tên tệp", "file"),
    ("first_seen_at", "thấy lần đầu", "first seen"),
    ("given_at", "đồng ý lúc", "given at"),
    ("goods_amount", "tiền hàng (đ)", "goods (đ)"),
    ("granted_at", "giao lúc", "granted at"),
    ("is_default", "mặc định", "default"),
    ("joined_at", "từ", "since"),
    ("kind", "loại", "kind"),
    ("label", "thiết bị", "device"),
    ("language", "ngôn ngữ", "language"),
    ("last_seen_at", "thấy lần cuối", "last seen"),
    ("last_used_at", "dùng lần cuối", "last used"),
    ("legal_name", "tên pháp lý", "legal name"),
    ("licence_issuer", "nơi cấp phép", "licensed by"),
    ("licence_number", "số giấy phép", "licence"),
    ("message", "lời nhắn", "message"),
    ("method", "cách trả", "method"),
    ("name", "tên", "name"),
    ("name_vi", "tên", "name"),
    ("note", "ghi chú", "note"),
    ("notify", "báo tin", "notices"),
    ("number", "số", "number"),
    ("office", "cơ quan", "office"),
    ("order", "đơn", "order"),
    ("organisation", "tổ chức", "organisation"),
    ("pack_vi", "gói", "pack"),
    ("partner", "đối tác", "partner"),
    ("payment_method", "cách trả", "payment"),
    ("phone", "điện thoại", "phone"),
    ("placed_at", "đặt lúc", "placed at"),
    ("product", "sản phẩm", "product"),
    ("promotion", "khuyến mãi", "promotion"),
    ("provider", "cổng thanh toán", "gateway"),
    ("provider_data", "cổng thanh toán ghi", "what the gateway said"),
    ("provider_reference", "mã của cổng", "gateway's reference"),
    ("purpose", "mục đích", "purpose"),
    ("quantity", "số lượng", "quantity"),
    ("rating", "số sao", "stars"),
    ("reason", "lý do", "reason"),
    ("reason_code", "lý do", "reason"),
    ("received_at", "nhận lúc", "received at"),
    ("recipient", "người nhận", "recipient"),
    ("reference", "mã", "reference"),
    ("released_at", "hoàn lượt lúc", "released at"),
    ("reply", "trả lời", "reply"),
    ("representative", "người đại diện", "representative"),
    ("role", "vai trò", "role"),
    ("seen_at", "dùng lần cuối", "last used"),
    ("seller", "người bán", "seller"),
    ("side", "bên", "side"),
    ("state", "trạng thái", "state"),
    ("status", "trạng thái", "status"),
    ("street", "địa chỉ", "street"),
    ("strong", "có mã xác thực", "with a code"),
    ("tax_code", "mã số thuế", "tax code"),
    ("text", "lời", "words"),
    ("to_state", "sang", "became"),
    ("told_at", "báo lúc", "told at"),
    ("total_amount", "tổng (đ)", "total (đ)"),
    ("tracking_code", "mã vận đơn", "tracking code"),
    ("transferred_at", "chuyển lúc", "transferred at"),
    ("updated_at", "sửa lúc", "changed at"),
    ("used_at", "dùng lúc", "used at"),
    ("version", "bản", "version"),
    ("ways", "cách nhận tin", "ways"),
    ("weight_g", "nặng (g)", "weight (g)"),
    ("withdrawn_at", "rút lại lúc", "withdrawn at"),
];

/// What a column is called, where it has a name.
pub fn field_words(name: &str) -> Option<(&'static str, &'static str)> {
    FIELDS.iter().find(|(known, ..)| *known == name).map(|(_, vi, en)| (*vi, *en))
}

impl Person {
    /// Who it is about, for what is declared of people.
    async fn whole(&self) -> Result<personal::Person, Problem> {
        let account = find_account(self.shell.db.fresh(), self.seat.desk.who.account).await?;
        Ok(personal::Person::of(&account.ok_or_else(|| Problem::new(&UNAUTHENTICATED))?))
    }
}

/// A value as the page shows it.
fn told(shell: &Shell, raw: &Value) -> Option<String> {
    match raw {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { shell.say("có", "yes") } else { shell.say("không", "no") }.to_owned()),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Sections with their columns named.
fn readable(shell: &Shell, known: &Known) -> Vec<Value> {
    let row = |item: &serde_json::Map<String, Value>| {
        let field = |(name, raw): (&String, &Value)| {
            let (vi, en) = field_words(name).unwrap_or(("", ""));
            told(shell, raw).map(|text| json!({"name": shell.say(vi, en), "text": text, "is_time": name.ends_with("_at") || name == "at"}))
        };
        item.iter().filter_map(field).collect::<Vec<_>>()
    };
    let section = |section: &personal::Section| {
        let fate = match section.on_erasure {
            "forgotten" => shell.say("Xoá tài khoản thì mất", "Goes with the account"),
            "anonymous" => {
                shell.say("Xoá tài khoản thì còn lại không kèm tên", "Stays without a name when the account goes")
            }
            _ => shell.say(section.kept_because_vi.unwrap_or_default(), section.kept_because_en.unwrap_or_default()),
        };
        json!({
            "title": shell.say(section.title_vi, section.title_en), "fate": fate, "count": section.items.len(), "more": section.more,
            "rows": section.items.iter().map(row).collect::<Vec<_>>(),
        })
    };
    known.sections.iter().map(section).collect()
}

#[get("/account/data")]
pub async fn on_show(person: Person, declared: Data<Declared>) -> Result<HttpResponse, Fault> {
    let shell = &person.shell;
    let shown = async {
        let (who, now, db) = (person.whole().await?, shell.clock.now(), shell.db.fresh());
        let known = privacy::known_of(db, (&declared, &who), now).await?;
        let held = held_back(db, (&declared, &who), now).await?;
        let consents = consents_of(db, person.seat.desk.who.account).await?;
        Ok::<_, Problem>((known, held, consents))
    };
    let (known, held, consents) = shown.await.map_err(|problem| shell.fault(problem))?;
    let held: Vec<&str> = held.iter().map(|hold| shell.say(hold.vi, hold.en)).collect();
    let notices =
        consents.items.iter().find(|one| one.purpose == ConsentPurpose::Notices && one.withdrawn_at.is_none());
    let account = consents.items.iter().find(|one| one.purpose == ConsentPurpose::Account);
    let values = context! {
        sections => value(&readable(shell, &known)), held => held, notices => value(&notices), account => value(&account),
    };
    person.page("account_data.html", StatusCode::OK, values)
}

/// The same as a file for a machine.
#[get("/account/data.json")]
pub async fn on_file(person: Person, declared: Data<Declared>) -> Result<HttpResponse, Fault> {
    let shell = &person.shell;
    let made = async {
        let who = person.whole().await?;
        let known = privacy::known_of(shell.db.fresh(), (&declared, &who), shell.clock.now()).await?;
        serde_json::to_vec_pretty(&known).map_err(Problem::internal)
    };
    let body = made.await.map_err(|problem| shell.fault(problem))?;
    let name = format!("attachment; filename=\"cho-ocop-{}.json\"", shell.clock.today());
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}

#[post("/account/data/consent")]
pub async fn on_consent(request: HttpRequest, person: Person, payload: Payload) -> Result<HttpResponse, Fault> {
    let form = person.form(&request, payload).await?;
    let given = form.text("given") == "yes";
    let (shell, who) = (&person.shell, &person.seat.desk.who);
    let changed = change_consent(&shell.db, who, (ConsentPurpose::Notices, given), shell.clock.now()).await;
    let words = if given {
        ("Đã ghi: bạn đồng ý nhận tin.", "Written down: you agree to notices.")
    } else {
        ("Đã ghi: không gửi tin nữa.", "Written down: no more notices.")
    };
    person.told(HERE, changed, words)
}

/// Forgets the account; afterwards nobody is signed in.
#[post("/account/data/erase")]
pub async fn on_erase(
    request: HttpRequest,
    person: Person,
    passwords: Data<Passwords>,
    declared: Data<Declared>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let broken = |fault: Fault| Turn::Problem(*fault.problem);
    let form = person.form(&request, payload).await.map_err(broken)?;
    let password = form.0.field("password").unwrap_or_default().to_owned();
    let tools = (passwords.get_ref(), declared.get_ref());
    match privacy::erase_own(&person.seat.desk, tools, &password).await {
        Ok(()) => stand_up(&person.seat, "/privacy?erased=1").await,
        Err(problem) => person.told(HERE, Err(problem), ("", "")).map_err(broken),
    }
}

/// What is kept, why, how long, and what everybody may ask for.
#[get("/privacy")]
pub async fn on_privacy(request: HttpRequest, shell: Shell, over: Data<Vec<Over>>) -> Result<HttpResponse, Fault> {
    let rules = kept_for(shell.db.read(), &over, shell.clock.today()).await;
    let rules = rules.map_err(|error| shell.fault(error.into()))?;
    let shown: Vec<_> =
        rules.iter().map(|rule| json!({"what": shell.say(rule.what_vi, rule.what_en), "days": rule.days})).collect();
    let erased = request.query_string() == "erased=1";
    let values = context! { rules => value(&shown), version => CONSENT_VERSION, erased => erased };
    shell.page("privacy.html", StatusCode::OK, values)
}
