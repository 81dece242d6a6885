//! The Merkle tree of the log (RFC 9162, section 2.1), and the compact range that lets it grow without its leaves.

use km_crypto::digest::sha256_parts;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Version of the byte form of [`Frontier`].
const FORM: u8 = 1;

/// Hash of a leaf (RFC 9162, section 2.1.1).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256_parts(&[&[0], leaf])
}

/// Hash of an inner node (RFC 9162, section 2.1.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256_parts(&[&[1], left, right])
}

/// Root of the tree without leaves: the hash of nothing (RFC 9162, section 2.1.1).
pub fn empty_root() -> Hash {
    sha256_parts(&[])
}

/// A complete subtree of 2^`level` leaves; `index` counts such subtrees from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    pub level: u8,
    pub index: u64,
}

/// All that must be kept to append leaves and to know the root: the hashes of the complete subtrees that the leaves so
/// far divide into, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    pub fn new() -> Self {
        Self::default()
    }

    /// From the complete subtrees that `size` leaves divide into, largest first: as many as `size` has bits set.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (u32::try_from(peaks.len()) == Ok(size.count_ones())).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, &mut |_, _| ());
    }

    /// Adds the hash of the next leaf and names each subtree that is complete with it, the leaf itself first.
    pub fn push_with(&mut self, leaf: Hash, completed: &mut dyn FnMut(Node, &Hash)) {
        let mut hash = leaf;
        let mut node = Node { level: 0, index: self.size };
        completed(node, &hash);
        while node.index & 1 == 1 {
            // A bit set in the size means that a peak of this level is there.
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The tree's root (RFC 9162, section 2.1.1).
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// A stable form for a database column: a version byte, the size (8 bytes, big-endian), the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend(self.peaks.iter().flatten());
        bytes
    }

    /// Reads [`Self::to_bytes`] back; None for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&form, rest) = bytes.split_first()?;
        let (size, hashes) = rest.split_first_chunk::<8>()?;
        let (peaks, remainder) = hashes.as_chunks::<32>();
        if form != FORM || !remainder.is_empty() {
            return None;
        }
        Self::from_peaks(u64::from_be_bytes(*size), peaks.to_vec())
    }
}

/// Where a tree of `size` leaves (at least 2) divides: the largest power of two below `size` (RFC 9162, section 2.1.1).
pub(crate) fn split(size: u64) -> u64 {
    match size {
        0 | 1 => 0,
        _ => 1 << (u64::BITS - 1 - (size - 1).leading_zeros()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Leaves and roots of the Certificate Transparency reference implementation's test (RFC 6962 hashing, which RFC 9162
    /// keeps).
    #[test]
    fn published_roots() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(hex(frontier.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let mut roots = Vec::new();
        for leaf in leaves {
            frontier.push(leaf_hash(leaf));
            roots.push(hex(frontier.root()));
        }
        assert_eq!(roots[0], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(roots[1], "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        assert_eq!(roots[7], "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    #[test]
    fn a_frontier_survives_its_bytes() {
        let mut frontier = Frontier::new();
        for index in 0..77u8 {
            frontier.push(leaf_hash(&[index]));
            assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).as_ref(), Some(&frontier));
        }
        let bytes = frontier.to_bytes();
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 32]), None);
        assert_eq!(Frontier::from_bytes(&[]), None);
    }

    #[test]
    fn division_is_by_the_largest_power_below() {
        for (size, expected) in [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1 << 40, 1 << 39)] {
            assert_eq!(split(size), expected);
        }
    }
}
