//! Whether a value is several arguments: what serde says about its outermost layer, without writing it.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// How many arguments a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A unit.
    Nothing,
    /// A tuple.
    Several,
    /// Everything else.
    One,
}

/// Asks `value`.
pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Shape {
    match value.serialize(Probe) {
        Ok(shape) | Err(Answer(shape)) => shape,
    }
}

/// Ends as soon as the value has said what it is.
struct Probe;

#[derive(Debug)]
struct Answer(Shape);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Answer {}

impl ser::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Shape::One)
    }
}

macro_rules! one {
    ($($method:ident $value:ty),* $(,)?) => {
        $(fn $method(self, _: $value) -> Result<Shape, Answer> {
            Ok(Shape::One)
        })*
    };
}

type No = Impossible<Shape, Answer>;

impl Serializer for Probe {
    type Ok = Shape;
    type Error = Answer;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    one! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_f32 f32, serialize_f64 f64, serialize_char char,
        serialize_str &str, serialize_bytes &[u8],
    }

    fn serialize_none(self) -> Result<Shape, Answer> {
        Ok(Shape::One)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Shape, Answer> {
        Ok(Shape::One)
    }

    fn serialize_unit(self) -> Result<Shape, Answer> {
        Ok(Shape::Nothing)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Shape, Answer> {
        Ok(Shape::Nothing)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<Shape, Answer> {
        Ok(Shape::One)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Shape, Answer> {
        Ok(Shape::One)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Shape, Answer> {
        Ok(Shape::One)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<No, Answer> {
        Err(Answer(Shape::One))
    }

    fn serialize_tuple(self, _: usize) -> Result<No, Answer> {
        Err(Answer(Shape::Several))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No, Answer> {
        Err(Answer(Shape::Several))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No, Answer> {
        Err(Answer(Shape::One))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<No, Answer> {
        Err(Answer(Shape::One))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<No, Answer> {
        Err(Answer(Shape::One))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<No, Answer> {
        Err(Answer(Shape::One))
    }
}
