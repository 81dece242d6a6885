use km_crypto::SoftwareKey;
use km_domain::KeyAlgorithm;

use super::*;
use crate::software::SoftwareStore;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn names(common_name: &str) -> Names {
    Names {
        common_name: common_name.into(),
        organizational_unit: "IT".into(),
        organization: "Ministry".into(),
        locality: "Addis Ababa".into(),
        state: String::new(),
        country: "ET".into(),
    }
}

fn days(count: i64) -> Validity {
    Validity { not_before: NOW, not_after: Timestamp::from_seconds(NOW.seconds() + count * 86_400) }
}

fn new_key() -> PublicKey {
    SoftwareKey::generate(KeyAlgorithm::P256).unwrap().public().clone()
}

#[test]
fn a_root_a_master_and_a_base_key_are_as_specified() {
    let (store, key) = SoftwareStore::p256();
    let root = self_signed(&names("Root"), Place::Root, (&store, &key), [0xff; 8], days(2920)).unwrap();
    assert_eq!((root.is_ca, root.path_length), (true, Some(2)));
    assert!(root.serial[0] < 0x80 && root.serial.len() == 8);
    let (below, master_key) = SoftwareStore::p256();
    let public = master_key.public.clone().unwrap();
    let master = issue(&root, (&store, &key), &names("Master"), Place::Master, &public, [0; 8], days(1095)).unwrap();
    assert_eq!((master.is_ca, master.path_length, &master.issuer), (true, Some(1), &root.subject));
    assert_eq!(master.not_before, NOW);
    let base =
        issue(&master, (&below, &master_key), &names("A-B"), Place::Base, &new_key(), [7; 8], days(730)).unwrap();
    assert!(!base.is_ca && base.key_usages == Some(KeyUsages { key_encipherment: true, ..KeyUsages::default() }));
    assert_eq!(Names::of(&base), names("A-B"));
    // Country first in a certificate; the empty part is left out.
    assert_eq!(base.subject, "C=ET, L=Addis Ababa, O=Ministry, OU=IT, CN=A-B");
    assert!(base.is_signed_by(&master).is_ok() && base.is_signed_by(&root).is_err());
}

#[test]
fn only_the_issuers_own_key_issues_and_only_what_lasts() {
    let (store, key) = SoftwareStore::p256();
    let root = self_signed(&names("Root"), Place::Root, (&store, &key), [1; 8], days(10)).unwrap();
    let (other, other_key) = SoftwareStore::p256();
    let wrong = issue(&root, (&other, &other_key), &names("A"), Place::Master, &new_key(), [1; 8], days(5));
    assert!(matches!(wrong, Err(CaError::Key(_))));
    let ended = issue(&root, (&store, &key), &names("A"), Place::Master, &new_key(), [1; 8], days(0));
    assert!(matches!(ended, Err(CaError::Refused(_))));
    let second_root = issue(&root, (&store, &key), &names("A"), Place::Root, &new_key(), [1; 8], days(5));
    assert!(matches!(second_root, Err(CaError::Refused(_))));
    let base = issue(&root, (&store, &key), &names("A"), Place::Base, &new_key(), [1; 8], days(5)).unwrap();
    let below_base = issue(&base, (&store, &key), &names("B"), Place::Base, &new_key(), [1; 8], days(5));
    assert!(matches!(below_base, Err(CaError::Refused(_))), "a base key issues nothing");
}

#[test]
fn a_request_is_by_its_own_key() {
    let (store, key) = SoftwareStore::p256();
    let der = request(&names("Registry"), (&store, &key)).unwrap();
    let read = km_x509::request::parse_and_verify(&der).unwrap();
    assert_eq!(Some(read.public_key), key.public);
}
