use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;
use crate::tree::{Frontier, leaf_hash};

/// A tree that holds its leaves and computes every subtree from them.
pub(crate) struct Tree {
    pub leaves: Vec<Hash>,
}

impl Tree {
    pub fn of(size: u64) -> Self {
        Self { leaves: (0..size).map(|index| leaf_hash(&index.to_be_bytes())).collect() }
    }

    pub fn read(&self, node: Node) -> Result<Hash, BadProof> {
        let (low, width) = ((node.index << node.level) as usize, 1usize << node.level);
        let mut frontier = Frontier::new();
        self.leaves.get(low..low + width).ok_or(BadProof)?.iter().for_each(|leaf| frontier.push(*leaf));
        Ok(frontier.root())
    }

    pub fn root(&self, size: u64) -> Hash {
        let mut frontier = Frontier::new();
        self.leaves[..size as usize].iter().for_each(|leaf| frontier.push(*leaf));
        frontier.root()
    }
}

/// The same tree as another implementation builds it.
fn oracle(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|index| tree.push(index.to_be_bytes().to_vec()));
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inclusion_is_as_the_oracle_proves_it(size in 1u64..300, place in any::<prop::sample::Index>()) {
        let (tree, oracle) = (Tree::of(size), oracle(size));
        let index = place.index(size as usize) as u64;
        let path = inclusion(index, size, &mut |node| tree.read(node)).unwrap();
        prop_assert!(tree.root(size).as_slice() == oracle.root().as_bytes().as_slice());
        prop_assert!(path.concat() == oracle.prove_inclusion(index as usize).as_bytes());
        let leaf = tree.leaves[index as usize];
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &tree.root(size)), Ok(()));
        prop_assert!(verify_inclusion(&leaf, index + 1, size, &path, &tree.root(size)).is_err());
        prop_assert!(verify_inclusion(&[0; 32], index, size, &path, &tree.root(size)).is_err());
        let longer = [path.as_slice(), &[[0; 32]]].concat();
        prop_assert!(verify_inclusion(&leaf, index, size, &longer, &tree.root(size)).is_err());
    }

    #[test]
    fn consistency_is_as_the_oracle_proves_it(from in 1u64..200, more in 1u64..200) {
        let to = from + more;
        let (tree, oracle) = (Tree::of(to), oracle(to));
        let path = consistency(from, to, &mut |node| tree.read(node)).unwrap();
        prop_assert!(path.concat() == oracle.prove_consistency(more as usize).as_bytes());
        let (old, new) = (tree.root(from), tree.root(to));
        prop_assert_eq!(verify_consistency(from, to, &path, &old, &new), Ok(()));
        prop_assert!(verify_consistency(from, to, &path, &[1; 32], &new).is_err());
        prop_assert!(verify_consistency(from, to, &path, &old, &[1; 32]).is_err());
        let longer = [path.as_slice(), &[[0; 32]]].concat();
        prop_assert!(verify_consistency(from, to, &longer, &old, &new).is_err());
    }
}

#[test]
fn nothing_extends_to_anything_and_a_tree_to_itself() {
    let tree = Tree::of(5);
    let root = tree.root(5);
    assert_eq!(verify_consistency(0, 5, &[], &crate::tree::empty_root(), &root), Ok(()));
    assert!(verify_consistency(0, 5, &[], &root, &root).is_err());
    assert_eq!(verify_consistency(5, 5, &[], &root, &root), Ok(()));
    assert!(verify_consistency(5, 5, &[], &[0; 32], &root).is_err());
    assert!(verify_consistency(5, 4, &[], &root, &root).is_err());
    assert_eq!(inclusion(5, 5, &mut |node| tree.read(node)), Err(ProofError::OutOfRange));
}
