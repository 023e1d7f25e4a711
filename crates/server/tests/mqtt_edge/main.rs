//! The MQTT edge over real sockets: the listener with rumqttc as phones and backends, the
//! client against brokers.

mod access;
mod bad_brokers;
mod brokers;
mod client;
mod delivery;
mod inbound;
mod limits;
mod logs;
mod outside;
mod raw;
mod recorder;
mod street;
mod throughput;

use self::street::{A_MOMENT, PATIENCE, eventually, listen, listen_with};
