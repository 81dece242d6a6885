//! Proofs that a leaf is in a tree and that one tree extends another (RFC 9162, sections 2.1.3 and 2.1.4).

use crate::tree::{Hash, Node, node_hash, split};

/// Reads the hash of a complete subtree; the error is the reader's own.
pub type ReadNode<'a, E> = dyn FnMut(Node) -> Result<Hash, E> + 'a;

/// Why no proof was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// The asked place does not lie in the asked tree.
    #[error("the range is not within the tree")]
    OutOfRange,
    /// A hash could not be read.
    #[error("a hash could not be read: {0}")]
    Read(E),
}

/// A proof does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not hold")]
pub struct BadProof;

/// Root of the first `size` leaves.
pub fn root<E>(size: u64, read: &mut ReadNode<'_, E>) -> Result<Hash, E> {
    if size == 0 { Ok(crate::tree::empty_root()) } else { subtree(0, size, read) }
}

/// Audit path of leaf `index` in the tree of `size` leaves, lowest sibling first (RFC 9162, section 2.1.3.1).
pub fn inclusion<E>(index: u64, size: u64, read: &mut ReadNode<'_, E>) -> Result<Vec<Hash>, ProofError<E>> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let mut path = Vec::new();
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        let sibling = if index < middle { subtree(middle, high, read) } else { subtree(low, middle, read) };
        path.push(sibling.map_err(ProofError::Read)?);
        (low, high) = if index < middle { (low, middle) } else { (middle, high) };
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree of `from` leaves is a prefix of the tree of `to` leaves (RFC 9162, section 2.1.4.1). Empty when
/// `from` is 0 or equals `to`.
pub fn consistency<E>(from: u64, to: u64, read: &mut ReadNode<'_, E>) -> Result<Vec<Hash>, ProofError<E>> {
    if from > to {
        return Err(ProofError::OutOfRange);
    }
    let mut path = Vec::new();
    if from == 0 || from == to {
        return Ok(path);
    }
    let (mut low, mut high) = (0, to);
    while from != high {
        let middle = low + split(high - low);
        let sibling = if from <= middle { subtree(middle, high, read) } else { subtree(low, middle, read) };
        path.push(sibling.map_err(ProofError::Read)?);
        (low, high) = if from <= middle { (low, middle) } else { (middle, high) };
    }
    // Where the old tree is a whole left subtree of the new one, the verifier has its hash already.
    if low > 0 {
        path.push(subtree(low, high, read).map_err(ProofError::Read)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks an audit path (RFC 9162, section 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), BadProof> {
    if index >= size {
        return Err(BadProof);
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(BadProof);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(BadProof) }
}

/// Checks that the tree (`from`, `old_root`) is a prefix of the tree (`to`, `new_root`) (RFC 9162, section 2.1.4.2).
pub fn verify_consistency(from: u64, to: u64, path: &[Hash], old_root: &Hash, new_root: &Hash) -> Result<(), BadProof> {
    let holds = match from {
        _ if from > to => false,
        0 => path.is_empty() && *old_root == crate::tree::empty_root(),
        _ if from == to => path.is_empty() && old_root == new_root,
        _ => consistent(from, to, path, old_root, new_root),
    };
    if holds { Ok(()) } else { Err(BadProof) }
}

fn consistent(from: u64, to: u64, path: &[Hash], old_root: &Hash, new_root: &Hash) -> bool {
    // A whole left subtree starts the path itself (RFC 9162, section 2.1.4.2, step 2).
    let (first, rest) = if from.is_power_of_two() {
        (old_root, path)
    } else {
        match path.split_first() {
            Some(split) => split,
            None => return false,
        }
    };
    let (mut place, mut last) = (from - 1, to - 1);
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old == *old_root && new == *new_root
}

/// Hash over the leaves from `low` up to `high`, where both are bounds of a subtree of some tree.
pub(crate) fn subtree<E>(low: u64, high: u64, read: &mut ReadNode<'_, E>) -> Result<Hash, E> {
    let width = high - low;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return read(Node { level: level as u8, index: low >> level });
    }
    let middle = low + split(width);
    let left = subtree(low, middle, read)?;
    Ok(node_hash(&left, &subtree(middle, high, read)?))
}

#[cfg(test)]
pub(crate) mod tests;
