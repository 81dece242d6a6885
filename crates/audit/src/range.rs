//! Proof that a whole run of leaves is in a tree, each at its place: the hashes of what lies left and right of the run.
//! For n leaves it is as short as two audit paths, where n audit paths would be n times as long.

use serde::{Deserialize, Serialize};

use crate::{
    proof::{BadProof, ProofError, ReadNode, subtree},
    tree::{Frontier, Hash, node_hash, split},
};

/// The hashes beside a run of leaves, each from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeProof {
    #[serde(with = "hashes")]
    pub left: Vec<Hash>,
    #[serde(with = "hashes")]
    pub right: Vec<Hash>,
}

impl RangeProof {
    /// Proof for the leaves from `from` up to, not including, `to` in the tree of `size` leaves.
    pub fn make<E>(from: u64, to: u64, size: u64, read: &mut ReadNode<'_, E>) -> Result<Self, ProofError<E>> {
        if from >= to || to > size {
            return Err(ProofError::OutOfRange);
        }
        let mut proof = Self::default();
        proof.collect((from, to), (0, size), read).map_err(ProofError::Read)?;
        Ok(proof)
    }

    fn collect<E>(&mut self, run: (u64, u64), (low, high): (u64, u64), read: &mut ReadNode<'_, E>) -> Result<(), E> {
        if high <= run.0 {
            self.left.push(subtree(low, high, read)?);
        } else if low >= run.1 {
            self.right.push(subtree(low, high, read)?);
        } else if low < run.0 || high > run.1 {
            let middle = low + split(high - low);
            self.collect(run, (low, middle), read)?;
            self.collect(run, (middle, high), read)?;
        }
        Ok(())
    }

    /// Checks that these leaf hashes stand in the tree (`size`, `root`), the first at place `from`, one after the other.
    pub fn verify(&self, from: u64, leaves: &[Hash], size: u64, root: &Hash) -> Result<(), BadProof> {
        let to = u64::try_from(leaves.len()).ok().and_then(|count| from.checked_add(count)).ok_or(BadProof)?;
        if leaves.is_empty() || to > size {
            return Err(BadProof);
        }
        let mut walk =
            Walk { run: (from, to), left: self.left.iter(), leaves: leaves.iter(), right: self.right.iter() };
        let computed = walk.hash(0, size).ok_or(BadProof)?;
        if walk.left.next().is_none() && walk.right.next().is_none() && computed == *root {
            Ok(())
        } else {
            Err(BadProof)
        }
    }

    /// Root of the tree of the `from` leaves before the run: what the log was when the run began.
    pub fn root_before(&self, from: u64) -> Result<Hash, BadProof> {
        Frontier::from_peaks(from, self.left.clone()).map(|frontier| frontier.root()).ok_or(BadProof)
    }
}

/// Computes a root from hashes taken in the order of the tree.
struct Walk<'a> {
    run: (u64, u64),
    left: std::slice::Iter<'a, Hash>,
    leaves: std::slice::Iter<'a, Hash>,
    right: std::slice::Iter<'a, Hash>,
}

impl Walk<'_> {
    fn hash(&mut self, low: u64, high: u64) -> Option<Hash> {
        if high <= self.run.0 {
            self.left.next().copied()
        } else if low >= self.run.1 {
            self.right.next().copied()
        } else if high - low == 1 {
            self.leaves.next().copied()
        } else {
            let middle = low + split(high - low);
            let left = self.hash(low, middle)?;
            Some(node_hash(&left, &self.hash(middle, high)?))
        }
    }
}

/// Hashes in JSON: base64 with padding, as in a checkpoint.
pub mod hashes {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::tree::Hash;

    pub fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(|hash| STANDARD.encode(hash)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let hash = |text: String| STANDARD.decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        texts.into_iter().map(|text| hash(text).ok_or_else(|| D::Error::custom("a hash must be 32 bytes"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::tests::Tree;

    #[test]
    fn every_run_of_small_trees_is_proved_and_no_other() {
        for size in 1..=20u64 {
            let tree = Tree::of(size);
            for from in 0..size {
                for to in from + 1..=size {
                    let proof = RangeProof::make(from, to, size, &mut |node| tree.read(node)).unwrap();
                    let run = &tree.leaves[from as usize..to as usize];
                    assert_eq!(proof.verify(from, run, size, &tree.root(size)), Ok(()));
                    assert_eq!(proof.root_before(from), Ok(tree.root(from)));
                    assert!(proof.verify(from, &run[1..], size, &tree.root(size)).is_err());
                    assert!(proof.verify(from + 1, run, size, &tree.root(size)).is_err());
                    if run.len() > 1 {
                        let mut swapped = run.to_vec();
                        swapped.swap(0, 1);
                        assert!(proof.verify(from, &swapped, size, &tree.root(size)).is_err());
                    }
                    let mut more = proof.clone();
                    more.right.push([0; 32]);
                    assert!(more.verify(from, run, size, &tree.root(size)).is_err());
                }
            }
        }
    }
}
