//! Everything that touches the browser.
//!
//! The rest of the crate decides and converts; this module binds. It assumes neither `window` nor `document`, so the
//! same code runs in a page, a dedicated worker and a shared worker. Whatever is acquired here (handlers, listeners, the
//! timer) is owned by a value and released by its `Drop`; nothing is leaked with `forget`.

mod carrier;
mod clock;
#[cfg(any(feature = "socketio", feature = "sockjs"))]
mod http;
mod signals;
mod timer;
mod url;
mod websocket;

pub(crate) use carrier::{Carrier, Via};
pub(crate) use clock::{now, seed};
#[cfg(any(feature = "socketio", feature = "sockjs"))]
pub(crate) use http::{Http, Reply, Request};
pub(crate) use signals::{Signal, Signals};
pub(crate) use timer::Timer;
#[cfg(feature = "sockjs")]
pub(crate) use url::Base;
#[cfg(any(feature = "socketio", feature = "sockjs"))]
pub(crate) use url::base_of;
pub(crate) use url::check_url;
pub(crate) use websocket::{Event, WebSocket};
