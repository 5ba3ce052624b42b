//! The one timer of a socket.

use std::cell::RefCell;

use everwire_core::Span;
use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue, prelude::*};

/// Longest delay that `setTimeout` takes (a signed 32-bit number, 24.8 days); longer ones would fire at once.
const MAX_DELAY: f64 = i32::MAX as f64;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, delay: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// A `setTimeout` that is armed again and again with the same callback. Dropping it disarms it.
pub(crate) struct Timer {
    callback: Closure<dyn Fn()>,
    id: RefCell<Option<JsValue>>,
}

impl Timer {
    /// A disarmed timer.
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        Self {
            callback: Closure::new(callback),
            id: RefCell::new(None),
        }
    }

    /// Fires once after `delay`, instead of at an earlier appointment. It may fire early when the delay is longer than
    /// the platform's limit; the callback looks at the clock anyway.
    pub(crate) fn arm(&self, delay: Span) {
        // Rounded up: half a millisecond early would only mean a second appointment.
        let delay = delay.as_millis_f64().ceil().min(MAX_DELAY);
        let callback: &Function = self.callback.as_ref().unchecked_ref();
        let id = set_timeout(callback, delay);
        if let Some(id) = self.id.replace(Some(id)) {
            clear_timeout(&id);
        }
    }

    /// Fires no more until armed again.
    pub(crate) fn disarm(&self) {
        if let Some(id) = self.id.take() {
            clear_timeout(&id);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}
