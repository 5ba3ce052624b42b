//! Binary values inside the arguments of events.
//!
//! Socket.IO sends them as messages of their own, behind the event, whose JSON has a placeholder for each. Which bytes belong
//! to a placeholder is not part of the JSON, so while arguments are written or read the attachments are kept beside the
//! serializer, in this thread.

use std::{cell::RefCell, rc::Rc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

thread_local! {
    static ATTACHMENTS: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

enum Scope {
    /// Arguments are being written: what was found so far.
    Writing(Vec<Vec<u8>>),
    /// Arguments are being read: what came with them.
    Reading(Rc<[Vec<u8>]>),
}

/// Bytes as an attachment: anywhere in the arguments of an event or an answer, at any depth.
///
/// Outside of events it serializes as a list of numbers.
///
/// ```
/// use everwire::socketio::Binary;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Picture { name: String, pixels: Binary }
/// let picture = Picture { name: "dot".to_owned(), pixels: vec![0xff].into() };
/// assert_eq!(picture.pixels.as_slice(), [0xff]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Binary(Vec<u8>);

impl Binary {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Binary {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Binary> for Vec<u8> {
    fn from(binary: Binary) -> Self {
        binary.0
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = ATTACHMENTS.with_borrow_mut(|scopes| match scopes.last_mut() {
            Some(Scope::Writing(found)) => {
                found.push(self.0.clone());
                Some(found.len() - 1)
            }
            _ => None,
        });
        let Some(number) = number else {
            return self.0.serialize(serializer);
        };
        let mut placeholder = serializer.serialize_struct("Placeholder", 2)?;
        placeholder.serialize_field("_placeholder", &true)?;
        placeholder.serialize_field("num", &number)?;
        placeholder.end()
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Either form: which one it is, is seen only when it is read.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Placeholder { _placeholder: bool, num: usize },
            Numbers(Vec<u8>),
        }
        match Form::deserialize(deserializer)? {
            Form::Numbers(bytes) => Ok(Self(bytes)),
            Form::Placeholder { _placeholder, num } => attachment(num)
                .filter(|_| _placeholder)
                .map(Self)
                .ok_or_else(|| de::Error::custom("placeholder without an attachment")),
        }
    }
}

fn attachment(number: usize) -> Option<Vec<u8>> {
    ATTACHMENTS.with_borrow(|scopes| match scopes.last() {
        Some(Scope::Reading(found)) => found.get(number).cloned(),
        _ => None,
    })
}

/// Runs `write` and gives the attachments that it met.
pub(super) fn writing<T>(write: impl FnOnce() -> T) -> (T, Vec<Vec<u8>>) {
    let guard = Guard::enter(Scope::Writing(Vec::new()));
    let result = write();
    let found = ATTACHMENTS.with_borrow_mut(|scopes| match scopes.last_mut() {
        Some(Scope::Writing(found)) => std::mem::take(found),
        _ => Vec::new(),
    });
    drop(guard);
    (result, found)
}

/// Runs `read` with these attachments.
pub(super) fn reading<T>(attachments: &Rc<[Vec<u8>]>, read: impl FnOnce() -> T) -> T {
    let _guard = Guard::enter(Scope::Reading(Rc::clone(attachments)));
    read()
}

/// Serializers are foreign code, which may emit something itself: scopes nest.
struct Guard;

impl Guard {
    fn enter(scope: Scope) -> Self {
        ATTACHMENTS.with_borrow_mut(|scopes| scopes.push(scope));
        Self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        ATTACHMENTS.with_borrow_mut(Vec::pop);
    }
}
