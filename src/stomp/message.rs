//! A received message.

use std::str::Utf8Error;

use everwire_core::protocol::stomp::{Frame, FrameBuf, client::Delivery};

/// A message from a subscription, or the answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    frame: FrameBuf,
    pub(super) delivery: Option<Delivery>,
}

impl Message {
    pub(super) fn new(frame: &Frame<'_>, delivery: Option<Delivery>) -> Self {
        Self {
            frame: frame.to_owned(),
            delivery,
        }
    }

    /// Bytes that it holds.
    pub(super) fn size(&self) -> usize {
        let headers = self.frame.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        headers + self.frame.body.len()
    }

    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.frame.header(name)
    }

    /// All headers in the order of the wire.
    pub fn headers(&self) -> &[(String, String)] {
        &self.frame.headers
    }

    /// Where it was sent to.
    pub fn destination(&self) -> &str {
        self.header("destination").unwrap_or_default()
    }

    /// The octets of the body.
    pub fn body(&self) -> &[u8] {
        &self.frame.body
    }

    /// The body as text.
    ///
    /// # Errors
    /// When it is not UTF-8: read [`body`](Self::body) then.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.frame.body)
    }

    /// The body as a value in JSON.
    ///
    /// # Errors
    /// When it is not JSON, or not of this type.
    #[cfg(feature = "json")]
    pub fn json<T>(&self) -> Result<T, everwire_core::codec::DecodeError>
    where
        everwire_core::codec::Json: everwire_core::codec::Decode<T>,
    {
        use everwire_core::codec::{Decode, Frame, Json};
        Json.decode(Frame::Binary(self.frame.body.clone()))
    }

    /// Headers and body, without what is needed to acknowledge it.
    pub fn into_frame(self) -> FrameBuf {
        self.frame
    }
}
