//! Inserting many rows.

/// Inserts rows, up to 64 a statement, each kind of statement prepared once: `insert_all!(db, table, rows)` with a slice or a
/// vector answers `diesel::QueryResult<()>`. diesel itself has no insert of many rows over both engines.
///
/// The rows' type must be `#[diesel(treat_none_as_default_value = false)]`, or diesel inserts them one by one into SQLite.
#[macro_export]
macro_rules! insert_all {
    ($db:expr, $table:path, $rows:expr) => {
        (|| -> diesel::QueryResult<()> {
            let (by_64, rest) = $rows.as_chunks::<64>();
            let (by_16, rest) = rest.as_chunks::<16>();
            let (by_4, rest) = rest.as_chunks::<4>();
            let (single, _) = rest.as_chunks::<1>();
            $crate::insert_all!(each $db, $table, by_64);
            $crate::insert_all!(each $db, $table, by_16);
            $crate::insert_all!(each $db, $table, by_4);
            $crate::insert_all!(each $db, $table, single);
            Ok(())
        })()
    };
    (each $db:expr, $table:path, $chunks:expr) => {
        for rows in $chunks {
            let insert = diesel::insert_into($table).values(rows);
            match $db {
                $crate::Db::Sqlite(lite) => diesel::RunQueryDsl::execute(insert, lite)?,
                $crate::Db::Postgres(postgres) => diesel::RunQueryDsl::execute(insert, postgres)?,
            };
        }
    };
}
