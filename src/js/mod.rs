//! What the npm package's modules export.
//!
//! Every export takes and returns plain numbers. Strings, payloads and native objects stay in JavaScript, so no
//! wasm-bindgen glue is needed at run time: the host in `pkg/src/host` calls the exports of the instance directly.
//! One subpath of the package is one module, built with exactly one of the `__npm_*` features.

#![allow(
    unreachable_pub,
    reason = "wasm-bindgen exports only `pub` functions; nothing in Rust calls them"
)]

#[cfg(target_arch = "wasm32")]
mod alloc;
#[cfg(feature = "__npm_client")]
mod client;
#[cfg(feature = "__npm_websocket")]
mod websocket;
