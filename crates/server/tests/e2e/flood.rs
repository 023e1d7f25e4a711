//! One who sends more than they read, and everybody else.

use std::time::Duration;

use server::mqtt::Version;

use crate::client::{Client, Login, connect};
use crate::premises::Premises;
use crate::server::Server;
use crate::with_clients;
use crate::words::{consent, parse};

/// Memory of a process in use; `None` where the system does not tell.
fn resident_bytes(pid: u32) -> Option<usize> {
    let pages = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    Some(pages.split(' ').nth(1)?.parse::<usize>().ok()? * 4_096)
}

/// Processor time that a process has used, in hundredths of a second.
fn busy_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn bare_grant(event_id: &str) -> String {
    let mut bare = parse(consent(event_id, "location", "grant").as_bytes());
    bare.as_object_mut().unwrap().remove("notice");
    bare.to_string()
}

#[test]
fn a_flood_of_grants_whose_answers_nobody_reads_costs_others_nothing() {
    const N_SENT: usize = 20_000;
    with_clients(async {
        let premises = Premises::new(&["ada", "bob"]);
        let server = Server::try_start(&premises, &[], "warn").unwrap();
        let login = Login { manual_acks: true, ..Login::new(server.address(), Version::V5, "ada") };
        let mut ada = Client::log_in(login).await.unwrap();
        assert!(ada.subscribe("stile/v1/ada/consent/ack", 1).await);
        let flood = async |ada: &mut Client, n: usize| {
            let event = bare_grant("e1");
            for i in 0..n {
                ada.send("stile/v1/ada/consent", 1, event.clone()).await;
                if 50 <= i {
                    assert!(ada.answer().await);
                }
            }
            for _ in 0..50 {
                assert!(ada.answer().await);
            }
        };
        // The first thousand take the memory that every thousand takes.
        flood(&mut ada, 1_000).await;
        let kept_before = resident_bytes(server.pid());
        flood(&mut ada, N_SENT).await;
        let kept = resident_bytes(server.pid()).zip(kept_before);
        let kept = kept.map_or(0, |(after, before)| after.saturating_sub(before));
        println!("{kept} bytes more after {N_SENT} answers");
        assert!(kept < 4 << 20, "{kept} bytes kept");

        let mut bob = connect(server.address(), Version::V5, "bob").await;
        assert!(bob.subscribe("stile/v1/bob/consent/ack", 1).await);
        assert!(bob.publish("stile/v1/bob/consent", bare_grant("e2")).await);
        let answer = parse(&bob.message().await.payload);
        assert_eq!((&answer["event_id"], &answer["effect"]), (&"e2".into(), &"no_evidence".into()));

        let busy_before = busy_ticks(server.pid());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let busy = busy_ticks(server.pid()).zip(busy_before);
        let busy = busy.map_or(0, |(after, before)| after - before);
        println!("{busy} hundredths of a second busy with what waits");
        assert!(busy < 30, "{busy} hundredths of a second");
        let status = server.status();
        assert_eq!(status["consents"]["no_evidence"], 1_000 + N_SENT + 1, "{status}");
        assert!(status["acks_dropped"].as_u64().unwrap() > N_SENT as u64 / 2, "{status}");
        assert!(server.stop().contains("acks_dropped"), "an operator is told");
    });
}
