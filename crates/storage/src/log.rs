//! The log's tables: events, tiles of hashes, the head, checkpoints and cosignatures.

use diesel::{
    dsl::max,
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Binary},
};
use km_audit::{
    Event, Frontier, Hash, LoggedEvent,
    proof::BadProof,
    tile::{self, TileAddress, WIDTH},
    tree::{self, Node},
};
use km_database::Db;
use km_domain::Timestamp;

use crate::{
    Placed, Storage, StorageError, Write, intents,
    schema::{checkpoint, cosignature, event, log_head, log_tile},
    write::unique,
};

/// The end of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub frontier: Frontier,
    pub log_time: Timestamp,
    /// Moves on with every change of keys, principals and policies.
    pub epoch: u64,
}

impl Head {
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }
}

type HeadRow = (i64, i64, Vec<u8>);

fn head_from((log_time, epoch, frontier): HeadRow) -> Result<Head, StorageError> {
    let frontier = match frontier.as_slice() {
        [] => Frontier::new(),
        bytes => Frontier::from_bytes(bytes).ok_or(StorageError::Damaged("log head"))?,
    };
    let epoch = u64::try_from(epoch).map_err(|_| StorageError::Damaged("log head"))?;
    Ok(Head { frontier, log_time: Timestamp::from_micros(log_time), epoch })
}

/// Runs `work` in one write transaction.
pub(crate) fn exclusively<T>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    km_database::write(db, work)
}

/// Appends events within one transaction that holds the head's row.
pub(crate) struct Appender<'a> {
    head: Head,
    /// Who begins the intents that are appended.
    instance: &'a str,
    now: Timestamp,
    began_at: (u64, u64),
    kept: Vec<(TileAddress, Hash)>,
    /// Events of this transaction, not yet in their table.
    events: Vec<LoggedEvent>,
    rows: Vec<EventRow>,
}

impl<'a> Appender<'a> {
    /// Takes the head's row; on PostgreSQL its lock puts the replicas in order.
    pub(crate) fn begin(db: &mut Db, now: Timestamp, instance: &'a str) -> Result<Self, StorageError> {
        let query = log_head::table.find(1).select((log_head::log_time, log_head::epoch, log_head::frontier));
        let row: HeadRow = match db {
            Db::Postgres(postgres) => query.for_update().get_result(postgres)?,
            Db::Sqlite(sqlite) => query.get_result(sqlite)?,
        };
        let head = head_from(row)?;
        // Log time never falls, whatever the clock does.
        let now = now.max(head.log_time);
        let began_at = (head.size(), head.epoch);
        Ok(Self { head, instance, now, began_at, kept: Vec::new(), events: Vec::new(), rows: Vec::new() })
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.head.epoch
    }

    pub(crate) fn move_epoch(&mut self) {
        self.head.epoch += 1;
    }

    /// Where the next event will stand.
    pub(crate) fn next(&self) -> Placed {
        Placed { log_index: self.head.size(), log_time: self.now }
    }

    pub(crate) fn append(&mut self, said: Event) -> Result<(), StorageError> {
        let logged = LoggedEvent { index: self.head.size(), log_time: self.now, event: said };
        let leaf = logged.leaf().map_err(|_| StorageError::Damaged("event"))?;
        let kept = &mut self.kept;
        self.head.frontier.push_with(tree::leaf_hash(&leaf), &mut |node, hash| {
            // Hashes of single leaves are computed from the events again; only those of whole tiles are stored.
            if let Some((address, _)) = tile::kept_at(node)
                && address.level > 0
            {
                kept.push((address, *hash));
            }
        });
        self.rows.push(EventRow { log_index: signed(logged.index)?, log_time: self.now.micros(), leaf });
        self.events.push(logged);
        Ok(())
    }

    /// Writes events, tiles and head.
    pub(crate) fn finish(self, db: &mut Db) -> Result<(), StorageError> {
        if self.began_at == (self.head.size(), self.head.epoch) {
            return Ok(());
        }
        match db {
            Db::Postgres(postgres) => drop(ManyEvents::from(self.rows).execute(postgres)?),
            Db::Sqlite(_) => km_database::insert_all!(db, event::table, self.rows)?,
        }
        self.events.iter().try_for_each(|logged| intents::follow(db, logged, self.instance))?;
        self.kept.into_iter().try_for_each(|(address, hash)| extend_tile(db, address, &hash))?;
        let set = (
            log_head::size.eq(signed(self.head.size())?),
            log_head::log_time.eq(self.now.micros()),
            log_head::frontier.eq(self.head.frontier.to_bytes()),
            log_head::epoch.eq(signed(self.head.epoch)?),
        );
        diesel::update(log_head::table.find(1)).set(set).execute(db)?;
        Ok(())
    }
}

#[derive(Insertable)]
#[diesel(table_name = event, treat_none_as_default_value = false)]
struct EventRow {
    log_index: i64,
    log_time: i64,
    leaf: Vec<u8>,
}

/// The same statement for any number of rows: one answer over the network, prepared once.
#[derive(QueryId)]
struct ManyEvents {
    log_index: Vec<i64>,
    log_time: Vec<i64>,
    leaf: Vec<Vec<u8>>,
}

impl From<Vec<EventRow>> for ManyEvents {
    fn from(rows: Vec<EventRow>) -> Self {
        Self {
            log_index: rows.iter().map(|row| row.log_index).collect(),
            log_time: rows.iter().map(|row| row.log_time).collect(),
            leaf: rows.into_iter().map(|row| row.leaf).collect(),
        }
    }
}

impl QueryFragment<Pg> for ManyEvents {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO event (log_index, log_time, leaf) SELECT * FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.log_index)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.log_time)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.leaf)?;
        out.push_sql(")");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for ManyEvents {}

fn extend_tile(db: &mut Db, address: TileAddress, hash: &Hash) -> Result<(), StorageError> {
    let key = (i64::from(address.level), signed(address.index)?);
    let held: Option<Vec<u8>> = log_tile::table.find(key).select(log_tile::hashes).get_result(db).optional()?;
    match held {
        Some(mut hashes) => {
            hashes.extend_from_slice(hash);
            diesel::update(log_tile::table.find(key)).set(log_tile::hashes.eq(hashes)).execute(db)?;
        }
        None => {
            let row = (log_tile::level.eq(key.0), log_tile::position.eq(key.1), log_tile::hashes.eq(hash.to_vec()));
            diesel::insert_into(log_tile::table).values(row).execute(db)?;
        }
    }
    Ok(())
}

pub(crate) fn signed(number: u64) -> Result<i64, StorageError> {
    i64::try_from(number).map_err(|_| StorageError::Damaged("a number out of range"))
}

fn unsigned(number: i64) -> Result<u64, StorageError> {
    u64::try_from(number).map_err(|_| StorageError::Damaged("a number out of range"))
}

impl Storage {
    pub fn head(&self) -> Result<Head, StorageError> {
        let row: HeadRow = log_head::table
            .find(1)
            .select((log_head::log_time, log_head::epoch, log_head::frontier))
            .get_result(&mut *self.connection()?)?;
        head_from(row)
    }

    /// Leaves from `from`, at most `limit` of them, in order, each with its index.
    pub fn leaves(&self, from: u64, limit: u32) -> Result<Vec<(u64, Vec<u8>)>, StorageError> {
        let rows: Vec<(i64, Vec<u8>)> = event::table
            .filter(event::log_index.ge(signed(from)?))
            .order(event::log_index)
            .limit(i64::from(limit))
            .select((event::log_index, event::leaf))
            .load(&mut *self.connection()?)?;
        rows.into_iter().map(|(index, leaf)| Ok((unsigned(index)?, leaf))).collect()
    }

    /// A tile of the tree: as many hashes as there are (C2SP tlog-tiles).
    pub fn tile(&self, address: TileAddress) -> Result<Vec<u8>, StorageError> {
        if address.level == 0 {
            let limit = u32::try_from(WIDTH).unwrap_or(256);
            let leaves = self.leaves(address.index * WIDTH, limit)?;
            return Ok(leaves.iter().flat_map(|(_, leaf)| tree::leaf_hash(leaf)).collect());
        }
        let key = (i64::from(address.level), signed(address.index)?);
        let held: Option<Vec<u8>> =
            log_tile::table.find(key).select(log_tile::hashes).get_result(&mut *self.connection()?).optional()?;
        held.ok_or(StorageError::Damaged("log tile"))
    }

    /// Reads hashes of complete subtrees, for proofs.
    pub fn nodes(&self) -> impl FnMut(Node) -> Result<Hash, StorageError> + '_ {
        tile::reader(|address| self.tile(address))
    }

    /// The newest signed checkpoint and its tree size.
    pub fn newest_checkpoint(&self) -> Result<Option<(u64, String)>, StorageError> {
        let mut connection = self.connection()?;
        let newest: Option<i64> = checkpoint::table.select(max(checkpoint::size)).get_result(&mut *connection)?;
        let Some(size) = newest else { return Ok(None) };
        let note = checkpoint::table.find(size).select(checkpoint::note).get_result(&mut *connection)?;
        Ok(Some((unsigned(size)?, note)))
    }

    /// Cosignatures of the checkpoint of this size: witness and note.
    pub fn cosignatures(&self, size: u64) -> Result<Vec<(String, String)>, StorageError> {
        let rows = cosignature::table
            .filter(cosignature::size.eq(signed(size)?))
            .order(cosignature::witness)
            .select((cosignature::witness, cosignature::note))
            .load(&mut *self.connection()?)?;
        Ok(rows)
    }
}

impl From<BadProof> for StorageError {
    fn from(_: BadProof) -> Self {
        Self::Damaged("log tile")
    }
}

impl Write {
    /// Makes the head durable once more as it is: shows whether the log can be written, without writing to it.
    pub fn repeat_head() -> Self {
        Self::new(|db, _| {
            diesel::update(log_head::table.find(1)).set(log_head::size.eq(log_head::size)).execute(db)?;
            Ok(())
        })
    }

    pub fn insert_checkpoint(size: u64, note: String, now: Timestamp) -> Self {
        Self::new(move |db, _| {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            let row = (checkpoint::size.eq(size), checkpoint::note.eq(note), checkpoint::created.eq(now.micros()));
            unique(diesel::insert_into(checkpoint::table).values(row).execute(db), "checkpoint-exists")
        })
    }

    pub fn insert_cosignature(size: u64, witness: String, note: String, now: Timestamp) -> Self {
        Self::new(move |db, _| {
            let row = (
                cosignature::size.eq(i64::try_from(size).unwrap_or(i64::MAX)),
                cosignature::witness.eq(witness),
                cosignature::note.eq(note),
                cosignature::created.eq(now.micros()),
            );
            unique(diesel::insert_into(cosignature::table).values(row).execute(db), "cosignature-exists")
        })
    }
}
