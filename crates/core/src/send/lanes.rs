//! Which lane writes next: strict priority with a floor share of 1 in 16 for every lower lane.

/// Number of lanes, highest first.
pub(super) const LANES: usize = 4;

/// Writes of others after which a waiting lane is due. All three lower lanes may come due at the same write, and the last
/// of them must still be the 16th at the latest.
const PATIENCE: u8 = 16 - LANES as u8 + 1;

/// Counts for each lane the writes of others since its own last write.
#[derive(Default)]
pub(super) struct Lanes {
    waited: [u8; LANES],
}

impl Lanes {
    /// The lane to write from, given which ones hold something.
    pub(super) fn pick(&self, waiting: [bool; LANES]) -> Option<usize> {
        let mut picked = None;
        let mut longest = PATIENCE;
        for (lane, (waited, waiting)) in self.waited.iter().zip(&waiting).enumerate() {
            let starved = *waited >= longest;
            if *waiting && (starved || picked.is_none()) {
                picked = Some(lane);
                longest = longest.max(*waited);
            }
        }
        picked
    }

    /// Notes that `lane` wrote.
    pub(super) fn served(&mut self, lane: usize, waiting: [bool; LANES]) {
        for (index, (waited, waiting)) in self.waited.iter_mut().zip(&waiting).enumerate() {
            *waited = if *waiting && index != lane {
                waited.saturating_add(1)
            } else {
                0
            };
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_waiting_lane_is_served_in_any_16_writes(steps in prop::collection::vec(1_u8..16, 1..200)) {
            let mut lanes = Lanes::default();
            let mut history: Vec<(usize, [bool; LANES])> = Vec::new();
            for step in steps {
                let waiting = core::array::from_fn(|lane| step & (1 << lane) != 0);
                let lane = lanes.pick(waiting).unwrap();
                prop_assert!(waiting[lane]);
                lanes.served(lane, waiting);
                history.push((lane, waiting));
            }
            for window in history.windows(16) {
                for lane in 0..LANES {
                    let waited_throughout = window.iter().all(|(_, waiting)| waiting[lane]);
                    prop_assert!(!waited_throughout || window.iter().any(|(served, _)| *served == lane));
                }
            }
        }
    }

    #[test]
    fn higher_lanes_get_the_rest() {
        let mut lanes = Lanes::default();
        let mut served = [0; LANES];
        for _ in 0..1_600 {
            let lane = lanes.pick([true; LANES]).unwrap();
            lanes.served(lane, [true; LANES]);
            served[lane] += 1;
        }
        assert!(served[0] >= 1_200, "{served:?}");
        assert!(served[1..].iter().all(|lane| *lane >= 100), "{served:?}");
    }
}
