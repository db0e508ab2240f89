//! Tables of who is let in: clients, devices, keys, visits.

use super::{Keeping, Table, column};

/// The tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "clients",
        what: (
            "Tài khoản của chương trình và thiết bị, không phải của công dân. Tên do người quản trị đặt có thể là tên một người.",
            "Credentials of programs and devices, never of citizens. The name an administrator gives may be a person's.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "mã", "id"),
            column("kind", "loại", "kind"),
            column("name", "tên do người quản trị đặt", "name given by an administrator"),
            column("agency_id", "cơ quan", "the agency"),
            column("service_point_id", "bộ phận một cửa", "desk"),
            column("secret_hash", "mã băm argon2id của mật khẩu", "argon2id hash of the secret"),
            column("created_at", "thời điểm tạo", "when it was made"),
            column("survey_id", "đợt khảo sát duy nhất của thiết bị", "the one survey of a device"),
            column("suspended_at", "thời điểm tạm ngừng", "when it was suspended"),
            column("expires_at", "ngày hết hạn", "when it ends"),
            column("permissions", "các quyền còn lại", "permissions it is narrowed to"),
            column(
                "networks",
                "các mạng được phép, do người quản trị đặt",
                "networks it may come from, as an administrator set them",
            ),
            column(
                "secret_hint",
                "8 ký tự đầu của mật khẩu mới nhất",
                "first 8 characters of the newest secret",
            ),
            column("previous_secret_hash", "mã băm của mật khẩu trước", "hash of the secret before"),
            column("previous_secret_until", "mật khẩu trước dùng đến khi", "until when that one goes on"),
            column("revoked_at", "thời điểm thu hồi", "when it was revoked"),
        ],
    },
    Table {
        name: "client_uses",
        what: (
            "Lần dùng gần nhất của chương trình và thiết bị.",
            "When programs and devices were last used.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("client_id", "chương trình hoặc thiết bị", "the client"),
            column("last_used_at", "lần dùng gần nhất, chậm vài phút", "last use, a few minutes behind"),
        ],
    },
    Table {
        name: "device_facts",
        what: (
            "Thông tin công khai của máy do thiết bị tự khai khi đăng ký. Không có dữ liệu cá nhân.",
            "Public facts a device told of itself when it enrolled. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("client_id", "thiết bị", "the device"),
            column("model", "kiểu máy", "model"),
            column("app_version", "phiên bản ứng dụng", "version of its app"),
            column("os", "hệ điều hành", "operating system"),
            column("os_version", "phiên bản hệ điều hành", "its version"),
            column("screen_width", "chiều rộng màn hình", "width of the screen"),
            column("screen_height", "chiều cao màn hình", "height of the screen"),
        ],
    },
    Table {
        name: "device_places",
        what: (
            "Nơi thiết bị từng đặt. Không có dữ liệu cá nhân.",
            "Where devices stood before. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("client_id", "thiết bị", "the device"),
            column("since", "từ khi", "since"),
            column("until", "đến khi", "until"),
            column("agency_id", "cơ quan", "the agency"),
            column("service_point_id", "bộ phận một cửa", "desk"),
            column("survey_id", "đợt khảo sát", "survey"),
        ],
    },
    Table {
        name: "device_signs",
        what: (
            "Tình trạng mới nhất của thiết bị; không ghi nhật ký, mất khi máy chủ dữ liệu hỏng. Không có dữ liệu cá nhân.",
            "The newest signs of life of devices; unlogged, empty after a crash. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("client_id", "thiết bị", "the device"),
            column("heartbeat_at", "lần báo gần nhất", "last heartbeat"),
            column("clock_offset_ms", "đồng hồ lệch", "how far its clock is off"),
            column("backlog", "số phiếu chờ gửi", "responses waiting"),
            column("oldest_answered_at", "phiếu chờ lâu nhất", "oldest of them"),
            column("app_version", "phiên bản ứng dụng", "version of its app"),
            column("survey", "đợt khảo sát đang dùng", "survey it holds"),
            column("questionnaire_version", "phiên bản phiếu", "version of its questionnaire"),
            column("battery_percent", "pin", "battery"),
            column("storage_free_mb", "bộ nhớ còn trống", "free storage"),
            column("received_on", "ngày đếm", "day of the count"),
            column("received", "số phiếu nhận trong ngày", "responses received on it"),
            column("last_response_at", "lần nhận phiếu gần nhất", "last response received"),
        ],
    },
    Table {
        name: "enrolments",
        what: (
            "Lời mời đăng ký thiết bị. Mã chỉ lưu dạng băm.",
            "Invitations of devices. Codes are kept as digests only.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "mã lời mời", "id"),
            column("code_hash", "mã băm của mã đăng ký", "digest of the code"),
            column("agency_id", "cơ quan", "the agency"),
            column("service_point_id", "bộ phận một cửa", "desk"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("name", "tên thiết bị", "name of the device"),
            column("invited_by", "chương trình đã mời", "program that invited"),
            column("invited_at", "thời điểm mời", "when"),
            column("expires_at", "hết hạn", "until when it is good"),
            column("revoked_at", "thu hồi", "when it was taken back"),
            column("client_id", "thiết bị đã đăng ký", "device that enrolled"),
            column("enrolled_at", "thời điểm đăng ký", "when it enrolled"),
            column("attempt", "mã lần thử do thiết bị tạo", "attempt, as the device named it"),
        ],
    },
    Table {
        name: "foreign_subjects",
        what: (
            "Người dùng của hệ thống định danh khác được tin cậy: mã do hệ thống đó đặt, có thể là của một cán bộ.",
            "Users of other issuers that are trusted: what that issuer calls them may name an official.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("client_id", "tài khoản tại đây", "the client they are here"),
            column("issuer", "hệ thống định danh", "issuer"),
            column("subject", "mã của người dùng ở đó", "what it calls them"),
        ],
    },
    Table {
        name: "signing_keys",
        what: (
            "Khóa công khai để kiểm tra token. Khóa bí mật không được lưu. Không có dữ liệu cá nhân.",
            "Public keys that tokens are checked with. Private keys are not stored. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("kid", "tên khóa", "name"),
            column("public_key", "khóa công khai", "public key"),
            column("created_at", "thời điểm tạo", "when it was made"),
            column("signs_until", "ký đến khi", "until when it signs"),
            column("token_seconds", "thời hạn token", "life of its tokens"),
            column("withdrawn_at", "thời điểm rút", "when it was withdrawn"),
        ],
    },
    Table {
        name: "visit_keys",
        what: (
            "Khóa công khai để kiểm tra mã lượt giao dịch. Khóa bí mật không được lưu. Không có dữ liệu cá nhân.",
            "Public keys that visit tokens are checked with. Private keys are not stored. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("public_key", "khóa công khai", "public key"),
            column("created_at", "thời điểm tạo", "when it was made"),
            column("withdrawn_at", "thời điểm rút", "when it was withdrawn"),
        ],
    },
    Table {
        name: "visit_uses",
        what: (
            "Lượt giao dịch đã đánh giá, để mỗi lượt chỉ đánh giá một lần. Mã lượt gồm thời điểm phát và số ngẫu nhiên, không gắn với tên hay hồ sơ; nơi phát mã không được ghi lại đã đưa mã cho ai.",
            "Visits that have rated, so that each rates once. The id of a visit is the time of issue and chance, bound to neither a name nor a dossier; whoever issues tokens must keep no list of who got which.",
        ),
        keeping: Keeping::Visits,
        columns: &[
            column(
                "visit_id",
                "mã lượt, cho biết thời điểm phát",
                "id of the visit, which tells when it was issued",
            ),
            column("response_id", "mã phiếu", "id of the response"),
        ],
    },
];
