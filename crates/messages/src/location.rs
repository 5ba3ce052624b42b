//! The location family: an area to watch, and the things that move in it.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::bounds::{self, Check, Invalid};

/// Area a client wants to see, replaced by each new one. Best sent with debounce: a pan makes many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Viewport {
    /// Western edge, degrees of longitude, -180 to 180. Greater than `east` if the area spans the antimeridian.
    pub west: f64,
    /// Southern edge, degrees of latitude, -90 to 90.
    pub south: f64,
    /// Eastern edge, degrees of longitude, -180 to 180.
    pub east: f64,
    /// Northern edge, degrees of latitude, -90 to 90, not less than `south`.
    pub north: f64,
}

impl Viewport {
    /// Whether a point lies in the area, edges included.
    pub fn contains(&self, lat: f64, lon: f64) -> bool {
        let in_columns = if self.west <= self.east {
            (self.west..=self.east).contains(&lon)
        } else {
            lon >= self.west || lon <= self.east
        };
        in_columns && (self.south..=self.north).contains(&lat)
    }
}

impl Check for Viewport {
    fn check(&self) -> Result<(), Invalid> {
        bounds::range("west", self.west, -180.0, 180.0)?;
        bounds::range("south", self.south, -90.0, 90.0)?;
        bounds::range("east", self.east, -180.0, 180.0)?;
        bounds::range("north", self.north, -90.0, 90.0)?;
        if self.south > self.north {
            Err(Invalid::UpsideDown)
        } else {
            Ok(())
        }
    }
}

/// A client's own position. Only the newest matters: send it with throttle or conflate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct OwnPosition {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
    /// Direction of travel, degrees clockwise from north, 0 to 360; none if not moving.
    pub heading: Option<f64>,
    /// Speed over ground in metres per second, 0 to 100000.
    pub speed: Option<f64>,
}

impl Check for OwnPosition {
    fn check(&self) -> Result<(), Invalid> {
        bounds::range("lat", self.lat, -90.0, 90.0)?;
        bounds::range("lon", self.lon, -180.0, 180.0)?;
        bounds::optional(self.heading, |heading| {
            bounds::range("heading", heading, 0.0, 360.0)
        })?;
        bounds::optional(self.speed, |speed| {
            bounds::range("speed", speed, 0.0, 100_000.0)
        })
    }
}

/// What moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Kind {
    /// A bus on a road.
    Bus,
    /// A ship between harbours.
    Ferry,
    /// An aircraft between airports.
    Plane,
    /// A user who shares a position; its `id` is the user's.
    Person,
}

/// Where one thing is at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Identity of the thing: the key to conflate by.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
    /// Direction of travel, degrees clockwise from north, 0 to 360.
    pub heading: f64,
    /// Speed over ground, metres per second.
    pub speed: f64,
    /// When it was there: server clock, ms since the Unix epoch.
    pub at: u64,
}

/// Everything inside a new viewport; replaces what the client knew before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The viewport that this answers, as the client sent it.
    pub viewport: Viewport,
    /// Everything inside of it.
    pub positions: Vec<Position>,
}

/// Newer positions of things inside the viewport, one per thing; things not named have not changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Positions {
    /// The newer positions.
    pub positions: Vec<Position>,
}

/// Things that have left the viewport, or are gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// Their ids.
    pub ids: Vec<String>,
}
