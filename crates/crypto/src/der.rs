//! The few forms of DER (X.690) that public keys and ECDSA signatures need, read strictly and written once.

use crate::Unspecified;

pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const NULL: u8 = 0x05;
pub const OBJECT_IDENTIFIER: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;

/// One element: tag, shortest definite length, contents.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = contents.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    match significant.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(contents);
    out
}

/// An INTEGER from an unsigned big-endian number, leading zeros or not.
pub fn unsigned(number: &[u8]) -> Vec<u8> {
    let mut contents: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    if contents.first().is_none_or(|byte| byte & 0x80 != 0) {
        contents.insert(0, 0);
    }
    element(INTEGER, &contents)
}

/// Reads elements from the front.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The contents of the next element, which must have this tag and a shortest definite length.
    pub fn read(&mut self, tag: u8) -> Result<&'a [u8], Unspecified> {
        let [found, first, rest @ ..] = self.0 else { return Err(Unspecified) };
        if *found != tag {
            return Err(Unspecified);
        }
        let (length, rest) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            0x81 => match rest {
                [one @ 0x80..=0xff, rest @ ..] => (usize::from(*one), rest),
                _ => return Err(Unspecified),
            },
            0x82 => match rest {
                [high @ 1..=0xff, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
                _ => return Err(Unspecified),
            },
            _ => return Err(Unspecified),
        };
        let (contents, rest) = rest.split_at_checked(length).ok_or(Unspecified)?;
        self.0 = rest;
        Ok(contents)
    }

    /// The next element, an INTEGER that is positive and in shortest form; without its sign byte.
    pub fn read_positive(&mut self) -> Result<&'a [u8], Unspecified> {
        match self.read(INTEGER)? {
            [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Ok(rest),
            number @ [1..=0x7f, ..] => Ok(number),
            _ => Err(Unspecified),
        }
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), Unspecified> {
        if self.0.is_empty() { Ok(()) } else { Err(Unspecified) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shortest() {
        assert_eq!(element(SEQUENCE, &[]), [0x30, 0]);
        for size in [1, 127, 128, 255, 256, 65_535] {
            let written = element(SEQUENCE, &vec![1; size]);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.read(SEQUENCE).unwrap().len(), size);
            reader.end().unwrap();
        }
        for bad in
            [&[0x30, 0x81, 0x01, 0][..], &[0x30, 0x82, 0, 0x80], &[0x30, 0x80, 0, 0], &[0x30, 2, 0], &[0x30], &[]]
        {
            assert!(Reader::new(bad).read(SEQUENCE).is_err());
        }
    }

    #[test]
    fn numbers_are_positive_and_shortest() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 7]), [2, 1, 7]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        for bad in [&[2, 1, 0][..], &[2, 1, 0x80], &[2, 2, 0, 1], &[2, 0]] {
            assert!(Reader::new(bad).read_positive().is_err());
        }
    }
}
