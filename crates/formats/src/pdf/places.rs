//! Where the objects of a PDF stand: its cross-reference tables and streams, from the newest to the oldest (ISO 32000-1, section 7.5).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    flate::decoded,
    syntax::{after_space, after_word, array, count, dictionary, entry, integer, value},
};

/// Most updates of one document.
const MAX_SECTIONS: usize = 256;
/// Most objects.
const MAX_OBJECTS: usize = 500_000;
/// How far from its end a document says where its newest cross-reference begins.
const TAIL: usize = 2048;

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// From this byte on, in this generation.
    At(usize, u16),
    /// In this object stream, the so-manieth of it.
    In(u32, usize),
    Nowhere,
}

/// The cross-reference of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places<'a> {
    pub objects: BTreeMap<u32, Place>,
    /// The newest trailer.
    pub trailer: Vec<(&'a [u8], &'a [u8])>,
    /// Where the newest section begins.
    pub start: usize,
    /// Whether the newest section is a stream.
    pub is_stream: bool,
}

/// A section: its trailer, and whether it is a stream.
type Section<'a> = (Vec<(&'a [u8], &'a [u8])>, bool);

impl<'a> Places<'a> {
    /// Reads every section. `work` is how many bytes may be looked at. None: broken, in a circle, too much.
    pub fn read(pdf: &'a [u8], work: &mut usize) -> Option<Self> {
        let start = start(pdf)?;
        let mut objects = BTreeMap::new();
        let (trailer, is_stream) = section(pdf, start, &mut objects, work)?;
        let mut places = Self { objects, trailer: trailer.clone(), start, is_stream };
        let mut seen = BTreeSet::from([start]);
        let mut todo = before(&trailer)?;
        while let Some(at) = todo.pop() {
            if !seen.insert(at) || seen.len() > MAX_SECTIONS {
                return None;
            }
            let (trailer, _) = section(pdf, at, &mut places.objects, work)?;
            todo.splice(0..0, before(&trailer)?);
        }
        Some(places)
    }
}

/// What the document's end says of its beginning.
fn start(pdf: &[u8]) -> Option<usize> {
    const WORD: &[u8] = b"startxref";
    let tail = pdf.get(pdf.len().saturating_sub(TAIL)..)?;
    let at = tail.windows(WORD.len()).rposition(|window| window == WORD)?;
    Some(count(tail.get(at + WORD.len()..)?)?.0)
}

/// The older sections that a trailer names, the one to be read first at the end: in a document for readers of both kinds the stream.
fn before(trailer: &[(&[u8], &[u8])]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for name in ["Prev", "XRefStm"] {
        if let Some(at) = entry(trailer, name) {
            found.push(usize::try_from(integer(at)?).ok()?);
        }
    }
    Some(found)
}

fn section<'a>(pdf: &'a [u8], at: usize, objects: &mut BTreeMap<u32, Place>, work: &mut usize) -> Option<Section<'a>> {
    let bytes = pdf.get(at..)?;
    match after_word(bytes, b"xref") {
        Some(bytes) => Some((table(bytes, objects, work)?, false)),
        None => Some((stream(bytes, objects, work)?, true)),
    }
}

/// Section 7.5.4. What an object's newest section says counts.
fn table<'a>(
    mut bytes: &'a [u8],
    objects: &mut BTreeMap<u32, Place>,
    work: &mut usize,
) -> Option<Vec<(&'a [u8], &'a [u8])>> {
    loop {
        if let Some(rest) = after_word(bytes, b"trailer") {
            let (trailer, _) = value(rest)?;
            *work = work.checked_sub(trailer.len())?;
            return dictionary(trailer);
        }
        let (first, rest) = count(bytes)?;
        let (length, rest) = count(rest)?;
        bytes = rest;
        for number in first..first.checked_add(length)? {
            let (offset, rest) = count(bytes)?;
            let (generation, rest) = count(rest)?;
            let place = match value(rest)? {
                (b"n", rest) => {
                    bytes = rest;
                    Place::At(offset, u16::try_from(generation).ok()?)
                }
                (b"f", rest) => {
                    bytes = rest;
                    Place::Nowhere
                }
                _ => return None,
            };
            *work = work.checked_sub(20)?;
            insert(objects, number, place)?;
        }
    }
}

/// Section 7.5.8.
fn stream<'a>(
    bytes: &'a [u8],
    objects: &mut BTreeMap<u32, Place>,
    work: &mut usize,
) -> Option<Vec<(&'a [u8], &'a [u8])>> {
    let (_, rest) = count(bytes)?;
    let (_, rest) = count(rest)?;
    let (found, rest) = value(after_word(rest, b"obj")?)?;
    *work = work.checked_sub(found.len())?;
    let entries = dictionary(found)?;
    if entry(&entries, "Type")? != b"/XRef" {
        return None;
    }
    let length = usize::try_from(integer(entry(&entries, "Length")?)?).ok()?;
    let plain = decoded(&entries, contents(rest, length)?, *work)?;
    *work = work.checked_sub(plain.len())?;
    let numbers = |value| array(value)?.into_iter().map(|item| usize::try_from(integer(item)?).ok()).collect();
    let widths: Vec<usize> = numbers(entry(&entries, "W")?)?;
    let [kind, second, third] = <[usize; 3]>::try_from(widths).ok()?;
    let row = kind.checked_add(second)?.checked_add(third)?;
    if row == 0 || [kind, second, third].iter().any(|width| *width > 8) {
        return None;
    }
    let size = usize::try_from(integer(entry(&entries, "Size")?)?).ok()?;
    let index: Vec<usize> = entry(&entries, "Index").map_or_else(|| Some(vec![0, size]), numbers)?;
    let mut rows = plain.chunks_exact(row);
    for pair in index.chunks(2) {
        let [first, length] = pair else { return None };
        for number in *first..first.checked_add(*length)? {
            // Fewer rows than are announced.
            let Some(fields) = rows.next() else { return Some(entries) };
            let (one, fields) = fields.split_at_checked(kind)?;
            let (two, three) = fields.split_at_checked(second)?;
            let (two, three) = (big_endian(two), big_endian(three));
            let place = match if kind == 0 { 1 } else { big_endian(one) } {
                1 => Place::At(usize::try_from(two).ok()?, u16::try_from(three).ok()?),
                2 => Place::In(u32::try_from(two).ok()?, usize::try_from(three).ok()?),
                _ => Place::Nowhere,
            };
            insert(objects, number, place)?;
        }
    }
    Some(entries)
}

/// The bytes between `stream` and its end.
pub fn contents(rest: &[u8], length: usize) -> Option<&[u8]> {
    let rest = after_space(rest).strip_prefix(b"stream")?;
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    rest.get(..length)
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn insert(objects: &mut BTreeMap<u32, Place>, number: usize, place: Place) -> Option<()> {
    objects.entry(u32::try_from(number).ok()?).or_insert(place);
    (objects.len() <= MAX_OBJECTS).then_some(())
}
