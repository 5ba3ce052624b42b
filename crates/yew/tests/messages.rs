//! What arrives: as state, as calls, and with listeners that do as they like.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{Log, TextHandle, key, mount, passing_time, quick, until_connections, url};
use everwire::{Error, Raw, Socket, State};
use everwire_yew::{use_latest_message, use_messages, use_socket};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, PartialEq, Properties)]
struct Props {
    url: String,
    handles: Log<TextHandle>,
    heard: Log<(u32, String)>,
    #[prop_or_default]
    tick: u32,
}

impl Props {
    fn new(path: &str) -> Self {
        Self {
            url: url(path),
            handles: Log::new(),
            heard: Log::new(),
            tick: 0,
        }
    }
}

#[hook]
fn use_texts(url: String) -> TextHandle {
    use_socket(url, |url| {
        Socket::builder(url.as_str()).codec(Raw).backoff(quick())
    })
}

fn is_open(handle: &TextHandle) -> bool {
    handle.state() == State::Open
}

/// Notes each message with the tick of the render that listened.
#[component]
fn Listener(props: &Props) -> Html {
    let socket = use_texts(props.url.clone());
    let (tick, heard) = (props.tick, props.heard.clone());
    use_messages(&socket, move |message| {
        heard.push((tick, message.unwrap().as_str().to_owned()));
    });
    props.handles.push(socket);
    Html::default()
}

#[wasm_bindgen_test]
async fn every_message_is_heard_once_and_in_order_by_the_latest_function() {
    let mut props = Props::new("/echo");
    let (handles, heard) = (props.handles.clone(), props.heard.clone());
    let mut app = mount::<Listener>(props.clone());
    let handle = handles.until(is_open).await;
    for number in 0..20 {
        handle.send(&number.to_string()).unwrap();
    }
    heard.count(20).await;
    props.tick = 1;
    let renders = handles.len();
    app.update(props.clone());
    handles.count(renders + 1).await;
    for number in 20..40 {
        handle.send(&number.to_string()).unwrap();
    }
    heard.count(40).await;
    let expected: Vec<_> = (0..40)
        .map(|number| (u32::from(number >= 20), number.to_string()))
        .collect();
    assert_eq!(heard.all(), expected);
    app.destroy();
}

#[component]
fn Latest(props: &Props) -> Html {
    let socket = use_texts(props.url.clone());
    let latest = use_latest_message(&socket);
    let text = latest.as_deref().cloned().unwrap_or("nothing".to_owned());
    props.heard.push((0, text));
    props.handles.push(socket);
    Html::default()
}

#[wasm_bindgen_test]
async fn the_latest_message_is_rendered_and_forgotten_with_its_socket() {
    let mut props = Props::new("/echo");
    let (handles, heard) = (props.handles.clone(), props.heard.clone());
    let mut app = mount::<Latest>(props.clone());
    let handle = handles.until(is_open).await;
    assert_eq!(heard.last().1, "nothing");
    for text in ["one", "two"] {
        handle.send(&text.to_owned()).unwrap();
        heard.until(|(_, shown)| shown == text).await;
    }
    props.url = url("/echo?other");
    app.update(props);
    handles.until(|new| is_open(new) && *new != handle).await;
    assert_eq!(heard.last().1, "nothing");
    app.destroy();
}

#[component]
fn Numbers(props: &Props) -> Html {
    let socket = use_socket(props.url.clone(), |url| {
        Socket::<u32, serde_json::Value>::builder(url.as_str()).backoff(quick())
    });
    let heard = props.heard.clone();
    use_messages(&socket, move |message| {
        heard.push(match message {
            Ok(number) => (*number, "a number".to_owned()),
            Err(Error::Decode(error)) => (0, format!("{:?}", error.frame)),
            Err(error) => panic!("{error}"),
        });
    });
    use_effect_with((), move |()| {
        for value in [serde_json::json!(1), "one".into(), serde_json::json!(2)] {
            socket.send(&value).unwrap();
        }
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn an_undecodable_message_is_an_error_in_its_place() {
    let props = Props::new("/echo");
    let heard = props.heard.clone();
    let app = mount::<Numbers>(props);
    heard.count(3).await;
    let all = heard.all();
    assert_eq!(all[0], (1, "a number".to_owned()));
    assert!(all[1].1.contains("one"), "{all:?}");
    assert_eq!(all[2], (2, "a number".to_owned()));
    app.destroy();
}

/// Listens only from its second tick on.
#[component]
fn Late(props: &Props) -> Html {
    let socket = use_texts(props.url.clone());
    props.handles.push(socket.clone());
    let heard = props.heard.clone();
    if props.tick == 0 {
        Html::default()
    } else {
        html! { <Ear {socket} {heard} /> }
    }
}

#[derive(Clone, PartialEq, Properties)]
struct EarProps {
    socket: TextHandle,
    heard: Log<(u32, String)>,
}

#[component]
fn Ear(props: &EarProps) -> Html {
    let heard = props.heard.clone();
    use_messages(&props.socket, move |message| {
        heard.push((0, message.unwrap().as_str().to_owned()));
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn messages_wait_for_the_first_listener_and_go_to_nobody_who_left() {
    let mut props = Props::new("/flood?n=50");
    let (handles, heard) = (props.handles.clone(), props.heard.clone());
    let mut app = mount::<Late>(props.clone());
    let handle = handles.until(is_open).await;
    let client = handle.client().unwrap();
    passing_time(|| client.stats().unread == 50).await;
    props.tick = 1;
    app.update(props.clone());
    heard.count(50).await;
    assert_eq!(client.stats().unread, 0);

    props.tick = 0;
    app.update(props.clone());
    common::until_render().await;
    handle.send(&"unheard".to_owned()).unwrap();
    passing_time(|| client.stats().unread == 1).await;
    assert_eq!(heard.len(), 50);
    app.destroy();
}

/// A listener that sends, renders again, and leaves in the middle of it.
#[component]
fn Busy(props: &Props) -> Html {
    let socket = use_texts(props.url.clone());
    let count = use_state(|| 0);
    let (heard, answering, counter) = (props.heard.clone(), socket.clone(), count.clone());
    use_messages(&socket, move |message| {
        let message = message.unwrap();
        heard.push((0, message.as_str().to_owned()));
        counter.set(*counter + 1);
        if message.len() < 5 {
            answering.send(&format!("{message}+")).unwrap();
        } else {
            answering.reconnect();
        }
    });
    props.handles.push(socket.clone());
    if *count < 5 {
        let heard = props.heard.clone();
        html! { <Ear {socket} {heard} /> }
    } else {
        Html::default()
    }
}

#[wasm_bindgen_test]
async fn a_listener_may_send_render_and_end_others() {
    let key = key();
    let props = Props::new(&format!("/echo?key={key}"));
    let (handles, heard) = (props.handles.clone(), props.heard.clone());
    let app = mount::<Busy>(props);
    let handle = handles.until(is_open).await;
    handle.send(&"+".to_owned()).unwrap();
    until_connections(&key, 2, 1).await;
    let mut lengths: Vec<_> = heard.all().iter().map(|(_, text)| text.len()).collect();
    lengths.dedup();
    assert_eq!(lengths, [1, 2, 3, 4, 5]);
    app.destroy();
    until_connections(&key, 2, 0).await;
}

#[component]
fn Asking(props: &Props) -> Html {
    let socket = use_socket(props.url.clone(), |url| {
        Socket::<serde_json::Value, serde_json::Value>::builder(url.as_str()).correlate(
            |message, number| message["id"] = number.into(),
            |message| message["reply"].as_u64(),
        )
    });
    use_messages(&socket, |message| {
        panic!("a reply is no message: {message:?}")
    });
    let heard = props.heard.clone();
    use_effect_with((), move |()| {
        let question = serde_json::json!({ "value": "the answer" });
        let reply = socket.request(question, std::time::Duration::from_secs(60));
        wasm_bindgen_futures::spawn_local(async move {
            let reply = reply.unwrap().await.unwrap();
            heard.push((0, reply["value"].as_str().unwrap().to_owned()));
        });
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn a_request_has_its_reply() {
    let props = Props::new("/rpc");
    let heard = props.heard.clone();
    let app = mount::<Asking>(props);
    heard.count(1).await;
    assert_eq!(heard.last().1, "the answer");
    app.destroy();
}
