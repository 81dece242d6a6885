//! One item or many in one call.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor},
};
use utoipa::ToSchema;

use crate::{
    first_key::{self, Found},
    problem::Problem,
};

/// Items in one call.
pub const MOST_ITEMS: usize = 1000;

/// A request: one item's own members, or `{"items": […]}` with 1 to 1000 of them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Items<T>),
}

/// The items of a batch.
#[derive(Serialize, ToSchema)]
pub struct Items<T> {
    #[schema(min_items = 1, max_items = 1000)]
    pub items: Vec<T>,
}

/// An answer, in the shape of its request.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum OneOrResults<T> {
    One(T),
    Many(Results<T>),
}

/// The results of a batch, in the order of its items. The status is 200 even if every item was refused.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Results<T> {
    pub results: Vec<Outcome<T>>,
}

/// What became of one item.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Outcome<T> {
    Done(T),
    Refused(Refused),
}

/// An item that was refused or failed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    pub problem: Problem,
}

impl<T> OneOrMany<T> {
    pub fn many(items: Vec<T>) -> Self {
        Self::Many(Items { items })
    }

    /// The items, and whether they came as a batch.
    pub fn into_items(self) -> (Vec<T>, bool) {
        match self {
            Self::One(item) => (vec![item], false),
            Self::Many(Items { items }) => (items, true),
        }
    }
}

impl<T> Outcome<T> {
    pub fn refused(problem: Problem) -> Self {
        Self::Refused(Refused { problem })
    }

    pub fn into_result(self) -> Result<T, Box<Problem>> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Refused(Refused { problem }) => Err(Box::new(problem)),
        }
    }
}

impl<T> From<Result<T, Problem>> for Outcome<T> {
    fn from(result: Result<T, Problem>) -> Self {
        result.map_or_else(Self::refused, Self::Done)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match first_key::read(deserializer, "items")? {
            Found::Alone(Bounded(items)) => Self::Many(Items { items }),
            Found::Other(one) => Self::One(one),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrResults<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match first_key::read(deserializer, "results")? {
            Found::Alone(results) => Self::Many(Results { results }),
            Found::Other(one) => Self::One(one),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Outcome<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match first_key::read(deserializer, "problem")? {
            Found::Alone(problem) => Self::refused(problem),
            Found::Other(done) => Self::Done(done),
        })
    }
}

/// A list of 1 to [`MOST_ITEMS`]; the item too many is not read.
struct Bounded<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bounded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BoundedVisitor(PhantomData)).map(Self)
    }
}

/// Reads a member that is a list of 1 to 1000; for `#[serde(deserialize_with)]`.
pub(crate) fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Bounded::deserialize(deserializer).map(|Bounded(items)| items)
}

struct BoundedVisitor<T>(PhantomData<T>);

const RULE: &str = "a list of 1 to 1000 items";

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundedVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(RULE)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while items.len() < MOST_ITEMS {
            match sequence.next_element()? {
                Some(item) => items.push(item),
                None if items.is_empty() => return Err(A::Error::custom(format_args!("must be {RULE}"))),
                None => return Ok(items),
            }
        }
        match sequence.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(items),
            Some(_) => Err(A::Error::custom(format_args!("must be {RULE}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Item {
        n: u8,
        m: Option<u8>,
    }

    fn read(text: &str) -> Result<(Vec<Item>, bool), String> {
        serde_json::from_str::<OneOrMany<Item>>(text).map(OneOrMany::into_items).map_err(|error| error.to_string())
    }

    #[test]
    fn one_or_many() {
        assert_eq!(read(r#"{"m":2,"n":1}"#), Ok((vec![Item { n: 1, m: Some(2) }], false)));
        assert_eq!(read(r#"{"items":[{"n":1}]}"#), Ok((vec![Item { n: 1, m: None }], true)));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        for (text, rule) in [
            ("{}", "missing field `n`"),
            (r#"{"n":1,"items":[]}"#, "unknown field `items`"),
            (r#"{"items":[{"n":1}],"n":1}"#, "must not stand beside items"),
            (r#"{"items":[]}"#, "must be a list of 1 to 1000 items"),
            ("[]", "expected an object with the members of one item, or with items alone"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(rule), "{error}");
        }
        let too_many = format!(r#"{{"items":[{}]}}"#, vec![r#"{"n":1}"#; MOST_ITEMS + 1].join(","));
        assert!(read(&too_many).unwrap_err().contains("1 to 1000"));
    }

    #[test]
    fn results_come_back_as_they_went() {
        let sent: OneOrResults<Item> = OneOrResults::Many(Results {
            results: vec![Outcome::Done(Item { n: 1, m: None }), Outcome::refused(Problem::of("not-opened", 400))],
        });
        let text = serde_json::to_string(&sent).unwrap();
        let OneOrResults::Many(read) = serde_json::from_str::<OneOrResults<Item>>(&text).unwrap() else {
            panic!("a batch came back as one");
        };
        let results: Vec<_> = read.results.into_iter().map(Outcome::into_result).collect();
        assert_eq!(results[0].as_ref().unwrap().n, 1);
        assert_eq!(results[1].as_ref().unwrap_err().code(), "not-opened");
    }

    #[test]
    fn the_schema_knows_both_shapes() {
        use crate::messages::Encrypt;

        #[derive(utoipa::OpenApi)]
        #[openapi(components(schemas(OneOrMany<Encrypt>, OneOrResults<crate::messages::Encrypted>)))]
        struct Document;
        let document = serde_json::to_value(<Document as utoipa::OpenApi>::openapi()).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let names: Vec<_> = schemas.keys().map(String::as_str).collect();
        assert!(names.contains(&"OneOrMany_Encrypt"), "{names:?}");
        assert_eq!(schemas["OneOrMany_Encrypt"]["oneOf"].as_array().map(Vec::len), Some(2), "{document:#}");
        assert!(names.contains(&"Problem"), "{names:?}");
    }
}
