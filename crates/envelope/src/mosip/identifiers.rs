//! The dialect's names of keys: unique identifier and key id.

use km_crypto::digest::{sha1_of_an_identifier, sha256};
use km_domain::Timestamp;
use km_formats::{
    base64url,
    mosip::identifiers::{dated, foreign, from_hex, upper_hex},
};

/// What names a key in the dialect (`uni_ident`). It does not come from the key: two installations with the same application, reference
/// and day have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UniqueIdentifier([u8; 20]);

impl UniqueIdentifier {
    /// Of a key made, or a certificate uploaded, on this day in UTC. `suffix` is empty, or from the second key of a day on its alias.
    pub fn of_day(application: &str, reference: &str, day: Timestamp, suffix: &str) -> Self {
        Self(sha1_of_an_identifier(dated(application, reference, day, suffix).as_bytes()))
    }

    /// Of another party's certificate, by the SHA-256 of its DER.
    pub fn of_certificate(application: &str, reference: &str, thumbprint: &[u8; 32]) -> Self {
        Self(sha1_of_an_identifier(foreign(application, reference, thumbprint).as_bytes()))
    }

    /// Reads the form in which it is stored. None: other than 40 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text)?.try_into().ok().map(Self)
    }

    /// The form in which it is stored: 40 hexadecimal digits in capitals.
    pub fn to_text(self) -> String {
        upper_hex(&self.0)
    }

    /// `keyId` of certificates and `kid` of signatures: 43 characters of base64url.
    pub fn key_id(self) -> String {
        base64url::encode(sha256(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_vectors() {
        let cases = [
            (
                "OPENG2P",
                "",
                "2025-01-15T12:00:00Z",
                "B4F02B964EE6F5825BDBBC3218FCEB1491AC79E1",
                "DlxSxWL4bFxBVhjb4LqrCH0Eb10t4EJ5s4nM0WtmrvQ",
            ),
            (
                "OPENG2P",
                "ENCRYPT",
                "2025-01-15T00:00:00Z",
                "E5D00C484240F3D3CD948559320643EB97A5FF95",
                "P7kDQxQ9Yfm92VQX-ZPhmCjGWComCJNm69Oe9yvo_wo",
            ),
            (
                "ROOT",
                "",
                "2025-12-31T23:59:59Z",
                "D41A2665B29BC89EC28BFBFB33E8088F98C3DC6E",
                "FCfaZfmcMdQxB9yE_E2YW1sno3waq1o1LxgeZAn-5B0",
            ),
        ];
        for (application, reference, day, text, key_id) in cases {
            let day = Timestamp::try_from(day.to_owned()).unwrap();
            let identifier = UniqueIdentifier::of_day(application, reference, day, "");
            assert_eq!((identifier.to_text().as_str(), identifier.key_id().as_str()), (text, key_id));
            assert_eq!(UniqueIdentifier::parse(text), Some(identifier));
            assert_ne!(UniqueIdentifier::of_day(application, reference, day, "-2"), identifier);
        }
        assert_ne!(
            UniqueIdentifier::of_certificate("PARTNER", "P", &[1; 32]),
            UniqueIdentifier::of_certificate("PARTNER", "P", &[2; 32])
        );
        for bad in ["", "B4", "B4F02B964EE6F5825BDBBC3218FCEB1491AC79E1AA", "Z4F02B964EE6F5825BDBBC3218FCEB1491AC79E1"]
        {
            assert_eq!(UniqueIdentifier::parse(bad), None);
        }
    }
}
