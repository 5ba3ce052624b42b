//! What the hook tests share: mounted components that record their renders, and the helpers of the socket tests.
#![allow(dead_code, reason = "each test binary uses a part of it")]

#[path = "../../../../tests/common/mod.rs"]
mod base;

use std::{cell::RefCell, rc::Rc};

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub(crate) use base::{Recorder, eventually, key, quick, received, stats, text, url};
use everwire::Socket;
use everwire_yew::UseSocketHandle;
use futures_util::StreamExt;
use yew::{AppHandle, BaseComponent};

/// A socket that speaks plain text.
pub(crate) type TextHandle = UseSocketHandle<String, String>;

/// What a component has recorded, oldest first.
pub(crate) struct Log<T>(Rc<RefCell<Vec<T>>>);

impl<T: Clone> Log<T> {
    pub(crate) fn new() -> Self {
        Self(Rc::default())
    }

    pub(crate) fn push(&self, entry: T) {
        self.0.borrow_mut().push(entry);
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn last(&self) -> T {
        self.0.borrow().last().expect("an entry").clone()
    }

    /// Waits for an entry like this to be the last one, and returns it.
    pub(crate) async fn until(&self, condition: impl Fn(&T) -> bool) -> T {
        passing_time(|| self.0.borrow().last().is_some_and(&condition)).await;
        self.last()
    }

    /// Waits for this many entries.
    pub(crate) async fn count(&self, count: usize) {
        passing_time(|| self.len() >= count).await;
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Log<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Asks again after each round trip over a socket of its own, until the answer is yes.
pub(crate) async fn passing_time(condition: impl Fn() -> bool) {
    let socket: Socket<String, String> = text("/echo").open().expect("opens");
    let client = socket.client();
    let mut answers = socket;
    while !condition() {
        client.send(&"again".to_owned()).expect("accepted");
        answers.next().await.expect("an answer").expect("a text");
    }
}

/// Lets Yew do what is scheduled: its scheduler runs as a microtask.
pub(crate) async fn until_render() {
    let turn = js_sys::Promise::resolve(&wasm_bindgen::JsValue::UNDEFINED);
    for _ in 0..5 {
        wasm_bindgen_futures::JsFuture::from(turn.clone())
            .await
            .expect("it is resolved");
    }
}

/// Shows a component in an element of its own.
pub(crate) fn mount<C: BaseComponent>(props: C::Properties) -> AppHandle<C> {
    let document = web_sys::window()
        .and_then(|window| window.document())
        .expect("a page");
    let root = document.create_element("div").expect("an element");
    document
        .body()
        .expect("a body")
        .append_child(&root)
        .expect("a child");
    yew::Renderer::<C>::with_root_and_props(root, props).render()
}

/// The server's side of a key: connections so far, and how many of them are open.
pub(crate) async fn connections(key: &str) -> (u64, u64) {
    let stats = stats(key).await;
    let number = |name: &str| stats[name].as_u64().unwrap_or(0);
    (number("connections"), number("open"))
}

/// Waits until the server has these numbers of connections for a key: so far, and open.
pub(crate) async fn until_connections(key: &str, so_far: u64, open: u64) {
    eventually(|| async { connections(key).await == (so_far, open) }).await;
}
