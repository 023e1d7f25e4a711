//! Bytes that are no fix, or nearly one.

use model::Timestamp;

use super::chance::Chance;

const BODIES: [&str; 24] = [
    "",
    "{",
    "{}",
    "[]",
    "null",
    "\u{feff}{}",
    "{\"v\":1}",
    "{\"v\":1,\"fixes\":[]}",
    "{\"v\":1,\"fixes\":[1,null,{}]}",
    "{\"v\":1,\"ts\":NOW,\"lat\":91,\"lon\":0}",
    "{\"v\":1,\"ts\":NOW,\"lat\":104.2,\"lon\":1.3}",
    "{\"v\":1,\"ts\":NOW,\"lat\":\"52.1\",\"lon\":1}",
    "{\"v\":1,\"ts\":NOW,\"lat\":NaN,\"lon\":1}",
    "{\"v\":1,\"ts\":NOW,\"lat\":1e400,\"lon\":1}",
    "{\"v\":1,\"ts\":1.7e9,\"lat\":1,\"lon\":1}",
    "{\"v\":1,\"ts\":1780000000,\"lat\":1,\"lon\":1}",
    "{\"v\":1,\"ts\":-5,\"lat\":1,\"lon\":1}",
    "{\"v\":1,\"ts\":9223372036854775807,\"lat\":1,\"lon\":1}",
    "{\"v\":1,\"ts\":NOW,\"lat\":1,\"lon\":1,\"acc\":-1}",
    "{\"v\":1,\"ts\":NOW,\"lat\":1,\"lon\":1}{\"v\":1}",
    "{\"v\":1,\"ts\":NOW,\"lat\":1,\"lat\":2,\"lon\":1}",
    "{\"v\":2,\"ts\":NOW,\"lat\":1,\"lon\":1}",
    "{\"v\":1,\"ts\":NOW,\"lat\":1,\"lon\":1,\"customer\":\"somebody-else\"}",
    "<html><body>502 Bad Gateway</body></html>",
];

/// Bytes of which nothing can be used.
pub(crate) fn body(chance: &mut Chance, now: Timestamp) -> Box<[u8]> {
    if chance.per_mille(150) {
        return (0..chance.below(60)).map(|_| chance.draw() as u8).collect();
    }
    let body = chance.of_list(&BODIES);
    body.replace("NOW", &now.unix_ms().to_string()).into_bytes().into()
}
