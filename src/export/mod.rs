//! A typed socket as a class for JavaScript and TypeScript: define the messages once, in Rust, and use them on both sides.
//!
//! [`export_socket!`](crate::export_socket) writes the class; [`Exported`] is what it wraps. Messages cross as plain
//! JavaScript values (through `serde-wasm-bindgen`), their types as TypeScript declarations (through `tsify`), and on the
//! wire they travel in whichever codec the macro names.

mod bridge;
mod typescript;

pub use bridge::Exported;
#[doc(hidden)]
pub use wasm_bindgen;

/// Defines a class for JavaScript around a [`Socket`](crate::Socket); feature `export`.
///
/// `incoming` and `outgoing` are names of types in scope that derive serde's traits and `tsify::Tsify`; the generated
/// declarations refer to them by these names. `codec` is an expression; remember that postcard cannot read enums with a
/// `#[serde(tag)]`. `configure`, if given, is a closure from
/// [`Builder`](crate::Builder) to `Builder` for everything else: heartbeat, backoff, queue.
///
/// ```
/// use everwire::{Json, export_socket};
/// use serde::{Deserialize, Serialize};
/// use tsify::Tsify;
///
/// #[derive(Serialize, Deserialize, Tsify)]
/// #[serde(tag = "type")]
/// pub enum FromServer {
///     Moved { id: u32, lat: f64, lon: f64 },
/// }
///
/// #[derive(Serialize, Deserialize, Tsify)]
/// #[serde(tag = "type")]
/// pub enum ToServer {
///     Watch { id: u32 },
/// }
///
/// export_socket! {
///     /// Positions of everything that moves.
///     pub class PositionSocket {
///         incoming: FromServer,
///         outgoing: ToServer,
///         codec: Json,
///         configure: |builder| builder.max_retries(20),
///     }
/// }
/// # fn main() {}
/// ```
///
/// In TypeScript:
///
/// ```ts
/// const socket = new PositionSocket("wss://example.com/positions");
/// const off = socket.on("message", (message) => { if (message.type === "Moved") draw(message.lat, message.lon); });
/// socket.on("state", ({ state, retryIn }) => show(state, retryIn));
/// socket.on("error", (error) => console.warn(error.message, error.raw));
/// socket.send({ type: "Watch", id: 7 });
/// await socket.close(1000, "bye");
/// ```
///
/// - `new` throws for a bad URL or subprotocol, `send` for a value that does not fit the type and when the queue is full
///   or the socket closed, `close` for a bad code or reason. `error.code` is a stable name such as `"bad-url"`.
/// - `on` returns the function that removes the listener. A listener that throws reaches `reportError` and harms nothing
///   else. Messages that arrive before the first `message` listener wait for it, within the inbound bounds.
/// - `free()`, `using` or garbage collection close the connection.
#[macro_export]
macro_rules! export_socket {
    (
        $(#[$meta:meta])*
        pub class $name:ident {
            incoming: $incoming:ident,
            outgoing: $outgoing:ident,
            codec: $codec:expr
            $(, configure: $configure:expr)?
            $(,)?
        }
    ) => {
        $(#[$meta])*
        #[$crate::export::wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = $crate::export::wasm_bindgen)]
        #[derive(Debug)]
        pub struct $name {
            inner: $crate::export::Exported<$incoming, $outgoing>,
        }

        const _: () = {
            use $crate::export::wasm_bindgen::{JsValue, prelude::wasm_bindgen};

            #[wasm_bindgen(wasm_bindgen = $crate::export::wasm_bindgen)]
            impl $name {
                /// Opens the socket. The URL may be a list to fail over between.
                #[wasm_bindgen(constructor)]
                pub fn new(
                    #[wasm_bindgen(unchecked_param_type = "string | readonly string[]")] url: JsValue,
                    #[wasm_bindgen(unchecked_optional_param_type = "string | readonly string[]")]
                    protocols: Option<JsValue>,
                ) -> Result<$name, JsValue> {
                    let builder = $crate::export::Exported::<$incoming, $outgoing>::builder(url, protocols)?
                        .codec($codec);
                    $( let builder = $crate::export::configure(builder, $configure); )?
                    $crate::export::Exported::open(builder).map(|inner| $name { inner })
                }

                /// `"idle"`, `"connecting"`, `"open"`, `"waiting"`, `"closing"` or `"closed"`.
                #[wasm_bindgen(getter, unchecked_return_type = "SocketState")]
                pub fn state(&self) -> JsValue {
                    self.inner.state()
                }

                #[doc(hidden)]
                #[wasm_bindgen(skip_typescript)]
                pub fn send(&self, message: JsValue) -> Result<(), JsValue> {
                    self.inner.send(message)
                }

                #[doc(hidden)]
                #[wasm_bindgen(skip_typescript)]
                pub fn on(&self, kind: &str, listener: JsValue) -> Result<JsValue, JsValue> {
                    self.inner.on(kind, listener)
                }

                /// Dials now: cuts a wait short, replaces a live connection, revives a closed one.
                pub fn reconnect(&self) {
                    self.inner.reconnect();
                }

                /// Writes what is queued, at most for one second, then closes. Resolves when closed.
                #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
                pub fn close(
                    &self,
                    code: Option<f64>,
                    reason: Option<String>,
                ) -> Result<JsValue, JsValue> {
                    self.inner.close(code, reason)
                }
            }

            #[wasm_bindgen(typescript_custom_section, wasm_bindgen = $crate::export::wasm_bindgen)]
            const TYPES: &'static str = concat!(
                "export interface ", stringify!($name), " {\n",
                "    /** Sends a message as soon as the connection can take it. */\n",
                "    send(message: ", stringify!($outgoing), "): void;\n",
                "    /** Calls `listener` from now on; call the result to stop. */\n",
                "    on(kind: \"message\", listener: (message: ", stringify!($incoming), ") => void): () => void;\n",
                "    on(kind: \"state\", listener: (change: SocketStateChange) => void): () => void;\n",
                "    on(kind: \"error\", listener: (error: SocketError) => void): () => void;\n",
                "}\n",
            );
        };
    };
}

/// Applies the macro's `configure`; a function so that the closure's types are inferred.
#[doc(hidden)]
pub fn configure<In, Out, C>(
    builder: crate::Builder<In, Out, C>,
    configure: impl FnOnce(crate::Builder<In, Out, C>) -> crate::Builder<In, Out, C>,
) -> crate::Builder<In, Out, C> {
    configure(builder)
}
