//! A signature behind a document: an update with the signature's field on a page and a hole for a detached CMS over all the rest (ISO
//! 32000-1, section 12.8).

use std::collections::BTreeMap;

use km_domain::Timestamp;

use super::{
    DOCUMENT,
    document::{Document, Id},
    syntax::{array, dictionary, entry, integer},
};
use crate::FormatError;

/// How a signature looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look<'a> {
    /// 0 is the first.
    pub page: usize,
    /// Left, lower, right and upper end on the page, in its units; nothing is seen where they enclose nothing.
    pub rectangle: [u32; 4],
    pub reason: &'a str,
    /// Who signs.
    pub name: &'a str,
    pub moment: Timestamp,
}

/// A document with a hole for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    bytes: Vec<u8>,
    /// Where the hole begins and ends, with its brackets.
    hole: (usize, usize),
}

const PAGE: FormatError = FormatError::new("pageNumber", "the number of a page");
const LONG: FormatError = FormatError::new("the signature", "no longer than the room that is left for it");
/// Digits that a place in a document needs at most.
const DIGITS: usize = 10;

/// Puts an update behind a document that leaves `room` bytes for a signature. Refused: no PDF, a broken one, one that is encrypted or
/// has no such page.
pub fn prepare(pdf: &[u8], look: &Look<'_>, room: usize) -> Result<Prepared, FormatError> {
    let mut document = Document::parse(pdf).ok_or(DOCUMENT)?;
    let first = next_number(&document).ok_or(DOCUMENT)?;
    let numbers = Numbers { signature: first, field: first + 1, picture: first + 2, section: first + 3 };
    let (page, page_value) = document.page(look.page).ok_or(PAGE)?;
    let mut update = Update { start: pdf.len(), bytes: Vec::new(), places: BTreeMap::new() };
    update.bytes.push(b'\n');
    // 1. The signature, with its hole.
    let hole = update.signature(numbers.signature, look, room);
    // 2. Its field, and what is seen of it.
    update.field(&numbers, page, look);
    update.picture(numbers.picture, look);
    // 3. The page and the form, with the field.
    let page_value = with_annotation(&mut document, &page_value, numbers.field).ok_or(DOCUMENT)?;
    update.object(page, &page_value);
    let (form, form_value) = with_field(&mut document, numbers.field).ok_or(DOCUMENT)?;
    update.object(form, &form_value);
    // 4. Where all of it is.
    update.section(&document, numbers.section);
    let mut bytes = Vec::with_capacity(pdf.len() + update.bytes.len());
    bytes.extend_from_slice(pdf);
    bytes.extend_from_slice(&update.bytes);
    let mut prepared = Prepared { bytes, hole };
    prepared.say_ranges().ok_or(DOCUMENT)?;
    Ok(prepared)
}

impl Prepared {
    /// What is to be signed: all before the hole, and all behind it.
    pub fn signed(&self) -> [&[u8]; 2] {
        let (begin, end) = self.hole;
        [self.bytes.get(..begin).unwrap_or_default(), self.bytes.get(end..).unwrap_or_default()]
    }

    /// The document with its signature, DER. Refused: a signature that is longer than its room.
    pub fn finish(mut self, signature: &[u8]) -> Result<Vec<u8>, FormatError> {
        let (begin, end) = self.hole;
        let hole = self.bytes.get_mut(begin + 1..end - 1).ok_or(LONG)?;
        if signature.len() * 2 > hole.len() {
            return Err(LONG);
        }
        for (digit, place) in signature.iter().flat_map(|byte| [byte >> 4, byte & 15]).zip(hole) {
            *place = hex(digit);
        }
        Ok(self.bytes)
    }

    /// Writes where the two signed parts are, before the hole.
    fn say_ranges(&mut self) -> Option<()> {
        let (begin, end) = self.hole;
        let ranges = format!("0 {begin} {end} {}]", self.bytes.len().checked_sub(end)?);
        let before = self.bytes.get_mut(..begin)?;
        let at = before.windows(RANGES.len()).rposition(|window| window == RANGES.as_bytes())?;
        let place = before.get_mut(at + RANGES.len()..)?.get_mut(..ROOM_FOR_RANGES)?;
        let padded = format!("{ranges:<ROOM_FOR_RANGES$}");
        (padded.len() == ROOM_FOR_RANGES).then(|| place.copy_from_slice(padded.as_bytes()))
    }
}

const RANGES: &str = "/ByteRange [";
/// Four numbers, three blanks, a bracket.
const ROOM_FOR_RANGES: usize = 4 * DIGITS + 4;

fn hex(digit: u8) -> u8 {
    char::from_digit(u32::from(digit), 16).map_or(b'0', |letter| letter as u8)
}

/// The numbers of the new objects.
struct Numbers {
    signature: u32,
    field: u32,
    picture: u32,
    /// The cross-reference, where it is a stream.
    section: u32,
}

/// The number behind all that are there.
fn next_number(document: &Document<'_>) -> Option<u32> {
    let said = integer(entry(&document.places.trailer, "Size")?).and_then(|size| u32::try_from(size).ok())?;
    let behind = document.places.objects.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
    // No number is beyond ten digits, with room for ours.
    Some(said.max(behind)).filter(|next| *next < u32::MAX - 8)
}

/// What comes behind the document.
struct Update {
    /// Bytes before it.
    start: usize,
    bytes: Vec<u8>,
    places: BTreeMap<u32, (usize, u16)>,
}

impl Update {
    fn begin(&mut self, (number, generation): Id) {
        self.places.insert(number, (self.start + self.bytes.len(), generation));
        self.text(&format!("{number} {generation} obj\n"));
    }

    fn object(&mut self, id: Id, value: &[u8]) {
        self.begin(id);
        self.bytes.extend_from_slice(value);
        self.text("\nendobj\n");
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// The hole's beginning and end.
    fn signature(&mut self, number: u32, look: &Look<'_>, room: usize) -> (usize, usize) {
        self.begin((number, 0));
        self.text("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached ");
        let (reason, name) = (text(look.reason), text(look.name));
        self.text(&format!("/Reason {reason} /Name {name} /M (D:{}Z) ", digits_of(look.moment)));
        self.text(RANGES);
        self.text(&" ".repeat(ROOM_FOR_RANGES));
        self.text(" /Contents ");
        let begin = self.start + self.bytes.len();
        self.text(&format!("<{}>", "0".repeat(room * 2)));
        let end = self.start + self.bytes.len();
        self.text(" >>\nendobj\n");
        (begin, end)
    }

    fn field(&mut self, numbers: &Numbers, (page, generation): Id, look: &Look<'_>) {
        let [left, lower, right, upper] = look.rectangle;
        let Numbers { signature, field, picture, .. } = numbers;
        let value = format!(
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature{signature}) /V {signature} 0 R /F 132 \
             /Rect [{left} {lower} {right} {upper}] /P {page} {generation} R /AP << /N {picture} 0 R >> >>"
        );
        self.object((*field, 0), value.as_bytes());
    }

    /// Who, why and when, in the standard font that every reader has.
    fn picture(&mut self, number: u32, look: &Look<'_>) {
        let [left, lower, right, upper] = look.rectangle;
        let (width, height) = (right.saturating_sub(left), upper.saturating_sub(lower));
        let lines =
            [look.name, look.reason, &format!("{}Z", look.moment.to_string().get(..19).unwrap_or_default())].map(latin);
        let size = (height / 4).clamp(4, 12);
        let mut drawn = format!("q BT /F1 {size} Tf {size} TL 2 {} Td\n", height.saturating_sub(size + 1));
        for line in &lines {
            drawn.push_str(&format!("{line} Tj T*\n"));
        }
        drawn.push_str("ET Q\n");
        let is_seen = width > 0 && height > 0;
        let drawn = if is_seen { drawn } else { String::new() };
        let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";
        let value = format!(
            "<< /Type /XObject /Subtype /Form /BBox [0 0 {width} {height}] /Resources << /Font << /F1 {font} >> >> \
             /Length {} >>\nstream\n{drawn}\nendstream",
            drawn.len()
        );
        self.object((number, 0), value.as_bytes());
    }

    /// The cross-reference of the update: a table or a stream, as the document's newest is.
    fn section(&mut self, document: &Document<'_>, number: u32) {
        let trailer = &document.places.trailer;
        let start = self.start + self.bytes.len();
        let mut more = format!("/Prev {} ", document.places.start).into_bytes();
        for name in ["Root", "Info", "ID"] {
            if let Some(value) = entry(trailer, name) {
                more.extend([b"/", name.as_bytes(), b" ", value, b" "].concat());
            }
        }
        if document.places.is_stream {
            self.places.insert(number, (start, 0));
            self.stream(number, &more);
        } else {
            self.table(&more);
        }
        self.text(&format!("startxref\n{start}\n%%EOF\n"));
    }

    fn size(&self) -> u32 {
        self.places.last_key_value().map_or(0, |(last, _)| last + 1)
    }

    fn table(&mut self, more: &[u8]) {
        let entries: Vec<String> = self
            .places
            .iter()
            .map(|(number, (at, generation))| format!("{number} 1\n{at:010} {generation:05} n \n"))
            .collect();
        let size = self.size();
        self.text(&format!("xref\n{}trailer\n<< /Size {size} ", entries.concat()));
        self.bytes.extend_from_slice(more);
        self.text(">>\n");
    }

    fn stream(&mut self, number: u32, more: &[u8]) {
        let index: Vec<String> = self.places.keys().map(|number| format!("{number} 1")).collect();
        let mut rows = Vec::new();
        for (at, generation) in self.places.values() {
            rows.push(1);
            rows.extend_from_slice(&(*at as u64).to_be_bytes());
            rows.extend_from_slice(&generation.to_be_bytes());
        }
        let (size, index) = (self.size(), index.join(" "));
        self.text(&format!("{number} 0 obj\n<< /Type /XRef /Size {size} /W [1 8 2] /Index [{index}] "));
        self.bytes.extend_from_slice(more);
        self.text(&format!("/Length {} >>\nstream\n", rows.len()));
        self.bytes.extend_from_slice(&rows);
        self.text("\nendstream\nendobj\n");
    }
}

/// A page with one annotation more.
fn with_annotation(document: &mut Document<'_>, page: &[u8], field: u32) -> Option<Vec<u8>> {
    let entries = dictionary(page)?;
    let list = extended(document, entry(&entries, "Annots"), field)?;
    Some(rewritten(&entries, &[("Annots", &list)]))
}

/// The object that holds the document's form, with one field more: the form itself, or the catalogue.
fn with_field(document: &mut Document<'_>, field: u32) -> Option<(Id, Vec<u8>)> {
    let (catalog, value) = document.catalog()?;
    let entries = dictionary(&value)?;
    let (id, form) = match entry(&entries, "AcroForm") {
        None => (None, b"<< >>".to_vec()),
        Some(form) => (super::syntax::reference(form), document.meant(form)?.into_owned()),
    };
    let inner = dictionary(&form)?;
    let fields = extended(document, entry(&inner, "Fields"), field)?;
    // There are signatures, and whoever changes the document adds to it only (table 219).
    let form = rewritten(&inner, &[("Fields", &fields), ("SigFlags", b"3")]);
    Some(match id {
        Some(id) => (id, form),
        None => (catalog, rewritten(&entries, &[("AcroForm", &form)])),
    })
}

/// A list of references with one more at its end.
fn extended(document: &mut Document<'_>, list: Option<&[u8]>, field: u32) -> Option<Vec<u8>> {
    let known = match list {
        None | Some(b"null") => Vec::new(),
        Some(list) => {
            let list = document.meant(list)?;
            array(&list)?.join(&b' ')
        }
    };
    Some([b"[", known.as_slice(), format!(" {field} 0 R]").as_bytes()].concat())
}

/// A dictionary with these entries for its own of the same names.
fn rewritten(entries: &[(&[u8], &[u8])], new: &[(&str, &[u8])]) -> Vec<u8> {
    let is_kept = |name: &[u8]| new.iter().all(|(known, _)| known.as_bytes() != name);
    let kept = entries.iter().filter(|(name, _)| is_kept(name)).copied();
    let mut out = b"<<".to_vec();
    for (name, value) in kept.chain(new.iter().map(|(name, value)| (name.as_bytes(), *value))) {
        for part in [b" /", name, b" ", value] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b" >>");
    out
}

/// A text that people read (section 7.9.2.2), in UTF-16.
fn text(text: &str) -> String {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    format!("<{}>", units.map(|unit| format!("{unit:04X}")).collect::<String>())
}

/// A text to be drawn in a font of Latin letters; others become question marks.
fn latin(text: &str) -> String {
    let letter = |letter: char| match u8::try_from(u32::from(letter)) {
        Ok(byte) if matches!(byte, 0x20..=0x7e | 0xa0..=0xff) => byte,
        _ => b'?',
    };
    format!("<{}>", text.chars().map(letter).map(|byte| format!("{byte:02X}")).collect::<String>())
}

/// A moment as PDF writes it (section 7.9.4), without its beginning and its zone.
fn digits_of(moment: Timestamp) -> String {
    moment.to_string().chars().filter(char::is_ascii_digit).take(14).collect()
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
