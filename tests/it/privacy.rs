//! What is kept about people is said, column by column.

use crate::support::cluster::{PROGRAM, connect, database};
use sipas::privacy::{Gaps, gaps};
use sipas::service::privacy::tables;
use sipas::store::Db;
use std::process::{Command, Stdio};

#[tokio::test]
async fn every_table_and_column_is_described() {
    let url = database().await;
    let db = Db::new(&url, 1).unwrap();
    let tables = tables(&db).await.unwrap();
    assert!(tables.len() > 20);
    assert_eq!(gaps(&tables), Gaps::default(), "describe them in src/privacy/register/");
    // A column nobody described is found in the real schema, too.
    connect(&url).await.batch_execute("ALTER TABLE responses ADD COLUMN ip inet").await.unwrap();
    let tables = sipas::service::privacy::tables(&db).await.unwrap();
    assert_eq!(gaps(&tables).undescribed, ["responses.ip"]);
}

#[tokio::test]
async fn no_address_is_stored_with_a_response() {
    let sql = connect(&database().await).await;
    // Whatever could take one: the columns beside ids, answers and words from fixed lists.
    let rows = sql
        .query(
            "SELECT c.relname || '.' || a.attname, t.typname::text FROM pg_attribute a
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
             WHERE c.relname IN ('responses', 'comments', 'ingest_batches', 'response_log', 'device_seqs', 'receipts')
               AND a.attnum > 0 AND NOT a.attisdropped",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 30);
    for row in rows {
        let [column, kind]: [String; 2] = [row.get(0), row.get(1)];
        assert!(!["inet", "cidr", "macaddr", "macaddr8"].contains(&kind.as_str()), "{column}");
        let name = column.split('.').next_back().unwrap();
        let named = ["ip", "addr", "host", "agent", "phone", "email"];
        assert!(!name.split('_').any(|part| named.contains(&part)), "{column}");
    }
}

#[tokio::test]
async fn the_report_says_what_is_kept_and_how_long_in_both_languages() {
    let url = database().await;
    let output = Command::new(PROGRAM)
        .args(["privacy", "report", "--database-url", &url, "--retention-months", "24"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "# SIPAS: dữ liệu được lưu giữ",
        "# SIPAS: what is kept",
        "## `comments`",
        "| `received_at` |",
        "SIPAS_RETENTION_MONTHS=24",
        "SIPAS_AUDIT_RETENTION_MONTHS không đặt",
        "91/2025/QH15",
        "NOT verified",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("| ? |") && !text.contains("NOT DESCRIBED"));
    assert_eq!(text.matches("## `responses`").count(), 2);
}
