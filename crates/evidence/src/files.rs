//! The files of a bundle in memory, and safe ways in: from a zip or from the folder that it was unpacked to.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Cursor, Read, Write},
    path::Path,
};

use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Largest sum of all files.
const LARGEST: u64 = 1 << 30;
const MOST_FILES: usize = 64;
const LONGEST_NAME: usize = 100;
const DEEPEST: usize = 2;

/// File names and their contents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleFiles(BTreeMap<String, Vec<u8>>);

/// Why the files could not be taken in. Says nothing that comes from within the bundle.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("it is not a zip that can be read safely (if it was packed anew, unpack it and name the folder)")]
    Zip,
    #[error("a file in it has a name that is not accepted, or is no plain file")]
    Name,
    #[error("it names a file twice")]
    Repeated,
    #[error("it holds more than a bundle may: at most 64 files and 1 GiB")]
    TooLarge,
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl BundleFiles {
    /// Opens a bundle: a zip file or a folder.
    pub fn open(path: &Path) -> Result<Self, FilesError> {
        if fs::metadata(path)?.is_dir() {
            return Self::from_folder(path);
        }
        if fs::metadata(path)?.len() > LARGEST {
            return Err(FilesError::TooLarge);
        }
        Self::from_zip(&fs::read(path)?)
    }

    /// Reads a zip in memory. Nothing is written to disk; names, number and size are bounded before anything is unpacked.
    pub fn from_zip(bytes: &[u8]) -> Result<Self, FilesError> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FilesError::Zip)?;
        if archive.has_duplicate_names() {
            return Err(FilesError::Repeated);
        }
        // A local header that says other than the directory, or a hidden one, would show other readers other files.
        archive.validate_header_consistency().map_err(|_| FilesError::Zip)?;
        let mut files = Self::default();
        let mut room = LARGEST;
        for index in 0..archive.len() {
            let file = archive.by_index(index).map_err(|_| FilesError::Zip)?;
            let name = std::str::from_utf8(file.name_raw()).map_err(|_| FilesError::Name)?.to_owned();
            // Entries of folders hold nothing.
            if name.strip_suffix('/').is_some_and(is_accepted) && file.size() == 0 {
                continue;
            }
            if !file.is_file() {
                return Err(FilesError::Name);
            }
            files.take(name, file, &mut room)?;
        }
        Ok(files)
    }

    /// Reads the folder that a bundle was unpacked to. Links are refused.
    pub fn from_folder(folder: &Path) -> Result<Self, FilesError> {
        let mut files = Self::default();
        files.read_folder(folder, "", &mut LARGEST.clone())?;
        Ok(files)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str, room: &mut u64) -> Result<(), FilesError> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_str().ok_or(FilesError::Name)?);
            let kind = entry.file_type()?;
            if kind.is_dir() && is_accepted(&name) {
                self.read_folder(&entry.path(), &format!("{name}/"), room)?;
            } else if kind.is_file() {
                self.take(name, fs::File::open(entry.path())?, room)?;
            } else {
                return Err(FilesError::Name);
            }
        }
        Ok(())
    }

    fn take(&mut self, name: String, source: impl Read, room: &mut u64) -> Result<(), FilesError> {
        if !is_accepted(&name) {
            return Err(FilesError::Name);
        }
        let mut contents = Vec::new();
        // One byte more than there is room for, to see that it was too much.
        source.take(*room + 1).read_to_end(&mut contents).map_err(|_| FilesError::Zip)?;
        *room = room.checked_sub(contents.len() as u64).ok_or(FilesError::TooLarge)?;
        if self.0.len() == MOST_FILES {
            return Err(FilesError::TooLarge);
        }
        match self.0.insert(name, contents) {
            None => Ok(()),
            Some(_) => Err(FilesError::Repeated),
        }
    }

    /// The bundle as a zip: stored, in the order of names, with fixed times, so that the same files give the same bytes.
    pub fn to_zip(&self) -> Result<Vec<u8>, FilesError> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        for (name, contents) in &self.0 {
            writer.start_file(name, options).map_err(|_| FilesError::Zip)?;
            writer.write_all(contents)?;
        }
        Ok(writer.finish().map_err(|_| FilesError::Zip)?.into_inner())
    }

    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn put(&mut self, name: &str, contents: Vec<u8>) {
        self.0.insert(name.to_owned(), contents);
    }
}

/// A relative path of plain names: no way out of a folder, nothing that a terminal would act on.
fn is_accepted(name: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    name.len() <= LONGEST_NAME && name.split('/').count() <= DEEPEST && name.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip_of(names: &[&str]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(b"x").unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_survive_the_zip_and_the_zip_is_always_the_same() {
        let mut files = BundleFiles::default();
        files.put("certificates/a.pem", b"one".to_vec());
        files.put("events.jsonl", b"two".to_vec());
        let zip = files.to_zip().unwrap();
        assert_eq!(BundleFiles::from_zip(&zip).unwrap(), files);
        assert_eq!(files.to_zip().unwrap(), zip);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for bad in ["../a", "/a", "a/../b", "a\\b", "a b", ".hidden", "a/b/c", "a\u{1b}", "\u{e9}"] {
            assert!(matches!(BundleFiles::from_zip(&zip_of(&[bad])), Err(FilesError::Name)), "accepted {bad:?}");
        }
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        // The writer refuses it, so the second name is patched in.
        let mut zip = zip_of(&["aaaa", "aaab"]);
        let places: Vec<usize> = zip.windows(4).enumerate().filter(|(_, w)| *w == b"aaab").map(|(i, _)| i).collect();
        places.iter().for_each(|place| zip[place + 3] = b'a');
        assert!(BundleFiles::from_zip(&zip).is_err());
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        let zip = zip_of(&["a"]);
        assert!(BundleFiles::from_zip(&zip[..zip.len() - 8]).is_err());
        assert!(BundleFiles::from_zip(b"PK").is_err());
    }
}
