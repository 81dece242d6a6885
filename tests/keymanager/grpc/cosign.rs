//! `Log.Cosign`

use km_audit::Note;
use km_audit::witness::WitnessKey;
use km_proto::v1;
use km_tests::{now, on_both};

const WITNESS: &str = "sealkeep.test/witness";

on_both! {
    fn a_cosigned_checkpoint_is_kept_once_and_a_forged_one_is_not(system: &System) {
        let witness = WitnessKey::generate().expect("a key");
        let text = system.rest("auditor").get("/v1/log/checkpoint").text();
        let grpc = system.grpc("demo");
        let cosign = |note: String| grpc.cosign(v1::CosignRequest { note });
        cosign(text.clone()).refused("invalid-request");
        let mut note = Note::parse(&text).expect("a note");
        witness.cosign(&mut note, WITNESS, now()).expect("a cosignature");
        cosign(note.to_string()).good();
        cosign(note.to_string()).good();
        let size = note.checkpoint().expect("a checkpoint").size;
        let kept = format!("SELECT count(*) FROM cosignature WHERE size = {size} AND witness LIKE '%test-registry'");
        assert_eq!(system.rows.sql(&kept), "1");

        let mut forged = note.to_string();
        let line = forged.lines().nth(1).expect("the size").to_owned();
        forged = forged.replacen(&line, &(size + 1).to_string(), 1);
        for bad in [forged, "canary".into(), String::new(), note.to_string().replace("sealkeep.test/log", "sealkeep.test/other")] {
            let (status, _) = cosign(bad).refused("invalid-request");
            assert!(!status.message().contains("canary"));
        }
    }
}
