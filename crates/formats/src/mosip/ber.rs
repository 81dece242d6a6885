//! ASN.1 elements as others write them: BER (X.690, section 8), with lengths that are longer than need be or not said at all. Old
//! PKCS#7 bundles are so.

/// Deepest nesting of elements of unsaid length.
const MAX_DEPTH: usize = 16;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub contents: &'a [u8],
    /// As it stands, tag and length included.
    pub whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that the bytes are. None: broken, or something follows.
    pub fn only(bytes: &'a [u8]) -> Option<Self> {
        let (element, rest) = Self::first(bytes, MAX_DEPTH)?;
        rest.is_empty().then_some(element)
    }

    /// The elements within, one after the other; none where they do not fill it.
    pub fn children(&self) -> Option<Vec<Element<'a>>> {
        let mut rest = self.contents;
        let mut children = Vec::new();
        while !rest.is_empty() {
            let (child, after) = Self::first(rest, MAX_DEPTH)?;
            children.push(child);
            rest = after;
        }
        Some(children)
    }

    /// The first element and what follows it, as leniently as any reader takes it: a length in any number of bytes, one that is not said
    /// reaching to the end, what is inside not looked at. Tags of one byte only, but none is refused.
    pub fn lenient(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (tag, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (contents, after) = match length {
            0..=0x7f => rest.split_at_checked(usize::from(*length))?,
            0x80 => (rest, &[][..]),
            _ => Self::of_spelt_length(usize::from(length & 0x7f), rest)?,
        };
        Some((Self { tag: *tag, contents, whole: before(bytes, after)? }, after))
    }

    /// The first element, and what follows it. Tags of one byte only.
    fn first(bytes: &'a [u8], depth: usize) -> Option<(Self, &'a [u8])> {
        let (tag, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (contents, after) = match length {
            0..=0x7f => rest.split_at_checked(usize::from(*length))?,
            0x80 if tag & 0x20 != 0 => Self::until_end(rest, depth.checked_sub(1)?)?,
            0x81..=0x84 => Self::of_spelt_length(usize::from(length & 0x7f), rest)?,
            _ => return None,
        };
        Some((Self { tag: *tag, contents, whole: before(bytes, after)? }, after))
    }

    /// Contents whose length stands before them in so many bytes, and what follows.
    fn of_spelt_length(count: usize, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (spelt, rest) = bytes.split_at_checked(count)?;
        let length =
            spelt.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
        rest.split_at_checked(length)
    }

    /// The elements up to the two zero bytes that end an element of unsaid length, and what follows those.
    fn until_end(bytes: &'a [u8], depth: usize) -> Option<(&'a [u8], &'a [u8])> {
        let mut rest = bytes;
        loop {
            if let Some(after) = rest.strip_prefix(&[0, 0]) {
                return Some((before(bytes, rest)?, after));
            }
            (_, rest) = Self::first(rest, depth)?;
        }
    }
}

/// What stands before the rest of some bytes.
fn before<'a>(bytes: &'a [u8], rest: &[u8]) -> Option<&'a [u8]> {
    bytes.get(..bytes.len().checked_sub(rest.len())?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_ways_to_say_a_length() {
        for bytes in
            [&[0x30, 2, 5, 0][..], &[0x30, 0x81, 2, 5, 0], &[0x30, 0x84, 0, 0, 0, 2, 5, 0], &[0x30, 0x80, 5, 0, 0, 0]]
        {
            let element = Element::only(bytes).unwrap();
            assert_eq!((element.tag, element.contents, element.whole), (0x30, &[5, 0][..], bytes));
            assert_eq!(element.children().unwrap(), [Element { tag: 5, contents: &[], whole: &[5, 0] }]);
        }
        let nested = [0x30, 0x80, 0x30, 0x80, 0, 0, 2, 1, 7, 0, 0];
        assert_eq!(Element::only(&nested).unwrap().children().unwrap().len(), 2);
    }

    #[test]
    fn broken_ones() {
        let bad: [&[u8]; 9] = [
            &[],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x80],
            &[0x30, 0x80, 0],
            &[0x02, 0x80, 0, 0],
            &[0x1f, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 0, 0],
        ];
        for bytes in bad {
            assert_eq!(Element::only(bytes), None, "{bytes:?}");
        }
        let deep = |levels: usize| [vec![[0x30, 0x80]; levels].concat(), vec![0; 2 * levels]].concat();
        assert!(Element::only(&deep(16)).is_some() && Element::only(&deep(17)).is_none());
        assert!(Element::only(&deep(100_000)).is_none());
        assert_eq!(Element::only(&[0x30, 2, 5, 1]).unwrap().children(), None, "a child that reaches out");
    }

    #[test]
    fn what_is_read_leniently() {
        let element = |tag, contents, whole| Element { tag, contents, whole };
        assert_eq!(
            Element::lenient(&[0x30, 0x85, 0, 0, 0, 0, 1, 7, 9]).unwrap(),
            (element(0x30, &[7], &[0x30, 0x85, 0, 0, 0, 0, 1, 7]), &[9][..])
        );
        assert_eq!(Element::lenient(&[0x1f, 0x80, 5]).unwrap(), (element(0x1f, &[5], &[0x1f, 0x80, 5]), &[][..]));
        assert_eq!(Element::lenient(&[[0x30, 0x89].as_slice(), &[0xff; 9]].concat()), None, "longer than can be");
        assert!(Element::lenient(&[0x30]).is_none() && Element::lenient(&[0x30, 0x81, 2, 0]).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            // Whatever is read strictly is read leniently too.
            prop_assert!(Element::only(&bytes).is_none() || Element::lenient(&bytes).is_some());
            if let Some(element) = Element::only(&bytes) {
                let _ = element.children();
            }
        }
    }
}
