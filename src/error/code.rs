//! The table of error codes. A code is a promise to clients: add rows, never change the meaning of one.

use super::Lang;

/// Stable machine-readable reason of a refusal; `name()` is what goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The body is not JSON.
    MalformedJson,
    /// The body is not `application/x-www-form-urlencoded`.
    MalformedForm,
    /// The query string cannot be read.
    MalformedQuery,
    /// The cursor is not one of ours, or belongs to another query.
    InvalidCursor,
    /// RFC 6749 `invalid_request`.
    InvalidTokenRequest,
    /// RFC 6749 `unsupported_grant_type`.
    UnsupportedGrantType,
    /// RFC 6749 `invalid_scope`.
    InvalidScope,
    /// RFC 6749 `invalid_client`.
    InvalidClient,
    /// No bearer token where one is needed.
    TokenMissing,
    /// The token is not ours or was changed.
    TokenInvalid,
    /// The token was ours and is over.
    TokenExpired,
    /// The client behind the token was revoked.
    ClientRevoked,
    /// The client behind the token is over.
    ClientExpired,
    /// The client may not come from this address.
    AddressNotAllowed,
    /// The device behind the token may do nothing for the time being.
    ClientSuspended,
    /// This kind of client may not do this.
    NotPermitted,
    /// No such path.
    RouteNotFound,
    /// No such agency, or none that the caller may know of.
    AgencyNotFound,
    /// No such survey.
    SurveyNotFound,
    /// No such receipt, or not the caller's.
    ReceiptNotFound,
    /// No such device, or none that the caller may know of.
    DeviceNotFound,
    /// No such client, or none that the caller may know of.
    ClientNotFound,
    /// No invitation of this id or code that is good, or none that the caller may know of.
    InvitationNotFound,
    /// No such formula.
    FormulaNotFound,
    /// No measure of this code.
    MeasureNotFound,
    /// No such signing key.
    SigningKeyNotFound,
    /// No such release, or none that the caller may know of.
    ReleaseNotFound,
    /// The release has come further, or another way, or another revision came first.
    ReleaseConflict,
    /// The digest named is not that of the release.
    ReleaseDigestConflict,
    /// This instance has no key to seal with.
    ReleaseKeyMissing,
    /// No such response, or none that the caller may know of.
    ResponseNotFound,
    /// No such report.
    ReportNotFound,
    /// No such schedule of reports.
    ScheduleNotFound,
    /// No flag on the response.
    FlagNotFound,
    /// No request to void the response, or it has expired.
    VoidNotFound,
    /// No target of this agency, subject and period is in force.
    TargetNotFound,
    /// Two changed a target at the same moment.
    TargetConflict,
    /// No such undertaking of the agency.
    UndertakingNotFound,
    /// The caller belongs to the rated agency itself, which must not decide about its own figures.
    NotAbove,
    /// Who asked may not decide.
    SecondPersonNeeded,
    /// Another request is open, or it was decided otherwise.
    VoidConflict,
    /// No such rule of alerts, or none that the caller may know of.
    AlertRuleNotFound,
    /// No such webhook, or none that the caller may know of.
    WebhookNotFound,
    /// The event was never meant for the webhook, or it is too old.
    DeliveryNotFound,
    /// The webhook was ended for good.
    WebhookEnded,
    /// The secret before the present one still signs.
    WebhookRotating,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The resource does not come in the format asked for.
    NotAcceptable,
    /// The body did not arrive in time.
    BodyTimeout,
    /// Same response id, other content.
    ResponseConflict,
    /// The device's number and the response do not belong together.
    DeviceSeqConflict,
    /// The device was ended for good.
    DeviceRevoked,
    /// The invitation was used.
    InvitationUsed,
    /// The visit has rated.
    VisitUsed,
    /// The catalogue holds this code with other content.
    CatalogueConflict,
    /// Same client id, other content.
    ClientConflict,
    /// The client was ended for good.
    ClientEnded,
    /// Nobody ends or narrows itself.
    OwnClient,
    /// Another value is entered for this measure and period.
    MeasureValueConflict,
    /// Same event id, other content.
    AgencyEventConflict,
    /// Something happened to the agency after the day of the event.
    AgencyEventOutOfOrder,
    /// Same undertaking or revision, other content; or it was withdrawn.
    UndertakingConflict,
    /// Body over the limit.
    BodyTooLarge,
    /// Path and query over the limit.
    UriTooLong,
    /// Content type is not what this operation reads.
    UnsupportedMediaType,
    /// One or more rules are broken; see `errors`.
    ValidationFailed,
    /// The response's time lies ahead of the server's clock.
    AnsweredInFuture,
    /// The response is older than the service still takes.
    AnsweredTooLongAgo,
    /// Asked too often.
    RateLimited,
    /// Too many headers, or too large ones.
    HeadersTooLarge,
    /// Unexpected failure of the service.
    Internal,
    /// The database is away or all connections are in use.
    Unavailable,
}

struct Row {
    name: &'static str,
    status: u16,
    vi: &'static str,
    en: &'static str,
    advice: &'static str,
}

const fn row(
    name: &'static str,
    status: u16,
    vi: &'static str,
    en: &'static str,
    advice: &'static str,
) -> Row {
    Row { name, status, vi, en, advice }
}

impl ErrorCode {
    /// Every code, in the order of the printed table.
    pub const ALL: &[Self] = &[
        Self::MalformedJson,
        Self::MalformedForm,
        Self::MalformedQuery,
        Self::InvalidCursor,
        Self::InvalidTokenRequest,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidClient,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::ClientRevoked,
        Self::ClientExpired,
        Self::AddressNotAllowed,
        Self::ClientSuspended,
        Self::NotPermitted,
        Self::RouteNotFound,
        Self::AgencyNotFound,
        Self::SurveyNotFound,
        Self::ReceiptNotFound,
        Self::DeviceNotFound,
        Self::ClientNotFound,
        Self::InvitationNotFound,
        Self::FormulaNotFound,
        Self::MeasureNotFound,
        Self::SigningKeyNotFound,
        Self::ReleaseNotFound,
        Self::ReleaseConflict,
        Self::ReleaseDigestConflict,
        Self::ReleaseKeyMissing,
        Self::ResponseNotFound,
        Self::ReportNotFound,
        Self::ScheduleNotFound,
        Self::FlagNotFound,
        Self::VoidNotFound,
        Self::TargetNotFound,
        Self::TargetConflict,
        Self::UndertakingNotFound,
        Self::NotAbove,
        Self::SecondPersonNeeded,
        Self::VoidConflict,
        Self::AlertRuleNotFound,
        Self::WebhookNotFound,
        Self::DeliveryNotFound,
        Self::WebhookEnded,
        Self::WebhookRotating,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::BodyTimeout,
        Self::ResponseConflict,
        Self::DeviceSeqConflict,
        Self::DeviceRevoked,
        Self::InvitationUsed,
        Self::VisitUsed,
        Self::CatalogueConflict,
        Self::ClientConflict,
        Self::ClientEnded,
        Self::OwnClient,
        Self::MeasureValueConflict,
        Self::AgencyEventConflict,
        Self::AgencyEventOutOfOrder,
        Self::UndertakingConflict,
        Self::BodyTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::AnsweredInFuture,
        Self::AnsweredTooLongAgo,
        Self::RateLimited,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Unavailable,
    ];

    #[rustfmt::skip]
    const fn row(self) -> Row {
        match self {
            Self::MalformedJson => row("malformed_json", 400, "Nội dung gửi lên không phải JSON hợp lệ.", "The body is not valid JSON.", "Mend the sender; do not repeat as it is."),
            Self::MalformedForm => row("malformed_form", 400, "Nội dung biểu mẫu không đọc được.", "The form body cannot be read.", "Send `application/x-www-form-urlencoded`."),
            Self::MalformedQuery => row("malformed_query", 400, "Chuỗi truy vấn không đọc được.", "The query string cannot be read.", "Percent-encode UTF-8."),
            Self::InvalidCursor => row("invalid_cursor", 400, "Con trỏ trang không hợp lệ cho truy vấn này.", "The cursor does not belong to this query.", "Start again from the first page."),
            Self::InvalidTokenRequest => row("invalid_token_request", 400, "Yêu cầu cấp token thiếu hoặc sai tham số.", "The token request lacks a parameter or has a wrong one.", "See RFC 6749 section 4.4; `error` is `invalid_request`."),
            Self::UnsupportedGrantType => row("unsupported_grant_type", 400, "Chỉ hỗ trợ grant_type=client_credentials.", "Only grant_type=client_credentials is supported.", "Send `grant_type=client_credentials`."),
            Self::InvalidScope => row("invalid_scope", 400, "scope không hợp lệ hoặc vượt quá quyền của máy khách.", "The scope is unknown or more than the client is permitted.", "Ask for permissions that the client has, words with spaces between; or leave `scope` out."),
            Self::InvalidClient => row("invalid_client", 401, "Mã hoặc khóa bí mật của máy khách không đúng.", "Client id or secret is wrong.", "Check the credential; it may have been revoked."),
            Self::TokenMissing => row("token_missing", 401, "Cần có token truy cập.", "A bearer token is needed.", "Get a token at `/oauth/token`."),
            Self::TokenInvalid => row("token_invalid", 401, "Token truy cập không hợp lệ.", "The bearer token is not valid.", "Get a new token; if that is refused too, check the credential."),
            Self::TokenExpired => row("token_expired", 401, "Token truy cập đã hết hạn.", "The bearer token has expired.", "Get a new token."),
            Self::ClientRevoked => row("client_revoked", 401, "Máy khách đã bị thu hồi quyền truy cập.", "This client has been revoked.", "Stop; an administrator has to enrol the client again."),
            Self::ClientExpired => row("client_expired", 401, "Máy khách đã hết hạn sử dụng.", "This client has expired.", "Ask an administrator to prolong it or for a new one."),
            Self::AddressNotAllowed => row("address_not_allowed", 403, "Máy khách không được phép truy cập từ địa chỉ này.", "This client may not come from this address.", "Come from a network the client is bound to; an administrator sees and changes them."),
            Self::ClientSuspended => row("client_suspended", 401, "Thiết bị đang bị tạm ngừng.", "This device is suspended.", "Keep the responses and come back later; an administrator can resume it."),
            Self::NotPermitted => row("not_permitted", 403, "Loại máy khách này không được phép thực hiện thao tác này.", "This kind of client may not do this.", "Use a credential of a kind that may."),
            Self::RouteNotFound => row("route_not_found", 404, "Không có địa chỉ này.", "There is no such path.", "See `/openapi.json`."),
            Self::AgencyNotFound => row("agency_not_found", 404, "Không tìm thấy cơ quan.", "There is no such agency.", "Check the code; `GET /v1/agencies` lists them."),
            Self::SurveyNotFound => row("survey_not_found", 404, "Không tìm thấy đợt khảo sát.", "There is no such survey.", "Check the code; `GET /v1/surveys` lists them."),
            Self::ReceiptNotFound => row("receipt_not_found", 404, "Không tìm thấy biên nhận.", "There is no such receipt.", "Receipts are kept for 90 days and shown to whoever sent the responses."),
            Self::DeviceNotFound => row("device_not_found", 404, "Không tìm thấy thiết bị.", "There is no such device.", "Check the id; a device sees itself, an administrator those of the own subtree."),
            Self::ClientNotFound => row("client_not_found", 404, "Không tìm thấy máy khách.", "There is no such client.", "Check the id; `GET /v1/clients` lists those of the own subtree."),
            Self::InvitationNotFound => row("invitation_not_found", 404, "Không có lời mời này, hoặc mã đã dùng, bị thu hồi hay hết hạn.", "There is no such invitation, or it was used, taken back or is over.", "Check the code as it was shown; otherwise ask an administrator for a new one."),
            Self::FormulaNotFound => row("formula_not_found", 404, "Không tìm thấy công thức.", "There is no such formula.", "Check the id; `GET /v1/formulas` lists them."),
            Self::MeasureNotFound => row("measure_not_found", 404, "Không tìm thấy chỉ số.", "There is no such measure.", "Check the code; `GET /v1/measures` lists them."),
            Self::SigningKeyNotFound => row("signing_key_not_found", 404, "Không tìm thấy khóa ký.", "There is no such signing key.", "Check the name; `GET /v1/signing-keys` lists them."),
            Self::ReleaseNotFound => row("release_not_found", 404, "Không tìm thấy bản công bố.", "There is no such release.", "Check the number; `GET /v1/releases` lists them."),
            Self::ReleaseConflict => row("release_conflict", 409, "Bản công bố đang ở trạng thái khác, hoặc đã có bản khác được công bố trước.", "The release is in another state, or another revision was sealed first.", "Read the release again; what is sealed or rejected stays, a correction is a new draft that names the newest revision."),
            Self::ReleaseDigestConflict => row("release_digest_conflict", 409, "Mã băm không phải của bản dự thảo này.", "The digest is not that of this draft.", "Read the draft again and name the `digest` of what was read."),
            Self::ReleaseKeyMissing => row("release_key_missing", 409, "Máy chủ chưa được cấu hình khóa ký bản công bố.", "This service has no key to seal releases with.", "The operator makes one with `sipas release key FILE` and names it in `SIPAS_RELEASE_KEY`; repeating alone changes nothing."),
            Self::ResponseNotFound => row("response_not_found", 404, "Không tìm thấy phiếu trả lời.", "There is no such response.", "Check the id; administrators see those of their own subtree."),
            Self::ReportNotFound => row("report_not_found", 404, "Không tìm thấy báo cáo.", "There is no such report.", "Check the id; `GET /v1/agencies/{code}/reports` lists those that were made."),
            Self::ScheduleNotFound => row("schedule_not_found", 404, "Không có lịch lập báo cáo này.", "There is no such schedule of reports.", "`GET /v1/agencies/{code}/report-schedules` lists those that run."),
            Self::FlagNotFound => row("flag_not_found", 404, "Phiếu trả lời này không bị đánh dấu.", "The response has no flag.", "Nothing to review; `GET /v1/flags` lists flags."),
            Self::VoidNotFound => row("void_not_found", 404, "Không có yêu cầu hủy phiếu nào đang chờ.", "Nobody asked that this response be void, or too long ago.", "Ask by `POST /v1/responses/{id}/void`."),
            Self::TargetNotFound => row("target_not_found", 404, "Không có mục tiêu này.", "There is no such target.", "`GET /v1/agencies/{code}/targets?period=` lists those that hold."),
            Self::TargetConflict => row("target_conflict", 409, "Mục tiêu vừa được người khác thay đổi.", "Somebody else changed the target at the same moment.", "Read it again, then decide."),
            Self::UndertakingNotFound => row("undertaking_not_found", 404, "Cơ quan không có nội dung trả lời này.", "The agency has no such undertaking.", "Read `GET /v1/agencies/{code}/undertakings`."),
            Self::NotAbove => row("not_above", 403, "Chỉ cơ quan cấp trên của cơ quan được đánh giá mới được quyết định.", "Only an administrator above the rated agency may decide this.", "Ask the agency above."),
            Self::SecondPersonNeeded => row("second_person_needed", 403, "Người yêu cầu không được tự quyết định; cần người thứ hai.", "Who asked may not decide; a second person has to.", "Have another administrator decide, with a credential of their own."),
            Self::VoidConflict => row("void_conflict", 409, "Phiếu đã có yêu cầu hủy khác hoặc đã được quyết định khác.", "Another request is open, or it was decided otherwise.", "Read `GET /v1/voids`; a refused request may be made anew."),
            Self::AlertRuleNotFound => row("alert_rule_not_found", 404, "Không tìm thấy quy tắc cảnh báo.", "There is no such rule.", "Check the id; `GET /v1/alert-rules` lists those of the own subtree."),
            Self::WebhookNotFound => row("webhook_not_found", 404, "Không tìm thấy webhook.", "There is no such webhook.", "Check the id; `GET /v1/webhooks` lists those of the own subtree."),
            Self::DeliveryNotFound => row("delivery_not_found", 404, "Webhook này không có sự kiện đó.", "The webhook has no such event.", "Check the id; `GET /v1/webhooks/{id}/deliveries` lists events of the last 90 days."),
            Self::WebhookRotating => row("webhook_rotating", 409, "Khóa bí mật trước vẫn còn hiệu lực.", "The secret before the present one still signs.", "Wait until `previous_secret_until`, or rotate with `overlap_seconds` 0, which ends it at once."),
            Self::WebhookEnded => row("webhook_ended", 409, "Webhook đã kết thúc vĩnh viễn.", "This webhook was ended for good.", "Make a new one."),
            Self::MethodNotAllowed => row("method_not_allowed", 405, "Địa chỉ này không hỗ trợ phương thức đã gọi.", "This path does not support the method.", "See the `Allow` header."),
            Self::NotAcceptable => row("not_acceptable", 406, "Không có định dạng được yêu cầu.", "This is not available in the format asked for.", "Ask for a format that `detail` lists, by `Accept` or `format`."),
            Self::BodyTimeout => row("body_timeout", 408, "Nội dung gửi lên không đến kịp thời gian quy định.", "The body did not arrive in time.", "Repeat with the same id."),
            Self::ResponseConflict => row("response_conflict", 409, "Mã phiếu trả lời này đã được lưu với nội dung khác.", "This response id is already stored with other content.", "Do not repeat; the stored response stays. Two forms share an id: a defect of the sender."),
            Self::DeviceSeqConflict => row("device_seq_conflict", 409, "Số thứ tự của thiết bị đã dùng cho phiếu khác, hoặc phiếu này đã có số khác.", "The device's number was used for another response, or this response came under another number.", "Do not repeat: numbers are given once, 1, 2, 3, …; give the response its own number and send it again."),
            Self::DeviceRevoked => row("device_revoked", 409, "Thiết bị đã bị thu hồi vĩnh viễn.", "This device was ended for good.", "Invite it anew."),
            Self::InvitationUsed => row("invitation_used", 409, "Lời mời đã được một thiết bị sử dụng.", "A device enrolled with this invitation.", "Revoke the device."),
            Self::VisitUsed => row("visit_used", 409, "Lượt giao dịch này đã được đánh giá.", "This visit has rated already.", "Do not repeat: one visit rates once, and its response is stored."),
            Self::CatalogueConflict => row("catalogue_conflict", 409, "Danh mục đã có mã này với nội dung khác.", "The catalogue already holds this code with other content.", "Use a new code or version; published content is frozen."),
            Self::ClientConflict => row("client_conflict", 409, "Mã máy khách này đã được dùng với nội dung khác.", "This client id is in use with other content.", "Another client needs an id of its own."),
            Self::ClientEnded => row("client_ended", 409, "Máy khách đã bị thu hồi vĩnh viễn.", "This client was ended for good.", "Make a new client."),
            Self::OwnClient => row("own_client", 409, "Không thể tự thu hồi hoặc tự thay đổi quyền của chính mình.", "A client cannot end itself or change its own terms.", "Let another administrator do it; the name and the secret may be changed."),
            Self::MeasureValueConflict => row("measure_value_conflict", 409, "Đã có số liệu khác cho chỉ số và kỳ này.", "Something else is entered for this measure and period.", "Read what is there and name its revision in `replaces` if it has to be corrected."),
            Self::AgencyEventConflict => row("agency_event_conflict", 409, "Mã sự kiện này đã được lưu với nội dung khác.", "This event id is already stored with other content.", "Do not repeat; the stored event stays. Another event needs an id of its own."),
            Self::AgencyEventOutOfOrder => row("agency_event_out_of_order", 409, "Sự kiện có ngày trước một sự kiện đã ghi của cơ quan.", "Something that happened to the agency later is recorded already.", "Events of an agency are recorded in the order of their days; `detail` names agency and day."),
            Self::UndertakingConflict => row("undertaking_conflict", 409, "Nội dung trả lời này đã được lưu khác đi, hoặc đã được rút lại.", "This undertaking is stored otherwise already, or was withdrawn.", "Read it; a correction names the revision that it makes, one more than the newest."),
            Self::BodyTooLarge => row("body_too_large", 413, "Nội dung gửi lên vượt quá giới hạn.", "The body is over the limit.", "Send less at once."),
            Self::UriTooLong => row("uri_too_long", 414, "Địa chỉ yêu cầu quá dài.", "Path and query are too long.", "Ask for less at once; `detail` has the limit."),
            Self::UnsupportedMediaType => row("unsupported_media_type", 415, "Kiểu nội dung không được hỗ trợ.", "The content type is not supported.", "Send the content type the operation names."),
            Self::ValidationFailed => row("validation_failed", 422, "Dữ liệu vi phạm một hoặc nhiều quy tắc.", "The input breaks one or more rules.", "Mend every entry of `errors`; do not repeat as it is."),
            Self::AnsweredInFuture => row("answered_in_future", 422, "Thời điểm trả lời ở tương lai so với đồng hồ máy chủ.", "The time of answering lies ahead of the server's clock.", "Set the device's clock from `server_time`, make a new id, send again."),
            Self::AnsweredTooLongAgo => row("answered_too_long_ago", 422, "Phiếu trả lời quá cũ, không còn được nhận.", "The response is older than the service still takes.", "Check the device's clock against `server_time`; hand old responses to an administrator."),
            Self::RateLimited => row("rate_limited", 429, "Quá nhiều yêu cầu trong thời gian ngắn.", "Too many requests in a short time.", "Repeat after `Retry-After` seconds; in bulk send all of it again with the same ids."),
            Self::HeadersTooLarge => row("headers_too_large", 431, "Phần đầu yêu cầu (header) quá lớn hoặc quá nhiều.", "There are too many headers, or too large ones.", "Send fewer; `detail` has the limit."),
            Self::Internal => row("internal", 500, "Lỗi không mong đợi của hệ thống.", "Unexpected failure of the service.", "Repeat later with the same id; quote `request_id` to support."),
            Self::Unavailable => row("unavailable", 503, "Hệ thống tạm thời không phục vụ được.", "The service is not available for the moment.", "Repeat after `Retry-After` seconds with the same id."),
        }
    }

    /// The code as it goes over the wire, for example `response_conflict`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// HTTP status.
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// One sentence for people.
    pub const fn title(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.row().vi,
            Lang::En => self.row().en,
        }
    }

    /// What a client should do about it.
    pub const fn advice(self) -> &'static str {
        self.row().advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_words() {
        let names: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }
}
