//! What tables and columns there are, for the report on what is kept about people.

use super::Conn;
use crate::error::Result;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

/// Every table of the service with its columns; months of a table are that table.
pub async fn tables_all(conn: &mut Conn) -> Result<BTreeMap<String, Vec<String>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Text)]
        column: String,
    }
    #[expect(clippy::disallowed_methods, reason = "the system's own tables have no schema here")]
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT c.relname::text AS table, a.attname::text AS column
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND c.relname NOT LIKE '\\_\\_%'
         ORDER BY c.relname, a.attnum",
    )
    .load(conn)
    .await?;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        tables.entry(row.table).or_default().push(row.column);
    }
    Ok(tables)
}
