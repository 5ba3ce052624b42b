//! The STOMP client in a browser, against the small broker of the test server.
#![cfg(all(target_arch = "wasm32", feature = "stomp"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::panic, clippy::indexing_slicing)]

mod common;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use common::{Recorder, eventually, key, quick, received, stats, url};
use everwire::stomp::{
    About, AckError, AckMode, Builder, Client, ConnectHeaders, Error, Event, Publish, PublishError,
    SubscribeOptions,
};
use everwire::{Cause, DropReason, EndReason, SendError, State, Status, Verdict};
use futures_util::{FutureExt, StreamExt};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SECOND: Duration = Duration::from_secs(1);

fn at(query: &str) -> String {
    url(&format!("/stomp?choose=v12.stomp&{query}"))
}

fn builder(key: &str) -> Builder {
    Client::builder(at(&format!("key={key}")))
        .header("host", "/")
        .backoff(quick())
}

async fn until(client: &Client, state: State) {
    let mut states = client.states();
    while client.state() != state {
        states.next().await.expect("the client is alive");
    }
}

/// Has the server drop the connection, and waits until it is back.
async fn drop_connection(client: &Client) {
    let mut states = client.states();
    client.publish(Publish::text("/command/drop", "")).unwrap();
    while states.next().await.unwrap().state != State::Waiting {}
    until(client, State::Open).await;
}

async fn frames(key: &str, command: &str) -> Vec<String> {
    let mut all = received(key).await;
    all.retain(|frame| frame.starts_with(command));
    all
}

#[wasm_bindgen_test]
async fn a_message_goes_out_and_comes_back() {
    let client = builder(&key()).open().unwrap();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let message = Publish::text("/topic/a", "grüß: dich\n").header("a:b", "c\nd\\e");
    let handle = client.publish(message.receipt()).unwrap();
    let message = inbox.next().await.unwrap().unwrap();
    assert_eq!(message.text().unwrap(), "grüß: dich\n");
    assert_eq!(message.destination(), "/topic/a");
    handle.acked().await.unwrap();
    assert_eq!(handle.status(), Status::Acked);
    inbox.confirmed().await.unwrap();
}

#[wasm_bindgen_test]
async fn octets_stay_octets() {
    let client = builder(&key()).open().unwrap();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let octets = vec![0, 255, 10, 0, 128];
    client
        .publish(Publish::binary("/topic/a", octets.clone()))
        .unwrap();
    assert_eq!(inbox.next().await.unwrap().unwrap().body(), octets);
}

#[cfg(feature = "json")]
#[wasm_bindgen_test]
async fn values_travel_as_json() {
    let client = builder(&key()).open().unwrap();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    client
        .publish(Publish::json("/topic/a", &[1, 2, 3]).unwrap())
        .unwrap();
    let numbers: Vec<u32> = inbox.next().await.unwrap().unwrap().json().unwrap();
    assert_eq!(numbers, [1, 2, 3]);
}

#[wasm_bindgen_test]
async fn subscriptions_come_back_before_what_was_queued_and_only_once() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let mut other = client.subscribe("/topic/a").unwrap();
    until(&client, State::Open).await;
    for round in 0..3 {
        let mut states = client.states();
        client.publish(Publish::text("/command/drop", "")).unwrap();
        while states.next().await.unwrap().state != State::Waiting {}
        let body = format!("round {round}");
        client.publish(Publish::text("/topic/a", &*body)).unwrap();
        for inbox in [&mut inbox, &mut other] {
            assert_eq!(inbox.next().await.unwrap().unwrap().text().unwrap(), body);
        }
    }
    assert!(inbox.next().now_or_never().is_none());
    assert_eq!(frames(&key, "SUBSCRIBE").await.len(), 4);
    assert_eq!(client.reconnects(), 3);
}

#[wasm_bindgen_test]
async fn dropping_subscriptions_ends_the_one_at_the_broker() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let one = client.subscribe("/topic/a").unwrap();
    let two = client.subscribe("/topic/a").unwrap();
    two.confirmed().await.unwrap();
    drop(one);
    let handle = client.publish(Publish::text("/x", "").receipt()).unwrap();
    handle.acked().await.unwrap();
    assert!(frames(&key, "UNSUBSCRIBE").await.is_empty());
    drop(two);
    eventually(async || frames(&key, "UNSUBSCRIBE").await.len() == 1).await;
}

#[wasm_bindgen_test]
async fn with_an_id_a_message_is_written_again_until_confirmed() {
    let key = key();
    let client = Client::builder(at(&format!("key={key}&receipts=no")))
        .backoff(quick())
        .confirm(Duration::ZERO)
        .open()
        .unwrap();
    let sure = client
        .publish(Publish::text("/queue/a", "sure").id("order-1"))
        .unwrap();
    let plain = client
        .publish(Publish::text("/queue/a", "plain").receipt())
        .unwrap();
    sure.written().await.unwrap();
    plain.written().await.unwrap();
    drop_connection(&client).await;
    assert_eq!(
        plain.acked().await,
        Err(Error::NotDelivered(Status::Unknown))
    );
    eventually(async || frames(&key, "SEND destination:/queue/a").await.len() == 3).await;
    let sent = frames(&key, "SEND destination:/queue/a").await;
    assert!(sent[0].contains("idempotency-key:order-1"));
    assert_eq!(sent[0], sent[2]);
    assert_eq!(sure.status(), Status::Written);
}

#[wasm_bindgen_test]
async fn a_request_is_answered_over_a_temporary_queue_and_over_one_of_our_own() {
    let client = builder(&key()).open().unwrap();
    let answer = client.request(Publish::text("/rpc", "one"), SECOND).await;
    assert_eq!(answer.unwrap().text().unwrap(), "one");
    for body in ["two", "three"] {
        let answer = client.request_at(
            Publish::text("/rpc", body),
            Some("/user/queue/replies"),
            SECOND,
        );
        assert_eq!(answer.await.unwrap().text().unwrap(), body);
    }
}

#[wasm_bindgen_test]
async fn a_request_without_an_answer_ends_in_time_or_with_the_connection() {
    let client = builder(&key()).open().unwrap();
    let quick = Duration::from_millis(50);
    let message = Publish::text("/command/raw", "\n");
    assert_eq!(
        client.request(message.clone(), quick).await,
        Err(Error::Timeout)
    );
    let lost = client.request(message, SECOND * 60);
    drop_connection(&client).await;
    assert_eq!(lost.await, Err(Error::NotDelivered(Status::Unknown)));
}

#[wasm_bindgen_test]
async fn acknowledging_is_refused_once_the_connection_is_another_one() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let options = SubscribeOptions::new().ack(AckMode::ClientIndividual);
    let mut inbox = client.subscribe_with("/queue/a", options).unwrap();
    client.publish(Publish::text("/queue/a", "1")).unwrap();
    let first = inbox.next().await.unwrap().unwrap();
    client.ack(&first).unwrap();
    client.nack(&first).unwrap();
    eventually(async || frames(&key, "NACK").await.len() == 1).await;
    assert!(frames(&key, "ACK").await[0].starts_with("ACK id:ack-0 subscription:sub-"));
    drop_connection(&client).await;
    assert_eq!(client.ack(&first), Err(Error::Ack(AckError::Late)));
    let mut automatic = client.subscribe("/topic/a").unwrap();
    client.publish(Publish::text("/topic/a", "")).unwrap();
    let message = automatic.next().await.unwrap().unwrap();
    assert_eq!(client.ack(&message), Err(Error::Ack(AckError::Automatic)));
}

#[wasm_bindgen_test]
async fn a_transaction_is_written_as_a_whole() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let mut aborted = client.begin();
    aborted.publish(Publish::text("/queue/a", "no")).unwrap();
    aborted.abort();
    let mut transaction = client.begin();
    transaction.publish(Publish::text("/queue/a", "1")).unwrap();
    transaction.publish(Publish::text("/queue/a", "2")).unwrap();
    transaction.commit().unwrap().acked().await.unwrap();
    let commands: Vec<String> = received(&key).await;
    let commands: Vec<&str> = commands
        .iter()
        .map(|frame| frame.split([' ', '|']).next().unwrap())
        .collect();
    assert_eq!(commands, ["CONNECT", "BEGIN", "SEND", "SEND", "COMMIT"]);
    assert_eq!(
        client.begin().commit().err(),
        Some(Error::Publish(PublishError::EmptyTransaction))
    );
}

#[wasm_bindgen_test]
async fn a_topic_keeps_the_latest_value_of_each_key() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let prices = client
        .topic::<(&str, u32)>("/topic/prices")
        .conflate()
        .key(|(symbol, _)| *symbol)
        .receipts()
        .build(|(symbol, price)| format!("{symbol}={price}"))
        .unwrap();
    let old = prices.publish(&("a", 1)).unwrap();
    prices.publish(&("b", 1)).unwrap();
    let new = prices.publish(&("a", 2)).unwrap();
    assert!(prices.pending());
    new.acked().await.unwrap();
    assert!(matches!(old.status(), Status::Superseded { .. }));
    assert!(matches!(old.acked().await, Err(Error::NotDelivered(_))));
    prices.flush().await;
    let sent = frames(&key, "SEND").await;
    let bodies: Vec<&str> = sent
        .iter()
        .map(|frame| frame.split_once('|').unwrap().1)
        .collect();
    assert_eq!(bodies, ["a=2", "b=1"]);
}

#[wasm_bindgen_test]
async fn a_refused_login_ends_the_client_and_says_why() {
    let client = Client::builder(at("passcode=right"))
        .header("passcode", "wrong")
        .backoff(quick())
        .open()
        .unwrap();
    let mut events = client.events();
    let mut states = client.states();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let change = loop {
        let change = states.next().await.unwrap();
        if change.state == State::Closed {
            break change;
        }
    };
    assert_eq!(change.ended, Some(EndReason::Fatal));
    assert_eq!(&*change.detail, "Bad CONNECT");
    assert!(matches!(
        events.next().await,
        Some(Event::ServerError { about: About::Connect, frame }) if frame.body == b"Access refused"
    ));
    assert!(matches!(
        inbox.next().await,
        Some(Err(Error::Ended {
            reason: EndReason::Fatal,
            ..
        }))
    ));
    assert!(inbox.next().await.is_none());
}

#[wasm_bindgen_test]
async fn a_fresh_token_is_fetched_for_each_attempt() {
    let attempts = Rc::new(Cell::new(0));
    let headers = ConnectHeaders::from_async_fn({
        let attempts = Rc::clone(&attempts);
        move |_| {
            attempts.set(attempts.get() + 1);
            let token = format!("token-{}", attempts.get());
            async move { Ok(vec![("passcode".to_owned(), token)]) }
        }
    });
    let client = Client::builder(at("passcode=token-3"))
        .headers(headers)
        .backoff(quick())
        .open()
        .unwrap();
    until(&client, State::Open).await;
    assert_eq!(attempts.get(), 3);
}

#[wasm_bindgen_test]
async fn a_failing_provider_is_a_failed_dial_and_the_override_decides() {
    let reasons = Rc::new(RefCell::new(Vec::new()));
    let client = Client::builder(at(""))
        .headers(ConnectHeaders::from_fn(|_| Err("no token".into())))
        .backoff(quick())
        .retry_on({
            let reasons = Rc::clone(&reasons);
            move |loss| {
                reasons.borrow_mut().push(loss.reason.to_owned());
                assert_eq!(loss.cause, Cause::DialFailed);
                if loss.attempt < 2 {
                    Verdict::Default
                } else {
                    Verdict::Stop
                }
            }
        })
        .open()
        .unwrap();
    until(&client, State::Closed).await;
    assert_eq!(*reasons.borrow(), ["no token"; 3]);
}

#[wasm_bindgen_test]
async fn a_refused_subscription_ends_alone() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let mut good = client.subscribe("/topic/a").unwrap();
    let mut secret = client.subscribe("/secret/a").unwrap();
    let refused = Error::Refused {
        message: "not allowed here".to_owned(),
    };
    assert_eq!(secret.next().await.unwrap(), Err(refused.clone()));
    assert_eq!(secret.confirmed().await, Err(refused));
    until(&client, State::Open).await;
    client.publish(Publish::text("/topic/a", "on")).unwrap();
    assert_eq!(good.next().await.unwrap().unwrap().text().unwrap(), "on");
    assert_eq!(frames(&key, "SUBSCRIBE id:sub-2").await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_refused_message_is_told_and_not_written_again() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let handle = client
        .publish(Publish::text("/secret/a", "").id("1"))
        .unwrap();
    let refused = Status::Dropped(DropReason::Refused);
    assert_eq!(handle.acked().await, Err(Error::NotDelivered(refused)));
    until(&client, State::Open).await;
    let after = client.publish(Publish::text("/x", "").receipt()).unwrap();
    after.acked().await.unwrap();
    assert_eq!(frames(&key, "SEND destination:/secret/a").await.len(), 1);
}

#[wasm_bindgen_test]
async fn errors_and_malformed_frames_are_events_and_the_client_reconnects() {
    let client = builder(&key()).open().unwrap();
    until(&client, State::Open).await;
    for (destination, body, fault) in [
        ("/command/error", "trouble", "the server reported an error"),
        (
            "/command/raw",
            "MESSAGE\nno colon\n\n\0",
            "received bytes are not STOMP",
        ),
    ] {
        let mut events = client.events();
        let mut states = client.states();
        client.publish(Publish::text(destination, body)).unwrap();
        let reason = loop {
            if let Event::Fault(reason) = events.next().await.unwrap() {
                break reason;
            }
        };
        assert!(reason.to_string().starts_with(fault), "{reason}");
        while states.next().await.unwrap().state != State::Waiting {}
        until(&client, State::Open).await;
    }
}

#[wasm_bindgen_test]
async fn a_silent_server_is_left() {
    let client = Client::builder(at("beat=50,0"))
        .heart_beat(Duration::ZERO, Duration::from_millis(50))
        .backoff(quick())
        .open()
        .unwrap();
    let mut events = client.events();
    loop {
        if let Event::Fault(reason) = events.next().await.unwrap() {
            assert_eq!(reason, everwire::stomp::CloseReason::Silent);
            break;
        }
    }
}

#[wasm_bindgen_test]
async fn a_dead_endpoint_is_passed_over() {
    let dead = url("/refuse-first?n=1000000");
    let client = Client::builder([dead.as_str(), at("").as_str()])
        .backoff(quick())
        .open()
        .unwrap();
    until(&client, State::Open).await;
}

#[wasm_bindgen_test]
async fn disconnect_writes_everything_then_says_goodbye() {
    let key = key();
    let client = builder(&key).open().unwrap();
    let handle = client.publish(Publish::text("/queue/a", "last")).unwrap();
    client.disconnect(SECOND).await;
    assert_eq!(client.state(), State::Closed);
    assert_eq!(handle.status(), Status::Written);
    let all = received(&key).await;
    assert!(all.last().unwrap().starts_with("DISCONNECT"), "{all:?}");
    eventually(async || stats(&key).await["closeCode"] == 1_000).await;
    assert_eq!(
        client.publish(Publish::text("/queue/a", "")).err(),
        Some(Error::Publish(PublishError::Send(SendError::Closed)))
    );
}

#[wasm_bindgen_test]
async fn disconnect_ends_although_the_server_sends_no_receipt() {
    let client = Client::builder(at("receipts=no"))
        .backoff(quick())
        .open()
        .unwrap();
    until(&client, State::Open).await;
    client.disconnect(SECOND).await;
    assert_eq!(client.state(), State::Closed);
}

#[wasm_bindgen_test]
async fn dropping_the_last_client_closes_and_ends_everything() {
    let recorder = Recorder::install();
    let client = builder(&key()).open().unwrap();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    let mut states = client.states();
    until(&client, State::Open).await;
    let clone = client.clone();
    drop(client);
    assert_eq!(clone.state(), State::Open);
    drop(clone);
    assert!(inbox.next().await.is_none());
    while states.next().await.is_some() {}
    assert!(
        recorder.number("sockets.every((socket) => socket.readyState >= 2 && !socket.onmessage)")
            == 1.0
    );
}

#[wasm_bindgen_test]
async fn a_subscription_that_is_not_read_says_what_is_missing() {
    let client = builder(&key()).open().unwrap();
    let options = SubscribeOptions::new().bounds(3, usize::MAX);
    let mut inbox = client.subscribe_with("/topic/a", options).unwrap();
    for number in 0..6 {
        client
            .publish(Publish::text("/topic/a", number.to_string()))
            .unwrap();
    }
    let done = client.publish(Publish::text("/x", "").receipt()).unwrap();
    done.acked().await.unwrap();
    let dropped = match inbox.next().await.unwrap() {
        Err(Error::InboundOverflow { dropped }) => dropped,
        other => panic!("{other:?}"),
    };
    let next = inbox.next().await.unwrap().unwrap();
    assert_eq!(next.text().unwrap(), dropped.to_string());
}

#[wasm_bindgen_test]
async fn a_revived_client_takes_new_subscriptions() {
    let client = builder(&key()).open().unwrap();
    until(&client, State::Open).await;
    client.terminate();
    assert_eq!(client.state(), State::Closed);
    assert!(matches!(client.subscribe("/a"), Err(Error::Subscribe(_))));
    client.reconnect();
    let mut inbox = client.subscribe("/topic/a").unwrap();
    client.publish(Publish::text("/topic/a", "again")).unwrap();
    assert_eq!(
        inbox.next().await.unwrap().unwrap().text().unwrap(),
        "again"
    );
}
