//! Names in a body: they may repeat the topic's, and never replace them.

use crate::json::Scalar;
use crate::{Envelope, Flaw};

/// Whom a body names, under any of the usual keys.
#[derive(Default)]
pub(crate) struct Names<'a> {
    pub(crate) customer: Scalar<'a>,
    customer_id: Scalar<'a>,
    pub(crate) device: Scalar<'a>,
    device_id: Scalar<'a>,
}

impl<'a> Names<'a> {
    /// The slot of a key, if it names somebody.
    pub(crate) fn slot(&mut self, key: &str) -> Option<&mut Scalar<'a>> {
        match key {
            "customer" => Some(&mut self.customer),
            "customer_id" => Some(&mut self.customer_id),
            "device" => Some(&mut self.device),
            "device_id" => Some(&mut self.device_id),
            _ => None,
        }
    }

    /// Whether a key claims a power that no payload has.
    pub(crate) fn is_unexpected(key: &str) -> bool {
        matches!(key, "consent" | "customer_id" | "priority" | "admin")
    }

    /// Whether everybody whom the body names is whom the envelope is from.
    pub(crate) fn check(&self, envelope: &Envelope<'_>) -> Result<(), Flaw> {
        let customers = [&self.customer, &self.customer_id];
        let devices = [&self.device, &self.device_id];
        let names_device = !envelope.device.is_empty();
        let agrees = |value: &Scalar<'_>, name: &str| match value {
            Scalar::Absent | Scalar::Null => true,
            Scalar::Text(text) => text == name,
            Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Number(_) | Scalar::Nested => false,
        };
        let all_agree = customers.iter().all(|value| agrees(value, envelope.customer))
            && (!names_device || devices.iter().all(|value| agrees(value, envelope.device)));
        if all_agree { Ok(()) } else { Err(Flaw::IdentityMismatch) }
    }
}
