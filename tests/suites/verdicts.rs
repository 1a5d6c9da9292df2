//! What becomes of a dossier that is not simply enough: completed, scored again, closed, opened again; and of five stars.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::Client;

use crate::recognition::{Office, account, scores, stars_shown};

impl Office {
    /// A council is named, scores, and its round is closed.
    async fn judged(&self, (head, members): (&Client, &[Client]), acts: (&str, &str), share: f64) -> Value {
        let accounts: Vec<Value> = join_all(members.iter().map(account)).await;
        self.step(head, acts.0, json!({"members": accounts})).await.expect(200);
        self.scored((head, members), acts.1, share).await
    }

    async fn scored(&self, (head, members): (&Client, &[Client]), close: &str, share: f64) -> Value {
        for member in members {
            member.put(&self.path("/scores"), scores(&self.dossier, |_| share)).await.expect(200);
            member.post(&self.path("/scores/hand-in"), json!({})).await.expect(200);
        }
        self.server.execute("UPDATE dossier SET meets_on = NULL").await;
        self.step(head, close, json!({"reason": "Biên bản họp hội đồng"})).await.expect(200)
    }
}

#[tokio::test]
async fn what_is_not_enough_is_completed_scored_again_closed_and_opened_again() {
    let office = Office::open().await;
    office.hand_in().await;
    office.propose().await;
    // The province asks for more, and gets it without the commune; who lets the time pass is closed, not before.
    let why = json!({"reason": "Thiếu phiếu kiểm nghiệm"});
    office.step(&office.clerk, "send_back_from_province", why.clone()).await.expect(200);
    office.step(&office.head, "close", why.clone()).await.expect_problem(409, "still_time");
    office.own_step("submit_to_province", None).await.expect(200);
    office.step(&office.clerk, "receive_at_province", json!({})).await.expect(200);
    // Two rounds, no third; too few points are no stars.
    let council = (&office.head, office.members.as_slice());
    office.judged(council, ("name_council", "close_round"), 0.3).await;
    office.step(&office.head, "second_round", why.clone()).await.expect(200);
    let closed = office.scored(council, "close_round", 0.35).await;
    assert_eq!(closed["councils"].as_array().unwrap().len(), 2, "{closed}");
    office.step(&office.head, "second_round", why.clone()).await.expect_problem(409, "last_round");
    office.step(&office.head, "send_up", json!({})).await.expect_problem(409, "not_five_stars");
    let decided = office.step(&office.head, "decide", json!({"decision_number": "5/QĐ"})).await.expect(200);
    assert_eq!(decided["state"], "not_recognised");
    assert_eq!(stars_shown(&office.server).await, json!(null));
    // Too late to complain; the head may open it again, and it is judged anew.
    office.server.execute("UPDATE dossier SET due_on = '2020-01-01'").await;
    office.own_step("complain", Some("Đề nghị xem lại")).await.expect_problem(409, "complaint_late");
    office.step(&office.head, "reopen", why.clone()).await.expect(200);
    office.step(&office.head, "send_back_from_province", why.clone()).await.expect(200);
    office.server.execute("UPDATE dossier SET due_on = '2020-01-01'").await;
    let closed = office.step(&office.head, "close", why).await.expect(200);
    assert_eq!(closed["state"], "not_recognised");
    assert_eq!(office.server.count("SELECT COUNT(*) FROM recognition WHERE decision_number = '5/QĐ'").await, 0);
}

#[tokio::test]
async fn the_ministry_confirms_five_stars_and_alone_revokes_them() {
    let office = Office::open().await;
    office.hand_in().await;
    office.propose().await;
    office.judged((&office.head, &office.members), ("name_council", "close_round"), 1.0).await;
    office.step(&office.head, "send_up", json!({})).await.expect(200);
    let ministry = office.server.sign_in("bo@example.vn").await;
    let mut central = Vec::new();
    for index in 1..=3 {
        central.push(office.server.sign_in(&format!("trung-uong-{index}@example.vn")).await);
    }
    let why = json!({"reason": "Thiếu hợp đồng xuất khẩu"});
    office.step(&ministry, "send_back_from_ministry", why.clone()).await.expect(200);
    office.own_step("submit_to_ministry", None).await.expect(200);
    office.step(&ministry, "receive_at_ministry", json!({})).await.expect(200);
    office.judged((&ministry, &central), ("name_central_council", "close_central_round"), 1.0).await;
    office.step(&ministry, "confirm", json!({})).await.expect_problem(422, "invalid");
    office.step(&ministry, "confirm", json!({"decision_number": "9/QĐ-BNNMT"})).await.expect(200);
    assert_eq!(stars_shown(&office.server).await, json!(5));
    // A complaint that is upheld leaves the stars until there is another decision.
    office.own_step("complain", Some("Sai tên chủ thể")).await.expect(200);
    office.step(&office.head, "uphold_complaint", why.clone()).await.expect(200);
    assert_eq!(stars_shown(&office.server).await, json!(5));
    office.judged((&office.head, &office.members), ("name_council", "close_round"), 0.8).await;
    office.step(&office.head, "decide", json!({"decision_number": "10/QĐ-UBND"})).await.expect(200);
    let shown = stars_shown(&office.server).await;
    assert!(shown == 3 || shown == 4, "{shown}");
    assert_eq!(office.server.count("SELECT COUNT(*) FROM recognition WHERE revoked_at IS NULL AND decision_number IN ('9/QĐ-BNNMT', '10/QĐ-UBND')").await, 1);
    office.step(&ministry, "revoke_five", why.clone()).await.expect_problem(403, "forbidden");
    office.step(&office.head, "revoke", why).await.expect(200);
    assert_eq!(stars_shown(&office.server).await, json!(null));
}
