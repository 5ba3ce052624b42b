//! Effects that run twice, calls from inside, and a render that was never shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::cell::OnceCell;

use everwire::Raw;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;

wasm_bindgen_test_configure!(run_in_browser);

type TextHub = Hub<String, String>;

/// Nobody has to listen there: what is counted is how often a socket is made.
const NOWHERE: &str = "ws://127.0.0.1:9/";

/// A hub that counts its sockets.
fn counting() -> (Rc<TextHub>, Rc<Cell<u32>>) {
    let opened = Rc::new(Cell::new(0));
    let counter = Rc::clone(&opened);
    let hub = Hub::new(move || {
        counter.set(counter.get() + 1);
        Socket::builder(NOWHERE).codec(Raw).open()
    });
    (Rc::new(hub), opened)
}

fn closed(hub: &Rc<TextHub>) -> bool {
    matches!(hub.client(), Err(Error::Send(SendError::Closed)))
}

#[wasm_bindgen_test]
fn an_effect_that_runs_twice_has_one_socket() {
    let (hub, opened) = counting();
    hub.start(|| {});
    hub.start(|| {});
    assert_eq!(opened.get(), 1);
    hub.close();
    hub.close();
    assert!(closed(&hub));
}

#[wasm_bindgen_test]
fn an_effect_that_is_cleaned_up_and_run_again_replaces_the_socket() {
    let (hub, opened) = counting();
    hub.start(|| {});
    let (first, number) = hub.client().unwrap();
    hub.close();
    hub.start(|| {});
    assert_eq!(opened.get(), 2);
    let (second, next) = hub.client().unwrap();
    assert_ne!(number, next);
    second.send(&"accepted".to_owned()).unwrap();
    assert!(second.pending());
    assert!(!first.pending(), "it is another socket");
    hub.close();
}

#[wasm_bindgen_test]
fn whoever_needs_the_socket_first_opens_it() {
    let (hub, opened) = counting();
    hub.client().unwrap().0.send(&"early".to_owned()).unwrap();
    hub.start(|| {});
    assert_eq!(opened.get(), 1);
    assert!(hub.client().unwrap().0.pending(), "the early message waits");
    hub.close();
}

#[wasm_bindgen_test]
fn a_call_from_inside_the_options_is_refused_and_harms_nothing() {
    let me = Rc::new(OnceCell::<Rc<TextHub>>::new());
    let refused = Rc::new(Cell::new(false));
    let (inner, noted) = (Rc::clone(&me), Rc::clone(&refused));
    let hub: Rc<TextHub> = Rc::new(Hub::new(move || {
        noted.set(closed(inner.get().unwrap()));
        Socket::builder(NOWHERE).codec(Raw).open()
    }));
    assert!(me.set(Rc::clone(&hub)).is_ok());
    hub.start(|| {});
    assert!(refused.get());
    assert!(hub.client().is_ok());
    hub.close();
}

#[wasm_bindgen_test]
fn a_listener_that_an_earlier_one_ended_is_not_called_any_more() {
    let (hub, _) = counting();
    let later = Rc::new(RefCell::new(None::<Listening<String, String>>));
    let heard = Rc::new(RefCell::new(Vec::new()));
    let (ends, first, second) = (Rc::clone(&later), Rc::clone(&heard), Rc::clone(&heard));
    let _earlier = hub.listen(move |message| {
        first.borrow_mut().push(("earlier", message.unwrap()));
        drop(ends.take());
    });
    later.replace(Some(hub.listen(move |message| {
        second.borrow_mut().push(("later", message.unwrap()));
    })));
    hub.deliver(Ok("one".into()));
    assert_eq!(*heard.borrow(), [("earlier", Rc::new("one".to_owned()))]);
    assert!(later.borrow().is_none());
}

#[wasm_bindgen_test]
async fn a_socket_of_a_render_that_was_never_shown_is_dropped_with_it() {
    let (hub, _) = counting();
    let (client, _) = hub.client().unwrap();
    let mut states = client.states();
    drop(hub);
    // The stream of states ends with its socket.
    let end = poll_fn(|context| {
        loop {
            match Pin::new(&mut states).poll_next(context) {
                Poll::Ready(Some(_)) => {}
                other => break other,
            }
        }
    });
    assert_eq!(end.await, None);
    let late = client.send(&"late".to_owned());
    assert_eq!(late.err(), Some(Error::Send(SendError::Closed)));
}
