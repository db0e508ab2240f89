//! Tables of alerts and webhooks.

use super::{Keeping, Table, column};

/// The tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "alert_rules",
        what: (
            "Quy tắc cảnh báo của người quản trị. Không có dữ liệu cá nhân.",
            "What administrators want to be told of. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "mã", "id"),
            column("name", "tên gọi", "name"),
            column("agency_id", "cơ quan", "agency"),
            column("each_child", "xét từng cơ quan trực thuộc", "whether each agency below is looked at"),
            column("kind", "loại", "kind"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("period", "tháng hoặc quý", "month or quarter"),
            column("formula", "công thức", "formula"),
            column("confidence", "độ tin cậy", "confidence"),
            column("threshold", "ngưỡng", "threshold"),
            column("created_by", "chương trình đã tạo", "program that made it"),
            column("created_at", "thời điểm tạo", "when it was made"),
            column("ended_at", "thời điểm kết thúc", "when it was ended"),
        ],
    },
    Table {
        name: "alerts",
        what: (
            "Cảnh báo đã mở và đóng; chỉ có số liệu tổng hợp, kể cả của nhóm nhỏ.",
            "Alerts that were opened and closed; aggregates only, of small groups too.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column("kind", "loại", "kind"),
            column("rule_id", "quy tắc", "rule"),
            column("webhook_id", "webhook bị tạm dừng", "webhook that was paused"),
            column("agency_id", "cơ quan", "agency"),
            column("subject", "đối tượng", "what it is about"),
            column("period", "kỳ", "period"),
            column("client_id", "thiết bị", "the device"),
            column("evidence", "số liệu khi mở", "figures when it was opened"),
            column("opened_at", "thời điểm mở", "when it was opened"),
            column("closed_at", "thời điểm đóng", "when it was closed"),
            column("close_reason", "lý do đóng", "why it was closed"),
        ],
    },
    Table {
        name: "webhook_deliveries",
        what: (
            "Việc gửi từng sự kiện đến từng webhook. Không có dữ liệu cá nhân.",
            "What became of each event at each webhook. No personal data.",
        ),
        keeping: Keeping::Days(90),
        columns: &[
            column("webhook_id", "webhook", "webhook"),
            column("event_seq", "sự kiện", "event"),
            column("agency_id", "cơ quan", "agency"),
            column("state", "trạng thái", "state"),
            column("attempts", "số lần gửi", "attempts"),
            column("first_attempt_at", "lần gửi đầu", "first attempt"),
            column("last_attempt_at", "lần gửi cuối", "last attempt"),
            column("last_status", "mã trả lời của bên nhận", "status of the receiver's answer"),
            column("last_failure", "lý do thất bại", "why it failed"),
            column("due_at", "thời điểm gửi tiếp", "when it is due"),
            column("leased_until", "đang được gửi đến thời điểm", "until when somebody is sending it"),
        ],
    },
    Table {
        name: "webhook_events",
        what: (
            "Sự kiện được gửi đi, chỉ có số liệu ai cũng được xem. Không có dữ liệu cá nhân.",
            "Events that are sent, with figures that everybody may read. No personal data.",
        ),
        keeping: Keeping::Days(90),
        columns: &[
            column("seq", "số thứ tự", "number"),
            column("id", "mã", "id"),
            column("type", "loại", "type"),
            column("agency_id", "cơ quan", "agency"),
            column("occurred_at", "thời điểm xảy ra", "when it happened"),
            column("payload", "nội dung gửi", "what is sent"),
        ],
    },
    Table {
        name: "webhooks",
        what: ("Nơi nhận sự kiện do người quản trị khai báo.", "Where administrators have events sent."),
        keeping: Keeping::Always,
        columns: &[
            column("id", "mã", "id"),
            column("name", "tên gọi", "name"),
            column("agency_id", "cơ quan", "agency"),
            column("url", "địa chỉ nhận", "where events are sent"),
            column("events", "loại sự kiện", "which events"),
            column(
                "secret",
                "khóa ký, lưu nguyên văn vì cần để ký; xóa khi kết thúc",
                "signing secret, kept as it is since it signs; deleted at the end",
            ),
            column("previous_secret", "khóa ký trước đó", "the secret before"),
            column("previous_until", "khóa trước dùng đến", "until when that signs"),
            column("state", "trạng thái", "state"),
            column("pause_reason", "lý do tạm dừng", "why it is paused"),
            column("created_by", "chương trình đã tạo", "program that made it"),
            column("created_at", "thời điểm tạo", "when it was made"),
        ],
    },
];
