//! Tables of which responses count.

use super::{Keeping, Table, column};

/// The tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "flag_reviews",
        what: ("Quyết định về các phiếu bị đánh dấu.", "Decisions about flagged responses."),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column("response_id", "mã phiếu", "id of the response"),
            column("decision", "quyết định", "decision"),
            column("reason", "lý do do người quản trị ghi", "reason an administrator gave"),
            column("client_id", "chương trình đã quyết định", "program that decided"),
            column("reviewed_at", "thời điểm", "when"),
        ],
    },
    Table {
        name: "judged_responses",
        what: (
            "Dấu vết để tìm phiếu bất thường theo thiết bị: mã băm của các câu trả lời, không có câu trả lời.",
            "Marks to find doubtful responses of a device by: a digest of the answers, never the answers.",
        ),
        keeping: Keeping::Judged,
        columns: &[
            column("client_id", "thiết bị", "the device"),
            column(
                "response_id",
                "mã phiếu, cho biết thời điểm trả lời",
                "id of the response, which tells the time of answering",
            ),
            column("pattern", "8 byte của mã băm", "8 bytes of a digest"),
            column("answered", "số câu đã trả lời", "how many were answered"),
        ],
    },
    Table {
        name: "judging",
        what: (
            "Đã xét đến phiếu nào. Không có dữ liệu cá nhân.",
            "How far responses were judged. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("singleton", "chỉ có một dòng", "there is one row"),
            column("judged_seq", "số của phiếu cuối đã xét", "number of the last one judged"),
        ],
    },
    Table {
        name: "response_flags",
        what: (
            "Phiếu bị đánh dấu theo quy tắc nào và vì sao; không có câu trả lời.",
            "Which responses were flagged by which rule, and why; never the answers.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column(
                "response_id",
                "mã phiếu, cho biết thời điểm trả lời",
                "id of the response, which tells the time of answering",
            ),
            column("rule", "quy tắc", "rule"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("agency_id", "cơ quan được đánh giá", "rated agency"),
            column("client_id", "thiết bị", "the device"),
            column("parameters", "tham số của quy tắc", "parameters of the rule"),
            column("from_at", "từ thời điểm", "from"),
            column("to_at", "đến thời điểm", "to"),
            column("count", "số phiếu", "how many responses"),
            column("flagged_at", "thời điểm đánh dấu", "when it was flagged"),
            column("state", "trạng thái", "state"),
        ],
    },
    Table {
        name: "response_voids",
        what: (
            "Yêu cầu hủy phiếu và quyết định của người thứ hai.",
            "Requests that responses be void, and what a second person decided.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column(
                "response_id",
                "mã phiếu, cho biết thời điểm trả lời",
                "id of the response, which tells the time of answering",
            ),
            column("survey_id", "đợt khảo sát", "survey"),
            column("agency_id", "cơ quan được đánh giá", "rated agency"),
            column("reason", "lý do do người quản trị ghi", "reason an administrator gave"),
            column("requested_by", "chương trình đã yêu cầu", "program that asked"),
            column("requested_at", "thời điểm yêu cầu", "when"),
            column("state", "trạng thái", "state"),
            column("decided_by", "chương trình đã quyết định", "program that decided"),
            column("decided_at", "thời điểm quyết định", "when it was decided"),
        ],
    },
];
