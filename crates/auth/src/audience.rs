//! For whom a token was made, and whom a listener listens to.

use serde_json::{Map, Value};

use crate::AuthError;

/// What a listener asks of the audience of a token.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// The issuer's configured audience stands in `aud` (RFC 7519, section 4.1.3).
    Own,
    /// As [`Audience::Own`], or one of these stands in `aud`, or is `azp` whatever its case: what the clients of MOSIP Keymanager
    /// bring, whose tokens are made for themselves.
    OneOf(&'a [String]),
}

/// What a verified token says of its audience.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    audiences: Vec<String>,
    party: Option<String>,
}

impl Heard {
    /// Errors: a claim that is not of its type.
    pub fn of(claims: &Map<String, Value>) -> Result<Self, AuthError> {
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(AuthError::Malformed);
        let audiences = match claims.get("aud") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(names)) => names.iter().map(text).collect::<Result<_, _>>()?,
            Some(one) => vec![text(one)?],
        };
        let party = claims.get("azp").filter(|value| !value.is_null()).map(text).transpose()?;
        Ok(Self { audiences, party })
    }

    /// Errors: no audience at all, or another.
    pub fn admit(&self, wanted: Audience<'_>, own: &str) -> Result<(), AuthError> {
        let names = |name: &str| self.audiences.iter().any(|audience| audience == name);
        let is_party = |name: &str| self.party.as_ref().is_some_and(|party| party.eq_ignore_ascii_case(name));
        let is_admitted = names(own)
            || match wanted {
                Audience::Own => false,
                Audience::OneOf(others) => others.iter().any(|other| names(other) || is_party(other)),
            };
        match (is_admitted, self.audiences.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => Err(AuthError::Refused("it lacks exp, iss, aud or sub")),
            (false, false) => Err(AuthError::WrongAudience),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(claims: Value) -> Result<Heard, AuthError> {
        Heard::of(claims.as_object().unwrap())
    }

    #[test]
    fn a_client_of_the_dialect_may_be_its_own_audience() {
        let others = ["openg2p-sr".to_owned()];
        let dialect = Audience::OneOf(&others);
        let own = heard(json!({"aud": ["account", "sealkeep"], "azp": "x"})).unwrap();
        assert!(own.admit(Audience::Own, "sealkeep").is_ok() && own.admit(dialect, "sealkeep").is_ok());
        for claims in
            [json!({"aud": "openg2p-sr"}), json!({"aud": "account", "azp": "OpenG2P-SR"}), json!({"azp": "openg2p-sr"})]
        {
            let theirs = heard(claims).unwrap();
            assert!(theirs.admit(dialect, "sealkeep").is_ok());
            assert!(theirs.admit(Audience::Own, "sealkeep").is_err());
        }
        let stranger = heard(json!({"aud": "account", "azp": "openg2p"})).unwrap();
        assert_eq!(stranger.admit(dialect, "sealkeep"), Err(AuthError::WrongAudience));
        assert!(matches!(heard(json!({})).unwrap().admit(dialect, "sealkeep"), Err(AuthError::Refused(_))));
    }

    #[test]
    fn claims_of_another_type_are_malformed() {
        for claims in [json!({"aud": 7}), json!({"aud": ["a", 7]}), json!({"aud": "a", "azp": ["a"]})] {
            assert_eq!(heard(claims), Err(AuthError::Malformed));
        }
    }
}
