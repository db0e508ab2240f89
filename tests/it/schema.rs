//! The schema keeps the house's rules, and migrations can be undone and repeated.

use crate::support::cluster::{connect, database, empty_database, migrate};
use std::path::Path;

#[tokio::test]
async fn every_foreign_key_has_an_index_and_refuses_deletion() {
    let sql = connect(&database().await).await;
    let rows = sql
        .query(
            "SELECT c.conname, c.confdeltype = 'r' AS restricts, EXISTS (
                 SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
                 AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey
             ) AS indexed
             FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() >= 12, "{} foreign keys", rows.len());
    for row in rows {
        assert!(
            row.get::<_, bool>("restricts") && row.get::<_, bool>("indexed"),
            "{}",
            row.get::<_, String>(0)
        );
    }
}

#[tokio::test]
async fn constraints_are_named_after_their_table_and_kind() {
    let sql = connect(&database().await).await;
    let rows = sql
        .query(
            "SELECT r.relname, c.conname, c.contype::text FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
             WHERE c.connamespace = 'public'::regnamespace AND r.relname NOT LIKE '\\_\\_%' AND NOT r.relispartition",
            &[],
        )
        .await
        .unwrap();
    assert!(rows.len() > 40);
    for row in rows {
        let [table, name, kind]: [String; 3] = [row.get(0), row.get(1), row.get(2)];
        let suffix = match kind.as_str() {
            "p" => "_pkey",
            "u" => "_key",
            "f" => "_fkey",
            "c" => "_check",
            other => panic!("{name} is of kind {other}"),
        };
        assert!(name.starts_with(&table) && name.ends_with(suffix), "{name} of {table}");
        // What PostgreSQL makes up itself would end in a number.
        assert!(!name.trim_end_matches(suffix).ends_with(|c: char| c.is_ascii_digit()), "{name}");
    }
}

#[tokio::test]
async fn migrations_can_be_undone_and_repeated() {
    let url = empty_database().await;
    migrate(&url);
    migrate(&url);
    let sql = connect(&url).await;
    let mut folders: Vec<_> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    for folder in folders.iter().rev() {
        sql.batch_execute(&std::fs::read_to_string(folder.join("down.sql")).unwrap()).await.unwrap();
    }
    let left = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_\\_%'";
    assert_eq!(sql.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    let functions = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'diesel%'";
    assert_eq!(sql.query_one(functions, &[]).await.unwrap().get::<_, i64>(0), 0);
    sql.batch_execute("DELETE FROM __diesel_schema_migrations").await.unwrap();
    migrate(&url);
    sql.query_one("SELECT revision FROM catalogue_revision", &[]).await.unwrap();
}

#[tokio::test]
async fn a_month_is_the_month_in_viet_nam_and_there_is_no_catch_all() {
    let url = database().await;
    let sql = connect(&url).await;
    for _ in 0..2 {
        sql.execute("SELECT ensure_response_partition('2026-07-15')", &[]).await.unwrap();
    }
    let insert = |at: &str| {
        format!(
            "INSERT INTO responses VALUES (uuid_v7_floor('{at}'), 1, 1, 1, uuid_v7_floor('{at}'), '\\x01', NULL, NULL, NULL, NULL, NULL, false, now())"
        )
    };
    sql.batch_execute(&insert("2026-07-01 00:00+07")).await.unwrap();
    sql.batch_execute(&insert("2026-07-31 23:59:59.999+07")).await.unwrap();
    for outside in ["2026-06-30 23:59:59.999+07", "2026-08-01 00:00+07"] {
        assert!(sql.batch_execute(&insert(outside)).await.is_err(), "{outside}");
    }
}
