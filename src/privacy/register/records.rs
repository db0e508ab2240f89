//! Tables that records of what people and programs did are in.

use super::{Keeping, Table, column};

/// The tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "agency_events",
        what: (
            "Sự kiện về tổ chức: thành lập, sáp nhập, đổi tên. Chứa mã của chương trình đã ghi.",
            "What became of agencies. Names the program that recorded it.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("id", "mã sự kiện", "id"),
            column("seq", "số thứ tự", "number"),
            column("kind", "loại", "kind"),
            column("effective_on", "ngày hiệu lực", "first day"),
            column("basis", "văn bản căn cứ", "legal basis"),
            column("client_id", "chương trình đã ghi", "program that recorded it"),
            column("recorded_at", "thời điểm ghi", "when it was recorded"),
            column("content_digest", "mã băm nội dung", "digest of the content"),
        ],
    },
    Table {
        name: "audit_chain",
        what: (
            "Vị trí đầu và cuối của chuỗi nhật ký. Không có dữ liệu cá nhân.",
            "Where the audit chain begins and ends. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("singleton", "chỉ có một dòng", "there is one row"),
            column("seq", "số của mục mới nhất", "number of the newest entry"),
            column("hash", "mã băm của mục mới nhất", "its hash"),
            column("month", "tháng của mục mới nhất", "its month"),
            column(
                "kept_after_seq",
                "số của mục cuối cùng đã xóa",
                "number of the last entry that was dropped",
            ),
            column("kept_after_hash", "mã băm của mục đó", "its hash"),
        ],
    },
    Table {
        name: "audit_entries",
        what: (
            "Nhật ký: chương trình nào đã làm gì, khi nào. Không có mật khẩu, câu trả lời hay lời góp ý.",
            "Audit log: which program did what, when. Never a secret, an answer or words of a citizen.",
        ),
        keeping: Keeping::Audit,
        columns: &[
            column("month", "tháng ghi", "month of writing"),
            column("seq", "số thứ tự", "number"),
            column("at", "thời điểm", "when"),
            column("actor", "mã của chương trình đã làm", "id of the program that did it"),
            column("action", "việc đã làm", "what was done"),
            column("agency_id", "cơ quan liên quan", "agency concerned"),
            column("object", "đối tượng: mã", "what it was done to: an id or a code"),
            column("details", "chi tiết: mã, ngày, số đếm", "details: codes, days, counts"),
            column("hash", "mã băm nối với mục trước", "hash that seals it to the entry before"),
        ],
    },
    Table {
        name: "commented_months",
        what: (
            "Cơ quan có góp ý trong tháng nào, để tính thời gian trả lời. Không cho biết ai viết, viết gì hay bao nhiêu.",
            "In which months somebody commented on an agency, to measure time to answer. Neither who, what nor how many.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("agency_id", "cơ quan được góp ý", "the agency"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("month", "tháng", "month"),
        ],
    },
    Table {
        name: "comments",
        what: (
            "Lời góp ý, lưu tách khỏi câu trả lời. Số điện thoại, số định danh, thư điện tử, mã hồ sơ, liên kết được thay bằng dấu hiệu trước khi lưu; bản gốc không được lưu. Tên người viết trong lời góp ý không được phát hiện. Chỉ quản trị viên của cơ quan được đánh giá đọc được, theo tháng đã kết thúc.",
            "Comments, stored apart from the answers. Telephone and identity numbers, e-mail, dossier codes and links are replaced by markers before anything is stored; the original is not kept. Names of people in the words are not found. Read by administrators of the rated agency alone, by months that are over.",
        ),
        keeping: Keeping::Comments,
        columns: &[
            column(
                "response_id",
                "mã phiếu, cho biết thời điểm trả lời",
                "id of the response, which tells the time of answering",
            ),
            column("body", "lời góp ý đã được thay dấu hiệu", "the words with the markers"),
            column("rules", "phiên bản quy tắc thay dấu hiệu", "version of the rules for markers"),
        ],
    },
    Table {
        name: "device_seqs",
        what: (
            "Số do thiết bị đánh cho từng phiếu, để biết phiếu nào chưa đến.",
            "Numbers a device gave its responses, to see what never arrived.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("client_id", "thiết bị", "the device"),
            column("seq", "số", "number"),
            column(
                "response_id",
                "mã phiếu, cho biết thời điểm trả lời",
                "id of the response, which tells the time of answering",
            ),
        ],
    },
    Table {
        name: "dossier_counts",
        what: (
            "Số hồ sơ đã giải quyết. Không có dữ liệu cá nhân.",
            "Numbers of dossiers handled. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("agency_id", "cơ quan", "the agency"),
            column("period", "kỳ", "period"),
            column("id", "khóa nội bộ", "internal number"),
            column("from_day", "từ ngày", "first day"),
            column("to_day", "đến trước ngày", "first day after it"),
            column("count", "số hồ sơ", "number of dossiers"),
            column("source", "nguồn số liệu", "who counted"),
            column("client_id", "chương trình đã báo cáo", "program that reported it"),
            column("reported_at", "thời điểm báo cáo", "when it was reported"),
        ],
    },
    Table {
        name: "imports",
        what: (
            "Tiến độ nhập dữ liệu cũ. Tên tệp do người vận hành đặt.",
            "How far imports of past data have come. The file's name was given by the operator.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("digest", "mã băm của tệp", "digest of the file"),
            column("client_id", "chương trình", "program"),
            column("name", "tên tệp", "name of the file"),
            column("bytes_done", "số byte đã đọc", "bytes read"),
            column("rows_done", "số dòng đã đọc", "rows read"),
            column("created", "số phiếu mới", "stored"),
            column("replayed", "số phiếu đã có", "stored before"),
            column("rejected", "số dòng bị từ chối", "rejected"),
            column("rejects_bytes", "kích thước tệp từ chối", "size of the file of rejects"),
            column("started_at", "bắt đầu", "begun"),
            column("finished_at", "kết thúc", "finished"),
        ],
    },
    Table {
        name: "ingest_batches",
        what: (
            "Phiếu chưa được cộng vào bảng đếm; nội dung như bảng responses. Không có lời góp ý.",
            "Responses that are not counted yet; the same content as responses. No comments.",
        ),
        keeping: Keeping::Seconds,
        columns: &[
            column("id", "khóa nội bộ", "internal number"),
            column("received_at", "thời điểm nhận", "when they arrived"),
            column("response_ids", "mã phiếu", "ids of the responses"),
            column("survey_ids", "đợt khảo sát", "surveys"),
            column("agency_ids", "cơ quan được đánh giá", "rated agencies"),
            column("answers", "các mức trả lời", "levels answered"),
            column("desk_ids", "bộ phận một cửa", "desks"),
            column("channels", "hình thức trả lời", "ways of answering"),
            column("procedures", "mã thủ tục", "procedure codes"),
            column("genders", "giới tính, nếu có", "gender, if told"),
            column("age_bands", "nhóm tuổi, nếu có", "age band, if told"),
        ],
    },
    Table {
        name: "installation",
        what: (
            "Cấu hình của cơ sở dữ liệu. Không có dữ liệu cá nhân.",
            "What this database is for. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("singleton", "chỉ có một dòng", "there is one row"),
            column("demonstration", "bản trình diễn hay không", "whether it is a demonstration"),
            column("kept_from", "ngày đầu tiên còn lưu phiếu", "first day whose responses are kept"),
            column("comments_key", "khóa xáo trộn thứ tự lời góp ý", "key that mixes the order of comments"),
        ],
    },
    Table {
        name: "receipts",
        what: ("Biên nhận của các lần gửi nhiều phiếu.", "Receipts of bulk requests."),
        keeping: Keeping::Days(90),
        columns: &[
            column("id", "mã biên nhận", "id"),
            column("client_id", "chương trình đã gửi", "program that sent it"),
            column("received_at", "thời điểm nhận", "when it arrived"),
            column("response_ids", "mã phiếu", "ids of the responses"),
            column("outcomes", "kết quả", "outcomes"),
            column(
                "problems",
                "lý do từ chối; không có câu trả lời hay lời góp ý",
                "why rows were refused; never an answer or a comment",
            ),
        ],
    },
    Table {
        name: "response_log",
        what: (
            "Thứ tự các phiếu được biết đến; còn lại khi phiếu đã xóa.",
            "The order in which responses became known; stays when responses are dropped.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("first_seq", "số đầu tiên", "first number"),
            column(
                "response_ids",
                "mã phiếu, cho biết thời điểm trả lời",
                "ids of the responses, which tell the time of answering",
            ),
            column("survey_ids", "đợt khảo sát", "surveys"),
            column("agency_ids", "cơ quan được đánh giá", "rated agencies"),
        ],
    },
    Table {
        name: "responses",
        what: (
            "Phiếu trả lời. Không có tên, số điện thoại, số định danh, ngày sinh, địa chỉ hay địa chỉ IP. Cơ quan, thời điểm, giới tính và nhóm tuổi cùng nhau vẫn có thể chỉ ra một người ở nơi ít người.",
            "Responses. No name, telephone or identity number, date of birth, address or IP address. Agency, time, gender and age band together may still point at a person where few come.",
        ),
        keeping: Keeping::Responses,
        columns: &[
            column(
                "id",
                "mã phiếu, cho biết thời điểm trả lời đến mili giây",
                "id, which tells the time of answering to the millisecond",
            ),
            column("survey_id", "đợt khảo sát", "survey"),
            column("rated_agency_id", "cơ quan được đánh giá", "rated agency"),
            column("service_point_id", "bộ phận một cửa", "desk"),
            column(
                "client_id",
                "thiết bị hoặc hệ thống đã gửi, không phải công dân",
                "device or system that sent it, never the citizen",
            ),
            column("answers", "các mức trả lời", "levels answered"),
            column("channel", "hình thức trả lời", "way of answering"),
            column("procedure", "mã thủ tục", "procedure code"),
            column("gender", "giới tính, nếu có", "gender, if told"),
            column("age_band", "nhóm tuổi, nếu có", "age band, if told"),
            column("assisted_by_staff", "có cán bộ giúp điền", "whether staff helped"),
            column("commented", "có lời góp ý", "whether there is, or was, a comment"),
            column("received_at", "thời điểm nhận", "when it arrived"),
            column("device_seq", "số do thiết bị đánh", "number the device gave it"),
        ],
    },
    Table {
        name: "tallies",
        what: (
            "Bảng đếm theo cơ quan và ngày, tháng, năm. Không có phiếu riêng lẻ, nhưng ô nhỏ có thể là một người; ô nhỏ không công bố.",
            "Counts by agency and day, month, year. No single responses, but a small cell may be one person; small cells are not published.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("survey_id", "đợt khảo sát", "survey"),
            column("facet", "lát cắt", "facet"),
            column("grain", "ngày, tháng hay năm", "day, month or year"),
            column("reach", "cơ quan hay cả nhóm", "the agency itself or a total"),
            column("starts_on", "ngày đầu", "first day"),
            column("agency_id", "cơ quan", "the agency"),
            column("value", "giá trị của lát cắt", "value of the facet"),
            column("people", "số người trả lời", "people who answered"),
            column("numbers", "các số đếm", "counts"),
            column("last_received_at", "lần nhận cuối", "when the last one arrived"),
        ],
    },
    Table {
        name: "undertaking_comments",
        what: (
            "Nội dung trả lời của cơ quan đáp lại những góp ý nào; không công bố. Ký hiệu được tính bằng khóa bí mật từ mã phiếu và không cho biết thời điểm.",
            "Which comments an agency's undertaking answers; never shown. A handle is made from the response's id with a secret key and does not tell the time.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số của nội dung trả lời", "number of the undertaking"),
            column("revision", "lần sửa", "revision"),
            column("handle", "ký hiệu của góp ý", "handle of the comment"),
        ],
    },
    Table {
        name: "undertaking_revisions",
        what: (
            "Điều cơ quan công bố về góp ý và các lần sửa. Do cơ quan viết; số điện thoại, số định danh, địa chỉ được thay, trích nguyên văn góp ý bị từ chối. Tên người không được phát hiện.",
            "What agencies published about comments, and corrections. Written by the agency; telephone and identity numbers and addresses are replaced, quotations of comments refused. Names of people are not found.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số của nội dung trả lời", "number of the undertaking"),
            column("revision", "lần sửa", "revision"),
            column("state", "đã hứa, đã làm, đã rút", "promised, done or withdrawn"),
            column("topic", "yếu tố hoặc tiêu chí", "element or criterion"),
            column("you_said_vi", "tóm tắt góp ý, tiếng Việt", "summary of comments, Vietnamese"),
            column("you_said_en", "tóm tắt góp ý, tiếng Anh", "summary of comments, English"),
            column("we_did_vi", "việc cơ quan làm, tiếng Việt", "what the agency does, Vietnamese"),
            column("we_did_en", "việc cơ quan làm, tiếng Anh", "what the agency does, English"),
            column("due_on", "hạn hứa hoặc ngày làm", "day of promise or of doing"),
            column("reason", "lý do sửa hoặc rút", "why it was corrected or withdrawn"),
            column("client_id", "chương trình đã công bố", "program that published it"),
            column("published_at", "thời điểm công bố", "when it was published"),
        ],
    },
    Table {
        name: "undertakings",
        what: (
            "Nội dung trả lời góp ý của cơ quan. Không có dữ liệu cá nhân.",
            "Undertakings of agencies about comments. No personal data.",
        ),
        keeping: Keeping::Always,
        columns: &[
            column("seq", "số thứ tự", "number"),
            column("id", "mã", "id"),
            column("agency_id", "cơ quan", "the agency"),
            column("survey_id", "đợt khảo sát", "survey"),
            column("month", "tháng góp ý", "month of the comments"),
            column("published_at", "thời điểm công bố lần đầu", "when it was published first"),
        ],
    },
];
