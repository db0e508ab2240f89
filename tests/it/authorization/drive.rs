//! How each operation is driven: whose things it is about, and what is sent.

use super::RELATIONS;
use crate::support::samples::{id, response, with, without};
use crate::support::{Client, Reply, TestApp};

use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is asked of any figure.
const FIGURE: &str = "survey=demo-service&period=2026";

/// A device at each agency, the receipt of what it sent, another client that was ended, a response that rates the
/// agency, and a draft of a release of its.
#[derive(Clone)]
pub struct Sender {
    device: String,
    receipt: String,
    ended: String,
    rating: String,
    rule: String,
    webhook: String,
    draft: String,
}

/// What there is at each agency.
pub struct Senders(BTreeMap<&'static str, Sender>);

impl Senders {
    /// At an agency that there is not everything is unknown.
    fn of(&self, agency: &str) -> Sender {
        let nil = || Uuid::nil().to_string();
        let unknown = || Sender {
            device: nil(),
            receipt: nil(),
            ended: nil(),
            rating: nil(),
            rule: nil(),
            webhook: nil(),
            draft: nil(),
        };
        self.0.get(agency).cloned().unwrap_or_else(unknown)
    }
}

pub async fn senders(app: &TestApp) -> Senders {
    let (mut senders, system, admin) = (BTreeMap::new(), app.system(None).await, app.admin(None).await);
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    for (relation, agency) in RELATIONS {
        if relation != "unknown" {
            let (id, secret) = app.credential(ClientKind::Device, Some(agency), None).await;
            let device = app.anonymous().with_token(&app.anonymous().token(&id, &secret).await);
            let reply = device.post_batch(&[]).await.expect(200).json();
            let (ended, _) = app.credential(ClientKind::Viewer, Some(agency), None).await;
            sipas::service::clients::revoke(&db, ended.parse().unwrap(), app.now).await.unwrap();
            let rating = crate::support::samples::id(app.now);
            let body = with(without(response(rating, 4), "/service_point"), "/rated_agency", json!(agency));
            system.post("/v1/responses", &body).await.expect(201);
            let receipt = reply["receipt"].as_str().unwrap().to_owned();
            let rule = json!({"name": "x", "agency": agency, "kind": "flagged_burst", "threshold": 9});
            let rule = admin.post("/v1/alert-rules", &rule).await.expect(201).json();
            let webhook =
                json!({"name": "x", "agency": agency, "url": "https://8.8.8.8/", "events": ["alert.opened"]});
            let webhook = admin.post("/v1/webhooks", &webhook).await.expect(201).json();
            let [rule, webhook] = [rule, webhook].map(|made| made["id"].as_str().unwrap().to_owned());
            let drafted =
                app.admin(None).await.post("/v1/releases", &release_of(agency)).await.expect(201).json();
            let draft = drafted["id"].as_str().unwrap().to_owned();
            let rating = rating.to_string();
            senders.insert(agency, Sender { device: id, receipt, ended, rating, rule, webhook, draft });
        }
    }
    Senders(senders)
}

fn release_of(agency: &str) -> Value {
    let content = json!({"kind": "index", "agency": agency, "survey": "demo-service", "period": "2026-06", "children": false});
    json!({"agency": agency, "series": "x", "title": {"vi": "x", "en": "x"}, "contents": [content]})
}

/// A device at the agency that may be changed or ended.
async fn spare(app: &TestApp, agency: &str) -> String {
    match agency {
        "H98" => Uuid::nil().to_string(),
        _ => app.credential(ClientKind::Device, Some(agency), None).await.0,
    }
}

/// A desk of the agency; there is none for the child.
fn desk_of(agency: &str) -> String {
    format!("MC-{}", agency.replace('.', "-"))
}

/// Operations whose answer depends on the agency named, and on the settings.
pub async fn drive(
    operation: &str,
    app: &TestApp,
    senders: &Senders,
    client: &Client,
    agency: &str,
) -> Reply {
    let Sender { device, receipt, ended, rating, rule, webhook, draft } = senders.of(agency);
    match operation {
        "list_device_receipts" => client.get(&format!("/v1/devices/{device}/receipts")).await,
        "invite_device" => {
            client.post("/v1/devices/invitations", &json!({"service_point": desk_of(agency)})).await
        }
        "list_invitations" => client.get(&format!("/v1/devices/invitations?agency={agency}")).await,
        "revoke_invitation" => {
            let invited = app.admin(None).await;
            let body = json!({"service_point": desk_of(agency)});
            let invited = invited.post("/v1/devices/invitations", &body).await.json();
            let id = invited["id"].as_str().map_or_else(|| Uuid::nil().to_string(), str::to_owned);
            client.post(&format!("/v1/devices/invitations/{id}/revoke"), &json!({})).await
        }
        "enrol_device" => {
            let body =
                json!({"code": "AAAA-AAAA-AAAA", "attempt": Uuid::nil(), "model": "x", "app_version": "1"});
            client.post("/v1/devices/enrol", &body).await
        }
        "put_heartbeat" => {
            let body = json!({"clock": "2026-07-15T10:00:00+07:00", "app_version": "1", "backlog": 0});
            client.put("/v1/devices/me/heartbeat", &body).await
        }
        "list_devices" => client.get(&format!("/v1/devices?agency={agency}")).await,
        "get_device" => client.get(&format!("/v1/devices/{device}")).await,
        "rename_device" => {
            let headers = [("content-type", "application/json")];
            let (path, body) = (format!("/v1/devices/{device}"), json!({"name": "x"}));
            client.send(reqwest::Method::PATCH, &path, &headers, Some(body.to_string())).await
        }
        "move_device" => {
            // Another device each time: whoever may moves it to the actor's agency.
            let (device, body) = (spare(app, agency).await, json!({"service_point": "MC-H56-C1"}));
            client.post(&format!("/v1/devices/{device}/move"), &body).await
        }
        "suspend_device" => client.post(&format!("/v1/devices/{device}/suspend"), &json!({})).await,
        "resume_device" => client.post(&format!("/v1/devices/{device}/resume"), &json!({})).await,
        "revoke_device" => {
            let device = spare(app, agency).await;
            client.post(&format!("/v1/devices/{device}/revoke"), &json!({})).await
        }
        "list_flags" => client.get(&format!("/v1/flags?agency={agency}")).await,
        "list_voids" => client.get(&format!("/v1/voids?agency={agency}")).await,
        // Nothing is flagged and, in the order of the table, nobody has asked yet: who may decide learns that.
        "review_flags" => {
            let body = json!({"decision": "lifted", "reason": "x"});
            client.post(&format!("/v1/responses/{rating}/flag-review"), &body).await
        }
        "confirm_void" => client.post(&format!("/v1/responses/{rating}/void/confirm"), &json!({})).await,
        "refuse_void" => client.post(&format!("/v1/responses/{rating}/void/refuse"), &json!({})).await,
        "request_void" => client.post(&format!("/v1/responses/{rating}/void"), &json!({"reason": "x"})).await,
        // Wrong in themselves, so that driving them changes nothing: 422 "known" is for those who may.
        "create_alert_rule" => {
            let body = json!({"name": "x", "agency": agency, "kind": "flagged_burst", "threshold": 0});
            client.post("/v1/alert-rules", &body).await
        }
        "create_webhook" => {
            let body = json!({"name": "x", "agency": agency, "url": "https://127.0.0.1/", "events": ["alert.opened"]});
            client.post("/v1/webhooks", &body).await
        }
        "list_alert_rules" => client.get(&format!("/v1/alert-rules?agency={agency}")).await,
        "change_alert_rule" => client.patch(&format!("/v1/alert-rules/{rule}"), &json!({"name": "x"})).await,
        "end_alert_rule" => client.post(&format!("/v1/alert-rules/{rule}/end"), &json!({})).await,
        "list_alerts" => client.get(&format!("/v1/alerts?agency={agency}")).await,
        "list_webhooks" => client.get(&format!("/v1/webhooks?agency={agency}")).await,
        "get_webhook" => client.get(&format!("/v1/webhooks/{webhook}")).await,
        "change_webhook" => client.patch(&format!("/v1/webhooks/{webhook}"), &json!({"name": "x"})).await,
        "pause_webhook" => client.post(&format!("/v1/webhooks/{webhook}/pause"), &json!({})).await,
        "resume_webhook" => client.post(&format!("/v1/webhooks/{webhook}/resume"), &json!({})).await,
        "rotate_webhook" => client.post(&format!("/v1/webhooks/{webhook}/rotate"), &json!({})).await,
        // What comes after it in the order of the table finds it ended: 409 is for those who may know of it.
        "end_webhook" => client.post(&format!("/v1/webhooks/{webhook}/end"), &json!({})).await,
        "list_deliveries" => client.get(&format!("/v1/webhooks/{webhook}/deliveries")).await,
        "replay_deliveries" => {
            let body = json!({"since": "2026-07-01T00:00:00Z"});
            client.post(&format!("/v1/webhooks/{webhook}/replay"), &body).await
        }
        "get_receipt" => client.get(&format!("/v1/receipts/{receipt}")).await,
        "submit_response" => {
            let body =
                with(without(response(id(app.now), 4), "/service_point"), "/rated_agency", json!(agency));
            client.post("/v1/responses", &body).await
        }
        "submit_batch" => {
            let body =
                with(without(response(id(app.now), 4), "/service_point"), "/rated_agency", json!(agency));
            client.post_batch(&[body]).await
        }
        "issue_visits" => {
            let body = json!({
                "survey": "demo-service", "rated_agency": agency, "service_point": "MC-H56-C1",
            });
            client.post("/v1/visits", &body).await
        }
        "get_visit" => client.get("/v1/visits/current").await,
        "get_index" => client.get(&format!("/v1/agencies/{agency}/index?{FIGURE}")).await,
        "get_series" => client.get(&format!("/v1/agencies/{agency}/index/series?{FIGURE}")).await,
        "get_breakdown" => {
            client.get(&format!("/v1/agencies/{agency}/index/breakdown?{FIGURE}&by=channel")).await
        }
        "record_agency_event" => {
            // Wrong in itself, so that driving it changes nothing: who may not know of the agency is told that it is
            // unknown, who may that it cannot be merged into itself.
            let body = json!({
                "id": id(app.now), "kind": "merge", "effective_on": "2026-07-01", "basis": "x",
                "predecessors": [agency], "successor": agency,
            });
            client.post("/v1/agency-events", &body).await
        }
        "list_agency_events" => client.get(&format!("/v1/agency-events?agency={agency}")).await,
        "import_agencies" => {
            let table = format!("code,level,name,valid_from,parent\nH99.1,commune,x,2026-07-01,{agency}\n");
            let headers = [("content-type", "text/csv")];
            let path = "/v1/agencies/import?dry_run=true";
            client.send(reqwest::Method::POST, path, &headers, Some(table)).await
        }
        "get_comparison" => {
            let path = format!("/v1/agencies/{agency}/index/comparison?{FIGURE}&with_period=2025");
            client.get(&path).await
        }
        "get_ranking" => client.get(&format!("/v1/agencies/{agency}/index/ranking?{FIGURE}")).await,
        "list_responses" => client.get(&format!("/v1/responses?agency={agency}")).await,
        "export_responses" => client.get(&format!("/v1/responses/export?agency={agency}")).await,
        "list_comments" => {
            client.get(&format!("/v1/comments?agency={agency}&survey=demo-service&month=2026-06")).await
        }
        "list_undertakings" => client.get(&format!("/v1/agencies/{agency}/undertakings")).await,
        // Wrong in itself, so that driving it publishes nothing.
        "publish_undertaking" => {
            client.post(&format!("/v1/agencies/{agency}/undertakings"), &json!({})).await
        }
        // Of an agency in reach there is none of this id: the code tells it from an agency out of reach.
        "correct_undertaking" => {
            let path = format!("/v1/agencies/{agency}/undertakings/{}/correction", Uuid::nil());
            client.post(&path, &json!({})).await
        }
        "withdraw_undertaking" => {
            let path = format!("/v1/agencies/{agency}/undertakings/{}/withdrawal", Uuid::nil());
            client.post(&path, &json!({})).await
        }
        // Wrong in itself, so that driving it changes nothing.
        "draft_release" => {
            let body = with(release_of(agency), "/contents", json!([]));
            client.post("/v1/releases", &body).await
        }
        // Of something else than was read, and not approved: 409 is for those who may.
        "review_release" => {
            let body = json!({"decision": "approved", "digest": "0".repeat(64), "reason": "x"});
            client.post(&format!("/v1/releases/{draft}/review"), &body).await
        }
        "seal_release" => client.post(&format!("/v1/releases/{draft}/seal"), &json!({})).await,
        "get_draft" => client.get(&format!("/v1/releases/{draft}")).await,
        "list_releases" => client.get(&format!("/v1/releases?agency={agency}")).await,
        "list_release_keys" => client.get("/v1/releases/keys").await,
        // Nothing is sealed yet.
        "get_release" => client.get(&format!("/v1/releases/{agency}_x/1")).await,
        "get_release_package" => client.get(&format!("/v1/releases/{agency}_x/1/package")).await,
        "list_audit" => client.get(&format!("/v1/audit?agency={agency}")).await,
        "export_audit" => client.get("/v1/audit/export").await,
        "get_report" => client.get(&format!("/v1/agencies/{agency}/report?{FIGURE}")).await,
        "list_reports" => client.get(&format!("/v1/agencies/{agency}/reports")).await,
        "download_report" => client.get(&format!("/v1/agencies/{agency}/reports/{}", Uuid::nil())).await,
        "list_report_schedules" => client.get(&format!("/v1/agencies/{agency}/report-schedules")).await,
        "put_report_schedule" => {
            let path = format!("/v1/agencies/{agency}/report-schedules/demo-service/year");
            client.put(&path, &json!({"languages": ["vi"]})).await
        }
        "end_report_schedule" => {
            let path = format!("/v1/agencies/{agency}/report-schedules/demo-service/year");
            let body = json!({"languages": ["vi"]});
            app.admin(None).await.put(&path, &body).await;
            client.send(reqwest::Method::DELETE, &path, &[], None::<String>).await
        }
        "put_dossier_count" => {
            let body = json!({"count": 1234, "source": "test"});
            client.put(&format!("/v1/agencies/{agency}/dossier-counts/2026-Q2"), &body).await
        }
        "put_target" => {
            let path = format!("/v1/agencies/{agency}/targets/demo-service:satisfied-share/2026");
            client.put(&path, &json!({"at_least": 90})).await
        }
        "get_target" => {
            client.get(&format!("/v1/agencies/{agency}/targets/demo-service:satisfied-share/2026")).await
        }
        // Another one than is set by others: to who may it is told that there is none.
        "end_target" => {
            let path = format!("/v1/agencies/{agency}/targets/demo-service:satisfied-share/2020/end");
            client.send(reqwest::Method::POST, &path, &[], None::<String>).await
        }
        "list_targets" => client.get(&format!("/v1/agencies/{agency}/targets?period=2026")).await,
        "get_drags" => client.get(&format!("/v1/agencies/{agency}/index/drags?{FIGURE}&target=90")).await,
        "list_dossier_counts" => client.get(&format!("/v1/agencies/{agency}/dossier-counts")).await,
        "put_measure_value" => {
            let body = json!({"value": 82.66, "source": {"title": "test"}, "mark": "verified"});
            client.put(&format!("/v1/agencies/{agency}/measures/sipas/2025"), &body).await
        }
        "put_measure_duty" => {
            let path = format!("/v1/agencies/{agency}/measure-duties/sipas");
            client.put(&path, &json!({"from": "2026-01-01", "unit_vi": "test"})).await
        }
        "import_measures" => {
            let row = format!("{agency},par,2025,verified,test,80\n");
            let table = format!("agency,measure,period,mark,source_title,value\n{row}");
            crate::measure_imports::send(client, "dry_run=true", &table).await
        }
        "get_tracker" => client.get(&format!("/v1/agencies/{agency}/measures")).await,
        "get_measure_series" => client.get(&format!("/v1/agencies/{agency}/measures/sipas")).await,
        "list_measures" => client.get("/v1/measures").await,
        "get_measure" => client.get("/v1/measures/sipas").await,
        "create_client" => {
            // Wrong in itself, so that driving it changes nothing.
            let body = json!({"kind": "device", "name": "x", "agency": agency});
            client.post("/v1/clients", &body).await
        }
        "list_clients" => client.get(&format!("/v1/clients?agency={agency}")).await,
        "get_client" => client.get(&format!("/v1/clients/{device}")).await,
        "change_client" => client.patch(&format!("/v1/clients/{device}"), &json!({"name": "test"})).await,
        // Nobody may have the secret of a device: 403 tells that it is known.
        "rotate_client" => client.post(&format!("/v1/clients/{device}/rotate"), &json!({})).await,
        "revoke_client" => {
            // One that is over already, so that driving it changes nothing.
            let path = format!("/v1/clients/{}/revoke", ended);
            client.send(reqwest::Method::POST, &path, &[], None::<String>).await
        }
        "list_formulas" => client.get("/v1/formulas").await,
        "get_formula" => client.get("/v1/formulas/satisfied-share").await,
        "get_agency" => client.get(&format!("/v1/agencies/{agency}")).await,
        "list_agencies" => client.get(&format!("/v1/agencies?parent={agency}")).await,
        "list_surveys" => client.get("/v1/surveys").await,
        "get_survey" => client.get("/v1/surveys/demo-service").await,
        "issue_token" => client.form("/oauth/token", "grant_type=client_credentials").await,
        "list_signing_keys" => client.get("/v1/signing-keys").await,
        "rotate_signing_keys" => client.post("/v1/signing-keys/rotate", &json!(null)).await,
        // There is no such key, so that driving it ends nobody's: 404 is for those who may.
        "withdraw_signing_key" => client.post("/v1/signing-keys/none/withdraw", &json!(null)).await,
        "list_keys" => client.get("/.well-known/jwks.json").await,
        "live" => client.get("/health/live").await,
        "get_metrics" => client.get("/metrics").await,
        "ready" => client.get("/health/ready").await,
        other => panic!("nobody drives {other}: add it here"),
    }
}
