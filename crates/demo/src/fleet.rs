//! The simulated vehicles: where each is follows from its route and the clock alone.
//!
//! So nothing has to be stepped, motion is smooth, and with the same seed a restarted server shows every vehicle where
//! it would have been. Speeds are far beyond real ones, so that motion is visible on a map of a whole country.

use everwire_messages::location::{Kind, Position};

use crate::{
    random::Random,
    routes::{AIRWAYS, ROADS, Route, SEA_LANES},
};

/// Mean radius of the earth, metres.
const EARTH: f64 = 6_371_000.0;

/// All vehicles.
#[derive(Debug)]
pub struct Fleet {
    vehicles: Vec<Vehicle>,
}

#[derive(Debug)]
struct Vehicle {
    id: String,
    kind: Kind,
    legs: Vec<Leg>,
    length: f64,
    /// Metres per second.
    speed: f64,
    /// Metres ahead of the route's start at time zero.
    head_start: f64,
}

/// Straight piece of a route.
#[derive(Debug, Clone, Copy)]
struct Leg {
    from: (f64, f64),
    to: (f64, f64),
    /// Metres from the route's start.
    start: f64,
    length: f64,
}

impl Fleet {
    /// `count` vehicles of all kinds, spread over the routes by `seed`.
    pub fn new(count: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let vehicles = (0..count).map(|n| Vehicle::new(n, &mut random)).collect();
        Self { vehicles }
    }

    /// Where all are at `now_ms` (since the Unix epoch).
    pub fn positions(&self, now_ms: u64) -> impl Iterator<Item = Position> + '_ {
        self.vehicles
            .iter()
            .map(move |vehicle| vehicle.position(now_ms))
    }
}

impl Vehicle {
    fn new(n: usize, random: &mut Random) -> Self {
        // Of ten, five are buses, two are ferries and three are planes.
        let (kind, name, routes, slow, fast) = match n % 10 {
            0..5 => (Kind::Bus, "bus", ROADS, 300.0, 700.0),
            5..7 => (Kind::Ferry, "ferry", SEA_LANES, 250.0, 500.0),
            _ => (Kind::Plane, "plane", AIRWAYS, 2000.0, 3500.0),
        };
        let route = routes
            .get(random.bits() as usize % routes.len())
            .copied()
            .unwrap_or_default();
        let legs = legs(route);
        let length = legs.last().map_or(0.0, |leg| leg.start + leg.length);
        Self {
            id: format!("{name}-{}", n + 1),
            kind,
            legs,
            length,
            speed: random.between(slow, fast).round(),
            head_start: random.between(0.0, 2.0 * length),
        }
    }

    fn position(&self, now_ms: u64) -> Position {
        let gone = self.head_start + self.speed * (now_ms as f64 / 1000.0);
        // There and back again.
        let along = gone.rem_euclid(2.0 * self.length);
        let returning = along > self.length;
        let along = if returning {
            2.0 * self.length - along
        } else {
            along
        };
        let leg = self.legs.iter().rev().find(|leg| leg.start <= along);
        let (lat, lon, heading) = leg.map_or((0.0, 0.0, 0.0), |leg| leg.at(along));
        let heading = if returning {
            (heading + 180.0) % 360.0
        } else {
            heading
        };
        Position {
            id: self.id.clone(),
            kind: self.kind,
            // Five decimals are about a metre: more would only cost bytes.
            lat: (lat * 1e5).round() / 1e5,
            lon: (lon * 1e5).round() / 1e5,
            heading: heading.round() % 360.0,
            speed: self.speed,
            at: now_ms,
        }
    }
}

impl Leg {
    /// Latitude, longitude and heading at a distance from the route's start.
    fn at(&self, along: f64) -> (f64, f64, f64) {
        let share = ((along - self.start) / self.length).clamp(0.0, 1.0);
        let lat = self.from.0 + share * (self.to.0 - self.from.0);
        let lon = self.from.1 + share * (self.to.1 - self.from.1);
        let east = (self.to.1 - self.from.1) * lat.to_radians().cos();
        let heading = east
            .atan2(self.to.0 - self.from.0)
            .to_degrees()
            .rem_euclid(360.0);
        (lat, lon, heading)
    }
}

fn legs(route: Route) -> Vec<Leg> {
    let mut start = 0.0;
    route
        .iter()
        .zip(route.iter().skip(1))
        .map(|(&from, &to)| {
            let length = distance(from, to);
            let leg = Leg {
                from,
                to,
                start,
                length,
            };
            start += length;
            leg
        })
        .collect()
}

/// Haversine distance in metres.
fn distance(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let cosines = from.0.to_radians().cos() * to.0.to_radians().cos();
    2.0 * EARTH
        * (half(from.0, to.0) + cosines * half(from.1, to.1))
            .sqrt()
            .asin()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: u64 = 1_795_000_000_000;

    #[test]
    fn a_known_distance_is_right() {
        // Seoul to Busan: 325 km.
        let metres = distance((37.5665, 126.978), (35.1796, 129.0756));
        assert!((324_000.0..326_000.0).contains(&metres), "{metres}");
    }

    #[test]
    fn the_same_seed_gives_the_same_fleet_with_all_kinds_and_unique_ids() {
        let positions = |seed| Fleet::new(300, seed).positions(NOW).collect::<Vec<_>>();
        assert_eq!(positions(1), positions(1));
        assert_ne!(positions(1), positions(2));
        let all = positions(1);
        let count = |kind| all.iter().filter(|position| position.kind == kind).count();
        assert_eq!(
            (count(Kind::Bus), count(Kind::Ferry), count(Kind::Plane)),
            (150, 60, 90)
        );
        let ids: std::collections::HashSet<_> = all.iter().map(|position| &position.id).collect();
        assert_eq!(ids.len(), 300);
    }

    #[test]
    fn every_vehicle_moves_smoothly_at_about_its_speed_and_stays_in_the_region() {
        let fleet = Fleet::new(300, 7);
        let mut before: Vec<Position> = fleet.positions(NOW).collect();
        for step in 1..400 {
            let now: Vec<Position> = fleet.positions(NOW + step * 500).collect();
            for (old, new) in before.iter().zip(&now) {
                assert!(
                    (24.0..45.0).contains(&new.lat) && (115.0..143.0).contains(&new.lon),
                    "{new:?}"
                );
                assert!((0.0..360.0).contains(&new.heading), "{new:?}");
                let metres = distance((old.lat, old.lon), (new.lat, new.lon));
                // A turn makes the step shorter; the straight interpolation of long flights bends it by a few per cent.
                assert!(
                    metres <= new.speed * 0.5 * 1.1 + 3.0,
                    "{} jumped {metres} m",
                    new.id
                );
            }
            before = now;
        }
    }

    #[test]
    fn the_heading_points_along_the_motion() {
        let fleet = Fleet::new(100, 3);
        let straight = |from: &Position, to: &Position| {
            let east = (to.lon - from.lon) * from.lat.to_radians().cos();
            east.atan2(to.lat - from.lat).to_degrees().rem_euclid(360.0)
        };
        for (from, to) in fleet.positions(NOW).zip(fleet.positions(NOW + 100)) {
            // Only where the vehicle has not turned in between.
            if from.heading == to.heading {
                let off = (straight(&from, &to) - from.heading + 180.0).rem_euclid(360.0) - 180.0;
                assert!(off.abs() < 8.0, "{} is off by {off} degrees", from.id);
            }
        }
    }
}
