//! What closing does to what is still to be sent, in every state of the link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_core::Span;
use everwire_core::connection::{Connection, ConnectionConfigError};
use everwire_core::link::{
    Backoff, EndReason, Input, LinkConfig, LinkConfigError, PageEvent, State,
};
use everwire_core::send::{
    ConfigError, DropReason, Offline, Outbox, OutboxConfig, Policy, SendError, SendOptions, Status,
    TopicConfig, TopicId,
};
use everwire_sim::{ClientId, Message, MessageId, OnDial, World};

const PLAIN: TopicId = TopicId(0);
const PACED: TopicId = TopicId(1);

fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

fn idle(link: LinkConfig) -> (World, ClientId) {
    let mut world = World::new(1);
    let client = world.add_client(link, OutboxConfig::default());
    let slow = Policy::Debounce {
        wait: millis(5_000),
        max_wait: millis(20_000),
        leading: false,
        trailing: true,
    };
    let topic = TopicConfig {
        policy: slow,
        ..TopicConfig::default()
    };
    assert_eq!(
        world.with_outbox(client, |outbox, _| outbox.topic(topic)),
        Ok(PACED)
    );
    (world, client)
}

fn open() -> (World, ClientId) {
    let (mut world, client) = idle(LinkConfig::default());
    world.start(client);
    world.run(millis(10_000));
    (world, client)
}

fn send(world: &mut World, client: ClientId, topic: TopicId) -> MessageId {
    world
        .send(client, topic, None, SendOptions::default())
        .unwrap()
}

fn send_acked(world: &mut World, client: ClientId) -> MessageId {
    world
        .send(
            client,
            PLAIN,
            None,
            SendOptions {
                expect_ack: true,
                ..SendOptions::default()
            },
        )
        .unwrap()
}

fn outcome(world: &World, client: ClientId, message: MessageId) -> Option<Status> {
    world.client(client).sent[&message].outcome()
}

fn state(world: &World, client: ClientId) -> State {
    world.client(client).state()
}

const CLOSED: Option<Status> = Some(Status::Dropped(DropReason::Close));

#[test]
fn a_close_flushes_what_is_paced_before_the_goodbye() {
    let (mut world, client) = open();
    let message = send(&mut world, client, PACED);
    world.close(client, true, millis(1_000));
    let refused = world.send(client, PLAIN, None, SendOptions::default());
    assert_eq!(
        refused,
        Err(SendError::Closed),
        "a closing connection accepts nothing"
    );
    world.run(millis(500));
    assert_eq!(
        (
            outcome(&world, client, message),
            world.server().copies(message)
        ),
        (Some(Status::Written), 1)
    );
    assert_eq!(world.client(client).ended, Some(EndReason::User));
    world.check_history();
}

#[test]
fn a_close_waits_for_acknowledgements_on_the_way() {
    let (mut world, client) = open();
    let message = send_acked(&mut world, client);
    world.close(client, true, millis(1_000));
    assert_eq!(state(&world, client), State::Open);
    assert!(world.client(client).connection.is_draining());
    world.run(millis(500));
    assert_eq!(
        (outcome(&world, client, message), state(&world, client)),
        (Some(Status::Acked), State::Closed)
    );
}

#[test]
fn at_the_deadline_the_rest_is_dropped_and_the_unacknowledged_unknown() {
    let (mut world, client) = open();
    world.server_mut().acknowledges = false;
    let awaited = send_acked(&mut world, client);
    world.run(millis(100));
    world.wire().bandwidth = Some(1_000);
    let many: Vec<_> = (0..900).map(|_| send(&mut world, client, PLAIN)).collect();
    world.close(client, true, millis(700));
    world.run(millis(699));
    assert_eq!(state(&world, client), State::Open);
    world.run(millis(2_000));
    assert_eq!(state(&world, client), State::Closed);
    assert_eq!(outcome(&world, client, awaited), Some(Status::Unknown));
    assert_eq!(outcome(&world, client, many[899]), CLOSED);
    world.check_history();
}

#[test]
fn a_close_without_flush_drops_what_is_not_written() {
    let (mut world, client) = open();
    let message = send(&mut world, client, PACED);
    world.close(client, false, millis(1_000));
    assert_eq!(
        (outcome(&world, client, message), state(&world, client)),
        (CLOSED, State::Closing)
    );
    world.run(millis(500));
    assert_eq!(world.server().copies(message), 0);
    world.check_history();
}

#[test]
fn a_close_while_waiting_keeps_trying_until_its_deadline() {
    let (mut world, client) = open();
    world.kill_server();
    world.run(millis(100));
    let message = send(&mut world, client, PLAIN);
    world.start_server();
    world.close(client, true, millis(5_000));
    world.run(millis(6_000));
    assert_eq!(
        (
            outcome(&world, client, message),
            world.server().copies(message)
        ),
        (Some(Status::Written), 1)
    );
    world.check_history();

    let (mut world, client) = open();
    world.kill_server();
    world.run(millis(100));
    let message = send(&mut world, client, PLAIN);
    world.close(client, true, millis(5_000));
    world.run(millis(4_900));
    assert_eq!(outcome(&world, client, message), None);
    world.run(millis(1_200));
    assert_eq!(
        (outcome(&world, client, message), state(&world, client)),
        (CLOSED, State::Closed)
    );
    world.check_history();
}

#[test]
fn a_close_without_a_socket_and_without_messages_ends_at_once() {
    for flush in [false, true] {
        let (mut world, client) = open();
        world.kill_server();
        world.run(millis(100));
        world.close(client, flush, millis(5_000));
        assert_eq!(state(&world, client), State::Closed);
        let (mut world, client) = idle(LinkConfig::default());
        let message = send(&mut world, client, PLAIN);
        world.close(client, flush, millis(5_000));
        assert_eq!(
            (state(&world, client), outcome(&world, client, message)),
            (State::Closed, CLOSED)
        );
        world.check_history();
    }
}

#[test]
fn a_second_close_can_only_shorten() {
    let (mut world, client) = open();
    world.server_mut().acknowledges = false;
    let message = send_acked(&mut world, client);
    world.close(client, true, millis(10_000));
    world.close(client, true, millis(2_000));
    world.close(client, true, millis(60_000));
    world.run(millis(1_900));
    assert_eq!(state(&world, client), State::Open);
    world.run(millis(200));
    assert_eq!(state(&world, client), State::Closed);
    assert_eq!(outcome(&world, client, message), Some(Status::Unknown));
    world.check_history();
}

#[test]
fn a_close_without_flush_ends_a_draining_one() {
    let (mut world, client) = open();
    world.server_mut().acknowledges = false;
    let message = send_acked(&mut world, client);
    world.close(client, true, millis(10_000));
    world.close(client, false, millis(60_000));
    assert_eq!(state(&world, client), State::Closing);
    assert_eq!(outcome(&world, client, message), Some(Status::Unknown));
}

#[test]
fn what_a_terminate_drops_is_dropped_by_the_close_and_not_by_an_offline_rule() {
    for flush in [None, Some(false)] {
        let (mut world, client) = open();
        world.wire().bandwidth = Some(1_000);
        let volatile = SendOptions {
            offline: Some(Offline::Drop),
            ..SendOptions::default()
        };
        let many: Vec<_> = (0..900)
            .map(|_| world.send(client, PLAIN, None, volatile).unwrap())
            .collect();
        match flush {
            None => world.input(client, Input::Terminate),
            Some(flush) => world.close(client, flush, millis(1_000)),
        }
        assert_eq!(outcome(&world, client, many[899]), CLOSED);
    }
}

#[test]
fn the_plain_inputs_close_and_terminate_do_the_same() {
    let (mut world, client) = open();
    let message = send(&mut world, client, PACED);
    world.input(client, Input::Close);
    world.run(millis(500));
    assert_eq!(
        (world.server().copies(message), state(&world, client)),
        (1, State::Closed)
    );

    let (mut world, client) = open();
    let message = send(&mut world, client, PACED);
    world.input(client, Input::Terminate);
    assert_eq!(
        (outcome(&world, client, message), state(&world, client)),
        (CLOSED, State::Closed)
    );
    world.check_history();
}

#[test]
fn when_the_link_ends_by_itself_nobody_waits_for_ever() {
    let (mut world, client) = idle(LinkConfig {
        max_retries: Some(1),
        ..LinkConfig::default()
    });
    world.server_mut().on_dial = OnDial::Refuse;
    let message = send(&mut world, client, PLAIN);
    world.start(client);
    world.run(millis(10_000));
    assert_eq!(
        world.client(client).ended,
        Some(EndReason::RetriesExhausted)
    );
    assert_eq!(outcome(&world, client, message), CLOSED);
    assert_eq!(
        world.send(client, PLAIN, None, SendOptions::default()),
        Err(SendError::Closed)
    );
    world.check_history();

    world.server_mut().on_dial = OnDial::Accept;
    world.start(client);
    let message = send(&mut world, client, PLAIN);
    world.run(millis(1_000));
    assert_eq!(
        world.server().copies(message),
        1,
        "a start revives the queue as well"
    );
}

#[test]
fn a_reconnect_calls_a_draining_close_off() {
    let (mut world, client) = open();
    world.server_mut().acknowledges = false;
    send_acked(&mut world, client);
    world.close(client, true, millis(1_000));
    world.server_mut().acknowledges = true;
    world.input(client, Input::Reconnect);
    let message = send(&mut world, client, PLAIN);
    world.run(millis(5_000));
    assert_eq!(
        (state(&world, client), world.server().copies(message)),
        (State::Open, 1)
    );
}

#[test]
fn a_start_calls_a_draining_close_off_on_the_same_socket() {
    let (mut world, client) = open();
    world.server_mut().acknowledges = false;
    send_acked(&mut world, client);
    world.close(client, true, millis(1_000));
    world.start(client);
    let message = send(&mut world, client, PLAIN);
    world.run(millis(5_000));
    let it = world.client(client);
    assert_eq!(
        (it.state(), it.dials.len(), world.server().copies(message)),
        (State::Open, 1, 1)
    );
}

#[test]
fn a_page_that_is_hidden_or_frozen_sends_its_trailing_values_now() {
    for event in [PageEvent::Hidden, PageEvent::Frozen] {
        let (mut world, client) = open();
        let message = send(&mut world, client, PACED);
        world.input(client, Input::Page(event));
        assert_eq!(
            outcome(&world, client, message),
            Some(Status::Written),
            "{event:?}"
        );
    }
}

#[test]
fn a_wrong_option_of_either_half_is_named() {
    let backoff = Backoff {
        factor_milli: 1,
        ..Backoff::default()
    };
    let link = LinkConfig {
        backoff,
        ..LinkConfig::default()
    };
    let refused = |link, outbox| {
        Connection::<Message>::new(link, outbox, 0)
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(
        refused(link, OutboxConfig::default()),
        ConnectionConfigError::Link(LinkConfigError::Factor)
    );
    let outbox = OutboxConfig {
        max_messages: 0,
        ..OutboxConfig::default()
    };
    assert_eq!(
        Outbox::<Message>::new(outbox).map(|_| ()),
        Err(ConfigError::EmptyQueue)
    );
    assert_eq!(
        refused(LinkConfig::default(), outbox),
        ConnectionConfigError::Outbox(ConfigError::EmptyQueue)
    );
}

#[test]
fn a_reconnect_during_the_closing_handshake_revives_the_queue_with_the_link() {
    let (mut world, client) = open();
    world.close(client, true, millis(1_000));
    assert_eq!(state(&world, client), State::Closing);
    world.input(client, Input::Reconnect);
    let early = send(&mut world, client, PLAIN);
    world.run(millis(5_000));
    let late = send(&mut world, client, PLAIN);
    world.run(millis(1_000));
    assert_eq!(state(&world, client), State::Open);
    for message in [early, late] {
        assert_eq!(world.server().copies(message), 1);
    }
    world.check_history();
}

#[test]
fn a_close_before_the_first_open_writes_a_queue_of_any_length_by_its_deadline() {
    let (mut world, client) = idle(LinkConfig::default());
    let many: Vec<_> = (0..900).map(|_| send(&mut world, client, PLAIN)).collect();
    world.start(client);
    world.input(client, Input::Close);
    world.run(millis(5_000));
    for message in many {
        assert_eq!(outcome(&world, client, message), Some(Status::Written));
    }
    world.check_history();
}
