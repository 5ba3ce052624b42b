//! The monotonic clock and the seed, the two values that the core does not fetch itself.

use everwire_core::Time;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Present in windows and in all workers. `Instant::now` would panic on this target.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the page or worker started, monotonic.
pub(crate) fn now() -> Time {
    Time::from_millis_f64(performance_now())
}

/// A seed for the jitter, different in each page load. It decides on delays only and need not be secret.
pub(crate) fn seed() -> u64 {
    let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
    part() << 32 | part()
}
