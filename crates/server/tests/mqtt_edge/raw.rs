//! MQTT by hand, for what rumqttc does not do or does not show.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;

/// A CONNECT packet of somebody whose token is their name; 4 is MQTT 3.1.1.
pub(crate) fn connect_packet(level: u8, client_id: &str, name: &str) -> Vec<u8> {
    let mut body = b"\x00\x04MQTT".to_vec();
    body.extend([level, 0xc2, 0, 60]);
    if level == 5 {
        body.push(0);
    }
    for text in [client_id, name, name] {
        body.extend((text.len() as u16).to_be_bytes());
        body.extend(text.as_bytes());
    }
    packet(0x10, &body)
}

/// Any packet.
pub(crate) fn packet(first_byte: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first_byte];
    let mut rest = body.len();
    loop {
        let more = if rest < 128 { 0 } else { 0x80 };
        packet.push((rest % 128) as u8 | more);
        rest /= 128;
        if rest == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// A PUBLISH packet at QoS 0 of exactly so many bytes, for MQTT 3.1.1.
pub(crate) fn publish_packet(topic: &str, len: usize) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    let header_len = [(127, 2), (16_383, 3), (2_097_151, 4), (usize::MAX, 5)];
    let header_len = header_len.iter().find(|(max, header)| len - header <= *max).unwrap().1;
    body.resize(len - header_len, b'x');
    let packet = packet(0x30, &body);
    assert_eq!(packet.len(), len);
    packet
}

/// Connects and reads CONNACK.
pub(crate) async fn connect(address: SocketAddr, level: u8, client_id: &str, name: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&connect_packet(level, client_id, name)).await.unwrap();
    let answer = read(&mut stream).await;
    assert_eq!((answer[0], answer[3]), (0x20, 0), "{answer:x?}");
    stream
}

/// What comes next; empty at the end.
pub(crate) async fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let n = timeout(PATIENCE, stream.read(&mut bytes)).await.expect("the listener answers");
    // A connection that is dropped with unread bytes in it ends with a reset.
    bytes.truncate(n.unwrap_or(0));
    bytes
}

/// Whether the listener closes the connection in time.
pub(crate) async fn is_closed(stream: &mut TcpStream, time: Duration) -> bool {
    let mut byte = [0];
    timeout(time, stream.read(&mut byte)).await.is_ok_and(|n| n.unwrap_or(0) == 0)
}
