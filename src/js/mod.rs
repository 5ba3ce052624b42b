//! What the npm package's modules export.
//!
//! Every export takes and returns plain numbers. Strings, payloads and native objects stay in JavaScript, so these are
//! bare WebAssembly exports without wasm-bindgen, whose wrapper costs some 200 bytes each: the host in `pkg/src/host`
//! calls them on the instance. Elsewhere than on wasm32 they keep their Rust names, for `free` and `send` belong to libc.
//! One subpath of the package is one module, built with exactly one of the `__npm_*` features.

#![allow(
    unreachable_pub,
    reason = "JavaScript calls the exports; nothing in Rust does"
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "exported on wasm32 only")
)]

#[cfg(target_arch = "wasm32")]
mod alloc;
#[cfg(feature = "__npm_client")]
mod client;
#[cfg(feature = "__npm_socketio_policies")]
mod pace;
#[cfg(feature = "__npm_socketio")]
mod socketio;
#[cfg(feature = "__npm_socketio_policies")]
mod socketio_policies;
#[cfg(feature = "__npm_sockjs")]
mod sockjs;
#[cfg(feature = "__npm_stomp")]
mod stomp;
#[cfg(feature = "__npm_stomp_connect")]
mod stomp_connect;
#[cfg(feature = "__npm_websocket")]
mod websocket;
