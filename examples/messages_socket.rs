//! The ready-made message families as a class for JavaScript: JSON's types, postcard's size on the wire.
//!
//! Built for wasm32 and passed through `wasm-bindgen`, this is a module with a `MessagesSocket` class and declarations for
//! every message. `tests/export` compiles TypeScript against it.
#![cfg(target_arch = "wasm32")]

use everwire::{Postcard, export_socket};
use everwire_messages::{ClientMessage, ServerMessage};

export_socket! {
    /// The feed and the map of the demo.
    pub class MessagesSocket {
        incoming: ServerMessage,
        outgoing: ClientMessage,
        codec: Postcard,
    }
}
