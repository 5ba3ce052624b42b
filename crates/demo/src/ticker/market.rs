//! Prices on a random walk that a seed decides.

use std::collections::VecDeque;

use crate::random::Random;

use super::symbols::{self, Symbol};

/// Prices that are kept of each symbol for charts, one a second.
pub const HISTORY: usize = 120;
/// How strongly a price is pulled back to where it opened; without it some would end at nothing.
const PULL: f64 = 0.0004;
/// Standard step of a tick, as a part of the price.
const STEP: f64 = 0.0009;

/// All symbols and their prices.
#[derive(Debug, Clone)]
pub struct Market {
    symbols: Vec<Symbol>,
    quotes: Vec<Quote>,
    random: Random,
    ticks: u64,
}

#[derive(Debug, Clone)]
struct Quote {
    open: f64,
    exact: f64,
    /// The exact price, rounded to what can be traded.
    price: u32,
    history: VecDeque<u32>,
}

/// One change of one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Number of the symbol.
    pub symbol: usize,
    /// Its new price, won.
    pub price: u32,
    /// Number of the tick, from 1 without holes.
    pub number: u64,
}

impl Market {
    /// A market that has been open for two minutes, so that charts begin full.
    pub fn new(seed: u64) -> Self {
        let symbols = symbols::all();
        let mut random = Random::new(seed);
        let quotes = symbols
            .iter()
            .map(|_| {
                // As many cheap ones as dear ones, from 3,000 to 600,000 won.
                let open = f64::from(tradable(random.between(8.0, 13.3).exp()));
                let mut quote = Quote {
                    open,
                    exact: open,
                    price: open as u32,
                    history: VecDeque::with_capacity(HISTORY),
                };
                for _ in 0..HISTORY {
                    // A second has about ten ticks.
                    (0..10).for_each(|_| quote.step(&mut random));
                    quote.history.push_back(quote.price);
                }
                quote
            })
            .collect();
        Self {
            symbols,
            quotes,
            random,
            ticks: 0,
        }
    }

    /// The companies.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Number of the last tick.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Prices in the order of the symbols, won.
    pub fn prices(&self) -> impl Iterator<Item = u32> + '_ {
        self.quotes.iter().map(|quote| quote.price)
    }

    /// Prices at the opening, in the same order.
    pub fn opens(&self) -> impl Iterator<Item = u32> + '_ {
        self.quotes.iter().map(|quote| quote.open as u32)
    }

    /// The price of a symbol.
    pub fn price_of(&self, code: &str) -> Option<u32> {
        let index = self.symbols.iter().position(|symbol| symbol.code == code)?;
        self.quotes.get(index).map(|quote| quote.price)
    }

    /// The last prices of a symbol, one a second, the oldest first.
    pub fn history_of(&self, code: &str) -> Option<Vec<u32>> {
        let index = self.symbols.iter().position(|symbol| symbol.code == code)?;
        self.quotes
            .get(index)
            .map(|quote| quote.history.iter().copied().collect())
    }

    /// One step of one symbol. Busy ones come more often, as on real markets.
    pub fn tick(&mut self) -> Tick {
        let count = self.quotes.len();
        let skewed = self.random.unit().powf(1.6);
        let symbol = ((skewed * count as f64) as usize).min(count.saturating_sub(1));
        self.ticks += 1;
        let price = self.quotes.get_mut(symbol).map_or(0, |quote| {
            quote.step(&mut self.random);
            quote.price
        });
        Tick {
            symbol,
            price,
            number: self.ticks,
        }
    }

    /// Takes the present prices into the history; to be called once a second.
    pub fn remember(&mut self) {
        for quote in &mut self.quotes {
            if quote.history.len() >= HISTORY {
                quote.history.pop_front();
            }
            quote.history.push_back(quote.price);
        }
    }
}

impl Quote {
    fn step(&mut self, random: &mut Random) {
        // Two uniform numbers are near enough to a bell.
        let noise = random.between(-1.0, 1.0) + random.between(-1.0, 1.0);
        let drift = PULL * (self.open / self.exact).ln();
        self.exact *= (noise * STEP + drift).exp();
        self.price = tradable(self.exact);
    }
}

/// The nearest price that can be traded: steps grow with the price, as in Seoul.
fn tradable(price: f64) -> u32 {
    let step = match price {
        price if price < 5_000.0 => 5.0,
        price if price < 20_000.0 => 10.0,
        price if price < 50_000.0 => 50.0,
        price if price < 200_000.0 => 100.0,
        price if price < 500_000.0 => 500.0,
        _ => 1_000.0,
    };
    ((price / step).round() * step).max(step) as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_seed_decides_every_tick_and_prices_stay_near_their_opening() {
        let (mut a, mut b, mut c) = (Market::new(1), Market::new(1), Market::new(2));
        let ticks: Vec<Tick> = (0..300_000).map(|_| a.tick()).collect();
        assert!(ticks.iter().all(|tick| *tick == b.tick()));
        assert!(ticks.iter().any(|tick| *tick != c.tick()));
        for (price, open) in a.prices().zip(a.opens()) {
            let ratio = f64::from(price) / f64::from(open);
            assert!((0.5..2.0).contains(&ratio), "{open} became {price}");
        }
    }

    #[test]
    fn every_symbol_moves_and_ticks_are_numbered_without_holes() {
        let mut market = Market::new(1);
        let mut moved = [false; 300];
        for number in 1..=60_000 {
            let tick = market.tick();
            assert_eq!(tick.number, number);
            *moved.get_mut(tick.symbol).unwrap() = true;
        }
        assert!(moved.iter().all(|moved| *moved));
    }

    #[test]
    fn the_history_is_full_from_the_beginning_and_stays_bounded() {
        let mut market = Market::new(1);
        assert_eq!(market.history_of("HNLE").unwrap().len(), HISTORY);
        market.remember();
        let history = market.history_of("HNLE").unwrap();
        assert_eq!(history.len(), HISTORY);
        assert_eq!(*history.last().unwrap(), market.price_of("HNLE").unwrap());
        assert!(market.history_of("NONE").is_none());
    }
}
