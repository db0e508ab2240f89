//! Words that several faults need.

/// A JSON type in Vietnamese.
pub(super) fn type_vi(expected: &str) -> &str {
    match expected {
        "object" => "một đối tượng JSON (object)",
        "string" => "một chuỗi ký tự (string)",
        "boolean" => "đúng hoặc sai (boolean)",
        "integer" => "số nguyên (integer)",
        "array" => "một danh sách (array)",
        "integer | null" => "số nguyên hoặc null",
        other => other,
    }
}

/// Levels in a row.
pub(super) fn listed(levels: &[i16]) -> String {
    levels.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}
