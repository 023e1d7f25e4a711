//! What `mqtt5` asks during a connection: may they in, may they this, take this message.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::MqttError;
use mqtt5::QoS;
use mqtt5::broker::events::{
    BrokerEventHandler, ClientPublishEvent, ClientSubscribeEvent, ClientUnsubscribeEvent,
    MessageDeliveredEvent, PublishAction, SubAckReasonCode,
};
use mqtt5::broker::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::seat::{Facts, Farewell, Seat};
use super::seats::NoSeat;
use crate::mqtt::access::Inbound;
use crate::mqtt::identity::{Identity, Role};
use crate::mqtt::ingress::{Accepted, Ingress, Publish, Qos, Sender};

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A refusal is given this long after the request, so that its time tells nothing and
/// guessing is slow.
const REFUSED_AFTER: Duration = Duration::from_millis(500);

/// The hooks of one connection.
pub(super) struct Hooks<I> {
    pub(super) seat: Arc<Seat>,
    pub(super) shared: Arc<Shared>,
    pub(super) ingress: Arc<I>,
}

impl<I: Ingress> Hooks<I> {
    async fn connect(&self, connect: &ConnectPacket) -> AuthResult {
        let refused_at = Instant::now() + REFUSED_AFTER;
        let Some(identity) = self.identify(connect).await else {
            self.shared.count(|counters| &counters.n_refused);
            sleep_until(refused_at).await;
            return AuthResult::fail(ReasonCode::BadUsernameOrPassword);
        };
        // A will is published by mqtt5 itself, past every check of ours.
        let wills_ours =
            |prefix: &super::Prefix| connect.will.as_ref().is_some_and(|will| prefix.holds(&will.topic));
        if wills_ours(&self.shared.options.prefix) {
            self.shared.count(|counters| &counters.n_refused);
            return AuthResult::fail(ReasonCode::NotAuthorized);
        }
        let role = identity.role();
        let facts = facts_of(connect, identity.clone());
        match self.shared.seats.seat(&self.seat, facts, self.shared.role_limit(role)) {
            Ok(()) => {}
            Err(NoSeat::Full | NoSeat::Gone) => {
                self.shared.count(|counters| &counters.n_turned_away);
                return AuthResult::fail(ReasonCode::ServerBusy);
            }
        }
        // Who was removed while proving it was not seated yet, and so not dismissed.
        let is_known = self.shared.identities.find(identity.name());
        if !is_known.is_some_and(|known| Arc::ptr_eq(&known, &identity)) {
            self.shared.count(|counters| &counters.n_refused);
            return AuthResult::fail(ReasonCode::BadUsernameOrPassword);
        }
        if role == Role::Operator {
            for message in self.shared.retained() {
                self.seat.retain(&message).await;
            }
        }
        AuthResult::success()
    }

    async fn identify(&self, connect: &ConnectPacket) -> Option<Arc<Identity>> {
        let name = connect.username.as_deref()?;
        let secret = connect.password.as_deref()?;
        let identity = self.shared.identities.find(name)?;
        if !identity.is_slow() {
            return identity.proves(secret).then_some(identity);
        }
        let _turn = self.shared.slow_checks.acquire().await.ok()?;
        let (secret, checked) = (secret.to_vec(), identity.clone());
        let proven = tokio::task::spawn_blocking(move || checked.proves(&secret)).await;
        proven.unwrap_or(false).then_some(identity)
    }

    fn may_publish(&self, topic: &str) -> bool {
        let may = self
            .seat
            .facts()
            .is_some_and(|facts| self.shared.options.prefix.may_publish(&facts.identity, topic));
        if !may {
            self.shared.count(|counters| &counters.n_publishes_denied);
        }
        may
    }

    fn may_subscribe(&self, filter: &str) -> bool {
        let prefix = &self.shared.options.prefix;
        let may = self.seat.facts().is_some_and(|facts| prefix.may_subscribe(&facts.identity, filter))
            && self.seat.subscribe(filter, self.shared.options.n_subscriptions_max);
        if !may {
            self.shared.count(|counters| &counters.n_subscriptions_denied);
        }
        may
    }

    async fn take(&self, event: ClientPublishEvent) {
        let Some(facts) = self.seat.facts() else { return };
        // Only 3.1.1 comes here unasked: see `authorize_publish`.
        if !facts.is_v5 && !self.may_publish(&event.topic) {
            return;
        }
        self.shared.count(|counters| &counters.n_published);
        let topic = event.topic.clone();
        let publish = publish_of(event, facts);
        let accepted = match self.shared.options.prefix.inbound(&topic) {
            Some(Inbound::Consent(customer)) => {
                let _turn = self.shared.consent_turns.take(customer);
                let accepted = self.ingress.accept(publish).await;
                // mqtt5 would write the acknowledgement before an offer that stands in the line.
                // The event holds; the phone asks again, and then nothing is in the line.
                let overtakes = facts.identity.role() == Role::Device && self.seat.may_hold_an_offer();
                if overtakes { Accepted::Withhold } else { accepted }
            }
            Some(Inbound::OfCustomer(_) | Inbound::Batch) | None => self.ingress.accept(publish).await,
        };
        match accepted {
            Accepted::Acknowledge => {}
            Accepted::Withhold => {
                self.seat.dismiss(Farewell::Withheld);
                // mqtt5 acknowledges as soon as this returns; the connection is dropped instead.
                std::future::pending::<()>().await;
            }
        }
    }
}

fn facts_of(connect: &ConnectPacket, identity: Arc<Identity>) -> Facts {
    let packet_len_max = connect.properties.get_maximum_packet_size();
    Facts {
        identity,
        client_id: connect.client_id.as_str().into(),
        is_v5: connect.protocol_version == 5,
        packet_len_max: packet_len_max.map_or(usize::MAX, |bytes| bytes as usize),
        receive_max: connect.properties.get_receive_maximum().unwrap_or(u16::MAX),
    }
}

fn publish_of(event: ClientPublishEvent, facts: &Facts) -> Publish {
    let qos = match event.qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => Qos::ExactlyOnce,
    };
    Publish {
        topic: event.topic,
        payload: event.payload,
        qos,
        retain: event.retain,
        correlation_data: event.correlation_data,
        sender: Sender::Listener { role: facts.identity.role(), name: facts.identity.name().clone() },
    }
}

impl<I: Ingress> AuthProvider for Hooks<I> {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        _from: SocketAddr,
    ) -> Answer<'a, Result<AuthResult, MqttError>> {
        Box::pin(async { Ok(self.connect(connect).await) })
    }

    /// mqtt5 answers a denied publish with a reason code, which 3.1.1 does not know and its
    /// clients cannot read: theirs is acknowledged, and dropped by [`Hooks::take`].
    fn authorize_publish<'a>(
        &'a self,
        _client_id: &str,
        _user: Option<&'a str>,
        topic: &'a str,
    ) -> Answer<'a, bool> {
        let is_v5 = self.seat.facts().is_some_and(|facts| facts.is_v5);
        Box::pin(std::future::ready(!is_v5 || self.may_publish(topic)))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client_id: &str,
        _user: Option<&'a str>,
        filter: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(std::future::ready(self.may_subscribe(filter)))
    }
}

impl<I: Ingress> BrokerEventHandler for Hooks<I> {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Answer<'a, PublishAction> {
        Box::pin(async {
            self.take(event).await;
            PublishAction::Handled
        })
    }

    fn on_client_subscribe<'a>(&'a self, event: ClientSubscribeEvent) -> Answer<'a, ()> {
        for subscription in event.subscriptions {
            let filter = &*subscription.topic_filter;
            match subscription.result {
                SubAckReasonCode::GrantedQoS0 => self.seat.grant(filter, QoS::AtMostOnce),
                SubAckReasonCode::GrantedQoS1 => self.seat.grant(filter, QoS::AtLeastOnce),
                SubAckReasonCode::GrantedQoS2 => self.seat.grant(filter, QoS::ExactlyOnce),
                _ => self.seat.unsubscribe(filter),
            }
        }
        Box::pin(std::future::ready(()))
    }

    fn on_client_unsubscribe<'a>(&'a self, event: ClientUnsubscribeEvent) -> Answer<'a, ()> {
        for filter in event.topic_filters {
            self.seat.unsubscribe(&filter);
        }
        Box::pin(std::future::ready(()))
    }

    fn on_message_delivered<'a>(&'a self, _event: MessageDeliveredEvent) -> Answer<'a, ()> {
        self.seat.acknowledge();
        Box::pin(std::future::ready(()))
    }
}
