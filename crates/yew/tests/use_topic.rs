//! Paced senders over re-renders.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::time::Duration;

use common::{Log, TextHandle, eventually, key, mount, quick, received, url};
use everwire::{Error, Raw, SendError, Socket, State, Status};
use everwire_yew::{UseTopicHandle, use_socket, use_topic};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, PartialEq, Properties)]
struct Props {
    url: String,
    /// Milliseconds.
    interval: u64,
    log: Log<(TextHandle, UseTopicHandle<u32>)>,
    #[prop_or_default]
    tick: u32,
}

impl Props {
    fn new(path: &str, interval: u64) -> Self {
        Self {
            url: url(path),
            interval,
            log: Log::new(),
            tick: 0,
        }
    }
}

/// Numbers as texts, throttled.
#[component]
fn Paced(props: &Props) -> Html {
    let socket = use_socket(props.url.clone(), |url| {
        Socket::<String, String>::builder(url.as_str())
            .codec(Raw)
            .backoff(quick())
    });
    let numbers = use_topic(&socket, props.interval, |client, interval| {
        client
            .topic::<u32>("numbers")
            .throttle(Duration::from_millis(*interval))
            .build_with(u32::to_string)
    });
    props.log.push((socket, numbers));
    Html::default()
}

fn is_open((socket, _): &(TextHandle, UseTopicHandle<u32>)) -> bool {
    socket.state() == State::Open
}

#[wasm_bindgen_test]
async fn the_pace_goes_on_over_renders() {
    let key = key();
    let mut props = Props::new(&format!("/echo?key={key}"), 2_000);
    let log = props.log.clone();
    let mut app = mount::<Paced>(props.clone());
    let (_, first) = log.until(is_open).await;
    let mut handles = Vec::new();
    for number in 1..=20 {
        props.tick = number;
        let renders = log.len();
        app.update(props.clone());
        common::until_render().await;
        assert!(log.len() > renders, "it was rendered again");
        let (_, topic) = log.last();
        assert!(topic == first, "it is the same topic");
        handles.push(topic.send(&number).unwrap());
    }
    assert_eq!(handles[0].status(), Status::Written);
    for handle in &handles[1..19] {
        let status = handle.status();
        assert!(matches!(status, Status::Superseded { .. }), "{status:?}");
    }
    assert_eq!(handles[19].status(), Status::Paced);
    handles[19].written().await.unwrap();
    eventually(|| async { received(&key).await.len() >= 2 }).await;
    assert_eq!(received(&key).await, ["1", "20"]);
    app.destroy();
}

#[wasm_bindgen_test]
async fn the_topic_of_a_reconnected_socket_goes_on() {
    let key = key();
    let props = Props::new(&format!("/command?key={key}"), 10);
    let log = props.log.clone();
    let app = mount::<Paced>(props);
    let (socket, topic) = log.until(is_open).await;
    topic.send(&1).unwrap().written().await.unwrap();
    socket.send(&"!drop".to_owned()).unwrap();
    log.until(|entry| !is_open(entry)).await;
    let while_down = topic.send(&2).unwrap();
    while_down.written().await.unwrap();
    eventually(|| async { received(&key).await == ["1", "!drop", "2"] }).await;
    app.destroy();
}

#[wasm_bindgen_test]
async fn other_dependencies_make_another_topic_and_another_url_cuts_off_the_old_one() {
    let key = key();
    let mut props = Props::new("/echo", 60_000);
    let log = props.log.clone();
    let mut app = mount::<Paced>(props.clone());
    let (_, slow) = log.until(is_open).await;
    slow.send(&1).unwrap();
    assert_eq!(slow.send(&2).unwrap().status(), Status::Paced);
    props.interval = 10;
    app.update(props.clone());
    common::until_render().await;
    let (_, quick) = log.last();
    assert!(quick != slow);
    quick.send(&3).unwrap().written().await.unwrap();

    props.url = url(&format!("/echo?key={key}"));
    app.update(props);
    common::until_render().await;
    let (_, new) = log.last();
    assert!(new != quick);
    let refused = quick.send(&4);
    assert_eq!(refused.err(), Some(Error::Send(SendError::Closed)));
    new.send(&5).unwrap().written().await.unwrap();
    eventually(|| async { received(&key).await == ["5"] }).await;
    app.destroy();
}

#[wasm_bindgen_test]
async fn bad_options_are_errors_of_every_send() {
    let props = Props::new("/echo", 0);
    let log = props.log.clone();
    let app = mount::<Paced>(props);
    let (socket, topic) = log.until(is_open).await;
    for _ in 0..2 {
        let error = topic.send(&1).err().unwrap();
        assert!(matches!(error, Error::Topic(_)), "{error}");
    }
    assert_eq!(socket.error(), None);
    app.destroy();

    let mut props = Props::new("", 10);
    props.url = "no-scheme://x".to_owned();
    let log = props.log.clone();
    let app = mount::<Paced>(props);
    common::until_render().await;
    let error = log.last().1.send(&1).err().unwrap();
    assert!(matches!(error, Error::BadUrl { .. }), "{error}");
    app.destroy();
}
