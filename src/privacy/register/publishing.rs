//! Tables of what is published for good. No personal data: figures as everybody may see them, and which program did what.

use super::{Keeping, Table, column};

/// The tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "release_files",
        what: (
            "Số liệu của bản công bố, như mọi người được xem.",
            "Figures of releases, as everybody may see them.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("release_id", "bản công bố", "the release"),
            column("name", "tên tệp", "name of the file"),
            column("content", "nội dung", "content"),
        ],
    },
    Table {
        name: "release_keys",
        what: ("Nửa công khai của các khóa ký bản công bố.", "Public halves of the keys that seal releases."),
        keeping: Keeping::Always,
        columns: &[
            column("kid", "mã băm của khóa", "digest of the key"),
            column("public_key", "nửa công khai", "public half"),
            column("first_used_at", "lần ký đầu tiên", "when it sealed first"),
        ],
    },
    Table {
        name: "release_reviews",
        what: ("Quyết định của người duyệt thứ hai.", "What a second client decided about a release."),
        keeping: Keeping::Always,
        columns: &[
            column("release_id", "bản công bố", "the release"),
            column("decision", "quyết định", "decision"),
            column("reason", "lý do do người quản trị ghi", "reason an administrator gave"),
            column("client_id", "chương trình đã duyệt", "program that reviewed"),
            column("reviewed_at", "thời điểm", "when"),
        ],
    },
    Table {
        name: "release_seals",
        what: ("Bản công bố đã ký và gói của nó.", "Sealed releases with their packages."),
        keeping: Keeping::Always,
        columns: &[
            column("release_id", "bản công bố", "the release"),
            column("series", "loạt công bố", "series"),
            column("revision", "số bản", "revision"),
            column("kid", "khóa đã ký", "key that signed"),
            column("client_id", "chương trình đã công bố", "program that sealed"),
            column("sealed_at", "thời điểm", "when"),
            column("manifest", "bản kê đã ký", "signed manifest"),
            column("package", "gói công bố", "package"),
            column("package_digest", "mã băm của gói", "digest of the package"),
        ],
    },
    Table {
        name: "releases",
        what: ("Bản công bố, từ khi dự thảo.", "Releases, from when they were drafted."),
        keeping: Keeping::Always,
        columns: &[
            column("id", "mã", "id"),
            column("seq", "số thứ tự", "number"),
            column("agency_id", "cơ quan công bố", "agency that publishes"),
            column("series", "loạt công bố", "series"),
            column("title_vi", "tên tiếng Việt", "title in Vietnamese"),
            column("title_en", "tên tiếng Anh", "title in English"),
            column("corrects", "đính chính bản nào", "revision it corrects"),
            column("correction_reason", "lý do đính chính", "why"),
            column(
                "draft",
                "nội dung, mốc dữ liệu và mã băm của tệp",
                "contents, watermark and digests of the files",
            ),
            column("digest", "mã băm của dự thảo", "digest of the draft"),
            column("drafted_by", "chương trình đã dự thảo", "program that drafted"),
            column("drafted_at", "thời điểm dự thảo", "when it was drafted"),
        ],
    },
    Table {
        name: "standing_log",
        what: (
            "Thứ tự các thay đổi về việc phiếu có được tính hay không; không có câu trả lời.",
            "In which order it changed whether responses count; never the answers.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column(
                "response_id",
                "mã phiếu, cho biết thời điểm trả lời",
                "id of the response, which tells the time of answering",
            ),
            column("standing", "được tính, bị đánh dấu hoặc bị hủy", "counted, flagged or void"),
        ],
    },
];
