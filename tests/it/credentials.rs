//! Life of clients: made, narrowed, given other secrets and ended over the API, by whoever is in charge and nobody else.

use crate::support::clients::faults;
use crate::support::samples::{id, response};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use uuid::Uuid;

/// A token for a client that was handed out, narrowed to a scope.
async fn token(app: &TestApp, made: &Value, scope: &str) -> crate::support::Reply {
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}");
    app.anonymous().form("/oauth/token", &form).await
}

async fn bearer(app: &TestApp, made: &Value, scope: &str) -> Client {
    let reply = token(app, made, scope).await.expect(200).json();
    app.anonymous().with_token(reply["access_token"].as_str().unwrap())
}

fn path(client: &Value, rest: &str) -> String {
    format!("/v1/clients/{}{rest}", client["client_id"].as_str().unwrap())
}

async fn audit(app: &TestApp) -> Vec<(String, String, String)> {
    let rows =
        app.sql().await.query("SELECT actor, action, details FROM audit_entries ORDER BY seq", &[]).await;
    rows.unwrap().iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn a_client_is_made_once_and_its_secret_shown_once() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let body = json!({
        "id": id(app.now), "kind": "system", "name": " Cổng dịch vụ ", "agency": "H56.C1.X1",
        "expires_at": "2026-12-31T00:00:00+07:00", "permissions": ["submit_response", "read_figures"],
        "networks": ["127.0.0.1", "203.0.113.0/24"],
    });
    let made = admin.post("/v1/clients", &body).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    assert_eq!((&made["replayed"], &made["name"]), (&json!(false), &json!("Cổng dịch vụ")));
    assert_eq!(made["permissions"], json!(["submit_response", "read_figures"]));
    assert_eq!(made["networks"], json!(["127.0.0.1/32", "203.0.113.0/24"]));
    let again = admin.post("/v1/clients", &body).await.expect(200).json();
    assert_eq!((&again["replayed"], &again["client_secret"]), (&json!(true), &Value::Null));
    let mut other = body.clone();
    other["name"] = json!("x");
    assert_eq!(admin.post("/v1/clients", &other).await.expect(409).problem(), "client_conflict");

    let system = bearer(&app, &made, "").await;
    let mut answer = response(id(app.now), 4);
    answer["rated_agency"] = json!("H56.C1.X1");
    answer.as_object_mut().unwrap().remove("service_point");
    system.post("/v1/responses", &answer).await.expect(201);
    let seen = admin.get(&path(&made, "")).await.expect(200);
    let secret = made["client_secret"].as_str().unwrap();
    assert!(!seen.text.contains(secret) && !seen.text.contains("argon2"), "{}", seen.text);
    let log = audit(&app).await;
    assert!(
        log.iter().all(|(_, _, details)| !details.contains(secret) && !details.contains("argon2")),
        "{log:?}"
    );
    let last = log.last().unwrap();
    assert!(last.0.starts_with("client:") && last.1 == "client_created", "{last:?}");
    assert!(log.iter().any(|(actor, action, _)| actor == "command-line" && action == "client_created"));
}

#[tokio::test]
async fn every_fault_of_a_client_is_told() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56.C1")).await;
    let body = json!({
        "id": "x", "kind": "device", "name": "", "agency": "H56", "expires_at": "2026-07-15T03:00:00Z",
        "permissions": ["submit_response", "fly", 3], "networks": ["203.0.113.7/24", "::/0"], "secret": "x",
    });
    let reply = admin.post("/v1/clients", &body).await.expect(422);
    let expected = [
        ("/id", "bad_format"),
        ("/kind", "enrol_devices"),
        ("/name", "missing_field"),
        ("/agency", "unknown_agency"),
        ("/expires_at", "not_ahead"),
        ("/permissions/1", "not_allowed"),
        ("/permissions/2", "wrong_type"),
        ("/networks/0", "bad_format"),
        ("/secret", "unknown_field"),
    ];
    assert_eq!(reply.faults(), faults(&expected));
    let body = json!({"kind": "viewer", "name": "x", "permissions": ["change_tree"]});
    let reply = admin.post("/v1/clients", &body).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/agency", "missing_field"), ("/permissions", "not_of_kind")]));
    for overlap in [json!(-1), json!(2_592_001), json!(1.5)] {
        let path = format!("/v1/clients/{}/rotate", Uuid::nil());
        admin.post(&path, &json!({"overlap_seconds": overlap})).await.expect(404);
    }
}

#[tokio::test]
async fn a_leaked_credential_of_a_commune_reaches_nothing_above_or_beside_it() {
    let app = TestApp::start().await;
    let commune = app.admin(Some("H56.C1")).await;
    let national = app.admin(None).await;
    let mut outside = Vec::new();
    for (agency, kind) in
        [(None, "admin"), (Some("H56"), "admin"), (Some("H56.C2"), "system"), (Some("H21"), "viewer")]
    {
        let body = json!({"kind": kind, "name": "above", "agency": agency});
        let reply = commune.post("/v1/clients", &body).await.expect(422);
        assert_eq!(reply.problem(), "validation_failed", "{agency:?}");
        outside.push(national.post("/v1/clients", &body).await.expect(201).json());
    }
    for client in &outside {
        assert_eq!(commune.get(&path(client, "")).await.expect(404).problem(), "client_not_found");
        commune.send(reqwest::Method::POST, &path(client, "/revoke"), &[], None::<String>).await.expect(404);
        commune.post(&path(client, "/rotate"), &json!({})).await.expect(404);
        commune.patch(&path(client, ""), &json!({"name": "mine"})).await.expect(404);
        commune.patch(&path(client, ""), &json!({"surely_unknown": 1})).await.expect(404);
        token(&app, client, "").await.expect(200);
    }
    let own =
        commune.post("/v1/clients", &json!({"kind": "viewer", "name": "own", "agency": "H56.C1"})).await;
    let own = own.expect(201).json();
    let listed = commune.get("/v1/clients").await.expect(200).json();
    let agencies: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().map(|item| &item["agency"]).collect();
    assert_eq!(agencies, [&json!("H56.C1"); 2]);
    let reply = commune.get("/v1/clients?agency=H56").await.expect(422);
    assert_eq!(reply.faults(), faults(&[("agency", "unknown_agency")]));
    // A system sends responses: the office that they rate does not make one for itself, who stands above it does.
    let system = json!({"kind": "system", "name": "x", "agency": "H56.C1"});
    let reply = commune.post("/v1/clients", &system).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/kind", "from_above")]));
    let made = app.admin(Some("H56")).await.post("/v1/clients", &system).await.expect(201).json();
    assert_eq!(
        commune.post(&path(&made, "/rotate"), &json!({})).await.expect(403).problem(),
        "not_permitted"
    );
    // Others may not do it at all.
    let viewer = bearer(&app, &own, "").await;
    for client in [viewer, app.system(None).await, app.device("H56.C1", "MC-H56-C1").await] {
        assert_eq!(client.get("/v1/clients").await.expect(403).problem(), "not_permitted");
        client.post(&path(&own, "/rotate"), &json!({})).await.expect(403);
    }
    assert_eq!(app.anonymous().get(&path(&own, "")).await.expect(401).problem(), "token_missing");
}

#[tokio::test]
async fn a_narrowed_administrator_cannot_make_itself_wider() {
    let app = TestApp::start().await;
    let national = app.admin(None).await;
    let wide =
        national.post("/v1/clients", &json!({"kind": "admin", "name": "wide"})).await.expect(201).json();
    let terms = json!({
        "kind": "admin", "name": "narrow", "expires_at": "2026-08-01T00:00:00Z",
        "permissions": ["manage_clients", "read_figures"], "networks": ["127.0.0.0/8"],
    });
    let made = national.post("/v1/clients", &terms).await.expect(201).json();
    let narrow = bearer(&app, &made, "").await;
    assert_eq!(narrow.get("/v1/responses").await.expect(403).problem(), "not_permitted");
    let reply = narrow.post("/v1/clients", &json!({"kind": "admin", "name": "x"})).await.expect(422);
    let beyond = ["/expires_at", "/networks", "/permissions"].map(|place| (place, "beyond_yours"));
    assert_eq!(reply.faults(), faults(&beyond));
    assert_eq!(narrow.post(&path(&wide, "/rotate"), &json!({})).await.expect(403).problem(), "not_permitted");
    narrow.patch(&path(&wide, ""), &json!({"name": "x"})).await.expect(403);
    for own in [json!({"permissions": null}), json!({"expires_at": null}), json!({"networks": []})] {
        assert_eq!(narrow.patch(&path(&made, ""), &own).await.expect(409).problem(), "own_client");
    }
    narrow.patch(&path(&made, ""), &json!({"name": "another"})).await.expect(200);
    // Its equal it may make, and not widen afterwards.
    let mut equal = terms.clone();
    equal["networks"] = json!(["127.0.0.1"]);
    let equal = narrow.post("/v1/clients", &equal).await.expect(201).json();
    let reply = narrow.patch(&path(&equal, ""), &json!({"networks": null})).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/networks", "beyond_yours")]));
    // A narrow token of a wide client is narrow too.
    let scoped = bearer(&app, &wide, "manage_clients").await;
    // Nor does it get a secret with which it would be wide again.
    assert_eq!(scoped.post(&path(&wide, "/rotate"), &json!({})).await.expect(403).problem(), "not_permitted");
    bearer(&app, &wide, "").await.post(&path(&wide, "/rotate"), &json!({})).await.expect(200);
    let reply = scoped.post("/v1/clients", &json!({"kind": "admin", "name": "x"})).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/permissions", "beyond_yours")]));
}

#[tokio::test]
async fn a_scope_narrows_a_token_and_never_widens_it() {
    let app = TestApp::start().await;
    let national = app.admin(None).await;
    let body = json!({"kind": "system", "name": "x", "permissions": ["submit_response", "read_responses"]});
    let made = national.post("/v1/clients", &body).await.expect(201).json();
    let all = token(&app, &made, "").await.expect(200).json();
    assert_eq!(all["scope"], "submit_response read_responses");
    let narrow = token(&app, &made, "read_responses").await.expect(200).json();
    assert_eq!(narrow["scope"], "read_responses");
    for scope in ["read_figures", "fly", "read_responses%20report_dossiers", "%20", "READ_RESPONSES"] {
        let reply = token(&app, &made, scope).await.expect(400);
        assert_eq!(
            (reply.problem(), &reply.json()["error"]),
            ("invalid_scope".into(), &json!("invalid_scope"))
        );
    }
    let with = |token: &Value| app.anonymous().with_token(token["access_token"].as_str().unwrap());
    let (all, narrow) = (with(&all), with(&narrow));
    // Both are held at the same time, each as narrow as it is.
    for _ in 0..2 {
        all.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
        assert_eq!(
            narrow.post("/v1/responses", &response(id(app.now), 4)).await.expect(403).problem(),
            "not_permitted"
        );
        narrow.get("/v1/responses").await.expect(200);
    }
    // Narrowing the client narrows the tokens it has.
    national.patch(&path(&made, ""), &json!({"permissions": ["read_responses"]})).await.expect(200);
    all.post("/v1/responses", &response(id(app.now), 4)).await.expect(403);
    national.patch(&path(&made, ""), &json!({"permissions": null})).await.expect(200);
    narrow.post("/v1/responses", &response(id(app.now), 4)).await.expect(403);
    all.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
}

#[tokio::test]
async fn a_token_ends_with_its_client() {
    let app = TestApp::start().await;
    let national = app.admin(None).await;
    let body = json!({"kind": "viewer", "name": "x", "expires_at": "2026-07-15T10:10:00+07:00"});
    let made = national.post("/v1/clients", &body).await.expect(201).json();
    let reply = token(&app, &made, "").await.expect(200).json();
    assert_eq!(reply["expires_in"], 600);
    let token_of = |reply: &Value| reply["access_token"].as_str().unwrap().to_owned();
    let other =
        national.post("/v1/clients", &json!({"kind": "viewer", "name": "y"})).await.expect(201).json();
    let long = token_of(&token(&app, &other, "").await.expect(200).json());
    let end = json!({"expires_at": "2026-07-15T10:20:00+07:00"});
    national.patch(&path(&other, ""), &end).await.expect(200);
    let later = TestApp::on(app.database_url.clone(), "2026-07-15T10:20:00+07:00", &[]).await;
    let with = |token: &str| later.anonymous().with_token(token);
    assert_eq!(with(&token_of(&reply)).get("/v1/surveys").await.expect(401).problem(), "token_expired");
    assert_eq!(with(&long).get("/v1/surveys").await.expect(401).problem(), "client_expired");
    assert_eq!(token(&later, &other, "").await.expect(401).problem(), "invalid_client");
}

#[tokio::test]
async fn a_client_comes_from_its_networks_only() {
    let app = TestApp::start().await;
    let national = app.admin(None).await;
    let body = json!({"kind": "viewer", "name": "x", "networks": ["127.0.0.0/8"]});
    let made = national.post("/v1/clients", &body).await.expect(201).json();
    let viewer = bearer(&app, &made, "").await;
    viewer.get("/v1/surveys").await.expect(200);
    let elsewhere = json!({"networks": ["203.0.113.0/24", "2001:db8::/32"]});
    national.patch(&path(&made, ""), &elsewhere).await.expect(200);
    assert_eq!(viewer.get("/v1/surveys").await.expect(403).problem(), "address_not_allowed");
    let refused = token(&app, &made, "").await.expect(403);
    assert_eq!(
        (refused.problem(), &refused.json()["error"]),
        ("address_not_allowed".into(), &json!("unauthorized_client"))
    );
    // Who does not know the secret is not told where it would be good.
    let mut wrong = made.clone();
    wrong["client_secret"] = json!("wrong");
    assert_eq!(token(&app, &wrong, "").await.expect(401).problem(), "invalid_client");
    national.patch(&path(&made, ""), &json!({"networks": null})).await.expect(200);
    viewer.get("/v1/surveys").await.expect(200);
}

#[tokio::test]
async fn two_secrets_overlap_and_never_three() {
    let app = TestApp::start().await;
    let national = app.admin(None).await;
    let first =
        national.post("/v1/clients", &json!({"kind": "viewer", "name": "x"})).await.expect(201).json();
    let rotate = async |overlap: i64| {
        let body = json!({"overlap_seconds": overlap});
        national.post(&path(&first, "/rotate"), &body).await.expect(200).json()
    };
    let second = rotate(600).await;
    assert_eq!(second["previous_secret_until"], "2026-07-15T03:10:00Z");
    for good in [&first, &second] {
        token(&app, good, "").await.expect(200);
    }
    let after = TestApp::on(app.database_url.clone(), "2026-07-15T10:10:00+07:00", &[]).await;
    token(&after, &first, "").await.expect(401);
    token(&after, &second, "").await.expect(200);
    let third = rotate(600).await;
    token(&app, &first, "").await.expect(401);
    token(&app, &second, "").await.expect(200);
    token(&app, &third, "").await.expect(200);
    let fourth = rotate(0).await;
    assert_eq!(fourth["previous_secret_until"], Value::Null);
    token(&app, &third, "").await.expect(401);
    token(&app, &fourth, "").await.expect(200);
    let sql = app.sql().await;
    let row =
        sql.query_one("SELECT secret_hash, previous_secret_hash FROM clients WHERE name = 'x'", &[]).await;
    let row = row.unwrap();
    assert!(row.get::<_, String>(0).starts_with("$argon2id$") && row.get::<_, Option<String>>(1).is_none());
    assert_eq!(audit(&app).await.iter().filter(|(_, action, _)| action == "client_rotated").count(), 3);
    // A device enrols again: whoever has its secret could answer for citizens.
    let (device, _) = app.credential(ClientKind::Device, Some("H56.C1"), None).await;
    national.post(&format!("/v1/clients/{device}/rotate"), &json!({})).await.expect(403);
}

#[tokio::test]
async fn nobody_locks_itself_out_and_an_end_is_for_good() {
    let app = TestApp::start().await;
    let (own, secret) = app.credential(ClientKind::Admin, None, None).await;
    let admin = app.anonymous().with_token(&app.anonymous().token(&own, &secret).await);
    let post = async |path: &str| admin.send(reqwest::Method::POST, path, &[], None::<String>).await;
    assert_eq!(post(&format!("/v1/clients/{own}/revoke")).await.expect(409).problem(), "own_client");
    let path_of_own = format!("/v1/clients/{own}/rotate");
    assert_eq!(
        admin.post(&path_of_own, &json!({"overlap_seconds": 0})).await.expect(409).problem(),
        "own_client"
    );
    admin.post(&path_of_own, &json!({})).await.expect(200);
    app.anonymous().token(&own, &secret).await;

    let made = admin.post("/v1/clients", &json!({"kind": "viewer", "name": "x"})).await.expect(201).json();
    let viewer = bearer(&app, &made, "").await;
    let ended = post(&path(&made, "/revoke")).await.expect(200).json();
    assert_eq!(viewer.get("/v1/surveys").await.expect(401).problem(), "client_revoked");
    assert_eq!(post(&path(&made, "/revoke")).await.expect(200).json()["revoked_at"], ended["revoked_at"]);
    assert_eq!(
        admin.patch(&path(&made, ""), &json!({"name": "y"})).await.expect(409).problem(),
        "client_ended"
    );
    assert_eq!(admin.post(&path(&made, "/rotate"), &json!({})).await.expect(409).problem(), "client_ended");
    assert_eq!(audit(&app).await.iter().filter(|(_, action, _)| action == "client_revoked").count(), 1);
    for bad in ["x", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(admin.get(&format!("/v1/clients/{bad}")).await.expect(404).problem(), "client_not_found");
    }
    let listed = admin.get("/v1/clients?revoked=true").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_list_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    for name in ["a", "b", "c", "d"] {
        admin.post("/v1/clients", &json!({"kind": "viewer", "name": name})).await.expect(201);
    }
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            admin.get(&format!("/v1/clients?kind=viewer&limit=3&cursor={cursor}")).await.expect(200).json();
        names.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    names.sort();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let other = admin.get(&format!("/v1/clients?kind=admin&limit=3&cursor={cursor}")).await.expect(400);
    assert_eq!(other.problem(), "invalid_cursor");
}

#[tokio::test]
async fn the_last_use_is_written_behind_and_disturbs_nobody() {
    let app = TestApp::start().await;
    let national = app.admin(None).await;
    let made = national.post("/v1/clients", &json!({"kind": "viewer", "name": "x"})).await.expect(201).json();
    assert_eq!(made["last_used_at"], Value::Null);
    let (database, path) = (app.database_url.clone(), path(&made, ""));
    {
        let other = TestApp::on(database, "2026-07-15T10:05:00+07:00", &[]).await;
        let viewer = bearer(&other, &made, "").await;
        viewer.get("/v1/surveys").await.expect(200);
    }
    let sql = app.sql().await;
    let revision = "SELECT revision FROM catalogue_revision";
    let before: i64 = sql.query_one(revision, &[]).await.unwrap().get(0);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    // An instance that stops writes down what it saw.
    while national.get(&path).await.expect(200).json()["last_used_at"] != "2026-07-15T03:05:00Z" {
        assert!(std::time::Instant::now() < deadline, "not written down");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let after: i64 = sql.query_one(revision, &[]).await.unwrap().get(0);
    assert_eq!(before, after, "a use makes nobody read the catalogue anew");
}
