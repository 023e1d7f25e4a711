//! Bounds: sizes, strangers, sessions, floods.

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::mqtt::{Delivered, ListenerOptions, OutMessage, Version};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client::{BOTH, Client, Login, connect};
use crate::recorder::Recorder;
use crate::{eventually, listen, listen_with, raw};

const FIX: &str = "stile/v1/c1/phone/fix";
const TWO_MIB: usize = 2 * 1024 * 1024;

#[tokio::test]
async fn p15_one_byte_over_two_mebibytes_disconnects_and_the_next_connection_works() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut phone = raw::connect(listener.address(), 4, "p15", "c1").await;
    phone.write_all(&raw::publish_packet(FIX, TWO_MIB)).await.unwrap();
    let publish = recorder.take(1).await.remove(0);
    assert_eq!(publish.payload.len(), TWO_MIB - 4 - 2 - FIX.len());

    // The listener does not wait for the end of it.
    let _ = phone.write_all(&raw::publish_packet(FIX, TWO_MIB + 1)).await;
    assert!(raw::is_closed(&mut phone, crate::PATIENCE).await);
    assert_eq!(recorder.n(), 1);
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        assert!(phone.publish(FIX, "small").await);
        phone.send(FIX, 1, vec![b'x'; 10 * 1024 * 1024]).await;
        phone.closed().await;
    }
}

#[tokio::test]
async fn p15_one_and_a_half_mebibytes_pass_and_the_session_survives() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        assert!(phone.publish(FIX, vec![b'x'; 3 * 512 * 1024]).await);
        assert!(phone.publish(FIX, "small").await);
        let lens: Vec<_> = recorder.take(2).await.iter().map(|publish| publish.payload.len()).collect();
        assert_eq!(lens, [3 * 512 * 1024, 5]);
    }
}

#[tokio::test]
async fn n11_silent_and_slow_strangers_do_not_keep_others_out() {
    let recorder = Arc::new(Recorder::default());
    let listener = listen(&recorder).await;
    let mut strangers = Vec::new();
    let hello = raw::connect_packet(4, "slow", "c1");
    for i in 0..1_000 {
        let mut stranger = TcpStream::connect(listener.address()).await.unwrap();
        let says: &[u8] = match i % 5 {
            0 => b"",
            1 => b"\x16\x03\x01\x02\x00\x01\x00\x01",
            2 => &hello[..1],
            3 => &hello[..hello.len() - 1],
            _ => b"GET / HTTP/1.1\r\n\r\n",
        };
        let _ = stranger.write_all(says).await;
        strangers.push(stranger);
    }
    for version in BOTH {
        let started_at = Instant::now();
        let mut phone = connect(listener.address(), version, "c1").await;
        assert!(phone.publish(FIX, "1").await);
        assert!(started_at.elapsed() < Duration::from_secs(1), "{:?}", started_at.elapsed());
    }
}

#[tokio::test]
async fn n11_a_stranger_is_closed_when_its_time_is_up() {
    let recorder = Arc::new(Recorder::default());
    let options =
        ListenerOptions { connect_time_max: Duration::from_millis(300), ..ListenerOptions::default() };
    let listener = listen_with(&recorder, options).await;
    let hello = raw::connect_packet(5, "slow", "c1");
    for says in [&b""[..], &hello[..1], &hello[..hello.len() - 1]] {
        let mut stranger = TcpStream::connect(listener.address()).await.unwrap();
        stranger.write_all(says).await.unwrap();
        assert!(raw::is_closed(&mut stranger, Duration::from_secs(2)).await, "{says:x?}");
    }
    let nonsense = [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x10, 0xff, 0xff, 0xff, 0x7f], &[0xff; 64]];
    for says in nonsense {
        let started_at = Instant::now();
        let mut stranger = TcpStream::connect(listener.address()).await.unwrap();
        stranger.write_all(says).await.unwrap();
        assert!(raw::is_closed(&mut stranger, Duration::from_secs(2)).await, "{says:x?}");
        assert!(started_at.elapsed() < Duration::from_millis(250), "nonsense is closed at once");
    }
    eventually("all are counted", || listener.tally().n_strangers_closed == 6).await;
    let mut phone = raw::connect(listener.address(), 4, "phone", "c1").await;
    assert!(!raw::is_closed(&mut phone, Duration::from_millis(500)).await, "a session stays");
}

#[tokio::test]
async fn the_oldest_stranger_makes_room_for_a_new_one() {
    let recorder = Arc::new(Recorder::default());
    let options = ListenerOptions { n_strangers_max: 4, ..ListenerOptions::default() };
    let listener = listen_with(&recorder, options).await;
    let mut oldest = TcpStream::connect(listener.address()).await.unwrap();
    let mut strangers = Vec::new();
    for _ in 0..4 {
        strangers.push(TcpStream::connect(listener.address()).await.unwrap());
    }
    assert!(raw::is_closed(&mut oldest, Duration::from_secs(2)).await);
    assert!(!raw::is_closed(&mut strangers[3], Duration::from_millis(100)).await);
}

#[tokio::test]
async fn phones_cannot_take_the_places_of_backends() {
    let recorder = Arc::new(Recorder::default());
    let options = ListenerOptions {
        n_connections_max: 5,
        n_device_connections_max: 3,
        n_connections_of_device_max: 2,
        ..ListenerOptions::default()
    };
    let listener = listen_with(&recorder, options).await;
    let login = |name: &str, i: u32| Login {
        client_id: format!("{name}-{i}"),
        ..Login::new(listener.address(), Version::V5, name)
    };
    let check = async |name, i| match Client::log_in(login(name, i)).await {
        Ok(client) => Some(client),
        Err(why) => {
            assert!(why.contains("ServerBusy"), "{why}");
            None
        }
    };
    let first = check("c1", 0).await;
    let second = check("c1", 1).await;
    assert!(first.is_some() && second.is_some());
    assert!(check("c1", 2).await.is_none(), "a customer has few phones");
    let third = check("c2", 0).await;
    assert!(third.is_some());
    assert!(check("c3", 0).await.is_none(), "phones have their part");
    let backends = [check("backend", 0).await, check("backend", 1).await];
    assert!(backends.iter().all(Option::is_some), "backends have theirs");
    assert!(check("backend-2", 0).await.is_none(), "and no more");
    assert_eq!(listener.tally().n_turned_away, 3);
    drop(first);
    eventually("one is gone", || listener.n_connected() == 4).await;
    assert!(check("c3", 0).await.is_some());
}

#[tokio::test]
async fn subscriptions_are_bounded() {
    let recorder = Arc::new(Recorder::default());
    let options = ListenerOptions { n_subscriptions_max: 4, ..ListenerOptions::default() };
    let listener = listen_with(&recorder, options).await;
    for version in BOTH {
        let mut phone = connect(listener.address(), version, "c1").await;
        for i in 0..4 {
            assert!(phone.subscribe(&format!("stile/v1/c1/d{i}/offer"), 1).await);
        }
        assert!(!phone.subscribe("stile/v1/c1/d4/offer", 1).await);
        assert!(phone.subscribe("stile/v1/c1/d0/offer", 0).await, "again is not more");
        phone.unsubscribe("stile/v1/c1/d0/offer").await;
        assert!(phone.subscribe("stile/v1/c1/d4/offer", 1).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_come_and_go_under_deliveries_leave_nothing_behind() {
    let recorder = Arc::new(Recorder::default());
    let listener = Arc::new(listen(&recorder).await);
    let until = Instant::now() + Duration::from_millis(1_500);
    let mut tasks = Vec::new();
    for i in 0..6 {
        let address = listener.address();
        tasks.push(tokio::spawn(async move {
            while Instant::now() < until {
                // Pairs of them fight for one client id.
                let id = format!("churn-{}", i / 2);
                let mut stream = TcpStream::connect(address).await.unwrap();
                let _ = stream.write_all(&raw::connect_packet(4 + i as u8 % 2, &id, "c1")).await;
                raw::read(&mut stream).await;
                let subscription = [&b"\x00\x01"[..], if i % 2 == 1 { b"\x00" } else { b"" }].concat();
                let filter = [&b"\x00\x13"[..], b"stile/v1/c1/+/offer\x01"].concat();
                let _ = stream.write_all(&raw::packet(0x82, &[subscription, filter].concat())).await;
                raw::read(&mut stream).await;
            }
        }));
    }
    for _ in 0..2 {
        let listener = listener.clone();
        tasks.push(tokio::spawn(async move {
            while Instant::now() < until {
                listener.deliver(&OutMessage::new("stile/v1/c1/phone/offer", "coffee")).await;
                tokio::task::yield_now().await;
            }
        }));
    }
    for task in tasks {
        tokio::time::timeout(crate::PATIENCE, task).await.expect("nobody is stuck").unwrap();
    }
    eventually("all are gone", || listener.n_connected() == 0).await;
    let mut phone = connect(listener.address(), Version::V5, "c1").await;
    assert!(phone.subscribe("stile/v1/c1/+/offer", 1).await);
    let offer = OutMessage::new("stile/v1/c1/phone/offer", "coffee");
    assert_eq!(listener.deliver(&offer).await, Delivered::Sent);
    assert!(0 < listener.tally().n_handed);
}
