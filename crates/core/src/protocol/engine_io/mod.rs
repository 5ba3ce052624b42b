//! Engine.IO v4: packets over HTTP long-polling or WebSocket.
//!
//! Source: the [Engine.IO protocol](https://socket.io/docs/v4/engine-io-protocol/), revision 4. A connection begins with
//! the server's `open` packet ([`Handshake`]); after that both sides exchange packets ([`Packet`]), one per WebSocket
//! message, or several per HTTP body ([`Payload`], [`PayloadWriter`]). [`Session`] decides what is opened, written
//! and closed when. Everything here is pure: text and bytes go in,
//! values come out, and whatever a hostile server sends costs time and memory in proportion to its length at most.

mod base64;
mod event;
mod handshake;
pub(super) use super::json;
mod packet;
mod payload;
mod session;

pub use base64::{Base64Error, decode_base64, encode_base64};
pub use event::{
    Batch, CloseReason, Input, Outgoing, Output, Received, SendError, SessionConfig, TransportKind,
};
pub use handshake::{Field, Handshake, HandshakeError};
pub use packet::{Packet, PacketError, PacketType};
pub use payload::{Payload, PayloadError, PayloadLimits, PayloadMeter, PayloadWriter, Pushed};
pub use session::Session;
