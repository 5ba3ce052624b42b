//! The life of a socket beside the life of its component.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{
    Log, Recorder, TextHandle, connections, key, mount, passing_time, quick, received, stats,
    until_connections, until_render, url,
};
use everwire::{EndReason, Error, Raw, SendError, Socket, State};
use everwire_yew::{ConnectionStatus, SocketProvider, use_messages, use_shared_socket, use_socket};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, PartialEq, Properties)]
struct Props {
    url: String,
    log: Log<TextHandle>,
    #[prop_or_default]
    tick: u32,
    #[prop_or(true)]
    shown: bool,
}

impl Props {
    fn new(path: &str) -> Self {
        Self {
            url: url(path),
            log: Log::new(),
            tick: 0,
            shown: true,
        }
    }
}

/// A socket to the url, recording the handle of each render.
#[component]
fn Owner(props: &Props) -> Html {
    let socket = use_socket(props.url.clone(), |url| {
        Socket::builder(url.as_str()).codec(Raw).backoff(quick())
    });
    props.log.push(socket);
    Html::default()
}

/// An owner that comes and goes within one application.
#[component]
fn Toggle(props: &Props) -> Html {
    if props.shown {
        let Props { url, log, .. } = props.clone();
        html! { <Owner {url} {log} /> }
    } else {
        Html::default()
    }
}

fn is_open(handle: &TextHandle) -> bool {
    handle.state() == State::Open
}

#[wasm_bindgen_test]
async fn fifty_renders_share_one_socket() {
    let key = key();
    let mut props = Props::new(&format!("/echo?key={key}"));
    let log = props.log.clone();
    let mut app = mount::<Owner>(props.clone());
    let first = log.until(is_open).await;
    for tick in 1..=50 {
        props.tick = tick;
        let renders = log.len();
        app.update(props.clone());
        log.count(renders + 1).await;
    }
    assert!(log.len() >= 52);
    assert!(log.last() == first, "the handle is still the same");
    assert_eq!(stats(&key).await["attempts"], 1);
    assert_eq!(connections(&key).await, (1, 1));
    app.destroy();
    until_connections(&key, 1, 0).await;
}

#[wasm_bindgen_test]
async fn a_remount_closes_the_socket_and_opens_exactly_one() {
    let key = key();
    let mut props = Props::new(&format!("/echo?key={key}"));
    let log = props.log.clone();
    let mut app = mount::<Toggle>(props.clone());
    log.until(is_open).await;
    props.shown = false;
    app.update(props.clone());
    until_connections(&key, 1, 0).await;
    props.shown = true;
    app.update(props.clone());
    until_connections(&key, 2, 1).await;

    // Gone and back before anything else can run.
    for shown in [false, true, false, true] {
        props.shown = shown;
        app.update(props.clone());
        until_render().await;
    }
    passing_time(|| log.len() > 2 && is_open(&log.last())).await;
    let (so_far, _) = connections(&key).await;
    assert!(so_far <= 4, "{so_far} connections for four mounts");
    until_connections(&key, so_far, 1).await;
    app.destroy();
    until_connections(&key, so_far, 0).await;
}

#[wasm_bindgen_test]
async fn another_url_replaces_the_socket_and_cuts_off_older_handles() {
    let keys = [key(), key()];
    let mut props = Props::new(&format!("/echo?key={}", keys[0]));
    let log = props.log.clone();
    let mut app = mount::<Owner>(props.clone());
    let old = log.until(is_open).await;
    props.url = url(&format!("/echo?key={}", keys[1]));
    app.update(props);
    let new = log.until(|handle| is_open(handle) && *handle != old).await;
    until_connections(&keys[0], 1, 0).await;
    until_connections(&keys[1], 1, 1).await;

    let refused = old.send(&"to the old room".to_owned());
    assert_eq!(refused.err(), Some(Error::Send(SendError::Closed)));
    new.send(&"to the new room".to_owned())
        .unwrap()
        .written()
        .await
        .unwrap();
    common::eventually(|| async { received(&keys[1]).await == ["to the new room"] }).await;
    assert!(received(&keys[0]).await.is_empty());
    app.destroy();
}

#[wasm_bindgen_test]
async fn unmounting_writes_what_is_queued_and_closes_properly() {
    let key = key();
    let props = Props::new(&format!("/echo?key={key}"));
    let log = props.log.clone();
    let app = mount::<Owner>(props);
    let handle = log.until(is_open).await;
    let renders = log.len();
    handle.send(&"goodbye".to_owned()).unwrap();
    app.destroy();
    until_connections(&key, 1, 0).await;
    assert_eq!(received(&key).await, ["goodbye"]);
    assert_eq!(stats(&key).await["closeCode"], 1000);
    let late = handle.send(&"too late".to_owned());
    assert_eq!(late.err(), Some(Error::Send(SendError::Closed)));
    handle.reconnect();
    assert_eq!(connections(&key).await, (1, 0));
    assert_eq!(log.len(), renders, "no render after the unmount");
}

#[wasm_bindgen_test]
async fn unmounting_during_the_handshake_leaves_no_connection() {
    let recorder = Recorder::install();
    let key = key();
    let props = Props::new(&format!("/echo?key={key}"));
    let log = props.log.clone();
    let app = mount::<Owner>(props);
    until_render().await;
    assert_eq!(log.last().state(), State::Connecting);
    app.destroy();
    let sockets = format!("sockets.filter((socket) => socket.url.includes('{key}'))");
    passing_time(|| recorder.number(&format!("{sockets}[0].readyState")) == 3.0).await;
    assert_eq!(recorder.number(&format!("{sockets}.length")), 1.0);
    assert!(!log.all().iter().any(is_open));
}

#[wasm_bindgen_test]
async fn a_bad_url_is_an_error_in_the_handle_and_a_good_one_cures_it() {
    let key = key();
    let mut props = Props::new("");
    props.url = "ftp://example.com".to_owned();
    let log = props.log.clone();
    let mut app = mount::<Owner>(props.clone());
    let broken = log.until(|handle| handle.error().is_some()).await;
    let Some(Error::BadUrl { url: named, .. }) = broken.error() else {
        panic!("{:?}", broken.error());
    };
    assert_eq!(named, "ftp://example.com");
    assert_eq!(broken.status(), ConnectionStatus::Closed);
    assert_eq!(broken.state(), State::Closed);
    let refused = broken.send(&"into the void".to_owned());
    assert_eq!(refused.err().as_ref(), broken.error());

    props.url = url(&format!("/echo?key={key}"));
    app.update(props);
    let cured = log.until(is_open).await;
    assert_eq!(cured.error(), None);
    assert_eq!(cured.status(), ConnectionStatus::Connected);
    app.destroy();
}

#[component]
fn Once(props: &Props) -> Html {
    let socket = use_socket(props.url.clone(), |url| {
        Socket::builder(url.as_str())
            .codec(Raw)
            .backoff(quick())
            .reconnect(false)
    });
    props.log.push(socket);
    Html::default()
}

#[wasm_bindgen_test]
async fn an_end_says_why_and_reconnect_revives_it() {
    let props = Props::new("/command");
    let log = props.log.clone();
    let app = mount::<Once>(props);
    let handle = log.until(is_open).await;
    handle.send(&"!close 4000 enough".to_owned()).unwrap();
    let ended = log.until(|handle| handle.error().is_some()).await;
    assert_eq!(ended.status(), ConnectionStatus::Closed);
    let Some(Error::Ended { reason, .. }) = ended.error() else {
        panic!("{:?}", ended.error());
    };
    assert_eq!(*reason, EndReason::ReconnectOff);
    ended.reconnect();
    let revived = log.until(is_open).await;
    assert_eq!(revived.error(), None);
    assert_eq!(revived.status(), ConnectionStatus::Connected);
    app.destroy();
}

#[derive(Clone, PartialEq, Properties)]
struct FamilyProps {
    url: String,
    heard: Log<(u32, String)>,
}

/// Two children share the socket of their parent.
#[component]
fn Family(props: &FamilyProps) -> Html {
    let socket = use_socket(props.url.clone(), |url| {
        Socket::builder(url.as_str()).codec(Raw).backoff(quick())
    });
    let child = |name: u32| {
        let heard = props.heard.clone();
        html! { <Child {name} {heard} /> }
    };
    html! {
        <SocketProvider<String, String> {socket}>
            { child(1) }
            { child(2) }
        </SocketProvider<String, String>>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct ChildProps {
    name: u32,
    heard: Log<(u32, String)>,
}

/// Sends in its first effect, which runs before the parent's.
#[component]
fn Child(props: &ChildProps) -> Html {
    let socket = use_shared_socket::<String, String>().expect("a provider");
    let (name, heard) = (props.name, props.heard.clone());
    use_messages(&socket, move |message| {
        heard.push((name, message.unwrap().as_str().to_owned()));
    });
    use_effect_with((), move |()| {
        socket.send(&format!("from {name}")).unwrap();
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn a_shared_socket_loses_nothing_that_children_send_on_mount() {
    let key = key();
    let heard = Log::new();
    let app = mount::<Family>(FamilyProps {
        url: url(&format!("/echo?key={key}")),
        heard: heard.clone(),
    });
    heard.count(4).await;
    let mut all = heard.all();
    all.sort();
    let expected = [(1, "from 1"), (1, "from 2"), (2, "from 1"), (2, "from 2")];
    assert_eq!(all, expected.map(|(name, text)| (name, text.to_owned())));
    assert_eq!(connections(&key).await, (1, 1));
    app.destroy();
    until_connections(&key, 1, 0).await;
}

#[component]
fn Orphan(props: &FamilyProps) -> Html {
    let found = use_shared_socket::<String, String>().is_some();
    props.heard.push((u32::from(found), String::new()));
    Html::default()
}

#[wasm_bindgen_test]
async fn without_a_provider_there_is_no_shared_socket() {
    let heard = Log::new();
    let app = mount::<Orphan>(FamilyProps {
        url: String::new(),
        heard: heard.clone(),
    });
    heard.count(1).await;
    assert_eq!(heard.last().0, 0);
    app.destroy();
}
