//! What two of the invented agencies make of the simulated comments of the last month, published through the API.

use super::citizens::Desk;
use crate::domain::period::{Grain, day_of};
use crate::error::{Error, Result};
use crate::service::clock::Clock;
use chrono::Days;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Tries until the last responses are folded; with few responses nobody may have commented at all.
const ROUNDS: u32 = 5;

/// Time between them.
const BETWEEN: Duration = Duration::from_secs(2);

/// Publishes them at the first desks' agencies that have comments. The next start finds them there.
///
/// # Errors
/// [`Internal`](crate::error::ErrorCode::Internal) if the service does not answer.
pub(super) async fn publish(http: &reqwest::Client, url: &str, token: &str, desks: &[Desk]) -> Result<()> {
    for _ in 0..ROUNDS {
        let mut left = bodies();
        for desk in desks {
            let Some(body) = left.last() else { return Ok(()) };
            let path = format!("{url}/v1/agencies/{}/undertakings", desk.agency);
            let post = http.post(path).bearer_auth(token).json(body);
            let status = post.send().await.map_err(Error::internal)?.status();
            // A conflict: the one before was at another agency.
            if status.is_success() || status == reqwest::StatusCode::CONFLICT {
                left.pop();
            }
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

fn bodies() -> Vec<Value> {
    let over = Grain::Month.start(day_of(Clock::System.now()));
    let month = (over - Days::new(1)).format("%Y-%m").to_string();
    // The same ids and days for the whole month.
    let id = |number: u128| {
        let months = over.format("%Y%m").to_string().parse::<u128>().unwrap_or_default();
        Uuid::from_u128(months << 8 | number)
    };
    vec![
        json!({
            "id": id(1), "survey": "demo-service", "month": month, "topic": "access.premises", "state": "done", "day": over,
            "you_said": {"vi": "Khu vực chờ còn thiếu chỗ ngồi và nóng.", "en": "Too few seats where people wait, and too hot."},
            "we_did": {"vi": "Đã đặt thêm hai dãy ghế và bốn quạt tường.", "en": "Two more rows of seats and four fans were put up."},
        }),
        json!({
            "id": id(2), "survey": "demo-service", "month": month, "topic": "official.guidance", "state": "promised",
            "day": over + Days::new(60),
            "you_said": {"vi": "Đầu tuần đông, bà con đợi lâu mới đến lượt.", "en": "At the beginning of the week people wait long."},
            "we_did": {"vi": "Sẽ mở thêm một quầy vào sáng đầu tuần.", "en": "One more counter will open on the first morning of the week."},
        }),
    ]
}
