//! What is asked.

use super::ground::SURVEY;

/// A question over HTTP.
#[derive(Clone)]
pub struct Question {
    pub name: &'static str,
    pub path: String,
    /// What plain SQL counts for the same figure, if it is held against that.
    pub raw: Option<Raw>,
}

/// Agencies of a plain question of the year.
#[derive(Clone, Copy)]
pub enum Raw {
    /// One commune.
    Agency,
    /// A province.
    Province,
    /// Everybody.
    Nation,
}

/// The year that is asked about; it is past, so that what arrives now is not in it.
pub const YEAR: i32 = 2025;

/// The province of a hundred agencies, and a commune of it.
pub const PROVINCE: &str = "K01";
pub const AGENCY: &str = "K01.X050";

impl Question {
    fn new(name: &'static str, agency: &str, what: &str, parameters: &str) -> Self {
        let path = format!("/v1/agencies/{agency}/index{what}?survey={SURVEY}&{parameters}");
        Self { name, path, raw: None }
    }

    fn against(self, raw: Raw) -> Self {
        Self { raw: Some(raw), ..self }
    }

    pub fn province_year() -> Self {
        Self::new("province-year, 100 agencies", PROVINCE, "", &format!("period={YEAR}"))
            .against(Raw::Province)
    }

    pub fn nation_year() -> Self {
        Self::new("nation-year", "VN", "", &format!("period={YEAR}")).against(Raw::Nation)
    }

    pub fn ranking(with_change: bool) -> Self {
        let parameters = format!("period={YEAR}&level=commune");
        if with_change {
            let parameters = format!("{parameters}&against={}", YEAR - 1);
            Self::new("ranking of 3,000 communes with change", "VN", "/ranking", &parameters)
        } else {
            Self::new("ranking of 3,000 communes", "VN", "/ranking", &parameters)
        }
    }

    /// Of the present year, which changes with every response that arrives.
    pub fn ranking_of_now() -> Self {
        Self::new("ranking, of the year that they arrive in", "VN", "/ranking", "period=2026&level=commune")
    }
}

/// Everything that is measured at both sizes.
pub fn questions() -> Vec<Question> {
    let year = format!("period={YEAR}");
    let months = "from=2024-07-01&to=2026-07-01&step=month";
    vec![
        Question::new("agency-year", AGENCY, "", &year).against(Raw::Agency),
        Question::province_year(),
        Question::new("province-year, as_of=then", PROVINCE, "", &format!("{year}&as_of=then")),
        Question::new("province-year, as_of=2025-06-30", PROVINCE, "", &format!("{year}&as_of=2025-06-30")),
        Question::new("province-year by channel", PROVINCE, "/breakdown", &format!("{year}&by=channel")),
        Question::new("province, 24 months", PROVINCE, "/series", months),
        Question::nation_year(),
        Question::new("nation, 24 months", "VN", "/series", months),
        Question::ranking(false),
        Question::ranking(true),
    ]
}
