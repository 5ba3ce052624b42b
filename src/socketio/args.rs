//! Arguments of events and answers, from Rust values to JSON and back.
//!
//! A tuple is several arguments, `()` none, everything else one. (Arrays of fixed length are tuples to serde; a `Vec` is one
//! argument that is a list.) When reading, arguments that the type does not ask for are ignored, because servers with state
//! recovery add one.

use std::{borrow::Cow, fmt, marker::PhantomData, rc::Rc};

use everwire_core::codec::EncodeError;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, SeqAccess, Visitor},
};

use super::{binary, shape};

/// Arguments as they go out: JSON between the brackets, and what its placeholders stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    pub(super) json: String,
    pub(super) attachments: Vec<Vec<u8>>,
}

impl Args {
    /// Writes `value` as arguments.
    pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let mut args = Self::one(value)?;
        match shape::of(value) {
            shape::Shape::Nothing => args.json.clear(),
            shape::Shape::Several => {
                args.json.pop();
                args.json.remove(0);
            }
            shape::Shape::One => {}
        }
        Ok(args)
    }

    /// Writes `value` as one argument, whatever it is.
    pub(super) fn one<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let (json, attachments) = binary::writing(|| serde_json::to_string(value));
        let json = json.map_err(|error| EncodeError::new("socket.io", error.to_string()))?;
        Ok(Self { json, attachments })
    }
}

/// The name of an event: the first element of its JSON array. Numbers are names as well.
pub(super) fn name_of(payload: &str) -> Option<Cow<'_, str>> {
    let rest = payload.trim_start().strip_prefix('[')?.trim_start();
    let Some(text) = rest.strip_prefix('"') else {
        let end = rest.find([',', ']', ' '])?;
        return rest.get(..end).map(Cow::Borrowed);
    };
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let raw = text.get(..end)?;
    if !raw.contains('\\') {
        return Some(Cow::Borrowed(raw));
    }
    let quoted = rest.get(..end + 2)?;
    serde_json::from_str(quoted).ok().map(Cow::Owned)
}

/// Reads the arguments of an event (`skip` 1, for its name) or of an answer (`skip` 0).
pub(super) fn read<T: DeserializeOwned>(
    payload: &str,
    attachments: &Rc<[Vec<u8>]>,
    skip: usize,
) -> Result<T, serde_json::Error> {
    let payload = if payload.is_empty() { "[]" } else { payload };
    binary::reading(attachments, || {
        let mut json = serde_json::Deserializer::from_str(payload);
        let value = json.deserialize_seq(List {
            skip,
            value: PhantomData,
        })?;
        json.end()?;
        Ok(value)
    })
}

/// The whole array.
struct List<T> {
    skip: usize,
    value: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        for _ in 0..self.skip {
            list.next_element::<IgnoredAny>()?;
        }
        let value = T::deserialize(Arguments { list: &mut list })?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(value)
    }
}

/// What is left of the array, as a value: a tuple takes several elements, everything else one.
struct Arguments<'a, A> {
    list: &'a mut A,
}

impl<'de, A: SeqAccess<'de>> Arguments<'_, A> {
    fn first<V: Visitor<'de>>(self, hint: Hint, visitor: V) -> Result<V::Value, A::Error> {
        let mut first = Some((hint, visitor));
        let seed = First(&mut first);
        if let Some(value) = self.list.next_element_seed(seed)? {
            return Ok(value);
        }
        match first {
            // There is none: what may be missing is missing.
            Some((Hint::Option, visitor)) => visitor.visit_none(),
            Some((_, visitor)) => visitor
                .visit_unit()
                .map_err(|_: A::Error| de::Error::custom("an argument is missing")),
            None => Err(de::Error::custom("an argument is missing")),
        }
    }
}

macro_rules! one_argument {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
            self.first(Hint::Any, visitor)
        })*
    };
}

impl<'de, A: SeqAccess<'de>> Deserializer<'de> for Arguments<'_, A> {
    type Error = A::Error;

    one_argument! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_seq deserialize_map deserialize_identifier
        deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        self.first(Hint::Option, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.first(Hint::Newtype(name), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.first(Hint::Enum(name, variants), visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.first(Hint::Any, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_seq(Limited {
            list: self.list,
            left: len,
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.deserialize_tuple(len, visitor)
    }
}

/// What the type says about itself, as far as JSON cares.
#[derive(Clone, Copy)]
enum Hint {
    Any,
    Option,
    Newtype(&'static str),
    Enum(&'static str, &'static [&'static str]),
}

/// The first argument. Without one the visitor stays where it was.
struct First<'a, V>(&'a mut Option<(Hint, V)>);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for First<'_, V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let Some((hint, visitor)) = self.0.take() else {
            return Err(de::Error::custom("an argument is missing"));
        };
        match hint {
            Hint::Any => deserializer.deserialize_any(visitor),
            Hint::Option => deserializer.deserialize_option(visitor),
            Hint::Newtype(name) => deserializer.deserialize_newtype_struct(name, visitor),
            Hint::Enum(name, variants) => deserializer.deserialize_enum(name, variants, visitor),
        }
    }
}

/// The first elements only.
struct Limited<'a, A> {
    list: &'a mut A,
    left: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Limited<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.list.next_element_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::Binary;
    use super::*;

    fn json<T: Serialize>(value: T) -> String {
        Args::of(&value).unwrap().json
    }

    fn event<T: DeserializeOwned>(payload: &str) -> Result<T, String> {
        read(payload, &Rc::from([]), 1).map_err(|error| error.to_string())
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Point {
        x: i32,
        y: i32,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        A,
        B(u8),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Meters(f64);

    #[test]
    fn a_tuple_is_several_arguments_and_everything_else_one() {
        assert_eq!(json(()), "");
        assert_eq!(json(1), "1");
        assert_eq!(json((1, "a")), r#"1,"a""#);
        assert_eq!(json((1,)), "1");
        assert_eq!(json([1, 2]), "1,2");
        assert_eq!(json(vec![1, 2]), "[1,2]");
        assert_eq!(json(Point { x: 1, y: 2 }), r#"{"x":1,"y":2}"#);
        assert_eq!(json(Some((1, 2))), "[1,2]");
        let by_reference: &&(u8, u8) = &&(1, 2);
        assert_eq!(json(by_reference), "1,2");
        assert_eq!(json(Kind::B(1)), r#"{"B":1}"#);
        assert_eq!(json(None::<u8>), "null");
        assert_eq!(json(Meters(0.5)), "0.5");
    }

    #[test]
    fn arguments_come_back_and_superfluous_ones_are_ignored() {
        assert_eq!(event(r#"["e"]"#), Ok(()));
        assert_eq!(event(r#"["e",1,2]"#), Ok(()));
        assert_eq!(event(r#"["e",1,"offset"]"#), Ok(1));
        assert_eq!(event(r#"["e",1,"a","offset"]"#), Ok((1, "a".to_owned())));
        assert_eq!(event(r#"["e",[1,2]]"#), Ok(vec![1, 2]));
        assert_eq!(event(r#"["e",{"x":1,"y":2}]"#), Ok(Point { x: 1, y: 2 }));
        assert_eq!(event(r#"["e","A"]"#), Ok(Kind::A));
        assert_eq!(event(r#"["e",{"B":7},0]"#), Ok(Kind::B(7)));
        assert_eq!(event(r#"["e",0.5]"#), Ok(Meters(0.5)));
        assert_eq!(event::<Option<u8>>(r#"["e"]"#), Ok(None));
        assert_eq!(event::<Option<u8>>(r#"["e",null]"#), Ok(None));
        assert_eq!(event::<Option<u8>>(r#"["e",3]"#), Ok(Some(3)));
        assert_eq!(
            event(r#"["e",{"a":[1]}]"#),
            Ok(serde_json::json!({"a": [1]}))
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(event::<u8>(r#"["e"]"#).unwrap_err().contains("missing"));
        assert!(event::<(u8, u8)>(r#"["e",1]"#).is_err());
        assert!(event::<u8>(r#"["e","x"]"#).is_err());
        assert!(event::<u8>(r#"["e",1"#).is_err());
        assert!(event::<u8>(r#"["e",1]]"#).is_err());
        assert!(event::<u8>(r#"{"e":1}"#).is_err());
    }

    #[test]
    fn bytes_become_attachments_at_any_depth() {
        let value = (
            Binary::from(vec![1]),
            vec![Some(Binary::from(vec![2, 3])), None],
        );
        let args = Args::of(&value).unwrap();
        assert_eq!(
            args.json,
            r#"{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1},null]"#
        );
        assert_eq!(args.attachments, [vec![1], vec![2, 3]]);
        let payload = format!("[\"e\",{}]", args.json);
        let back: (Binary, Vec<Option<Binary>>) =
            read(&payload, &args.attachments.into(), 1).unwrap();
        assert_eq!(back, value);
        // Outside of events they are numbers.
        assert_eq!(serde_json::to_string(&value.0).unwrap(), "[1]");
        assert_eq!(serde_json::from_str::<Binary>("[1]").unwrap(), value.0);
    }

    #[test]
    fn a_placeholder_without_an_attachment_is_an_error() {
        for placeholder in [
            r#"{"_placeholder":true,"num":1}"#,
            r#"{"_placeholder":true,"num":-1}"#,
            r#"{"_placeholder":false,"num":0}"#,
        ] {
            let payload = format!("[\"e\",{placeholder}]");
            assert!(read::<Binary>(&payload, &vec![vec![1]].into(), 1).is_err());
        }
    }

    #[test]
    fn names_are_read_without_the_rest() {
        for (payload, name) in [
            (r#"["a",1"#, Some("a")),
            (r#"[ "a b" ]"#, Some("a b")),
            (r#"["a\"b",1]"#, Some("a\"b")),
            (r#"["\u0061"]"#, Some("a")),
            (r#"["a\\"]"#, Some("a\\")),
            ("[12,1]", Some("12")),
            ("[]", Some("")),
            (r#"["a"#, None),
            ("{}", None),
            (r#"["__proto__"]"#, Some("__proto__")),
        ] {
            assert_eq!(name_of(payload).as_deref(), name, "{payload}");
        }
    }
}
