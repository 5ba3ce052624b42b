//! `cargo +nightly fuzz run socketio`. The check also runs natively, over random and recorded input, with the core's tests.
#![no_main]

#[path = "../checks/socketio.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(data));
