//! What each table and column holds, in Vietnamese and English. A new table or column is described here, or `tests/it/privacy.rs`
//! fails. Says nothing of what the settings decide.

mod access;
mod integrity;
mod records;
mod reference;
mod telling;

/// Vietnamese and English.
pub type Words = (&'static str, &'static str);

/// How long rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// For ever.
    Always,
    /// As set for raw responses.
    Responses,
    /// As set for comments, at most as long as the responses.
    Comments,
    /// As set for the audit log.
    Audit,
    /// Until it is counted.
    Seconds,
    /// So many days.
    Days(u32),
    /// Until the token could not be used any more.
    Visits,
    /// Until nothing that may still arrive could stand beside it.
    Judged,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What it holds, and whether that is about people.
    pub what: Words,
    /// How long its rows are kept.
    pub keeping: Keeping,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Words,
}

const fn column(name: &'static str, vi: &'static str, en: &'static str) -> Column {
    Column { name, holds: (vi, en) }
}

/// What holds for all of it.
pub const INTRODUCTION: &[Words] = &[
    (
        "Công dân không đăng nhập và không được hỏi tên, số điện thoại, số định danh, ngày sinh hay địa chỉ. Địa chỉ IP \
         không được lưu cùng phiếu trả lời, và không có trong cột nào chứa câu trả lời.",
        "Citizens do not log in and are not asked for name, telephone or identity number, date of birth or address. IP addresses \
         are not stored with responses, nor in any column that holds an answer.",
    ),
    (
        "Danh sách bảng và cột lấy từ chính cơ sở dữ liệu khi lập báo cáo; thời gian lưu lấy từ cấu hình. Bản sao lưu và nhật ký của \
         PostgreSQL do người vận hành quản lý, không thuộc báo cáo này.",
        "Tables and columns are those of the database when the report was made, times those of the settings. Backups and PostgreSQL's \
         own logs are the operator's and not part of this.",
    ),
];

/// The law, each point with how far it was verified.
pub const LAW: &[Words] = &[
    (
        "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 và Nghị định 356/2025/NĐ-CP, hiệu lực 1/1/2026, thay Nghị định 13/2023; áp dụng \
         cho cả cơ quan nhà nước (đã kiểm chứng qua nguồn thứ cấp).",
        "Law on Personal Data Protection 91/2025/QH15 and Decree 356/2025/NĐ-CP, in force from 2026-01-01, replacing Decree 13/2023; \
         covers state agencies too (verified in secondary sources).",
    ),
    (
        "Quyền được biết, xem, sửa, xóa, khử nhận dạng; trả lời yêu cầu trong 2 ngày làm việc, thực hiện rút lại hoặc hạn chế trong 15 \
         ngày (đã kiểm chứng qua nguồn thứ cấp).",
        "Rights to see, correct, delete and de-identify; a request is answered within 2 working days, withdrawal or restriction carried out \
         within 15 days (verified in secondary sources).",
    ),
    (
        "Thông báo vi phạm trong 72 giờ cho Bộ Công an; xử lý dữ liệu để thực hiện nhiệm vụ nhà nước không cần đồng ý (CHƯA kiểm chứng: \
         hỏi luật sư).",
        "Notice of a breach to the Ministry of Public Security within 72 hours; processing for duties of the state without consent (NOT \
         verified: ask a lawyer).",
    ),
    (
        "Nghị định 61/2018/NĐ-CP điều 27.3: thông tin về người đánh giá được giữ bí mật (đã kiểm chứng).",
        "Decree 61/2018/NĐ-CP art. 27.3: information on the person who rates is confidential (verified).",
    ),
    (
        "Nghị định 47/2020/NĐ-CP điều 17-21: dữ liệu mở không chứa dữ liệu cá nhân, kể cả khi kết hợp với dữ liệu khác (đã kiểm chứng).",
        "Decree 47/2020/NĐ-CP art. 17-21: open data hold no personal data, also not by combination with other data (verified).",
    ),
    (
        "Không tìm thấy thời hạn lưu theo luật cho câu trả lời khảo sát; thời gian lưu là cấu hình của đơn vị vận hành.",
        "No statutory period for answers to surveys was found; how long they are kept is the operator's setting.",
    ),
    (
        "Xóa một lời góp ý riêng lẻ theo yêu cầu của chủ thể dữ liệu chưa được hỗ trợ trong chương trình.",
        "Deleting a single comment at a data subject's request is not supported by the program yet.",
    ),
];

/// Every table.
pub fn register() -> impl Iterator<Item = &'static Table> {
    reference::TABLES
        .iter()
        .chain(access::TABLES)
        .chain(records::TABLES)
        .chain(integrity::TABLES)
        .chain(telling::TABLES)
}
