//! The objects of a PDF: found, opened where they are in object streams, and pages counted.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    flate::decoded,
    places::{Place, Places, contents},
    syntax::{after_word, array, count, dictionary, entry, integer, reference, value},
};

/// Deepest tree of pages.
const MAX_DEPTH: usize = 32;
/// Most bytes that all object streams may become.
const MAX_EXPANDED: usize = 64 * 1024 * 1024;
/// Most objects in an object stream.
const MAX_INNER: usize = 100_000;
/// How often the document's length may be looked at: a document that names the same long object again and again would take for ever.
const WORK: usize = 8;
const LEAST_WORK: usize = 1024 * 1024;
/// What looking for an object costs beside its length.
const LOOKUP: usize = 16;

/// A document taken apart.
pub struct Document<'a> {
    pub pdf: &'a [u8],
    pub places: Places<'a>,
    streams: BTreeMap<u32, Opened>,
    expanded: usize,
    work: usize,
}

/// An object stream, opened: its bytes, and where each object in it begins.
struct Opened {
    bytes: Vec<u8>,
    begins: Vec<usize>,
}

/// An object that is meant by number and generation.
pub type Id = (u32, u16);

impl<'a> Document<'a> {
    /// None: no PDF, or broken, or encrypted.
    pub fn parse(pdf: &'a [u8]) -> Option<Self> {
        if !pdf.starts_with(b"%PDF-") {
            return None;
        }
        let mut work = pdf.len().saturating_mul(WORK).max(LEAST_WORK);
        let places = Places::read(pdf, &mut work)?;
        let is_encrypted = places.trailer.iter().any(|(name, _)| *name == b"Encrypt");
        (!is_encrypted).then_some(Self { pdf, places, streams: BTreeMap::new(), expanded: 0, work })
    }

    /// The value of an object as it stands. None: there is no such object, or it is broken.
    pub fn object(&mut self, (number, generation): Id) -> Option<Vec<u8>> {
        if self.work == 0 {
            return None;
        }
        let found = match *self.places.objects.get(&number)? {
            Place::At(at, of) if of == generation => self.value_at(at, number)?.0.to_vec(),
            Place::In(stream, at) if generation == 0 => self.inner(stream, at)?,
            _ => return None,
        };
        self.work = self.work.saturating_sub(found.len() + LOOKUP);
        Some(found)
    }

    /// What a value means: the object that it refers to, or itself.
    pub fn meant<'v>(&mut self, value: &'v [u8]) -> Option<Cow<'v, [u8]>> {
        match reference(value) {
            Some(id) => self.object(id).map(Cow::Owned),
            None => Some(Cow::Borrowed(value)),
        }
    }

    /// The value of the object that stands here, and what follows it.
    fn value_at(&self, at: usize, number: u32) -> Option<(&'a [u8], &'a [u8])> {
        let (said, rest) = count(self.pdf.get(at..)?)?;
        let (_, rest) = count(rest)?;
        if u32::try_from(said) != Ok(number) {
            return None;
        }
        value(after_word(rest, b"obj")?)
    }

    fn inner(&mut self, stream: u32, at: usize) -> Option<Vec<u8>> {
        if !self.streams.contains_key(&stream) {
            let Some(opened) = self.open(stream) else {
                // It would be opened in vain for each of its objects.
                self.work = 0;
                return None;
            };
            self.streams.insert(stream, opened);
        }
        let opened = self.streams.get(&stream)?;
        let (found, _) = value(opened.bytes.get(*opened.begins.get(at)?..)?)?;
        Some(found.to_vec())
    }

    /// Section 7.5.7.
    fn open(&mut self, stream: u32) -> Option<Opened> {
        let Place::At(at, 0) = *self.places.objects.get(&stream)? else { return None };
        let (found, rest) = self.value_at(at, stream)?;
        let entries = dictionary(found)?;
        if entry(&entries, "Type")? != b"/ObjStm" {
            return None;
        }
        let length = number(&self.direct(entry(&entries, "Length")?)?)?;
        let bytes = decoded(&entries, contents(rest, length)?, MAX_EXPANDED.checked_sub(self.expanded)?)?;
        self.expanded = self.expanded.checked_add(bytes.len())?;
        let (inner, first) = (number(entry(&entries, "N")?)?, number(entry(&entries, "First")?)?);
        if inner > MAX_INNER {
            return None;
        }
        let (mut begins, mut pairs) = (Vec::new(), bytes.get(..first)?);
        for _ in 0..inner {
            let (_, rest) = count(pairs)?;
            let (begin, rest) = count(rest)?;
            begins.push(first.checked_add(begin)?);
            pairs = rest;
        }
        Some(Opened { bytes, begins })
    }

    /// A length, which may be an object of its own, but not one in an object stream.
    fn direct(&self, value: &[u8]) -> Option<Vec<u8>> {
        let Some((number, generation)) = reference(value) else { return Some(value.to_vec()) };
        match *self.places.objects.get(&number)? {
            Place::At(at, of) if of == generation => Some(self.value_at(at, number)?.0.to_vec()),
            _ => None,
        }
    }

    /// The object of the catalogue, and its value.
    pub fn catalog(&mut self) -> Option<(Id, Vec<u8>)> {
        let id = reference(entry(&self.places.trailer, "Root")?)?;
        Some((id, self.object(id)?))
    }

    /// The object of a page, and its value; 0 is the first. None: there is no such page, or the tree of pages is broken.
    pub fn page(&mut self, index: usize) -> Option<(Id, Vec<u8>)> {
        let (_, catalog) = self.catalog()?;
        let root = reference(entry(&dictionary(&catalog)?, "Pages")?)?;
        let mut left = index;
        self.page_below(root, &mut left, MAX_DEPTH)
    }

    fn page_below(&mut self, id: Id, left: &mut usize, depth: usize) -> Option<(Id, Vec<u8>)> {
        let depth = depth.checked_sub(1)?;
        let node = self.object(id)?;
        let entries = dictionary(&node)?;
        let Some(kids) = entry(&entries, "Kids") else {
            return match left.checked_sub(1) {
                None => Some((id, node)),
                Some(fewer) => {
                    *left = fewer;
                    None
                }
            };
        };
        let kids = self.meant(kids)?;
        array(&kids)?.into_iter().find_map(|kid| self.page_below(reference(kid)?, left, depth))
    }
}

fn number(value: &[u8]) -> Option<usize> {
    usize::try_from(integer(value)?).ok()
}
