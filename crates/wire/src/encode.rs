//! Fixes as devices and backends write them.

use model::{CustomerId, DeviceId, Fix};
use serde::Serialize;

use crate::json;

/// Writes one fix.
#[must_use]
pub fn encode_fix(fix: &Fix) -> Vec<u8> {
    json::write(&Written::of(fix, Some(1)))
}

/// Writes a list of fixes of one device.
#[must_use]
pub fn encode_fixes(fixes: &[Fix]) -> Vec<u8> {
    #[derive(Serialize)]
    struct List {
        v: u8,
        fixes: Vec<Written>,
    }

    json::write(&List { v: 1, fixes: fixes.iter().map(|fix| Written::of(fix, None)).collect() })
}

/// Appends one record of a batch, with the end of its line.
pub fn encode_batch_record(customer: &CustomerId, device: &DeviceId, fix: &Fix, batch: &mut Vec<u8>) {
    // Ids hold nothing that JSON would escape.
    batch.extend_from_slice(b"{\"customer\":\"");
    batch.extend_from_slice(customer.as_str().as_bytes());
    batch.extend_from_slice(b"\",\"device\":\"");
    batch.extend_from_slice(device.as_str().as_bytes());
    batch.extend_from_slice(b"\",");
    batch.extend_from_slice(&encode_fix(fix)[1..]);
    batch.push(b'\n');
}

#[derive(Serialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<u8>,
    ts: i64,
    lat: f64,
    lon: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    acc: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spd: Option<f32>,
    #[serde(skip_serializing_if = "is_off")]
    mock: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fg: Option<bool>,
    #[serde(skip_serializing_if = "is_off")]
    still: bool,
}

impl Written {
    fn of(fix: &Fix, v: Option<u8>) -> Self {
        Self {
            v,
            ts: fix.taken_at.unix_ms(),
            lat: fix.position.lat(),
            lon: fix.position.lng(),
            acc: fix.accuracy.map(|accuracy| accuracy.0),
            spd: fix.speed_mps,
            mock: fix.mock,
            fg: fix.foreground,
            still: fix.still,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references over")]
const fn is_off(switch: &bool) -> bool {
    !*switch
}
