//! Two shapes of object under one roof, told apart by the first member. Nothing is buffered, so a fault keeps its place
//! in the text and no secret is copied.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor,
        value::{MapAccessDeserializer, StringDeserializer},
    },
};

/// What was found.
pub(crate) enum Found<Alone, Other> {
    /// The object has one member, the named one.
    Alone(Alone),
    /// Any other object.
    Other(Other),
}

/// Reads `{"KEY": Alone}` or else the members of `Other`.
pub(crate) fn read<'de, D, Alone, Other>(deserializer: D, key: &'static str) -> Result<Found<Alone, Other>, D::Error>
where
    D: Deserializer<'de>,
    Alone: Deserialize<'de>,
    Other: Deserialize<'de>,
{
    deserializer.deserialize_map(FirstKey { key, shapes: PhantomData })
}

struct FirstKey<Alone, Other> {
    key: &'static str,
    shapes: PhantomData<(Alone, Other)>,
}

impl<'de, Alone, Other> Visitor<'de> for FirstKey<Alone, Other>
where
    Alone: Deserialize<'de>,
    Other: Deserialize<'de>,
{
    type Value = Found<Alone, Other>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the members of one item, or with {} alone", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let first = members.next_key::<String>()?;
        if first.as_deref() != Some(self.key) {
            return Other::deserialize(MapAccessDeserializer::new(PutBack { first, members })).map(Found::Other);
        }
        let alone = members.next_value()?;
        match members.next_key::<String>()? {
            None => Ok(Found::Alone(alone)),
            Some(_) => Err(A::Error::custom(format_args!("must not stand beside {}", self.key))),
        }
    }
}

/// The members of a map whose first key has been looked at.
struct PutBack<A> {
    first: Option<String>,
    members: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for PutBack<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => {
                let key: StringDeserializer<A::Error> = key.into_deserializer();
                seed.deserialize(key).map(Some)
            }
            None => self.members.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.members.next_value_seed(seed)
    }
}
