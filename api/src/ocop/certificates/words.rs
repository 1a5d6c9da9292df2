//! Kinds of certificates, as people call them.

/// Key, Vietnamese, English.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("food_safety", "An toàn thực phẩm", "Food safety"),
    ("vietgap", "VietGAP", "VietGAP"),
    ("organic", "Hữu cơ", "Organic"),
    ("haccp", "HACCP", "HACCP"),
    ("iso22000", "ISO 22000", "ISO 22000"),
    ("self_declaration", "Tự công bố sản phẩm", "Self-declaration"),
    ("growing_area_code", "Mã số vùng trồng", "Growing-area code"),
    ("packing_house_code", "Mã số cơ sở đóng gói", "Packing-house code"),
    ("test_report", "Phiếu kiểm nghiệm", "Test report"),
    ("material_proof", "Chứng từ vật liệu", "Proof of a material"),
    ("alcohol_licence", "Giấy phép sản xuất rượu", "Licence to make alcohol"),
];

/// In Vietnamese and English.
pub fn words_of(kind: &str) -> (&'static str, &'static str) {
    KINDS.iter().find(|(key, ..)| *key == kind).map_or(("Chứng nhận", "Certificate"), |(_, vi, en)| (vi, en))
}

#[cfg(test)]
mod tests {
    use entity::value::CertificateKind;
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn every_kind_has_words() {
        let unknown = CertificateKind::iter().find(|kind| words_of(kind.as_str()).0 == "Chứng nhận");
        assert_eq!(unknown, None);
    }
}
