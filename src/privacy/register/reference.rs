//! Tables that are the same for everybody: agencies, wording, surveys. Nothing in them is about a person.

use super::{Keeping, Table, column};

/// The tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "agencies",
        what: ("Cơ quan. Không có dữ liệu cá nhân.", "Agencies. No personal data."),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("code", "mã định danh điện tử của cơ quan", "the agency's e-identifier"),
            column("level", "cấp hành chính", "administrative level"),
            column("valid_from", "ngày bắt đầu", "first day"),
            column("valid_to", "ngày kết thúc", "first day after the last"),
            column("sample", "dữ liệu mẫu hay không", "whether it is invented"),
            column("note", "ghi chú về nguồn", "note on the source"),
        ],
    },
    Table {
        name: "agency_event_agencies",
        what: (
            "Cơ quan liên quan đến sự kiện. Không có dữ liệu cá nhân.",
            "Which agencies an event is about. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("event_id", "sự kiện", "the event"),
            column("agency_id", "cơ quan", "the agency"),
            column("role", "vai trò", "its part in it"),
        ],
    },
    Table {
        name: "agency_successions",
        what: (
            "Cơ quan kế thừa. Không có dữ liệu cá nhân.",
            "Who goes on with whose work. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("predecessor_id", "cơ quan trước", "predecessor"),
            column("successor_id", "cơ quan sau", "successor"),
            column("effective_on", "ngày hiệu lực", "first day"),
            column("numerator", "tử số của tỷ lệ", "numerator of the share"),
            column("denominator", "mẫu số của tỷ lệ", "denominator of the share"),
            column("event_id", "sự kiện", "the event"),
        ],
    },
    Table {
        name: "agency_versions",
        what: (
            "Tên và cấp trên của cơ quan theo thời gian. Không có dữ liệu cá nhân.",
            "Names and parents of agencies over time. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("agency_id", "cơ quan", "the agency"),
            column("valid_from", "ngày bắt đầu", "first day"),
            column("name", "tên cơ quan", "the agency's name"),
            column("parent_id", "cơ quan cấp trên", "agency above"),
            column("unit_code", "mã đơn vị hành chính", "administrative unit code"),
            column("event_id", "sự kiện", "the event"),
        ],
    },
    Table {
        name: "catalogue_revision",
        what: (
            "Số phiên bản danh mục. Không có dữ liệu cá nhân.",
            "Revision of the catalogue. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("singleton", "chỉ có một dòng", "there is one row"),
            column("revision", "số phiên bản", "number"),
        ],
    },
    Table {
        name: "criteria",
        what: (
            "Tiêu chí của phiếu khảo sát. Không có dữ liệu cá nhân.",
            "Criteria of questionnaires. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("version_id", "phiên bản phiếu", "version"),
            column("position", "vị trí", "position"),
            column("element_position", "yếu tố", "element"),
            column("scale_code", "thang đo", "scale"),
            column("code", "mã", "code"),
            column("number", "số", "number"),
            column("text_vi", "nội dung tiếng Việt", "Vietnamese text"),
            column("text_en", "nội dung tiếng Anh", "English text"),
            column("may_be_not_applicable", "có thể bỏ qua", "whether it may be left out"),
        ],
    },
    Table {
        name: "elements",
        what: (
            "Yếu tố của phiếu khảo sát. Không có dữ liệu cá nhân.",
            "Elements of questionnaires. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("version_id", "phiên bản phiếu", "version"),
            column("position", "vị trí", "position"),
            column("code", "mã", "code"),
            column("text_vi", "nội dung tiếng Việt", "Vietnamese text"),
            column("text_en", "nội dung tiếng Anh", "English text"),
        ],
    },
    Table {
        name: "kept_totals",
        what: (
            "Danh sách cơ quan được cộng sẵn. Không có dữ liệu cá nhân.",
            "Which subtrees are added up in advance. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("root_id", "cơ quan", "root"),
            column("digest", "mã băm", "digest"),
            column("members", "các cơ quan trực thuộc", "members"),
        ],
    },
    Table {
        name: "levels",
        what: ("Các mức của thang đo. Không có dữ liệu cá nhân.", "Levels of scales. No personal data."),
        keeping: Keeping::Always,
        columns: &[
            column("version_id", "phiên bản phiếu", "version"),
            column("scale_code", "thang đo", "scale"),
            column("ordinal", "thứ tự", "order"),
            column("value", "giá trị", "value"),
            column("satisfied", "được tính là hài lòng", "whether it counts as satisfied"),
            column("text_vi", "nội dung tiếng Việt", "Vietnamese text"),
            column("text_en", "nội dung tiếng Anh", "English text"),
        ],
    },
    Table {
        name: "questionnaire_versions",
        what: (
            "Phiên bản phiếu khảo sát. Không có dữ liệu cá nhân.",
            "Versions of questionnaires. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("questionnaire_id", "phiếu khảo sát", "questionnaire"),
            column("version", "số phiên bản", "version"),
            column("name_vi", "tên tiếng Việt", "Vietnamese name"),
            column("name_en", "tên tiếng Anh", "English name"),
            column("source", "nguồn", "source"),
            column("content_digest", "mã băm nội dung", "digest of the content"),
            column("published_at", "thời điểm công bố", "when it was published"),
        ],
    },
    Table {
        name: "questionnaires",
        what: ("Phiếu khảo sát. Không có dữ liệu cá nhân.", "Questionnaires. No personal data."),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("code", "mã", "code"),
            column("kind", "loại", "kind"),
        ],
    },
    Table {
        name: "report_schedules",
        what: (
            "Lịch lập báo cáo tự động. Không có dữ liệu cá nhân.",
            "Which reports are made by themselves. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "số", "number"),
            column("agency_id", "cơ quan", "agency"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("cadence", "tháng, quý hay năm", "month, quarter or year"),
            column("languages", "ngôn ngữ", "languages"),
            column("from_day", "từ ngày", "from"),
            column("created_by", "chương trình đã yêu cầu", "program that asked"),
            column("created_at", "thời điểm", "when"),
            column("ended_by", "chương trình đã kết thúc", "program that ended it"),
            column("ended_at", "thời điểm kết thúc", "when it was ended"),
        ],
    },
    Table {
        name: "reports",
        what: (
            "Báo cáo đã lập cho công chúng: chỉ có số liệu tổng hợp được công bố.",
            "Reports that were made for everybody: published aggregates only.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column("id", "mã báo cáo", "id of the report"),
            column("agency_id", "cơ quan", "agency"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("period", "kỳ", "period"),
            column("language", "ngôn ngữ", "language"),
            column("format", "dạng tệp", "form"),
            column("watermark", "thời điểm nhận phiếu mới nhất", "when the newest response arrived"),
            column("digest", "mã băm của tệp", "digest of the file"),
            column("bytes", "độ dài", "length"),
            column("content", "tệp", "the file"),
            column("made_at", "thời điểm lập", "when it was made"),
        ],
    },
    Table {
        name: "scales",
        what: ("Thang đo. Không có dữ liệu cá nhân.", "Scales. No personal data."),
        keeping: Keeping::Always,
        columns: &[column("version_id", "phiên bản phiếu", "version"), column("code", "mã", "code")],
    },
    Table {
        name: "service_points",
        what: ("Bộ phận một cửa. Không có dữ liệu cá nhân.", "Desks. No personal data."),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("code", "mã", "code"),
            column("agency_id", "cơ quan", "the agency"),
            column("name", "tên", "name"),
            column("valid_from", "ngày bắt đầu", "first day"),
            column("valid_to", "ngày kết thúc", "first day after the last"),
            column("sample", "dữ liệu mẫu hay không", "whether it is invented"),
        ],
    },
    Table {
        name: "survey_agencies",
        what: (
            "Cơ quan của đợt khảo sát. Không có dữ liệu cá nhân.",
            "Agencies of surveys. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("survey_id", "đợt khảo sát", "survey"),
            column("agency_id", "cơ quan", "the agency"),
        ],
    },
    Table {
        name: "surveys",
        what: ("Đợt khảo sát. Không có dữ liệu cá nhân.", "Surveys. No personal data."),
        keeping: Keeping::Always,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("code", "mã", "code"),
            column("version_id", "phiên bản phiếu", "version"),
            column("name_vi", "tên tiếng Việt", "Vietnamese name"),
            column("name_en", "tên tiếng Anh", "English name"),
            column("opens_on", "ngày mở", "first day"),
            column("closes_on", "ngày đóng", "first day after the last"),
            column("sample", "dữ liệu mẫu hay không", "whether it is invented"),
            column("visits", "có cần mã lượt giao dịch không", "whether a visit token is demanded"),
            column("short_form", "tiêu chí của phiếu ngắn", "criteria of the short form"),
        ],
    },
    Table {
        name: "tally_shapes",
        what: (
            "Phiên bản của bảng đếm. Không có dữ liệu cá nhân.",
            "Revisions of tallies. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("survey_id", "đợt khảo sát", "survey"),
            column("revision", "số phiên bản", "number"),
        ],
    },
];
