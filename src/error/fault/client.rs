//! Faults of clients that are made or changed.

use crate::error::Lang;

/// Which rule a client breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFault {
    /// Devices are not made so.
    EnrolDevices,
    /// The end is not ahead.
    NotAhead,
    /// No client of this kind is permitted this.
    NotOfKind,
    /// Beyond what the caller is permitted itself.
    BeyondYours,
    /// A system of an agency is made from above it.
    FromAbove,
    /// Too many entries.
    TooMany,
}

impl ClientFault {
    /// Every fault.
    pub const ALL: [Self; 6] = [
        Self::EnrolDevices,
        Self::NotAhead,
        Self::NotOfKind,
        Self::BeyondYours,
        Self::FromAbove,
        Self::TooMany,
    ];

    /// The code as it goes over the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EnrolDevices => "enrol_devices",
            Self::NotAhead => "not_ahead",
            Self::NotOfKind => "not_of_kind",
            Self::BeyondYours => "beyond_yours",
            Self::FromAbove => "from_above",
            Self::TooMany => "too_many_entries",
        }
    }

    /// One sentence for people.
    pub const fn detail(self, lang: Lang) -> &'static str {
        let (vi, en) = match self {
            Self::EnrolDevices => (
                "Thiết bị không được tạo ở đây; thiết bị tự đăng ký bằng mã dùng một lần.",
                "Devices are not made here; a device enrols itself with a one-time code.",
            ),
            Self::NotAhead => ("Thời điểm hết hạn phải ở tương lai.", "The end has to lie ahead."),
            Self::NotOfKind => (
                "Loại máy khách này không bao giờ có quyền đó.",
                "No client of this kind is ever permitted this.",
            ),
            Self::BeyondYours => (
                "Vượt quá quyền, thời hạn hoặc mạng của chính bạn.",
                "Goes beyond your own permissions, life or networks.",
            ),
            Self::FromAbove => (
                "Máy khách loại hệ thống của một cơ quan phải do cơ quan cấp trên tạo.",
                "A system of an agency is made by an administrator above that agency.",
            ),
            Self::TooMany => ("Quá nhiều mục, tối đa 100.", "Too many entries, at most 100."),
        };
        match lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}
