//! Reading JSON straight into what it stands for, without a tree of [`Node`](super::fields::Node)s before: for what
//! arrives by the hundred thousand. Whatever a tree would refuse is refused here too, also in values nobody wants.

use super::fields::{MAX_FIELDS, whole};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A JSON value without what is in lists and objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar<'de> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number without a fraction that fits 64 bits.
    Integer(i64),
    /// Any other number.
    Number,
    /// A string; borrowed unless something in it is escaped.
    Text(Cow<'de, str>),
    /// An array.
    List,
    /// An object.
    Object,
}

/// What becomes of a JSON value.
pub trait Reads<'de>: Sized {
    /// What it becomes.
    type Value;

    /// Reads what is no object; a list has been looked through and forgotten.
    fn scalar(self, value: Scalar<'de>) -> Self::Value;

    /// Reads an object.
    ///
    /// # Errors
    /// What is no JSON, or has more than [`MAX_FIELDS`] fields.
    fn object<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error>;
}

/// Reads any value as a [`Scalar`].
pub struct Plain;

impl<'de> Reads<'de> for Plain {
    type Value = Scalar<'de>;

    fn scalar(self, value: Scalar<'de>) -> Scalar<'de> {
        value
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        let mut count = 0;
        while map.next_key_seed(named(|_| ()))?.is_some() {
            map.next_value_seed(Value(Self))?;
            count += 1;
            check_count(count)?;
        }
        Ok(Scalar::Object)
    }
}

/// Refuses an object of more than [`MAX_FIELDS`] fields.
///
/// # Errors
/// Of the format.
pub fn check_count<E: Error>(fields: usize) -> Result<(), E> {
    if fields > MAX_FIELDS { Err(E::custom("too many fields")) } else { Ok(()) }
}

/// Makes of a [`Reads`] what serde takes.
pub struct Value<R>(pub R);

impl<'de, R: Reads<'de>> DeserializeSeed<'de> for Value<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Reads<'de>> Visitor<'de> for Value<R> {
    type Value = R::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<R::Value, E> {
        Ok(self.0.scalar(i64::try_from(value).map_or(Scalar::Number, Scalar::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<R::Value, E> {
        Ok(self.0.scalar(whole(value).map_or(Scalar::Number, Scalar::Integer)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Text(value.into())))
    }

    fn visit_str<E>(self, value: &str) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Text(value.to_owned().into())))
    }

    fn visit_string<E>(self, value: String) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Text(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<R::Value, A::Error> {
        while list.next_element_seed(Value(Plain))?.is_some() {}
        Ok(self.0.scalar(Scalar::List))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<R::Value, A::Error> {
        self.0.object(map)
    }
}

/// Makes something of the name of a field while it is looked at, so that it need not be kept.
pub struct Named<F>(F);

/// The name of a field, made something of.
pub fn named<T, F: FnOnce(&str) -> T>(make: F) -> Named<F> {
    Named(make)
}

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Named<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(NameVisitor(self.0, PhantomData))
    }
}

struct NameVisitor<F, T>(F, PhantomData<T>);

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for NameVisitor<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<T, E> {
        Ok((self.0)(name))
    }
}
