//! MQTT 3.1.1 as far as a load needs it: packets written behind one another into a buffer, and
//! read from the beginning of one.

/// Takes leave; what was sent before it is read before it.
pub(crate) const DISCONNECT: [u8; 2] = [0xe0, 0];
/// The answer to whoever asks whether we are there.
pub(crate) const PONG: [u8; 2] = [0xd0, 0];
/// Lets a client in.
pub(crate) const CONNACK: [u8; 4] = [0x20, 2, 0, 0];

/// Marks a PUBLISH that may have been sent before.
pub(crate) const DUP: u8 = 0x08;

/// Longest packet that is read; a longer one is not meant for us.
const LEN_MAX: usize = 2 * 1024 * 1024;

/// A packet that came, borrowed from the buffer it lies in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    Connect,
    ConnAck {
        code: u8,
    },
    Publish {
        topic: &'a [u8],
        payload: &'a [u8],
        id: Option<u16>,
    },
    PubAck {
        id: u16,
    },
    Subscribe {
        id: u16,
        n_filters: usize,
    },
    SubAck {
        codes: &'a [u8],
    },
    Ping,
    Disconnect,
    /// Anything that asks nothing of us.
    Other,
}

/// Bytes that are no MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads the first packet of a buffer, with its length; `None` while it is cut off.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Packet<'_>, usize)>, Malformed> {
    let Some((&head, rest)) = bytes.split_first() else { return Ok(None) };
    let Some((len, n_len)) = remaining_len(rest)? else { return Ok(None) };
    let start = 1 + n_len;
    let Some(body) = bytes.get(start..start + len) else { return Ok(None) };
    Ok(Some((packet(head, body)?, start + len)))
}

fn remaining_len(bytes: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let mut len = 0;
    for (place, byte) in bytes.iter().take(4).enumerate() {
        len |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return if len <= LEN_MAX { Ok(Some((len, place + 1))) } else { Err(Malformed) };
        }
    }
    if bytes.len() < 4 { Ok(None) } else { Err(Malformed) }
}

fn packet(head: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    Ok(match head >> 4 {
        1 => Packet::Connect,
        2 => Packet::ConnAck { code: *body.get(1).ok_or(Malformed)? },
        3 => publish(head, body)?,
        4 => Packet::PubAck { id: number(body)? },
        8 => Packet::Subscribe { id: number(body)?, n_filters: n_filters(&body[2..])? },
        9 => Packet::SubAck { codes: body.get(2..).ok_or(Malformed)? },
        12 => Packet::Ping,
        14 => Packet::Disconnect,
        _ => Packet::Other,
    })
}

fn publish(head: u8, body: &[u8]) -> Result<Packet<'_>, Malformed> {
    let topic_end = 2 + usize::from(number(body)?);
    let topic = body.get(2..topic_end).ok_or(Malformed)?;
    let rest = &body[topic_end..];
    let has_id = head & 0x06 != 0;
    let id = has_id.then(|| number(rest)).transpose()?;
    Ok(Packet::Publish { topic, payload: &rest[if has_id { 2 } else { 0 }..], id })
}

fn number(bytes: &[u8]) -> Result<u16, Malformed> {
    bytes.first_chunk().map(|&bytes| u16::from_be_bytes(bytes)).ok_or(Malformed)
}

fn n_filters(mut rest: &[u8]) -> Result<usize, Malformed> {
    let mut n = 0;
    while !rest.is_empty() {
        rest = rest.get(2 + usize::from(number(rest)?) + 1..).ok_or(Malformed)?;
        n += 1;
    }
    Ok(n)
}

/// Greets as a clean session.
pub(crate) fn connect(out: &mut Vec<u8>, client: &str, login: Option<(&str, &str)>, keep_alive_s: u16) {
    const CLEAN: u8 = 0x02;
    const USER_AND_SECRET: u8 = 0xc0;
    let start = begin(out, 0x10);
    text(out, b"MQTT");
    out.push(4);
    out.push(CLEAN | login.map_or(0, |_| USER_AND_SECRET));
    out.extend_from_slice(&keep_alive_s.to_be_bytes());
    text(out, client.as_bytes());
    if let Some((user, secret)) = login {
        text(out, user.as_bytes());
        text(out, secret.as_bytes());
    }
    end(out, start);
}

/// Asks for everything that matches a filter, acknowledged by us.
pub(crate) fn subscribe(out: &mut Vec<u8>, id: u16, filters: &[String]) {
    const AT_LEAST_ONCE: u8 = 1;
    let start = begin(out, 0x82);
    out.extend_from_slice(&id.to_be_bytes());
    for filter in filters {
        text(out, filter.as_bytes());
        out.push(AT_LEAST_ONCE);
    }
    end(out, start);
}

/// Grants what was asked for.
pub(crate) fn suback(out: &mut Vec<u8>, id: u16, n_filters: usize) {
    let start = begin(out, 0x90);
    out.extend_from_slice(&id.to_be_bytes());
    out.resize(out.len() + n_filters, 1);
    end(out, start);
}

/// Acknowledges one message.
pub(crate) fn puback(out: &mut Vec<u8>, id: u16) {
    let [high, low] = id.to_be_bytes();
    out.extend_from_slice(&[0x40, 2, high, low]);
}

/// Writes a message whole.
pub(crate) fn publish_whole(out: &mut Vec<u8>, topic: &str, id: Option<u16>, payload: &[u8]) {
    let start = begin_publish(out, &topic_field(topic), id);
    out.extend_from_slice(payload);
    end(out, start);
}

/// A topic as it stands in a PUBLISH, to be made once and used often.
pub(crate) fn topic_field(topic: &str) -> Vec<u8> {
    let mut field = Vec::with_capacity(2 + topic.len());
    text(&mut field, topic.as_bytes());
    field
}

/// Begins a message with a [`topic_field`]; its payload and [`end`] follow. With an id it is to be
/// acknowledged.
pub(crate) fn begin_publish(out: &mut Vec<u8>, topic_field: &[u8], id: Option<u16>) -> usize {
    let start = begin(out, if id.is_some() { 0x32 } else { 0x30 });
    out.extend_from_slice(topic_field);
    if let Some(id) = id {
        out.extend_from_slice(&id.to_be_bytes());
    }
    start
}

/// Room for the length of most packets; [`end`] makes it more or less.
const N_LEN_BYTES: usize = 2;

fn begin(out: &mut Vec<u8>, head: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[head, 0, 0]);
    start
}

/// Ends what [`begin_publish`] began: its length is known now.
pub(crate) fn end(out: &mut Vec<u8>, start: usize) {
    let body = start + 1 + N_LEN_BYTES;
    let len = out.len() - body;
    if (128..16_384).contains(&len) {
        out[start + 1] = (len & 0x7f) as u8 | 0x80;
        out[start + 2] = (len >> 7) as u8;
        return;
    }
    let mut bytes = [0; 4];
    let n = len_bytes(len, &mut bytes);
    out.splice(start + 1..body, bytes[..n].iter().copied());
}

fn len_bytes(mut len: usize, bytes: &mut [u8; 4]) -> usize {
    let mut n = 0;
    loop {
        bytes[n] = (len & 0x7f) as u8;
        len >>= 7;
        n += 1;
        if len == 0 {
            return n;
        }
        bytes[n - 1] |= 0x80;
    }
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).expect("topics, names and secrets are short");
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_any_length_is_read_as_it_was_written() {
        for n in [0, 1, 100, 117, 118, 119, 16_370, 16_377, 16_378, 70_000] {
            for id in [None, Some(0x1234)] {
                let (mut bytes, payload) = (vec![7; 3], vec![b'x'; n]);
                publish_whole(&mut bytes, "a/b", id, &payload);
                let (packet, len) = read(&bytes[3..]).unwrap().unwrap();
                assert_eq!(packet, Packet::Publish { topic: b"a/b", payload: &payload, id }, "{n}");
                assert_eq!(len, bytes.len() - 3);
                assert_eq!(read(&bytes[3..bytes.len() - 1]), Ok(None), "it is cut off");
            }
        }
    }

    #[test]
    fn every_packet_that_we_write_is_one_that_we_read() {
        let mut bytes = Vec::new();
        connect(&mut bytes, "c", Some(("user", "secret")), 30);
        subscribe(&mut bytes, 7, &["a/+".to_owned(), "b".to_owned()]);
        suback(&mut bytes, 7, 2);
        puback(&mut bytes, 0xfffe);
        bytes.extend_from_slice(&[CONNACK, [0xc0, 0, DISCONNECT[0], DISCONNECT[1]]].concat());
        let (mut at, mut seen) = (0, Vec::new());
        while let Some((packet, len)) = read(&bytes[at..]).unwrap() {
            seen.push(packet);
            at += len;
        }
        let expected = [
            Packet::Connect,
            Packet::Subscribe { id: 7, n_filters: 2 },
            Packet::SubAck { codes: &[1, 1] },
            Packet::PubAck { id: 0xfffe },
            Packet::ConnAck { code: 0 },
            Packet::Ping,
            Packet::Disconnect,
        ];
        assert_eq!(seen, expected);
        assert_eq!(at, bytes.len());
    }

    #[test]
    fn what_is_no_mqtt_is_refused() {
        for bytes in
            [&[0x30, 0xff, 0xff, 0xff, 0xff][..], &[0x30, 1, 0], &[0x40, 1, 0], &[0x32, 3, 0, 1, b'a']]
        {
            assert_eq!(read(bytes), Err(Malformed), "{bytes:?}");
        }
    }
}
