use super::*;

/// The example of C2SP tlog-cosignature.
const PUBLISHED: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
";

#[test]
fn a_published_note_survives() {
    let note = Note::parse(PUBLISHED).unwrap();
    assert_eq!(note.checkpoint().unwrap().size, 20_852_163);
    assert_eq!(note.signatures[1].name, "witness.example.com/w1");
    assert_eq!(note.to_string(), PUBLISHED);
    let at = Timestamp::from_seconds(1_679_315_147);
    let expected = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n";
    assert!(note.bytes_to_cosign(at).starts_with(expected.as_bytes()));
    assert_eq!(note.signatures[1].signature[..8], 1_679_315_147u64.to_be_bytes());
}

#[test]
fn notes_of_another_form_are_refused() {
    for bad in [
        PUBLISHED.trim_end().to_owned(),
        PUBLISHED.replace("\n\n", "\n"),
        PUBLISHED.replace("\u{2014} witness", "- witness"),
        PUBLISHED.replace("witness.example.com/w1 ", "witness+1 "),
        PUBLISHED.replace("jWbP", "jWb!"),
        PUBLISHED.replace("20852163", "2085\t2163"),
        format!("{PUBLISHED}\n"),
    ] {
        assert!(Note::parse(&bad).is_err());
    }
}

mod signed {
    use km_crypto::SoftwareKey;
    use km_domain::KeyAlgorithm;

    use super::*;

    const LOG: &str = "sealkeep.example/demo";
    const WITNESS: &str = "registry.example/one";

    fn note_of(size: u64) -> Note {
        Note::of(&Checkpoint { origin: LOG.to_owned(), size, root: [5; 32] })
    }

    fn log_key() -> SoftwareKey {
        SoftwareKey::generate(KeyAlgorithm::P256).unwrap()
    }

    fn signed_by(key: &SoftwareKey) -> Note {
        let mut note = note_of(9);
        let signature = key.sign(SignatureAlgorithm::Es256, note.bytes_to_sign()).unwrap();
        note.add_signature(LOG, key.public(), &signature).unwrap();
        note
    }

    #[test]
    fn the_logs_signature_holds_and_only_for_its_text_name_and_key() {
        let key = log_key();
        let public = key.public();
        let note = Note::parse(&signed_by(&key).to_string()).unwrap();
        assert_eq!(note.verify_signature(LOG, public), Ok(()));
        assert_eq!(note.verify_signature("other.example", public), Err(NoteError::NoSignature));
        assert_eq!(note.verify_signature(LOG, log_key().public()), Err(NoteError::NoSignature));
        let moved = Note { text: note_of(10).text, ..note };
        assert_eq!(moved.verify_signature(LOG, public), Err(NoteError::BadSignature));
    }

    #[test]
    fn a_cosignature_holds_and_only_for_its_time() {
        let key = log_key();
        let public = key.public();
        let mut note = signed_by(&key);
        let witness = SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap();
        let witness_key = witness.public();
        let at = Timestamp::from_seconds(1_700_000_000);
        let signature = witness.sign(SignatureAlgorithm::EdDsa, &note.bytes_to_cosign(at)).unwrap();
        note.add_cosignature(WITNESS, witness_key, at, &signature).unwrap();

        let mut note = Note::parse(&note.to_string()).unwrap();
        assert_eq!(note.verify_cosignature(WITNESS, witness_key), Ok(at));
        assert_eq!(note.verify_signature(LOG, public), Ok(()), "the log's own line is not disturbed");
        note.signatures[1].signature[7] ^= 1;
        assert_eq!(note.verify_cosignature(WITNESS, witness_key), Err(NoteError::BadSignature));
    }
}

mod any_input {
    use proptest::prelude::*;

    use super::*;
    use crate::{Frontier, LoggedEvent};

    proptest! {
        /// Whatever is read comes back as it was, and nothing makes a reader fail.
        #[test]
        fn readers_take_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0..PUBLISHED.len()) {
            let _ = LoggedEvent::from_leaf(&bytes);
            if let Some(frontier) = Frontier::from_bytes(&bytes) {
                prop_assert_eq!(frontier.to_bytes(), bytes.clone());
            }
            let mut altered = PUBLISHED.as_bytes().to_vec();
            altered.splice(cut..(cut + 1), bytes.iter().take(3).copied());
            for text in [String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&altered)] {
                if let Ok(note) = Note::parse(&text) {
                    prop_assert_eq!(Note::parse(&note.to_string()), Ok(note));
                }
            }
        }
    }
}
