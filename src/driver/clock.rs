//! The monotonic clock and the seed, the two values that the core does not fetch itself.

use everwire_core::Time;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    type Performance;

    /// Present in windows and in all workers. Kept, since looking it up costs more than asking it.
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;

    /// `Instant::now` would panic on this target.
    #[wasm_bindgen(method)]
    fn now(this: &Performance) -> f64;
}

/// Milliseconds since the page or worker started, monotonic.
pub(crate) fn now() -> Time {
    Time::from_millis_f64(PERFORMANCE.with(Performance::now))
}

/// A seed for the jitter, different in each page load. It decides on delays only and need not be secret.
pub(crate) fn seed() -> u64 {
    let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
    part() << 32 | part()
}
