//! Three hundred companies that do not exist: twenty-five names in twelve trades.

/// A company on the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Four letters.
    pub code: String,
    /// English name.
    pub en: String,
    /// Korean name.
    pub ko: String,
}

/// First three letters of the code, English and Korean name.
const NAMES: [(&str, &str, &str); 25] = [
    ("HNL", "Haneul", "하늘"),
    ("BRM", "Baram", "바람"),
    ("BYL", "Byeol", "별빛"),
    ("NMU", "Namu", "나무"),
    ("GRM", "Gureum", "구름"),
    ("NRI", "Nuri", "누리"),
    ("HRU", "Haru", "하루"),
    ("MRU", "Maru", "마루"),
    ("DSL", "Dasol", "다솔"),
    ("ARM", "Areum", "아름"),
    ("SSK", "Saessak", "새싹"),
    ("PRM", "Pureum", "푸름"),
    ("HSN", "Haetsal", "햇살"),
    ("ISL", "Iseul", "이슬"),
    ("NBI", "Nabi", "나비"),
    ("DLB", "Dalbit", "달빛"),
    ("MRE", "Mirae", "미래"),
    ("GRA", "Garam", "가람"),
    ("SRN", "Saeron", "새론"),
    ("ONU", "Onnuri", "온누리"),
    ("YSL", "Yeseul", "예슬"),
    ("BDL", "Beodeul", "버들"),
    ("SOL", "Sol", "솔"),
    ("HBT", "Haebit", "해빛"),
    ("DRE", "Dure", "두레"),
];

/// Last letter of the code, English and Korean trade.
const TRADES: [(&str, &str, &str); 12] = [
    ("E", "Electronics", "전자"),
    ("M", "Motors", "자동차"),
    ("B", "Bio", "바이오"),
    ("C", "Chemical", "화학"),
    ("N", "Energy", "에너지"),
    ("S", "Shipping", "해운"),
    ("T", "Steel", "제철"),
    ("F", "Foods", "식품"),
    ("L", "Telecom", "통신"),
    ("G", "Games", "게임즈"),
    ("K", "Financial", "금융"),
    ("A", "Air", "항공"),
];

/// All symbols; their order is that of the numbers in the protocol.
pub fn all() -> Vec<Symbol> {
    TRADES
        .iter()
        .flat_map(|(letter, trade_en, trade_ko)| {
            NAMES.iter().map(move |(letters, en, ko)| Symbol {
                code: format!("{letters}{letter}"),
                en: format!("{en} {trade_en}"),
                ko: format!("{ko}{trade_ko}"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_three_hundred_and_no_code_twice() {
        let symbols = all();
        let codes: BTreeSet<_> = symbols.iter().map(|symbol| &symbol.code).collect();
        assert_eq!((symbols.len(), codes.len()), (300, 300));
        assert!(symbols.iter().all(|symbol| symbol.code.len() == 4));
    }
}
