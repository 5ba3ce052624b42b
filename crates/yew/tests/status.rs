//! The status that users see: calm over short losses, honest about long ones.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{cell::Cell, rc::Rc, time::Duration};

use common::{Log, TextHandle, key, mount, passing_time, quick, until_connections, url};
use everwire::{Raw, Socket, State, Url};
use everwire_yew::{ConnectionStatus, SocketOptions, use_socket_with};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

use ConnectionStatus::{Closed, Connected, Connecting, Reconnecting};

#[derive(Clone, PartialEq, Properties)]
struct Props {
    key: String,
    options: SocketOptions,
    /// While true, dials fail.
    down: Rc<Cell<bool>>,
    /// Dials so far.
    dials: Rc<Cell<u32>>,
    log: Log<TextHandle>,
}

impl Props {
    fn new(options: SocketOptions) -> Self {
        Self {
            key: key(),
            options,
            down: Rc::default(),
            dials: Rc::default(),
            log: Log::new(),
        }
    }
}

#[component]
fn Shown(props: &Props) -> Html {
    let (down, dials) = (Rc::clone(&props.down), Rc::clone(&props.dials));
    let socket = use_socket_with(props.key.clone(), props.options, move |key| {
        let (down, dials, key) = (Rc::clone(&down), Rc::clone(&dials), key.clone());
        let address = Url::from_fn(move |_attempt| {
            dials.set(dials.get() + 1);
            match down.get() {
                true => Err("down for the test".into()),
                false => Ok(url(&format!("/command?key={key}"))),
            }
        });
        Socket::builder(address).codec(Raw).backoff(quick())
    });
    props.log.push(socket);
    Html::default()
}

/// What the user saw, one entry per change.
fn shown(log: &Log<TextHandle>) -> Vec<ConnectionStatus> {
    let mut all: Vec<_> = log.all().iter().map(TextHandle::status).collect();
    all.dedup();
    all
}

fn states(log: &Log<TextHandle>) -> Vec<State> {
    let mut all: Vec<_> = log.all().iter().map(TextHandle::state).collect();
    all.dedup();
    all
}

#[wasm_bindgen_test]
async fn a_loss_within_the_grace_is_never_shown() {
    // Long enough for the slowest machine; the loss itself takes some 10 ms.
    let props = Props::new(SocketOptions::new().grace(Duration::from_secs(60)));
    let (log, key) = (props.log.clone(), props.key.clone());
    let app = mount::<Shown>(props);
    for losses in 1..=3 {
        let open = log.until(|handle| handle.state() == State::Open).await;
        open.send(&"!drop".to_owned()).unwrap();
        // Not on a state of the page: the link may be back before the page is drawn again.
        until_connections(&key, losses + 1, 1).await;
    }
    log.until(|handle| handle.state() == State::Open).await;
    assert_eq!(shown(&log), [Connecting, Connected]);
    assert!(states(&log).len() > 8, "{:?}", states(&log));
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_loss_over_the_grace_is_shown_until_the_return() {
    let props = Props::new(SocketOptions::new().grace(Duration::from_millis(50)));
    let (log, down) = (props.log.clone(), Rc::clone(&props.down));
    let app = mount::<Shown>(props);
    let open = log.until(|handle| handle.state() == State::Open).await;
    down.set(true);
    open.send(&"!drop".to_owned()).unwrap();
    let lost = log.until(|handle| handle.status() == Reconnecting).await;
    assert_ne!(lost.state(), State::Open);
    assert_eq!(lost.error(), None, "it will come back by itself");
    down.set(false);
    log.until(|handle| handle.state() == State::Open).await;
    assert_eq!(
        shown(&log),
        [Connecting, Connected, Reconnecting, Connected]
    );
    app.destroy();
}

#[wasm_bindgen_test]
async fn the_grace_counts_from_the_loss_whatever_happens_meanwhile() {
    let grace = Duration::from_millis(400);
    let props = Props::new(SocketOptions::new().grace(grace));
    let (log, down) = (props.log.clone(), Rc::clone(&props.down));
    let dials = Rc::clone(&props.dials);
    let app = mount::<Shown>(props);
    let open = log.until(|handle| handle.state() == State::Open).await;
    down.set(true);
    let began = js_sys::Date::now();
    open.send(&"!drop".to_owned()).unwrap();
    // Dials fail every 20 ms meanwhile, and each begins a new wait.
    log.until(|handle| handle.status() == Reconnecting).await;
    let waited = js_sys::Date::now() - began;
    assert!(waited >= 399.0, "told after {waited} ms");
    assert!(dials.get() > 4, "{} dials", dials.get());
    app.destroy();
}

#[wasm_bindgen_test]
async fn without_a_grace_a_loss_is_told_at_once() {
    let props = Props::new(SocketOptions::new().grace(Duration::ZERO));
    let (log, down) = (props.log.clone(), Rc::clone(&props.down));
    let app = mount::<Shown>(props);
    let open = log.until(|handle| handle.state() == State::Open).await;
    down.set(true);
    open.send(&"!drop".to_owned()).unwrap();
    log.until(|handle| handle.state() != State::Open).await;
    let calm = |handle: &TextHandle| handle.status() == Connected && handle.state() != State::Open;
    assert!(!log.all().iter().any(calm));
    assert_eq!(log.last().status(), Reconnecting);
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_first_connection_that_takes_long_is_connecting_all_the_while() {
    let props = Props::new(SocketOptions::new().grace(Duration::ZERO));
    let (log, down) = (props.log.clone(), Rc::clone(&props.down));
    let dials = Rc::clone(&props.dials);
    down.set(true);
    let app = mount::<Shown>(props);
    passing_time(|| dials.get() > 4).await;
    assert_eq!(shown(&log), [Connecting]);
    down.set(false);
    log.until(|handle| handle.status() == Connected).await;
    assert_eq!(shown(&log), [Connecting, Connected]);
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_close_by_the_application_is_told_at_once_and_is_no_error() {
    let props = Props::new(SocketOptions::new().grace(Duration::from_secs(60)));
    let log = props.log.clone();
    let app = mount::<Shown>(props);
    let open = log.until(|handle| handle.state() == State::Open).await;
    let client = open.client().unwrap();
    client.close(everwire::CloseOptions::new()).await.unwrap();
    let closed = log.until(|handle| handle.status() == Closed).await;
    assert_eq!(closed.error(), None);
    closed.reconnect();
    log.until(|handle| handle.state() == State::Open).await;
    assert_eq!(
        shown(&log),
        [Connecting, Connected, Closed, Connecting, Connected]
    );
    app.destroy();
}

#[wasm_bindgen_test]
fn the_default_grace_is_a_second_and_a_half() {
    let spelled_out = SocketOptions::new().grace(Duration::from_millis(1_500));
    assert_eq!(SocketOptions::default(), spelled_out);
}
