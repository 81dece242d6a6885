//! A checkpoint: what the log was at one moment, as text (C2SP tlog-checkpoint). Its signatures are in a [`crate::Note`].

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::tree::Hash;

/// The size and root of one log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// The log's name, a URL without scheme; also the name of the key that signs its checkpoints.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// A text is not a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint must be origin, tree size and root hash, a line each")]
pub struct BadCheckpoint;

impl Checkpoint {
    /// The text that is signed: origin, size in decimal, root in base64, each with its newline.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the text back, strictly. Extension lines, which the format allows, are not ours and are refused.
    pub fn parse(text: &str) -> Result<Self, BadCheckpoint> {
        let mut lines = text.strip_suffix('\n').ok_or(BadCheckpoint)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(BadCheckpoint);
        };
        let root = STANDARD.decode(root).ok().and_then(|bytes| Hash::try_from(bytes).ok()).ok_or(BadCheckpoint)?;
        let checkpoint = Self { origin: origin.to_owned(), size: size.parse().map_err(|_| BadCheckpoint)?, root };
        // One checkpoint has one text: no leading zero or sign in the size, no other base64.
        if !origin.is_empty() && checkpoint.text() == text { Ok(checkpoint) } else { Err(BadCheckpoint) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_published_checkpoint_survives() {
        let checkpoint = Checkpoint::parse(TEXT).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.text(), TEXT);
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in [
            TEXT.trim_end().to_owned(),
            TEXT.replace("\n20852163", "\n020852163"),
            TEXT.replace("\n20852163", "\n+20852163"),
            TEXT.replace("q2I=", "q2I"),
            TEXT.replace("q2I=", "q2J="),
            format!("{TEXT}extension\n"),
            TEXT.replace("example.com/behind-the-sofa", ""),
        ] {
            assert_eq!(Checkpoint::parse(&bad), Err(BadCheckpoint));
        }
    }
}
