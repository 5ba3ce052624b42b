//! Yew hooks for [`everwire`]: one socket per component, whatever re-renders.
//!
//! This crate has no connection logic of its own; it ties an [`everwire::Socket`] to the life of a component.
//!
//! ```no_run
//! use std::time::Duration;
//! use everwire::Socket;
//! use everwire_yew::{ConnectionStatus, use_latest_message, use_socket, use_topic};
//! use yew::prelude::*;
//!
//! #[derive(Clone, serde::Serialize)]
//! struct Position { x: i32, y: i32 }
//!
//! #[derive(Properties, PartialEq)]
//! struct Props { room: AttrValue }
//!
//! #[component]
//! fn Room(props: &Props) -> Html {
//!     // Replaced when the room changes, closed on unmount, untouched by everything else.
//!     let socket = use_socket(props.room.clone(), |room| {
//!         Socket::<String, Position>::builder(format!("wss://example.com/rooms/{room}"))
//!     });
//!     let latest = use_latest_message(&socket);
//!     // At most ten positions per second, the last one always.
//!     let positions = use_topic(&socket, (), |client, ()| {
//!         client.topic::<Position>("position").throttle(Duration::from_millis(100)).build()
//!     });
//!     let onmousemove = move |event: MouseEvent| {
//!         let position = Position { x: event.client_x(), y: event.client_y() };
//!         if let Err(error) = positions.send(&position) {
//!             web_sys::console::warn_1(&error.to_string().into());
//!         }
//!     };
//!     html! {
//!         <section {onmousemove} inert={socket.status() != ConnectionStatus::Connected}>
//!             if let Some(error) = socket.error() {
//!                 <p>{ error.to_string() }</p>
//!             }
//!             <p>{ latest.as_deref().cloned() }</p>
//!         </section>
//!     }
//! }
//! ```
//!
//! - [`use_socket`] opens the socket in an effect, so nothing is dialled while rendering on a server, and gives a
//!   [`UseSocketHandle`]: the state, a status for the user that does not flap, sends.
//! - [`use_messages`] calls a function for each message, [`use_latest_message`] renders the latest one.
//! - [`use_topic`] gives a paced sender that stays the same over re-renders.
//! - [`SocketProvider`] and [`use_shared_socket`] share one socket among components.
//!
//! No function of the application is called while anything here is borrowed: listeners may send, listen, stop listening
//! and cause re-renders as they like. Bad input is an error value, never a panic.
#![forbid(unsafe_code)]

mod hub;
mod messages;
mod provider;
mod socket;
mod status;
mod topic;

pub use self::{
    messages::{use_latest_message, use_messages},
    provider::{SocketProvider, SocketProviderProps, use_shared_socket},
    socket::{SocketOptions, UseSocketHandle, use_socket, use_socket_with},
    status::ConnectionStatus,
    topic::{UseTopicHandle, use_topic},
};
