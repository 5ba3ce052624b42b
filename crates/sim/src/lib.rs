//! Seeded network simulator and scripted server for the core.
//!
//! Not a model of TCP or of a browser: it has what decides about a client's correctness. Many [`Connection`]s run against
//! one [`Server`] over a [`Wire`] with latency, jitter and bandwidth; paths can be blocked in one or both directions while
//! the connection stays up (half-open), sockets can be reset, the server can refuse, go silent, close with a code, be
//! killed and come back. Time is virtual, so that ten minutes pass in milliseconds, and everything random comes from one
//! seed: a failing run prints it, and `EVERWIRE_SEED=<seed>` repeats exactly that run.
//!
//! ```
//! use everwire_core::Span;
//! use everwire_core::link::{LinkConfig, State};
//! use everwire_core::send::{OutboxConfig, SendOptions, TopicId};
//! use everwire_sim::World;
//!
//! let mut world = World::new(1);
//! let client = world.add_client(LinkConfig::default(), OutboxConfig::default());
//! world.start(client);
//! let message = world.send(client, TopicId(0), None, SendOptions::default()).unwrap();
//! world.run(Span::from_millis(1_000));
//! assert_eq!(world.client(client).connection.link().state(), State::Open);
//! assert_eq!(world.server().copies(message), 1);
//! ```
//!
//! [`StompWorld`] is the same for the STOMP client: a broker that remembers what it took, and a wire to be cut.
//!
//! [`Connection`]: everwire_core::connection::Connection
#![forbid(unsafe_code)]
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a simulator exists to fail loudly"
)]

mod client;
mod history;
mod message;
mod network;
mod random;
mod server;
mod shell;
mod stomp;
mod wire;
mod world;

pub use client::{Client, ClientId, Sent};
pub use message::{Message, MessageId};
pub use random::{Random, seeds};
pub use server::{OnDial, Receipt, Server};
pub use stomp::{Broker, StompWorld, Taken};
pub use wire::{Direction, Wire};
pub use world::World;
