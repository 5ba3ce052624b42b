//! What holds for any input.

use everwire_core::protocol::sockjs::{
    Arrival, Frame, HeartbeatCheck, Info, Input, Lines, Loss, Output, Received, Session,
    SessionConfig, Transports, event_data, read_messages, write_event, write_messages,
};
use everwire_core::{Span, Time};
use proptest::prelude::*;

fn arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![
        Just(Arrival::Open),
        Just(Arrival::Heartbeat),
        Just(Arrival::Prelude),
        (0usize..2_000_000).prop_map(|len| Arrival::Messages { len }),
        any::<u16>().prop_map(|code| Arrival::Close { code }),
        Just(Arrival::Malformed),
        Just(Arrival::TooLong),
        Just(Arrival::Unknown),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Input(Input),
    Arrival(u32, Arrival),
    Send,
}

fn step() -> impl Strategy<Value = Step> {
    let attempt = 0u32..6;
    let input = prop_oneof![
        Just(Input::Start),
        any::<bool>().prop_map(|websocket| Input::Info { websocket }),
        Just(Input::InfoFailed),
        attempt
            .clone()
            .prop_map(|attempt| Input::Answered { attempt }),
        attempt.clone().prop_map(|attempt| Input::Sent { attempt }),
        (attempt.clone(), any::<u16>()).prop_map(|(attempt, code)| Input::Lost {
            attempt,
            loss: Loss::Socket { code },
        }),
        attempt.clone().prop_map(|attempt| Input::Lost {
            attempt,
            loss: Loss::Sender,
        }),
        Just(Input::Close),
    ];
    prop_oneof![
        3 => input.prop_map(Step::Input),
        2 => Just(Step::Input(Input::Tick)),
        4 => (attempt, arrival()).prop_map(|(attempt, arrival)| Step::Arrival(attempt, arrival)),
        2 => Just(Step::Send),
    ]
}

proptest! {
    #[test]
    fn messages_survive_writing_and_reading(items: Vec<String>) {
        let mut out = String::new();
        write_messages(&items, &mut out);
        prop_assert_eq!(read_messages(&out), Ok(items.clone()));
        prop_assert_eq!(Frame::parse(&format!("a{out}")), Ok(Frame::Messages(items)));
    }

    #[test]
    fn frames_survive_events_and_lines(items: Vec<String>, pieces in prop::collection::vec(1usize..9, 1..50)) {
        let frame = Frame::Messages(items);
        let (mut text, mut stream) = (String::new(), String::new());
        frame.write(&mut text);
        write_event(&text, &mut stream);
        let mut frames = Vec::new();
        let mut lines = Lines::default();
        let chars: Vec<char> = stream.chars().collect();
        let mut rest = chars.as_slice();
        for size in pieces.iter().cycle() {
            let (piece, behind) = rest.split_at((*size).min(rest.len()));
            let piece: String = piece.iter().collect();
            lines.push(&piece, |line| frames.extend(event_data(line).map(String::from))).unwrap();
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(frames, [text]);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[aochm]?[\\PC\\x00-\\x1f\"\\\\\\[\\],{}:]*") {
        let _ = Frame::parse(&text);
        let _ = read_messages(&text);
        let _ = Info::parse(&text);
        let _ = event_data(&text);
    }

    #[test]
    fn a_session_keeps_its_promises(
        bits: u8,
        heartbeat in 0u64..3,
        steps in prop::collection::vec((0u64..20_000, step()), 1..200),
    ) {
        let mut session = Session::new(SessionConfig {
            transports: Transports::from_bits(bits),
            heartbeat: match heartbeat {
                0 => HeartbeatCheck::Learned,
                1 => HeartbeatCheck::Never,
                _ => HeartbeatCheck::After(Span::from_millis(30_000)),
            },
            ..SessionConfig::default()
        });
        let mut now = Time::ZERO;
        let (mut live, mut dialled, mut is_open, mut is_over) = (None, 0, false, false);
        let mut waiting = 0u32;
        for (passed, step) in steps {
            now = now + Span::from_millis(passed);
            match step {
                Step::Input(input) => session.handle(now, input),
                Step::Arrival(attempt, arrival) => match session.receive(now, attempt, arrival) {
                    // Only what is open delivers, and only the transport that counts.
                    Received::Deliver => prop_assert!(is_open && live == Some(attempt)),
                    Received::Hold => prop_assert!(!is_open && live == Some(attempt)),
                    Received::Heartbeat => prop_assert_eq!(live, Some(attempt)),
                    Received::Done => {}
                },
                Step::Send => {
                    let taken = session.send(now).is_ok();
                    prop_assert!(!taken || is_open);
                    waiting += u32::from(taken);
                }
            }
            while let Some(output) = session.poll() {
                prop_assert!(!is_over, "{output:?} after the end");
                match output {
                    Output::Ask => prop_assert_eq!(dialled, 0),
                    Output::Dial { attempt, .. } => {
                        prop_assert!(live.is_none() && !is_open);
                        dialled += 1;
                        prop_assert!(dialled <= 4);
                        prop_assert_eq!(attempt, dialled);
                        live = Some(attempt);
                    }
                    Output::Receive { attempt } => prop_assert_eq!(live, Some(attempt)),
                    Output::Write { attempt, count } => {
                        prop_assert!(count > 0 && live == Some(attempt));
                        prop_assert!(count <= waiting);
                        waiting -= count;
                    }
                    Output::Detach { attempt } => {
                        prop_assert_eq!(live, Some(attempt));
                        live = None;
                        is_open = false;
                    }
                    Output::Opened { .. } => {
                        prop_assert!(live.is_some() && !is_open);
                        is_open = true;
                    }
                    Output::Closed { .. } => {
                        prop_assert!(live.is_none());
                        is_over = true;
                    }
                }
            }
            if is_over {
                prop_assert_eq!(session.next_wake(), None);
            }
        }
    }
}
