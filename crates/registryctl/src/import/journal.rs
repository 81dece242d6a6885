//! The position of an import, kept beside the state: record ids are written down before they are sent, so that an import that
//! was cut off goes on and stores nothing twice. Holds row numbers and random ids, never a value.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use km_client::{ClientError, Endpoints};
use km_domain::{RecordId, RegisterName, TenantId};
use serde::{Deserialize, Serialize};

/// What an import is of: the same in a second run, or it is another import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Version of this format.
    pub journal: u32,
    pub tenant: TenantId,
    pub register: RegisterName,
    /// SHA-256 of the file.
    pub file: String,
    pub batch_size: u32,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub created: u64,
    pub existing: u64,
    /// Rows that were refused: by their own faults or by the service.
    pub refused: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Done {
        done: u64,
        #[serde(flatten)]
        tally: Tally,
    },
    Batch {
        batch: u64,
        ids: Vec<(u64, RecordId)>,
    },
}

/// An open journal.
pub struct Journal {
    path: PathBuf,
    file: File,
    done: BTreeMap<u64, Tally>,
    ids: BTreeMap<u64, BTreeMap<u64, RecordId>>,
}

impl Journal {
    /// Where the journal of an import lies if nothing else is said.
    pub fn place(endpoints_file: &Path, endpoints: &Endpoints, register: &RegisterName, digest: &str) -> PathBuf {
        let state = endpoints_file.parent().unwrap_or(Path::new("."));
        let short = digest.get(..16).unwrap_or(digest);
        state.join("imports").join(format!("{}-{register}-{short}.jsonl", endpoints.tenant))
    }

    /// Opens the journal of this import, or begins one. Refused: the journal of another import.
    pub fn open(path: &Path, subject: &Subject) -> Result<Self, ClientError> {
        let wrong = |why: &dyn std::fmt::Display| ClientError::Setup(format!("journal {}: {why}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
        }
        let open = || -> std::io::Result<(File, String)> {
            let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
            file.try_lock()?;
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            Ok((file, text))
        };
        let (file, mut text) = open().map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => wrong(&"another import of this file is under way"),
            _ => wrong(&error),
        })?;
        let mut journal = Self { path: path.to_owned(), file, done: BTreeMap::new(), ids: BTreeMap::new() };
        // A line that was cut off while it was written says nothing: what it stood for was not sent.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            text.truncate(whole);
            journal.file.set_len(whole as u64).map_err(|error| wrong(&error))?;
        }
        let mut lines = text.lines();
        match lines.next().map(serde_json::from_str::<Subject>) {
            None => journal.begin(subject)?,
            Some(Ok(begun)) if begun == *subject => {
                lines.try_for_each(|line| journal.learn(line)).map_err(|error| wrong(&error))?;
            }
            Some(Ok(Subject { batch_size, .. })) if batch_size != subject.batch_size => {
                return Err(wrong(&format_args!("this import was begun with --batch {batch_size}: go on with that")));
            }
            Some(_) => return Err(wrong(&"is of another file or register; name another with --journal")),
        }
        Ok(journal)
    }

    /// Writes the first line, and sees to it that the file itself outlasts a loss of power.
    fn begin(&mut self, subject: &Subject) -> Result<(), ClientError> {
        self.append(subject)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| ClientError::Setup(format!("journal {}: {error}", self.path.display())))
    }

    fn learn(&mut self, line: &str) -> serde_json::Result<()> {
        match serde_json::from_str(line)? {
            Entry::Done { done, tally } => drop(self.done.insert(done, tally)),
            Entry::Batch { batch, ids } => self.ids.entry(batch).or_default().extend(ids),
        }
        Ok(())
    }

    /// What became of a batch in an earlier run.
    pub fn done(&self, batch: u64) -> Option<&Tally> {
        self.done.get(&batch)
    }

    /// The ids for these rows of a batch: those of an earlier run, and new ones, written down before this returns.
    pub fn ids(
        &mut self,
        batch: u64,
        rows: &[u64],
        new_id: impl Fn() -> RecordId,
    ) -> Result<Vec<RecordId>, ClientError> {
        let known = self.ids.entry(batch).or_default();
        let missing: Vec<(u64, RecordId)> =
            rows.iter().filter(|row| !known.contains_key(row)).map(|row| (*row, new_id())).collect();
        known.extend(missing.iter().copied());
        let ids = rows.iter().filter_map(|row| known.get(row).copied()).collect();
        if !missing.is_empty() {
            self.append(&Entry::Batch { batch, ids: missing })?;
        }
        Ok(ids)
    }

    /// Notes what became of a batch.
    pub fn finish(&mut self, batch: u64, tally: &Tally) -> Result<(), ClientError> {
        self.append(&Entry::Done { done: batch, tally: tally.clone() })
    }

    fn append<T: Serialize>(&mut self, entry: &T) -> Result<(), ClientError> {
        let wrong = |why: &dyn std::fmt::Display| ClientError::Setup(format!("journal {}: {why}", self.path.display()));
        let mut line = serde_json::to_vec(entry).map_err(|error| wrong(&error))?;
        line.push(b'\n');
        self.file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(|error| wrong(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_uses_the_same_ids_and_knows_what_is_done() {
        let folder = std::env::temp_dir().join(format!("registryctl-journal-{}", std::process::id()));
        let path = folder.join("a.jsonl");
        let subject = Subject {
            journal: 1,
            tenant: "demo".parse().unwrap(),
            register: "individual".parse().unwrap(),
            file: "00".into(),
            batch_size: 2,
        };
        let fresh = |byte: u8| move || RecordId::from_bytes([byte; 16]);
        let first = Journal::open(&path, &subject).unwrap().ids(0, &[2, 3], fresh(1)).unwrap();
        // The tail of a line that was cut off is followed by whole lines again.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"batch\":1,\"ids\":[[4,\"0").unwrap();
        let mut again = Journal::open(&path, &subject).unwrap();
        assert_eq!(again.ids(0, &[2, 3], fresh(2)).unwrap(), first);
        assert_eq!(again.done(0), None);
        let second = again.ids(1, &[4, 5], fresh(3)).unwrap();
        assert!(Journal::open(&path, &subject).is_err(), "another run of the same import");
        drop(again);
        let mut again = Journal::open(&path, &subject).unwrap();
        assert_eq!(again.ids(1, &[4, 5], fresh(4)).unwrap(), second);
        let tally = Tally { created: 2, ..Tally::default() };
        again.finish(0, &tally).unwrap();
        drop(again);
        assert_eq!(Journal::open(&path, &subject).unwrap().done(0), Some(&tally));
        let other = Subject { batch_size: 3, ..subject.clone() };
        assert!(Journal::open(&path, &other).err().unwrap().to_string().contains("--batch 2"));
        let other = Subject { file: "11".into(), ..subject };
        assert!(Journal::open(&path, &other).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
