//! Tiles: how the tree's hashes are stored and served (C2SP tlog-tiles). A tile of level L holds up to 256 neighbouring
//! hashes of subtrees of 256^L leaves; every other hash of the tree is computed from one tile.

use crate::{
    proof::BadProof,
    tree::{Hash, Node, node_hash},
};

/// Hashes in a full tile.
pub const WIDTH: u64 = 256;
/// Levels of the tree within a tile.
const HEIGHT: u8 = 8;
const HASH: usize = 32;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileAddress {
    pub level: u8,
    pub index: u64,
}

/// Where a tile keeps the hash of a complete subtree, and the address of that tile. Only subtrees at whole tile levels
/// (1, 256, 65536 … leaves) are kept; None for all others.
pub fn kept_at(node: Node) -> Option<(TileAddress, usize)> {
    node.level.is_multiple_of(HEIGHT).then(|| {
        let tile = TileAddress { level: node.level / HEIGHT, index: node.index / WIDTH };
        (tile, (node.index % WIDTH) as usize)
    })
}

/// The tile from which a complete subtree's hash is read or computed.
pub fn tile_of(node: Node) -> TileAddress {
    let lowest = node.index << (node.level % HEIGHT);
    TileAddress { level: node.level / HEIGHT, index: lowest / WIDTH }
}

/// The hash of a complete subtree, from the bytes of its tile ([`tile_of`]). Fails where the tile does not reach so far.
pub fn node_in(node: Node, tile: &[u8]) -> Result<Hash, BadProof> {
    let depth = node.level % HEIGHT;
    let first = ((node.index << depth) % WIDTH) as usize;
    let last = first + (1 << depth);
    let bytes = tile.get(first * HASH..last * HASH).ok_or(BadProof)?;
    let (hashes, _) = bytes.as_chunks::<HASH>();
    Ok(fold(hashes))
}

/// Root of a power of two of hashes.
fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => crate::tree::empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}

/// Reads hashes of complete subtrees out of tiles; `tile` gives a tile's bytes (as many hashes as there are). For use as
/// the reader of [`crate::proof`] and [`crate::range`].
pub fn reader<'a, E: From<BadProof>>(
    mut tile: impl FnMut(TileAddress) -> Result<Vec<u8>, E> + 'a,
) -> impl FnMut(Node) -> Result<Hash, E> + 'a {
    // A proof asks for several hashes of one tile in a row.
    let mut last: Option<(TileAddress, Vec<u8>)> = None;
    move |node| {
        let address = tile_of(node);
        let bytes = match last.take() {
            Some((held, bytes)) if held == address => bytes,
            _ => tile(address)?,
        };
        let hash = node_in(node, &bytes);
        last = Some((address, bytes));
        Ok(hash?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        proof,
        tree::{Frontier, leaf_hash},
    };

    #[test]
    fn proofs_read_from_tiles_hold() {
        let size = 66_000u64;
        let mut tiles = BTreeMap::<TileAddress, Vec<u8>>::new();
        let mut frontier = Frontier::new();
        let mut half_root = [0; 32];
        for index in 0..size {
            frontier.push_with(leaf_hash(&index.to_be_bytes()), &mut |node, hash| {
                if let Some((address, place)) = kept_at(node) {
                    let tile = tiles.entry(address).or_default();
                    assert_eq!(tile.len(), place * HASH, "hashes come in their order");
                    tile.extend_from_slice(hash);
                }
            });
            if index + 1 == size / 2 {
                half_root = frontier.root();
            }
        }
        assert!(tiles.values().all(|tile| tile.len() <= 256 * HASH));
        let mut read = reader(|address| tiles.get(&address).cloned().ok_or(BadProof));
        assert_eq!(proof::root(size, &mut read), Ok(frontier.root()));
        for index in [0, 255, 256, 65_535, 65_536, 65_999] {
            let path = proof::inclusion(index, size, &mut read).unwrap();
            let leaf = leaf_hash(&index.to_be_bytes());
            assert_eq!(proof::verify_inclusion(&leaf, index, size, &path, &frontier.root()), Ok(()));
        }
        let path = proof::consistency(size / 2, size, &mut read).unwrap();
        assert_eq!(proof::verify_consistency(size / 2, size, &path, &half_root, &frontier.root()), Ok(()));
    }

    #[test]
    fn a_short_tile_gives_no_hash_beyond_its_end() {
        let tile = [7u8; 3 * HASH];
        assert!(node_in(Node { level: 1, index: 0 }, &tile).is_ok());
        assert_eq!(node_in(Node { level: 1, index: 1 }, &tile), Err(BadProof));
        assert_eq!(node_in(Node { level: 0, index: 3 }, &tile), Err(BadProof));
    }
}
