//! Values of PDF (ISO 32000-1, section 7.3) as they stand in the bytes: found, taken apart, and never changed.

/// Deepest nesting of arrays and dictionaries.
const MAX_DEPTH: usize = 32;

/// Takes the first value off: as it stands, and what follows it. None: no value, or one that is broken or nested too deep.
pub fn value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = after_space(bytes);
    let rest = behind(bytes, MAX_DEPTH)?;
    bytes.split_at_checked(bytes.len().checked_sub(rest.len())?)
}

/// What follows white space and comments.
pub fn after_space(mut bytes: &[u8]) -> &[u8] {
    loop {
        match bytes.split_first() {
            Some((byte, rest)) if is_space(*byte) => bytes = rest,
            Some((b'%', rest)) => {
                let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
                bytes = rest.get(end..).unwrap_or_default();
            }
            _ => return bytes,
        }
    }
}

/// What follows this word, where it comes next and is a word of its own.
pub fn after_word<'a>(bytes: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let rest = after_space(bytes).strip_prefix(word)?;
    rest.first().is_none_or(|byte| !is_regular(*byte)).then_some(rest)
}

/// The names and values of a dictionary, in their order, the names without their slash. None: other values.
pub fn dictionary(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut rest = bytes.strip_prefix(b"<<")?;
    let mut entries = Vec::new();
    loop {
        rest = after_space(rest);
        if rest.starts_with(b">>") {
            return Some(entries);
        }
        let (name, after) = value(rest)?;
        let (found, after) = value(after)?;
        entries.push((name.strip_prefix(b"/")?, found));
        rest = after;
    }
}

/// The value of this name. None: there is none, or more than one, of which two readers may take either.
pub fn entry<'a>(entries: &[(&[u8], &'a [u8])], name: &str) -> Option<&'a [u8]> {
    let mut found = entries.iter().filter(|(known, _)| *known == name.as_bytes()).map(|(_, value)| *value);
    found.next().filter(|_| found.next().is_none())
}

/// The items of an array. None: other values.
pub fn array(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = bytes.strip_prefix(b"[")?;
    let mut items = Vec::new();
    loop {
        rest = after_space(rest);
        if rest.starts_with(b"]") {
            return Some(items);
        }
        let (item, after) = value(rest)?;
        items.push(item);
        rest = after;
    }
}

/// A whole number. None: other values, and numbers of more than 19 digits.
pub fn integer(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A whole number that is not negative, taken off what follows it.
pub fn count(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = value(bytes)?;
    Some((usize::try_from(integer(number)?).ok()?, rest))
}

/// Number and generation of the object that is meant. None: other values.
pub fn reference(bytes: &[u8]) -> Option<(u32, u16)> {
    let (number, rest) = digits(bytes)?;
    let (generation, rest) = digits(after_space(rest))?;
    (after_space(rest) == b"R").then_some((u32::try_from(number).ok()?, u16::try_from(generation).ok()?))
}

/// A number that is no part of a longer word, and what follows it.
fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(length)?;
    if length == 0 || length > 10 || rest.first().is_some_and(|byte| is_regular(*byte)) {
        return None;
    }
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

/// What follows the first value.
fn behind(bytes: &[u8], depth: usize) -> Option<&[u8]> {
    match bytes.split_first()? {
        (b'/', rest) => Some(behind_regular(rest)),
        (b'(', rest) => behind_text(rest),
        (b'[', rest) => behind_items(rest, b"]", depth.checked_sub(1)?),
        (b'<', rest) => match rest.strip_prefix(b"<") {
            Some(rest) => behind_items(rest, b">>", depth.checked_sub(1)?),
            None => {
                let end = rest.iter().position(|byte| *byte == b'>')?;
                let is_hex = |byte: &u8| byte.is_ascii_hexdigit() || is_space(*byte);
                rest.get(..end).filter(|digits| digits.iter().all(is_hex))?;
                rest.get(end + 1..)
            }
        },
        (first, _) if is_regular(*first) => Some(behind_reference(bytes).unwrap_or_else(|| behind_regular(bytes))),
        _ => None,
    }
}

fn behind_regular(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !is_regular(*byte)).unwrap_or(bytes.len());
    bytes.get(end..).unwrap_or_default()
}

/// What follows `12 0 R`.
fn behind_reference(bytes: &[u8]) -> Option<&[u8]> {
    let (_, rest) = digits(bytes)?;
    let (_, rest) = digits(after_space(rest))?;
    after_word(rest, b"R")
}

/// What follows a text in parentheses, which may hold others and, behind a backslash, single ones.
fn behind_text(bytes: &[u8]) -> Option<&[u8]> {
    let (mut open, mut is_escaped) = (1_usize, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return bytes.get(at + 1..);
        }
    }
    None
}

fn behind_items<'a>(mut bytes: &'a [u8], end: &[u8], depth: usize) -> Option<&'a [u8]> {
    loop {
        bytes = after_space(bytes);
        if let Some(rest) = bytes.strip_prefix(end) {
            return Some(rest);
        }
        bytes = behind(bytes, depth)?;
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

const fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_value_is_taken_off_whole() {
        let values: [&[u8]; 14] = [
            b"/Name",
            b"/",
            b"(a \\) (nested) text)",
            b"<48 65>",
            b"<>",
            b"[1 [2] /A(x)<00>]",
            b"<</A 1/B<</C[]>>/D 12 0 R>>",
            b"12",
            b"-1.5",
            b"true",
            b"null",
            b"12 0 R",
            b"[12 0 R 13 0 R]",
            b"[12 0 13]",
        ];
        for expected in values {
            let bytes = [b" % comment\n\t", expected, b" /Next"].concat();
            assert_eq!(value(&bytes), Some((expected, &b" /Next"[..])), "{}", String::from_utf8_lossy(expected));
            assert_eq!(value(expected), Some((expected, &b""[..])));
        }
        assert_eq!(array(b"[1 2 R 3 0 R/A]"), Some(vec![&b"1 2 R"[..], b"3 0 R", b"/A"]));
        assert_eq!(array(b"[1 2 Rx]").map(|items| items.len()), Some(3));
    }

    #[test]
    fn broken_values_are_none() {
        let deep = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
        for bytes in
            [&b""[..], b" ", b"(a", b"(a\\)", b"[1", b"<<", b"<</A 1", b">", b"]", b")", b"<4x>", b"{", &deep(33)]
        {
            assert_eq!(value(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
        assert!(value(&deep(32)).is_some() && value(&deep(1_000_000)).is_none());
        assert_eq!(dictionary(b"<<1 2>>"), None);
    }

    #[test]
    fn entries() {
        let found = dictionary(b"<</A 1 /B /C/D<</A 2>>/E 1/E 2>>").unwrap();
        assert_eq!(found.len(), 5);
        assert_eq!((entry(&found, "A"), entry(&found, "B")), (Some(&b"1"[..]), Some(&b"/C"[..])));
        assert_eq!((entry(&found, "E"), entry(&found, "F")), (None, None));
        assert_eq!(reference(b"12 65535 R"), Some((12, 65535)));
        for bad in [&b"12 0"[..], b"12 65536 R", b"4294967296 0 R", b"-1 0 R", b"12 0 R x"] {
            assert_eq!(reference(bad), None);
        }
        assert_eq!(after_word(b" obj<<", b"obj"), Some(&b"<<"[..]));
        assert_eq!(after_word(b"object", b"obj"), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in "[ 0-9R/A()<>\\[\\]\\\\%\n]{0,40}") {
            if let Some((found, rest)) = value(bytes.as_bytes()) {
                prop_assert!(found.len() + rest.len() <= bytes.len());
                let _ = (dictionary(found), array(found), reference(found), integer(found));
            }
        }
    }
}
