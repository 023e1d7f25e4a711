//! Who may what, from the topic alone.
//!
//! | role | publishes | subscribes |
//! |---|---|---|
//! | device | `{own}/{device}/fix`, `{own}/{device}/feedback`, `{own}/consent`, `{own}/profile` | `{own}/{device or +}/offer`, `{own}/consent/ack` |
//! | backend | the same of any customer, `batch`, `batch-pb` | `{any}/{any}/offer`, `{any}/consent/ack`, `+` or narrower |
//! | operator | nothing | `sys/…` |
//!
//! Ids are not checked here: a bad one is the sender's own, and is counted further in.

use std::sync::Arc;

use super::identity::{Identity, Role};

/// The first levels of every topic, such as `stile/v1`.
#[derive(Clone, Debug)]
pub struct Prefix(Arc<str>);

/// What a message published here is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inbound<'a> {
    /// A fix, feedback or the profile of a customer.
    OfCustomer(&'a str),
    /// A consent event of a customer.
    Consent(&'a str),
    /// Many customers at once.
    Batch,
}

/// Whose sessions a message for this topic concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outbound<'a> {
    /// An offer.
    Offer(&'a str),
    /// An answer to a consent event, or the announcement that a grant ends.
    OnConsent(&'a str),
    /// Status and dead letters.
    Sys,
}

impl Prefix {
    /// A prefix without the slash at its end.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(prefix.trim_end_matches('/').into())
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn strip<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&*self.0)?.strip_prefix('/')
    }

    /// Whether a topic is one of ours, whatever it says.
    pub(super) fn holds(&self, topic: &str) -> bool {
        self.strip(topic).is_some() || topic == &*self.0
    }

    pub(super) fn inbound<'a>(&self, topic: &'a str) -> Option<Inbound<'a>> {
        let rest = self.strip(topic)?;
        let mut levels = rest.split('/');
        let levels = [levels.next(), levels.next(), levels.next(), levels.next()];
        match levels {
            [Some("batch" | "batch-pb"), None, None, None] => Some(Inbound::Batch),
            [Some("sys"), _, _, _] => None,
            [Some(customer), Some("consent"), None, None] => Some(Inbound::Consent(customer)),
            [Some(customer), Some("profile"), None, None] => Some(Inbound::OfCustomer(customer)),
            [Some(customer), Some(_), Some("fix" | "feedback"), None] => Some(Inbound::OfCustomer(customer)),
            _ => None,
        }
    }

    pub(super) fn outbound<'a>(&self, topic: &'a str) -> Option<Outbound<'a>> {
        let rest = self.strip(topic)?;
        let mut levels = rest.split('/');
        let levels = [levels.next(), levels.next(), levels.next(), levels.next()];
        match levels {
            [Some("sys"), Some(_), _, _] => Some(Outbound::Sys),
            [Some(customer), Some("consent"), Some("ack" | "reminder"), None] => {
                Some(Outbound::OnConsent(customer))
            }
            [Some(customer), Some(_), Some("offer"), None] => Some(Outbound::Offer(customer)),
            _ => None,
        }
    }

    /// Whether an identity may publish to a topic.
    pub(super) fn may_publish(&self, who: &Identity, topic: &str) -> bool {
        match (who.role(), self.inbound(topic)) {
            (_, None) | (Role::Operator, Some(_)) | (Role::Device, Some(Inbound::Batch)) => false,
            (Role::Backend, Some(_)) => true,
            (Role::Device, Some(Inbound::OfCustomer(customer) | Inbound::Consent(customer))) => {
                customer == &**who.name()
            }
        }
    }

    /// Whether an identity may subscribe with a filter.
    pub(super) fn may_subscribe(&self, who: &Identity, filter: &str) -> bool {
        match (who.role(), self.outbound(filter)) {
            (_, None) => false,
            (Role::Operator, Some(of)) => of == Outbound::Sys,
            (Role::Device | Role::Backend, Some(Outbound::Sys)) => false,
            (Role::Device, Some(Outbound::Offer(customer) | Outbound::OnConsent(customer))) => {
                customer == &**who.name()
            }
            (Role::Backend, Some(Outbound::Offer(_) | Outbound::OnConsent(_))) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Prefix;
    use crate::mqtt::{Identity, Role};

    fn check(role: Role, may: fn(&Prefix, &Identity, &str) -> bool, yes: &[&str], no: &[&str]) {
        let prefix = Prefix::new("stile/v1");
        let who = Identity::with_token("c1", role, b"token").unwrap();
        for topic in yes {
            assert!(may(&prefix, &who, topic), "{role:?} may {topic}");
        }
        for topic in no {
            assert!(!may(&prefix, &who, topic), "{role:?} may not {topic}");
        }
    }

    const NOBODYS: [&str; 16] = [
        "",
        "#",
        "+/+/+/+/+",
        "stile/v1",
        "stile/v1/",
        "stile/v1/#",
        "stile/v2/c1/d1/fix",
        "STILE/V1/c1/d1/fix",
        "/stile/v1/c1/d1/fix",
        "stile/v1/c1/d1/fix/",
        "stile/v1/c1/d1/fix/more",
        "stile/v10/c1/d1/offer",
        "stile/v1/sys/one/status/too/long/fix",
        "$SYS/broker/version",
        "$share/group/stile/v1/c1/d1/offer",
        "stile/v1/batch/d1",
    ];

    #[test]
    fn t05_a_device_publishes_only_as_its_own_customer() {
        let yes = [
            "stile/v1/c1/d1/fix",
            "stile/v1/c1/d1/feedback",
            "stile/v1/c1/bad id/fix",
            "stile/v1/c1/consent",
            "stile/v1/c1/consent/fix",
            "stile/v1/c1/profile",
        ];
        let no = [
            "stile/v1/c2/d1/fix",
            "stile/v1/c2/d1/feedback",
            "stile/v1/c2/profile",
            "stile/v1/c1/profile/more",
            "stile/v1/sys/profile",
            "stile/v1/sys/shadow",
            "stile/v1/C1/d1/fix",
            "stile/v1/c1x/d1/fix",
            "stile/v1/c2/consent",
            "stile/v1/c1/d1/offer",
            "stile/v1/c1/consent/ack",
            "stile/v1/batch",
            "stile/v1/batch-pb",
            "stile/v1/sys/one/status",
            "stile/v1/sys/dead",
            "stile/v1/sys/d1/fix",
            "stile/v1/sys/consent",
        ];
        check(Role::Device, Prefix::may_publish, &yes, &[&no[..], &NOBODYS].concat());
    }

    #[test]
    fn t05_a_device_subscribes_only_to_its_own_customer() {
        let yes = ["stile/v1/c1/d1/offer", "stile/v1/c1/+/offer", "stile/v1/c1/consent/ack"];
        let no = [
            "stile/v1/+/+/offer",
            "stile/v1/+/d1/offer",
            "stile/v1/c2/+/offer",
            "stile/v1/c1/#",
            "stile/v1/c1/+/+",
            "stile/v1/c1/+/fix",
            "stile/v1/c1/d1/fix",
            "stile/v1/+/consent/ack",
            "stile/v1/c1/consent",
            "stile/v1/c1/consent/#",
            "stile/v1/c1/profile",
            "stile/v1/sys/#",
            "stile/v1/sys/shadow",
            "stile/v1/sys/d1/offer",
        ];
        check(Role::Device, Prefix::may_subscribe, &yes, &[&no[..], &NOBODYS].concat());
    }

    #[test]
    fn a_backend_speaks_for_every_customer_and_hears_every_offer() {
        let yes = [
            "stile/v1/c1/d1/fix",
            "stile/v1/c2/d1/feedback",
            "stile/v1/c2/consent",
            "stile/v1/c2/profile",
            "stile/v1/batch",
            "stile/v1/batch-pb",
        ];
        let no =
            ["stile/v1/c1/d1/offer", "stile/v1/c1/consent/ack", "stile/v1/sys/dead", "stile/v1/sys/d1/fix"];
        check(Role::Backend, Prefix::may_publish, &yes, &[&no[..], &NOBODYS].concat());

        let yes = [
            "stile/v1/+/+/offer",
            "stile/v1/c2/+/offer",
            "stile/v1/c2/d2/offer",
            "stile/v1/+/consent/ack",
            "stile/v1/c2/consent/ack",
        ];
        let no = [
            "stile/v1/+/+/fix",
            "stile/v1/+/consent",
            "stile/v1/sys/shadow",
            "stile/v1/+/#",
            "stile/v1/+/profile",
        ];
        check(Role::Backend, Prefix::may_subscribe, &yes, &[&no[..], &NOBODYS[..12]].concat());
    }

    #[test]
    fn an_operator_reads_sys_and_publishes_nothing() {
        let no = ["stile/v1/c1/profile", "stile/v1/batch", "stile/v1/sys/one/status", "stile/v1/sys/shadow"];
        check(Role::Operator, Prefix::may_publish, &[], &[&no[..], &NOBODYS].concat());

        let yes = ["stile/v1/sys/#", "stile/v1/sys/+/status", "stile/v1/sys/dead", "stile/v1/sys/shadow"];
        let no = ["stile/v1/sys", "stile/v1/+/+/offer", "stile/v1/+/#", "stile/v1/system/dead"];
        check(Role::Operator, Prefix::may_subscribe, &yes, &[&no[..], &NOBODYS[..12]].concat());
    }
}
