//! Packets and the binary messages behind them.

use everwire_core::protocol::socket_io::{AssembleError, Assembled, Assembler, AssemblerLimits};

fn assembler() -> Assembler<&'static str, u32> {
    Assembler::new(AssemblerLimits { max_bytes: 10 })
}

#[test]
fn a_packet_without_attachments_is_complete_at_once() {
    let complete = Assembled {
        packet: "a",
        attachments: vec![],
    };
    assert_eq!(assembler().text("a", 0), Ok(Some(complete)));
}

#[test]
fn attachments_are_collected_in_order() {
    let mut assembler = assembler();
    for packet in ["a", "b"] {
        assert_eq!(assembler.text(packet, 2), Ok(None));
        assert_eq!(assembler.missing(), 2);
        assert_eq!(assembler.binary(7, 5), Ok(None));
        assert_eq!(assembler.missing(), 1);
        let complete = assembler.binary(8, 5).unwrap().unwrap();
        assert_eq!(
            (complete.packet, &complete.attachments[..]),
            (packet, &[7, 8][..])
        );
        assert_eq!(assembler.missing(), 0);
        assert_eq!(complete.attachment(0), Ok(&7));
        assert_eq!(complete.attachment(1), Ok(&8));
        for num in [2, u64::MAX] {
            assert_eq!(complete.attachment(num), Err(AssembleError::Placeholder));
        }
    }
}

#[test]
fn text_while_attachments_are_missing_is_an_error() {
    for attachments in [0, 1] {
        let mut assembler = assembler();
        assembler.text("a", 2).unwrap();
        assembler.binary(7, 1).unwrap();
        let interrupted = assembler.text("b", attachments);
        assert_eq!(interrupted, Err(AssembleError::Interrupted));
        assert_eq!(assembler.missing(), 0);
        assert_eq!(assembler.binary(8, 1), Err(AssembleError::Orphan));
    }
}

#[test]
fn an_orphan_is_an_error() {
    let mut assembler = assembler();
    assert_eq!(assembler.binary(7, 1), Err(AssembleError::Orphan));
    assembler.text("a", 1).unwrap();
    assembler.binary(7, 1).unwrap();
    assert_eq!(assembler.binary(8, 1), Err(AssembleError::Orphan));
}

#[test]
fn bytes_of_one_packet_are_bounded() {
    for last in [6, usize::MAX] {
        let mut assembler = assembler();
        assembler.text("a", 2).unwrap();
        assembler.binary(7, 5).unwrap();
        assert_eq!(assembler.binary(8, last), Err(AssembleError::TooLong));
        assert_eq!(assembler.missing(), 0);
    }
}

#[test]
fn a_promise_of_attachments_takes_no_memory() {
    assert_eq!(assembler().text("a", u32::MAX), Ok(None));
}

#[test]
fn a_lost_connection_forgets_what_was_incomplete() {
    let mut assembler = assembler();
    assembler.text("a", 2).unwrap();
    assembler.binary(7, 5).unwrap();
    assembler.reset();
    assembler.text("b", 1).unwrap();
    assert_eq!(assembler.binary(8, 1).unwrap().unwrap().attachments, [8]);
}
