//! The five bands of an agency's desk rating (TT 01/2018/TT-VPCP art. 15): half-open, out of 18 points.

use super::Exact;

/// Band of a desk rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Yếu: below 6.
    Weak,
    /// Trung bình: 6 to below 9.
    Average,
    /// Khá: 9 to below 12.
    Fair,
    /// Tốt: 12 to below 15.
    Good,
    /// Xuất sắc: 15 and above. Exactly 15 belongs here; a product in use tests `> 15` and calls it weak.
    Excellent,
}

impl Band {
    /// The band of a total of points out of 18.
    pub fn of(points: &Exact) -> Self {
        let at_least = |border: u64| points >= &super::whole(border);
        if at_least(15) {
            Self::Excellent
        } else if at_least(12) {
            Self::Good
        } else if at_least(9) {
            Self::Fair
        } else if at_least(6) {
            Self::Average
        } else {
            Self::Weak
        }
    }

    /// Word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Average => "average",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }

    /// Word of the law.
    pub const fn vi(self) -> &'static str {
        match self {
            Self::Weak => "Yếu",
            Self::Average => "Trung bình",
            Self::Fair => "Khá",
            Self::Good => "Tốt",
            Self::Excellent => "Xuất sắc",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ratio;
    use super::*;

    #[test]
    fn each_border_belongs_to_the_band_above() {
        for (tenths, band) in [
            (0, Band::Weak),
            (59, Band::Weak),
            (60, Band::Average),
            (89, Band::Average),
            (90, Band::Fair),
            (119, Band::Fair),
            (120, Band::Good),
            (149, Band::Good),
            (150, Band::Excellent),
            (180, Band::Excellent),
        ] {
            assert_eq!(Band::of(&ratio(tenths, 10)), band, "{tenths} tenths");
        }
    }

    #[test]
    fn nothing_however_small_is_lost_at_a_border() {
        let borders = [(6, Band::Weak), (9, Band::Average), (12, Band::Fair), (15, Band::Good)];
        let above = [Band::Average, Band::Fair, Band::Good, Band::Excellent];
        let least = ratio(1, 1_000_000_000_000_000_000);
        for ((border, below), above) in borders.into_iter().zip(above) {
            let border = super::super::whole(border);
            assert_eq!(Band::of(&(&border - &least)), below, "just under {border}");
            assert_eq!(Band::of(&border), above, "{border}");
            assert_eq!(Band::of(&(&border + &least)), above, "just over {border}");
        }
    }
}
