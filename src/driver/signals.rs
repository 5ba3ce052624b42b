//! Page lifecycle and network events, where they exist.
//!
//! A page has all of them, a worker only `online` and `offline`. `visibilitychange` alone is not reliable after a resume
//! (Chrome 149 and later), so `pageshow`, `resume` and `focus` are heard as well; doubled news do no harm. There is no
//! `unload` listener: it would keep the page out of the back/forward cache.

use everwire_core::link::{NetworkEvent, PageEvent};
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, EventTarget};

const ON_GLOBAL: [&str; 5] = ["online", "offline", "pageshow", "pagehide", "focus"];
const ON_DOCUMENT: [&str; 3] = ["visibilitychange", "freeze", "resume"];

/// News from outside the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The page's life.
    Page(PageEvent),
    /// The network.
    Network(NetworkEvent),
}

/// Listeners for all signals. Dropping it removes them.
pub(crate) struct Signals {
    listener: Closure<dyn Fn(Event)>,
    targets: Vec<(EventTarget, &'static str)>,
}

impl Signals {
    /// Calls `listener` for every signal from now on.
    pub(crate) fn listen(listener: impl Fn(Signal) + 'static) -> Self {
        let global: JsValue = js_sys::global().into();
        let document = property(&global, "document");
        let in_document = document.clone();
        let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            if let Some(signal) = read(&event, &in_document) {
                listener(signal);
            }
        });
        let mut signals = Self {
            listener,
            targets: Vec::new(),
        };
        signals.add(&global, &ON_GLOBAL);
        signals.add(&document, &ON_DOCUMENT);
        signals
    }

    fn add(&mut self, target: &JsValue, types: &[&'static str]) {
        if !property(target, "addEventListener").is_function() {
            return;
        }
        let target: &EventTarget = target.unchecked_ref();
        for kind in types {
            if target
                .add_event_listener_with_callback(kind, self.function())
                .is_ok()
            {
                self.targets.push((target.clone(), kind));
            }
        }
    }

    fn function(&self) -> &Function {
        self.listener.as_ref().unchecked_ref()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for (target, kind) in &self.targets {
            // Fails only for a target that has no such method, and those were never added.
            let _ = target.remove_event_listener_with_callback(kind, self.function());
        }
    }
}

fn read(event: &Event, document: &JsValue) -> Option<Signal> {
    let persisted = || property(event, "persisted").is_truthy();
    Some(match event.type_().as_str() {
        "online" => Signal::Network(NetworkEvent::Online),
        "offline" => Signal::Network(NetworkEvent::Offline),
        "visibilitychange" if property(document, "visibilityState") == "hidden" => {
            Signal::Page(PageEvent::Hidden)
        }
        "visibilitychange" | "focus" => Signal::Page(PageEvent::Visible),
        "pageshow" if persisted() => Signal::Page(PageEvent::Resumed),
        "pagehide" if persisted() => Signal::Page(PageEvent::Frozen),
        "pagehide" => Signal::Page(PageEvent::Hidden),
        "freeze" => Signal::Page(PageEvent::Frozen),
        "resume" => Signal::Page(PageEvent::Resumed),
        _ => return None,
    })
}

/// A property of anything; `undefined` for what has none.
fn property(target: &JsValue, name: &str) -> JsValue {
    Reflect::get(target, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
