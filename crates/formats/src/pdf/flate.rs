//! Streams of PDF that hold the structure of a document (ISO 32000-1, sections 7.4.4 and 7.4.5): as they are, or deflated, with PNG's
//! predictors or without.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::syntax::{array, dictionary, entry, integer};

/// Most columns of a predictor's row.
const MAX_COLUMNS: i64 = 64 * 1024;

/// The bytes of a stream with this dictionary. None: another filter, broken, or more than `most` bytes.
pub fn decoded(entries: &[(&[u8], &[u8])], raw: &[u8], most: usize) -> Option<Vec<u8>> {
    match only(entries, "Filter")? {
        None => (raw.len() <= most).then(|| raw.to_vec()),
        Some(b"/FlateDecode" | b"/Fl") => {
            let bytes = decompress_to_vec_zlib_with_limit(raw, most).ok()?;
            match only(entries, "DecodeParms")? {
                None | Some(b"null") => Some(bytes),
                Some(parameters) => unpredicted(bytes, parameters),
            }
        }
        Some(_) => None,
    }
}

/// A value, which may be in an array of one. None: more than one.
fn only<'a>(entries: &[(&[u8], &'a [u8])], name: &str) -> Option<Option<&'a [u8]>> {
    match entry(entries, name) {
        None if entries.iter().any(|(known, _)| *known == name.as_bytes()) => None,
        None => Some(None),
        Some(value) => match array(value).as_deref() {
            None => Some(Some(value)),
            Some([]) => Some(None),
            Some([one]) => Some(Some(one)),
            Some(_) => None,
        },
    }
}

fn unpredicted(bytes: Vec<u8>, parameters: &[u8]) -> Option<Vec<u8>> {
    let parameters = dictionary(parameters)?;
    let number = |name, default| entry(&parameters, name).map_or(Some(default), integer);
    let (colors, bits) = (number("Colors", 1)?, number("BitsPerComponent", 8)?);
    match number("Predictor", 1)? {
        1 => return Some(bytes),
        10..=15 if (colors, bits) == (1, 8) => {}
        _ => return None,
    }
    let columns = number("Columns", 1).filter(|columns| (1..=MAX_COLUMNS).contains(columns))?;
    rows(&bytes, usize::try_from(columns).ok()?)
}

/// PNG's filters (ISO/IEC 15948, section 9) over pixels of one byte.
fn rows(bytes: &[u8], columns: usize) -> Option<Vec<u8>> {
    let mut above = vec![0; columns];
    let mut out = Vec::with_capacity(bytes.len());
    for coded in bytes.chunks(columns + 1) {
        let (filter, coded) = coded.split_first()?;
        let (mut left, mut above_left) = (0_u8, 0_u8);
        let mut row = Vec::with_capacity(columns);
        for (byte, up) in coded.iter().zip(&above) {
            let predicted = match filter {
                0 => 0,
                1 => left,
                2 => *up,
                3 => u8::midpoint(left, *up),
                4 => paeth(left, *up, above_left),
                _ => return None,
            };
            (left, above_left) = (byte.wrapping_add(predicted), *up);
            row.push(left);
        }
        out.extend_from_slice(&row);
        // A row that is cut off is the last.
        row.resize(columns, 0);
        above = row;
    }
    Some(out)
}

fn paeth(left: u8, up: u8, above_left: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(above_left);
    let distance = |byte: u8| (estimate - i16::from(byte)).abs();
    match (distance(left), distance(up), distance(above_left)) {
        (l, u, a) if l <= u && l <= a => left,
        (_, u, a) if u <= a => up,
        _ => above_left,
    }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::*;

    fn decode(entries: &str, raw: &[u8], most: usize) -> Option<Vec<u8>> {
        decoded(&dictionary(entries.as_bytes()).unwrap(), raw, most)
    }

    #[test]
    fn filters() {
        let deflated = compress_to_vec_zlib(b"text", 6);
        assert_eq!(decode("<<>>", b"text", 4).unwrap(), b"text");
        for names in ["/FlateDecode", "[/FlateDecode]", "/Fl"] {
            assert_eq!(decode(&format!("<</Filter {names}>>"), &deflated, 4).unwrap(), b"text");
        }
        for bad in ["/LZWDecode", "[/FlateDecode /FlateDecode]", "/ASCIIHexDecode", "1 0 R", "/Fl /Filter /Fl"] {
            assert_eq!(decode(&format!("<</Filter {bad}>>"), &deflated, 99), None, "{bad}");
        }
        assert_eq!(decode("<</Filter/Fl>>", b"no deflate", 99), None);
    }

    #[test]
    fn little_that_becomes_much_is_refused() {
        let bomb = compress_to_vec_zlib(&vec![0; 16 << 20], 9);
        assert!(bomb.len() < 32 * 1024);
        assert_eq!(decode("<</Filter/FlateDecode>>", &bomb, (16 << 20) - 1), None);
        assert_eq!(decode("<<>>", b"text", 3), None);
    }

    #[test]
    fn predictors() {
        // Each filter over a row of three pixels, computed by hand from ISO/IEC 15948.
        let coded = [[0, 1, 2, 3], [1, 1, 1, 1], [2, 1, 1, 1], [3, 1, 1, 1], [4, 1, 1, 1]].concat();
        let expected = [[1, 2, 3], [1, 2, 3], [2, 3, 4], [2, 3, 4], [3, 4, 5]].concat();
        let deflated = compress_to_vec_zlib(&coded, 6);
        let with =
            |parameters: &str| decode(&format!("<</Filter/FlateDecode/DecodeParms<<{parameters}>>>>"), &deflated, 99);
        assert_eq!(with("/Predictor 12/Columns 3").unwrap(), expected);
        assert_eq!(with("/Predictor 1").unwrap(), coded);
        for bad in
            ["/Predictor 2", "/Predictor 12/Columns 0", "/Predictor 12/Columns 99999999", "/Predictor 12/Colors 3"]
        {
            assert_eq!(with(bad), None, "{bad}");
        }
    }
}
