//! Socket.IO v5: namespaces, events and acknowledgements inside Engine.IO messages.
//!
//! Source: the [Socket.IO protocol](https://socket.io/docs/v4/socket-io-protocol/), revision 5. A message is a short
//! header ([`Header`]), a JSON payload, and as many binary messages behind it as the header says ([`Assembler`]). Only the
//! header and the outline of the payload are looked at; the payload itself is handed on untouched ([`Packet`]), to
//! `JSON.parse` or to a codec, because nothing in Rust would read it faster than the host does.

mod assembler;
pub mod client;
mod outline;
mod packet;
mod reconnection;

pub use assembler::{AssembleError, Assembled, Assembler, AssemblerLimits};
pub use packet::{Header, HeaderError, Limits, Packet, PacketType};
pub use reconnection::Reconnection;
