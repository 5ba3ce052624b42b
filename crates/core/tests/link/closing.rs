//! Saying goodbye from every state.

use everwire_core::Span;
use everwire_core::link::{
    Cause, EndReason, Input, LinkConfig, Output, PongTimeout, State, Verdict,
};

use crate::harness::{Rig, SECOND, dialed, ended, heartbeat, millis};

#[test]
fn a_close_runs_the_handshake_and_reports_its_end() {
    let mut rig = Rig::stable(heartbeat(PongTimeout::Adaptive));
    assert_eq!(
        rig.input(Input::Close),
        [
            Output::CloseSocket { generation: 1 },
            Output::State {
                from: State::Open,
                to: State::Closing,
                cause: Cause::User
            },
        ]
    );
    rig.advance(50);
    let cause = Cause::SocketClosed {
        code: 1000,
        clean: true,
    };
    assert_eq!(
        rig.input(Input::SocketClosed {
            generation: 1,
            code: 1000,
            clean: true,
            verdict: Verdict::Retry
        }),
        [
            Output::State {
                from: State::Closing,
                to: State::Closed,
                cause
            },
            Output::Ended(EndReason::User),
        ]
    );
    assert_eq!(rig.link.next_wake(), None);
}

#[test]
fn a_handshake_without_end_is_abandoned_at_the_close_timeout() {
    let mut rig = Rig::stable(LinkConfig::default());
    rig.input(Input::Close);
    assert_eq!(rig.advance(999), []);
    assert_eq!(
        rig.advance(1),
        [
            Output::Detach { generation: 1 },
            Output::State {
                from: State::Closing,
                to: State::Closed,
                cause: Cause::CloseTimeout
            },
            Output::Ended(EndReason::User),
        ]
    );
}

#[test]
fn an_endless_close_timeout_leaves_it_to_the_browser() {
    let mut rig = Rig::new(LinkConfig {
        close_timeout: Span::MAX,
        ..LinkConfig::default()
    });
    rig.input(Input::Start);
    rig.opened();
    rig.link.handle(rig.now, Input::Close);
    assert_eq!(rig.link.next_wake(), None);
    assert_eq!(rig.link.state(), State::Closing);
}

#[test]
fn a_close_before_the_socket_exists_is_answered_by_the_failed_dial() {
    let mut rig = Rig::new(LinkConfig::default());
    rig.input(Input::Start);
    assert_eq!(
        rig.input(Input::Close)[0],
        Output::CloseSocket { generation: 1 }
    );
    let outputs = rig.input(Input::DialFailed {
        generation: 1,
        verdict: Verdict::Default,
    });
    assert_eq!(ended(&outputs), Some(EndReason::User));
}

#[test]
fn a_socket_that_opens_after_the_close_is_closed_again() {
    let mut rig = Rig::new(LinkConfig::default());
    rig.input(Input::Start);
    rig.input(Input::Close);
    assert_eq!(rig.opened(), [Output::CloseSocket { generation: 1 }]);
    assert_eq!(rig.state(), State::Closing);
}

#[test]
fn a_close_while_waiting_or_idle_ends_at_once() {
    let mut waiting = Rig::stable(LinkConfig::default());
    waiting.lost(1006);
    assert_eq!(ended(&waiting.input(Input::Close)), Some(EndReason::User));
    assert!(
        !dialed(&waiting.advance(60 * SECOND)),
        "the wait died with the link"
    );
    let mut idle = Rig::new(LinkConfig::default());
    assert_eq!(ended(&idle.input(Input::Close)), Some(EndReason::User));
}

#[test]
fn a_second_close_tells_nothing_new() {
    let mut rig = Rig::stable(LinkConfig::default());
    rig.input(Input::Close);
    rig.advance(900);
    assert_eq!(rig.input(Input::Close), []);
    assert_eq!(
        ended(&rig.advance(100)),
        Some(EndReason::User),
        "nor does it extend the timeout"
    );
    assert_eq!(rig.input(Input::Close), []);
    assert_eq!(rig.input(Input::Terminate), []);
}

#[test]
fn a_terminate_leaves_nothing_behind() {
    let mut rig = Rig::stable(heartbeat(PongTimeout::Adaptive));
    assert_eq!(
        rig.input(Input::Terminate),
        [
            Output::Detach { generation: 1 },
            Output::State {
                from: State::Open,
                to: State::Closed,
                cause: Cause::User
            },
            Output::Ended(EndReason::User),
        ]
    );
    assert_eq!(rig.advance(60 * SECOND), []);
}

#[test]
fn a_reconnect_while_closing_does_not_wait_for_the_old_socket() {
    let mut rig = Rig::stable(LinkConfig::default());
    rig.input(Input::Close);
    let outputs = rig.input(Input::Reconnect);
    assert_eq!(outputs[0], Output::Detach { generation: 1 });
    assert!(dialed(&outputs));
    rig.advance(2 * SECOND);
    assert_eq!(
        rig.state(),
        State::Connecting,
        "the close timeout of the old socket is gone"
    );
    assert_eq!(rig.link.next_wake(), Some(rig.now + millis(8 * SECOND)));
}
