//! Demo server of everwire: a live map and a feed over one WebSocket, with controls that hurt the link for real.
//!
//! It is a demonstration and a test peer, not a template for production: there are no accounts, it listens on loopback
//! only, and one lock guards the hub. The protocol is described in `PROTOCOL.md` beside this crate.
//!
//! | part | modules |
//! |---|---|
//! | listeners | [`server`] starts both, [`http`] serves page and controls, [`socket`] what clients connect to |
//! | connection | [`client`] (WebSocket), [`socketio`], [`sockjs`]; [`intake`] and [`outbound`] are its two ways, [`rate`] its bound |
//! | hub | [`hub`] holds the rooms, [`seat`] acts in them: [`room`], [`feed`], [`store`] (durable), [`fleet`] (vehicles) |
//! | faults | [`chaos`] |
#![forbid(unsafe_code)]

pub mod chaos;
pub mod client;
pub mod clock;
pub mod config;
pub mod door;
pub mod feed;
pub mod fleet;
pub mod http;
pub mod hub;
pub mod intake;
pub mod outbound;
mod presence;
pub mod random;
pub mod rate;
pub mod room;
pub mod routes;
pub mod seat;
pub mod server;
pub mod socket;
pub mod socketio;
pub mod sockjs;
pub mod stats;
pub mod stomp;
pub mod store;
pub mod ticker;
mod timeline;

pub use config::Config;
pub use server::{Server, StartError};
