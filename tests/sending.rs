//! What goes out when: topics, statuses, back-pressure.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::{cell::RefCell, rc::Rc, time::Duration};

use common::{Recorder, eventually, js, key, received, stats, text, until, url};
use everwire::{
    Client, CloseOptions, ConfigError, Error, Lane, MessageOptions, Offline, Order, OutboxConfig,
    Overflow, RateOverflow, Raw, SendError, Socket, State, Status,
};
use futures_util::{FutureExt, SinkExt, StreamExt, future::poll_fn};
use serde_json::Value;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3_600);

async fn open(key: &str) -> Socket<String, String> {
    let socket = text(&format!("/command?key={key}")).open().unwrap();
    until(&socket, State::Open).await;
    socket
}

#[wasm_bindgen_test]
async fn a_throttled_topic_sends_the_first_and_the_latest_value_per_key() {
    let key = key();
    let socket = open(&key).await;
    let topic = socket
        .topic::<(u32, u32)>("position")
        .throttle(Duration::from_millis(50))
        .key(|(vehicle, _)| *vehicle)
        .build_with(|(vehicle, at)| format!("{vehicle}@{at}"))
        .unwrap();
    let mut handles = Vec::new();
    for at in 0..5 {
        for vehicle in [1, 2] {
            handles.push(topic.send(&(vehicle, at)).unwrap());
        }
    }
    assert!(topic.pending() && topic.slot(1).pending() && !topic.slot(3).pending());
    assert_eq!(topic.slot(2).peek(), Some("2@4".into()));
    handles.last().unwrap().written().await.unwrap();
    eventually(|| async { received(&key).await.len() == 4 }).await;
    assert_eq!(received(&key).await, ["1@0", "2@0", "1@4", "2@4"]);
    let ends: Vec<_> = handles
        .iter()
        .step_by(2)
        .map(|handle| handle.status())
        .collect();
    assert_eq!((ends[0], ends[4]), (Status::Written, Status::Written));
    for handle in handles.iter().step_by(2).take(4).skip(1) {
        assert!(matches!(
            handle.status(),
            Status::Superseded { merged: false, .. }
        ));
        assert!(matches!(
            handle.written().await,
            Err(Error::NotDelivered(_))
        ));
    }
    assert_eq!(socket.stats().sent.superseded, 6);
}

#[wasm_bindgen_test]
async fn a_debounced_topic_waits_for_quiet_and_flushes_on_request() {
    let key = key();
    let socket = open(&key).await;
    let topic = socket
        .topic::<String>("viewport")
        .debounce(HOUR)
        .build()
        .unwrap();
    for value in ["a", "b", "c"] {
        topic.send(&value.to_owned()).unwrap();
    }
    assert_eq!(topic.peek(), Some("c".into()));
    let last = topic.send(&"d".to_owned()).unwrap();
    assert_eq!(last.status(), Status::Paced);
    topic.flush().await;
    assert_eq!(last.status(), Status::Written);
    topic.send(&"e".to_owned()).unwrap();
    topic.cancel();
    assert!(!topic.pending());
    socket
        .client()
        .send(&"end".to_owned())
        .unwrap()
        .written()
        .await
        .unwrap();
    eventually(|| async { received(&key).await == ["d", "end"] }).await;
}

#[wasm_bindgen_test]
async fn a_conflated_counter_is_merged_while_the_link_is_down() {
    let key = key();
    let socket = text(&format!("/echo?key={key}")).open().unwrap();
    assert_eq!(socket.state(), State::Connecting);
    let likes = socket
        .topic::<u32>("likes")
        .conflate()
        .merge(|pending, new| pending + new)
        .build_with(|count| count.to_string())
        .unwrap();
    let handles: Vec<_> = (1..=4).map(|count| likes.send(&count).unwrap()).collect();
    assert_eq!(likes.peek(), Some("10".into()));
    handles[3].written().await.unwrap();
    assert!(matches!(
        handles[0].status(),
        Status::Superseded { merged: true, .. }
    ));
    eventually(|| async { received(&key).await == ["10"] }).await;
}

#[wasm_bindgen_test]
async fn what_is_sent_at_once_is_not_merged_with_the_value_it_does_not_replace() {
    let key = key();
    let socket = open(&key).await;
    let likes = socket
        .topic::<u32>("likes")
        .conflate()
        .min_interval(HOUR)
        .merge(|pending, new| pending + new)
        .build_with(|count| count.to_string())
        .unwrap();
    likes.send(&1).unwrap();
    likes.send(&2).unwrap();
    likes
        .send_with(&4, MessageOptions::new().immediate())
        .unwrap();
    eventually(|| async { received(&key).await.len() == 3 }).await;
    assert_eq!(received(&key).await, ["1", "2", "4"]);
}

#[wasm_bindgen_test]
async fn the_destructor_of_a_queued_value_may_call_back_into_the_socket() {
    #[derive(Clone)]
    struct Likes(u32, Client<String, String>);
    impl Drop for Likes {
        fn drop(&mut self) {
            self.1.stats();
        }
    }
    let key = key();
    let socket = text(&format!("/echo?key={key}")).open().unwrap();
    let client = socket.client();
    let likes = socket
        .topic::<Likes>("likes")
        .conflate()
        .merge(|pending, new| Likes(pending.0 + new.0, new.1.clone()))
        .build_with(|likes| likes.0.to_string())
        .unwrap();
    for count in [1, 2, 4] {
        likes.send(&Likes(count, client.clone())).unwrap();
    }
    eventually(|| async { received(&key).await == ["7"] }).await;
    likes.send(&Likes(8, client)).unwrap();
    drop(socket);
    assert!(!likes.pending());
}

#[wasm_bindgen_test]
async fn a_batch_is_one_message_with_a_list() {
    let key = key();
    let socket = Socket::<Value, u32>::builder(url(&format!("/echo?key={key}")))
        .open()
        .unwrap();
    until(&socket, State::Open).await;
    let edits = socket.topic::<u32>("edits").batch(3, HOUR).build().unwrap();
    for edit in 1..=4 {
        edits.send(&edit).unwrap();
    }
    eventually(|| async { received(&key).await == ["[1,2,3]"] }).await;
    edits.flush().await;
    eventually(|| async { received(&key).await == ["[1,2,3]", "[4]"] }).await;
}

#[wasm_bindgen_test]
async fn a_rate_limit_is_kept() {
    let key = key();
    let socket = open(&key).await;
    let topic = socket
        .topic::<String>("subscriptions")
        .rate_limit(0.001, 2, RateOverflow::Reject)
        .build()
        .unwrap();
    let sent: Vec<_> = (0..3)
        .map(|n| topic.send(&n.to_string()).map(drop))
        .collect();
    assert_eq!(
        sent,
        [Ok(()), Ok(()), Err(Error::Send(SendError::RateLimited))]
    );
}

#[wasm_bindgen_test]
async fn a_message_supersedes_what_is_typed() {
    let key = key();
    let socket = open(&key).await;
    let chat = socket
        .topic::<String>("chat")
        .throttle(HOUR)
        .order(Order::Supersede)
        .build()
        .unwrap();
    chat.send(&"typing 1".to_owned()).unwrap();
    let typing = chat.send(&"typing 2".to_owned()).unwrap();
    chat.send_with(&"hello".to_owned(), MessageOptions::new().immediate())
        .unwrap();
    assert_eq!(typing.status(), Status::Cancelled);
    eventually(|| async { received(&key).await == ["typing 1", "hello"] }).await;
}

#[wasm_bindgen_test]
async fn offline_rules_ttl_and_cancel_are_told_by_the_handle() {
    let socket = text("/echo").open().unwrap();
    let client = socket.client();
    let message = "x".to_owned();
    let options = MessageOptions::new;
    let rejected = client.send_with(&message, options().offline(Offline::Reject));
    assert_eq!(rejected.map(drop), Err(Error::Send(SendError::Offline)));
    let dropped = client
        .send_with(&message, options().offline(Offline::Drop))
        .unwrap();
    assert!(matches!(dropped.status(), Status::Dropped(_)));
    let cancelled = client
        .send_with(&message, options().lane(Lane::Bulk))
        .unwrap();
    assert!(cancelled.cancel());
    assert_eq!(cancelled.status(), Status::Cancelled);
    assert!(!cancelled.cancel());
    until(&client, State::Open).await;

    let gone = text(&format!("/refuse-first?n=1000000&key={}", key()))
        .open()
        .unwrap();
    let expired = gone
        .client()
        .send_with(&message, options().ttl(Duration::from_millis(20)))
        .unwrap();
    assert_eq!(
        expired.written().await,
        Err(Error::NotDelivered(Status::Expired))
    );
    let left = gone.client().send(&message).unwrap();
    drop(gone);
    assert!(matches!(
        left.written().await,
        Err(Error::NotDelivered(Status::Dropped(_)))
    ));
}

#[wasm_bindgen_test]
async fn a_dropped_topic_still_sends_its_last_value() {
    let key = key();
    let socket = open(&key).await;
    let topic = socket
        .topic::<String>("cursor")
        .throttle(Duration::from_millis(20))
        .build()
        .unwrap();
    topic.send(&"first".to_owned()).unwrap();
    let last = topic.send(&"last".to_owned()).unwrap();
    drop(topic);
    last.written().await.unwrap();
    eventually(|| async { received(&key).await == ["first", "last"] }).await;

    let socket = Socket::<Value, u32>::builder(url(&format!("/echo?key={key}")))
        .open()
        .unwrap();
    let edits = socket.topic::<u32>("edits").batch(3, HOUR).build().unwrap();
    edits.send(&1).unwrap();
    drop(edits);
    eventually(|| async { received(&key).await == ["first", "last", "[1]"] }).await;
}

#[wasm_bindgen_test]
async fn a_topic_with_bad_options_is_an_error_at_once() {
    let socket = text("/echo").open().unwrap();
    let topic = || socket.topic::<String>("t");
    let ms = Duration::from_millis;
    let error = |result: Result<_, Error>| result.map(drop).unwrap_err();
    assert_eq!(
        error(
            topic()
                .throttle(ms(1))
                .leading(false)
                .trailing(false)
                .build()
        ),
        Error::Topic(ConfigError::NoEdge)
    );
    assert_eq!(
        error(topic().debounce(ms(10)).max_wait(ms(5)).build()),
        Error::Topic(ConfigError::MaxWaitTooShort)
    );
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            error(topic().rate_limit(rate, 1, RateOverflow::Queue).build()),
            Error::Topic(ConfigError::BadRate),
            "{rate}"
        );
    }
    assert!(matches!(
        error(topic().conflate().leading(true).build()),
        Error::Options(_)
    ));
    assert!(matches!(
        error(topic().merge(|a, _| a.clone()).build()),
        Error::Options(_)
    ));
    // Plain text has no lists.
    assert_eq!(error(topic().batch(2, ms(10)).build()), Error::NoContainer);
}

#[wasm_bindgen_test]
async fn the_sink_waits_for_room_in_the_queue() {
    let queue = OutboxConfig {
        max_messages: 2,
        ..OutboxConfig::default()
    };
    let mut socket = text("/echo").queue(queue).open().unwrap();
    let client = socket.client();
    socket.feed("1".to_owned()).await.unwrap();
    socket.feed("2".to_owned()).await.unwrap();
    assert_eq!(client.state(), State::Connecting);
    assert!(
        socket.feed("3".to_owned()).now_or_never().is_none(),
        "the queue is full"
    );
    assert!(matches!(
        client.send(&"no".to_owned()),
        Err(Error::Send(SendError::QueueFull))
    ));
    socket.send("3".to_owned()).await.unwrap();
    for number in ["1", "2", "3"] {
        assert_eq!(socket.next().await.unwrap().unwrap(), number);
    }
}

#[wasm_bindgen_test]
async fn a_message_that_no_longer_fits_is_parked_not_lost() {
    let queue = OutboxConfig {
        max_bytes: 10,
        ..OutboxConfig::default()
    };
    let mut socket = text("/echo").queue(queue).open().unwrap();
    socket.feed("12345".to_owned()).await.unwrap();
    // Ready, since there is room, and yet too large for what is left.
    socket.feed("678901".to_owned()).await.unwrap();
    socket.flush().await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "12345");
    assert_eq!(socket.next().await.unwrap().unwrap(), "678901");
    assert_eq!(
        socket.send("12345678901".to_owned()).await,
        Err(Error::Send(SendError::TooLarge))
    );
}

#[wasm_bindgen_test]
async fn the_sink_waits_for_a_slow_connection() {
    let key = key();
    let mut socket = text(&format!("/slow?ms=1&key={key}")).open().unwrap();
    until(&socket, State::Open).await;
    let chunk = "x".repeat(256 * 1024);
    let mut sent = 0;
    // The browser would take megabytes in one turn; the sink stops at the high-water mark.
    while let Some(result) = socket.feed(chunk.clone()).now_or_never() {
        result.unwrap();
        sent += 1;
        assert!(sent < 8, "no back-pressure");
    }
    assert!(socket.stats().buffered_amount >= 64 * 1024);
    poll_fn(|context| socket.poll_ready_unpin(context))
        .await
        .unwrap();
    assert!(socket.stats().buffered_amount < 64 * 1024);
    socket.flush().await.unwrap();
    eventually(|| async { stats(&key).await["messages"] == sent }).await;
}

#[wasm_bindgen_test]
async fn order_and_counts_are_the_same_whether_a_message_had_to_wait_or_not() {
    let mut socket = text("/echo").open().unwrap();
    let texts: Vec<_> = (0..30).map(|n| n.to_string()).collect();
    let (down, up) = texts.split_at(3);
    for text in down {
        socket.feed(text.clone()).await.unwrap();
    }
    until(&socket, State::Open).await;
    for (index, text) in up.iter().enumerate() {
        if index % 3 == 0 {
            socket.client().send(text).unwrap();
        } else {
            socket.feed(text.clone()).await.unwrap();
        }
    }
    SinkExt::<String>::flush(&mut socket).await.unwrap();
    let sent = socket.stats().sent;
    assert_eq!(
        (sent.accepted, sent.written, sent.queued_messages),
        (30, 30, 0)
    );
    for text in texts {
        assert_eq!(socket.next().await.unwrap().unwrap(), text);
    }
    drop(socket.close(CloseOptions::default()));
    let refused = socket.start_send_unpin("late".to_owned());
    assert!(matches!(refused, Err(Error::Send(SendError::Closed))));
}

#[wasm_bindgen_test]
async fn a_flush_reports_what_was_not_written() {
    let queue = OutboxConfig {
        max_messages: 1,
        overflow: Overflow::DropOldest,
        ..OutboxConfig::default()
    };
    let mut socket = text("/echo").queue(queue).open().unwrap();
    socket.start_send_unpin("dropped".to_owned()).unwrap();
    socket.start_send_unpin("kept".to_owned()).unwrap();
    let flushed = SinkExt::<String>::flush(&mut socket).await;
    assert!(matches!(
        flushed,
        Err(Error::NotDelivered(Status::Dropped(_)))
    ));
    SinkExt::<String>::flush(&mut socket).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "kept");
}

/// The browser knows of the close before the close event: a native `send` in between is lost without a word.
#[wasm_bindgen_test]
async fn a_message_sent_while_the_socket_is_dying_goes_out_on_the_next_one() {
    let recorder = Recorder::install();
    let mut socket = text("/echo").open().unwrap();
    until(&socket, State::Open).await;
    js("sockets[0].close()");
    assert_eq!(recorder.number("sockets[0].readyState"), 2.0);
    assert_eq!(socket.state(), State::Open);
    socket.send("precious".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "precious");
    assert_eq!(recorder.number("sockets.length"), 2.0);
}

#[wasm_bindgen_test]
async fn a_codec_may_call_back_into_the_socket() {
    struct Chatty(Rc<RefCell<Option<Client<String, String>>>>);
    impl everwire::Encode<String> for Chatty {
        fn encode(&self, value: &String) -> Result<everwire::Frame, everwire::EncodeError> {
            if let Some(client) = &*self.0.borrow() {
                client.stats();
            }
            Ok(value.as_str().into())
        }
    }
    impl everwire::Decode<String> for Chatty {
        fn decode(&self, frame: everwire::Frame) -> Result<String, everwire::DecodeError> {
            if let Some(client) = &*self.0.borrow()
                && frame.as_text() == Some("one")
            {
                client.send(&"two".to_owned()).map(drop).unwrap();
            }
            Raw.decode(frame)
        }
    }
    let client = Rc::new(RefCell::new(None));
    let mut socket = Socket::<String, String>::builder(url("/echo"))
        .codec(Chatty(Rc::clone(&client)))
        .open()
        .unwrap();
    client.replace(Some(socket.client()));
    socket.send("one".to_owned()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), "one");
    assert_eq!(socket.next().await.unwrap().unwrap(), "two");
    client.replace(None);
}
