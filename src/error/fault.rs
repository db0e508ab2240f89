//! One broken rule of one input, with the words for it in both languages.

mod client;
mod figure;
mod list;
mod measure;
mod tree;
mod undertaking;
mod visit;
mod words;

pub use client::ClientFault;
pub use figure::FigureFault;
pub use list::Faults;
pub use measure::MeasureFault;
pub use tree::TreeFault;
pub use undertaking::UndertakingFault;
pub use visit::VisitFault;

use super::Lang;
use words::{listed, type_vi};

/// Where in the request the fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// JSON Pointer (RFC 6901) into the body.
    Pointer(String),
    /// Name of a query parameter.
    Parameter(String),
    /// Cell of a table that was sent.
    Cell {
        /// Row as a spreadsheet counts: the head is row 1.
        row: usize,
        /// Name of the column.
        column: String,
    },
}

impl Place {
    /// The place of a member of this one.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        match self {
            Self::Pointer(path) => {
                Self::Pointer(format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")))
            }
            Self::Parameter(_) => Self::Parameter(name.to_owned()),
            Self::Cell { row, .. } => Self::Cell { row: *row, column: name.to_owned() },
        }
    }
}

/// A broken rule and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: FaultKind,
}

/// Which rule is broken, with the facts that make the message useful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// A required field is absent.
    Missing,
    /// A field nobody reads; refused, because a silent typing error loses data.
    Unknown,
    /// The same field twice.
    Duplicate,
    /// The JSON type is another one.
    WrongType {
        /// JSON type that is expected.
        expected: &'static str,
    },
    /// The text does not have the form of such a value.
    BadFormat {
        /// The form, with an example.
        expected: &'static str,
    },
    /// Cannot be read at all, or contradicts itself.
    Unreadable {
        /// What it has to be.
        expected: &'static str,
    },
    /// Not one of the allowed words.
    NotAllowed {
        /// The allowed words.
        allowed: &'static [&'static str],
    },
    /// The text is too long.
    TooLong {
        /// Most characters allowed.
        max: usize,
    },
    /// Control characters, for example NUL.
    ForbiddenCharacter,
    /// The number is outside its range.
    OutOfRange {
        /// Smallest allowed.
        min: i64,
        /// Largest allowed.
        max: i64,
    },
    /// The period ends before it begins, or both forms of period are given.
    BadPeriod,
    /// The period lies ahead of today.
    PeriodNotBegun,
    /// The month is not over yet.
    MonthNotOver,
    /// The id is not a UUIDv7.
    NotUuidV7,
    /// Time of answering ahead of the server's clock.
    AnsweredInFuture {
        /// How far ahead is tolerated.
        tolerance_minutes: i64,
    },
    /// Time of answering before the limit.
    AnsweredTooLongAgo {
        /// The limit.
        max_days: i64,
    },
    /// The month of answering was dropped by the retention rule.
    MonthDropped {
        /// First day that is still kept.
        kept_from: chrono::NaiveDate,
    },
    /// Only a device may give this.
    ForDevicesOnly,
    /// No survey of this code.
    UnknownSurvey,
    /// The survey was not open at the time of answering.
    SurveyNotOpen,
    /// No agency of this code that the caller may name.
    UnknownAgency,
    /// The agency did not exist at the time of answering.
    AgencyNotValid,
    /// The survey is not fielded at this agency.
    AgencyOutsideSurvey,
    /// No service point of this code that the caller may name.
    UnknownServicePoint,
    /// The questionnaire has no such criterion.
    UnknownCriterion,
    /// The survey has no short form.
    NoShortForm,
    /// The survey's short form does not ask this criterion.
    NotInShortForm,
    /// A required answer is absent.
    MissingAnswer,
    /// No criterion is answered with a level.
    NothingAnswered,
    /// The level is not on the criterion's scale.
    LevelOffScale {
        /// Levels of the scale.
        allowed: Vec<i16>,
    },
    /// This criterion must be answered with a level.
    NotApplicableRefused,
    /// Nothing is sent to this address.
    PrivateAddress,
    /// The formula does not fit the survey's kind.
    FormulaDoesNotFit {
        /// Formula ids that do.
        allowed: Vec<&'static str>,
    },
    /// A question about figures that cannot be answered.
    Figure(FigureFault),
    /// A client that cannot be so.
    Client(ClientFault),
    /// A value of a measure that cannot be so.
    Measure(MeasureFault),
    /// An event that the tree of agencies cannot take.
    Tree(TreeFault),
    /// A visit that does not let the response in.
    Visit(VisitFault),
    /// An undertaking that cannot be published.
    Undertaking(UndertakingFault),
}

impl FaultKind {
    /// One of each kind, for the printed table and its test.
    pub fn samples() -> Vec<Self> {
        let figures = FigureFault::samples().into_iter().map(Self::Figure);
        let mut samples = vec![
            Self::Missing,
            Self::Unknown,
            Self::Duplicate,
            Self::WrongType { expected: "string" },
            Self::BadFormat { expected: "H56.14" },
            Self::Unreadable { expected: "a JSON object on one line" },
            Self::NotAllowed { allowed: &["kiosk"] },
            Self::TooLong { max: 2000 },
            Self::ForbiddenCharacter,
            Self::OutOfRange { min: 1, max: 1000 },
            Self::BadPeriod,
            Self::PeriodNotBegun,
            Self::MonthNotOver,
            Self::NotUuidV7,
            Self::AnsweredInFuture { tolerance_minutes: 5 },
            Self::AnsweredTooLongAgo { max_days: 90 },
            Self::MonthDropped { kept_from: chrono::NaiveDate::default() },
            Self::ForDevicesOnly,
            Self::UnknownSurvey,
            Self::SurveyNotOpen,
            Self::UnknownAgency,
            Self::AgencyNotValid,
            Self::AgencyOutsideSurvey,
            Self::UnknownServicePoint,
            Self::UnknownCriterion,
            Self::NoShortForm,
            Self::NotInShortForm,
            Self::MissingAnswer,
            Self::NothingAnswered,
            Self::LevelOffScale { allowed: vec![1, 2, 3, 4, 5] },
            Self::NotApplicableRefused,
            Self::PrivateAddress,
            Self::FormulaDoesNotFit { allowed: vec!["satisfied-share"] },
        ];
        samples.extend(figures);
        samples.extend(ClientFault::ALL.map(Self::Client));
        samples.extend(MeasureFault::samples().into_iter().map(Self::Measure));
        samples.extend(TreeFault::samples().into_iter().map(Self::Tree));
        samples.extend(VisitFault::samples().into_iter().map(Self::Visit));
        samples.extend(UndertakingFault::samples().into_iter().map(Self::Undertaking));
        samples
    }

    /// The code as it goes over the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing_field",
            Self::Unknown => "unknown_field",
            Self::Duplicate => "duplicate_field",
            Self::WrongType { .. } => "wrong_type",
            Self::BadFormat { .. } => "bad_format",
            Self::Unreadable { .. } => "unreadable",
            Self::NotAllowed { .. } => "not_allowed",
            Self::TooLong { .. } => "too_long",
            Self::ForbiddenCharacter => "forbidden_character",
            Self::OutOfRange { .. } => "out_of_range",
            Self::BadPeriod => "bad_period",
            Self::PeriodNotBegun => "period_not_begun",
            Self::MonthNotOver => "month_not_over",
            Self::NotUuidV7 => "not_uuid_v7",
            Self::AnsweredInFuture { .. } => "answered_in_future",
            Self::AnsweredTooLongAgo { .. } => "answered_too_long_ago",
            Self::MonthDropped { .. } => "month_dropped",
            Self::ForDevicesOnly => "for_devices_only",
            Self::UnknownSurvey => "unknown_survey",
            Self::SurveyNotOpen => "survey_not_open",
            Self::UnknownAgency => "unknown_agency",
            Self::AgencyNotValid => "agency_not_valid",
            Self::AgencyOutsideSurvey => "agency_outside_survey",
            Self::UnknownServicePoint => "unknown_service_point",
            Self::UnknownCriterion => "unknown_criterion",
            Self::NoShortForm => "no_short_form",
            Self::NotInShortForm => "not_in_short_form",
            Self::MissingAnswer => "missing_answer",
            Self::NothingAnswered => "nothing_answered",
            Self::LevelOffScale { .. } => "level_off_scale",
            Self::NotApplicableRefused => "not_applicable_refused",
            Self::PrivateAddress => "private_address",
            Self::FormulaDoesNotFit { .. } => "formula_does_not_fit",
            Self::Figure(fault) => fault.name(),
            Self::Client(fault) => fault.name(),
            Self::Measure(fault) => fault.name(),
            Self::Tree(fault) => fault.name(),
            Self::Visit(fault) => fault.name(),
            Self::Undertaking(fault) => fault.name(),
        }
    }

    /// One sentence for people.
    pub fn detail(&self, lang: Lang) -> String {
        match lang {
            Lang::Vi => self.detail_vi(),
            Lang::En => self.detail_en(),
        }
    }

    fn detail_vi(&self) -> String {
        match self {
            Self::Missing => "Thiếu trường bắt buộc.".into(),
            Self::Unknown => "Trường không được định nghĩa.".into(),
            Self::Duplicate => "Trường xuất hiện hai lần.".into(),
            Self::WrongType { expected } => format!("Sai kiểu dữ liệu, cần {}.", type_vi(expected)),
            Self::BadFormat { expected } => format!("Giá trị không hợp lệ; dạng đúng, ví dụ: {expected}."),
            Self::Unreadable { expected } => format!("Không đọc được; cần: {expected}."),
            Self::NotAllowed { allowed } => {
                format!("Giá trị không được phép; chọn một trong: {}.", allowed.join(", "))
            }
            Self::TooLong { max } => format!("Quá dài, tối đa {max} ký tự."),
            Self::ForbiddenCharacter => "Có ký tự điều khiển không được phép.".into(),
            Self::OutOfRange { min, max } => format!("Ngoài khoảng cho phép từ {min} đến {max}."),
            Self::BadPeriod => "Kỳ không hợp lệ: dùng `period`, hoặc `from` và `to` với from < to.".into(),
            Self::PeriodNotBegun => "Kỳ này chưa bắt đầu.".into(),
            Self::MonthNotOver => "Tháng này chưa kết thúc.".into(),
            Self::NotUuidV7 => "Mã phiếu phải là UUID phiên bản 7 (RFC 9562).".into(),
            Self::AnsweredInFuture { tolerance_minutes } => {
                format!("Thời điểm trả lời đi trước đồng hồ máy chủ hơn {tolerance_minutes} phút.")
            }
            Self::AnsweredTooLongAgo { max_days } => {
                format!("Phiếu trả lời đã quá {max_days} ngày.")
            }
            Self::MonthDropped { kept_from } => {
                format!("Phiếu trả lời trước ngày {kept_from} không còn được lưu và không được nhận.")
            }
            Self::ForDevicesOnly => "Chỉ thiết bị được gửi trường này.".into(),
            Self::UnknownSurvey => "Không có đợt khảo sát này.".into(),
            Self::SurveyNotOpen => "Đợt khảo sát không mở vào thời điểm trả lời.".into(),
            Self::UnknownAgency => "Không có cơ quan này.".into(),
            Self::AgencyNotValid => "Cơ quan không tồn tại vào thời điểm trả lời.".into(),
            Self::AgencyOutsideSurvey => "Đợt khảo sát không triển khai tại cơ quan này.".into(),
            Self::UnknownServicePoint => "Không có bộ phận một cửa này.".into(),
            Self::UnknownCriterion => "Phiếu khảo sát không có tiêu chí này.".into(),
            Self::NoShortForm => "Đợt khảo sát không có phiếu ngắn.".into(),
            Self::NotInShortForm => "Phiếu ngắn không hỏi tiêu chí này.".into(),
            Self::MissingAnswer => "Thiếu câu trả lời cho tiêu chí bắt buộc.".into(),
            Self::NothingAnswered => "Cần trả lời ít nhất một tiêu chí.".into(),
            Self::LevelOffScale { allowed } => {
                format!("Mức không có trong thang đo; các mức: {}.", listed(allowed))
            }
            Self::NotApplicableRefused => "Tiêu chí này không cho phép bỏ qua.".into(),
            Self::PrivateAddress => "Không gửi đến địa chỉ nội bộ; cần một địa chỉ công cộng.".into(),
            Self::FormulaDoesNotFit { allowed } => {
                format!("Công thức không dùng cho loại phiếu này; chọn: {}.", allowed.join(", "))
            }
            Self::Figure(fault) => fault.detail(Lang::Vi),
            Self::Client(fault) => fault.detail(Lang::Vi).into(),
            Self::Measure(fault) => fault.detail(Lang::Vi),
            Self::Tree(fault) => fault.detail(Lang::Vi),
            Self::Visit(fault) => fault.detail(Lang::Vi),
            Self::Undertaking(fault) => fault.detail(Lang::Vi),
        }
    }

    fn detail_en(&self) -> String {
        match self {
            Self::Missing => "A required field is missing.".into(),
            Self::Unknown => "There is no such field.".into(),
            Self::Duplicate => "The field is given twice.".into(),
            Self::WrongType { expected } => format!("Wrong type, expected {expected}."),
            Self::BadFormat { expected } => format!("Not a valid value; a right one looks like: {expected}."),
            Self::Unreadable { expected } => format!("Has to be {expected}."),
            Self::NotAllowed { allowed } => format!("Not allowed; one of: {}.", allowed.join(", ")),
            Self::TooLong { max } => format!("Too long, at most {max} characters."),
            Self::ForbiddenCharacter => "Control characters are not allowed.".into(),
            Self::OutOfRange { min, max } => format!("Outside the range {min} to {max}."),
            Self::BadPeriod => "Not a period: give `period`, or `from` and `to` with from < to.".into(),
            Self::PeriodNotBegun => "The period has not begun.".into(),
            Self::MonthNotOver => "The month is not over yet.".into(),
            Self::NotUuidV7 => "The id must be a UUID of version 7 (RFC 9562).".into(),
            Self::AnsweredInFuture { tolerance_minutes } => {
                format!("Answered more than {tolerance_minutes} minutes ahead of the server's clock.")
            }
            Self::AnsweredTooLongAgo { max_days } => format!("Answered more than {max_days} days ago."),
            Self::MonthDropped { kept_from } => {
                format!("Responses from before {kept_from} are neither kept nor taken any more.")
            }
            Self::ForDevicesOnly => "Only a device may give this.".into(),
            Self::UnknownSurvey => "There is no such survey.".into(),
            Self::SurveyNotOpen => "The survey was not open at the time of answering.".into(),
            Self::UnknownAgency => "There is no such agency.".into(),
            Self::AgencyNotValid => "The agency did not exist at the time of answering.".into(),
            Self::AgencyOutsideSurvey => "The survey is not fielded at this agency.".into(),
            Self::UnknownServicePoint => "There is no such service point.".into(),
            Self::UnknownCriterion => "The questionnaire has no such criterion.".into(),
            Self::NoShortForm => "The survey has no short form.".into(),
            Self::NotInShortForm => "The short form does not ask this criterion.".into(),
            Self::MissingAnswer => "The answer to a required criterion is missing.".into(),
            Self::NothingAnswered => "At least one criterion has to be answered.".into(),
            Self::LevelOffScale { allowed } => {
                format!("Not a level of the scale; levels: {}.", listed(allowed))
            }
            Self::NotApplicableRefused => "This criterion may not be left out.".into(),
            Self::PrivateAddress => "Nothing is sent to an internal address; it has to be public.".into(),
            Self::FormulaDoesNotFit { allowed } => {
                format!("The formula does not fit this kind of survey; one of: {}.", allowed.join(", "))
            }
            Self::Figure(fault) => fault.detail(Lang::En),
            Self::Client(fault) => fault.detail(Lang::En).into(),
            Self::Measure(fault) => fault.detail(Lang::En),
            Self::Tree(fault) => fault.detail(Lang::En),
            Self::Visit(fault) => fault.detail(Lang::En),
            Self::Undertaking(fault) => fault.detail(Lang::En),
        }
    }
}
