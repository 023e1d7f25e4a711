//! The embedded listener: where it listens and whom it lets in.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use model::CustomerId;

use crate::secret::check_private;
use crate::section::{Section, Spanned};
use crate::sheet::Sheet;
use crate::source::Source;
use crate::{Problem, SecretText};

/// The listener inside the program.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSettings {
    /// Whether it listens at all; without it an outside broker must be named.
    pub enabled: bool,
    /// Where; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Lets `bind` name an address that other machines reach, although nothing is encrypted.
    pub insecure_listen: bool,
    /// Connections above this are refused.
    pub n_connections_max: usize,
    /// A file with more `[[user]]` tables.
    pub users_file: Option<PathBuf>,
    /// Who may connect, in the order of the files; no two have one name.
    pub users: Vec<User>,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            bind: SocketAddr::from(([127, 0, 0, 1], 1883)),
            insecure_listen: false,
            n_connections_max: 10_000,
            users_file: None,
            users: Vec::new(),
        }
    }
}

/// Someone who may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The MQTT user name; of a device the customer's id.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// How they prove it.
    pub secret: Secret,
}

/// What an identity may do; `stile acl` prints the same as rules of an outside broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One customer: publishes their fixes, feedback and consent, hears their offers.
    Device,
    /// Publishes for every customer and hears every offer.
    Backend,
    /// Reads `sys`.
    Operator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Device, Self::Backend, Self::Operator];

    /// The word that files use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Backend => "backend",
            Self::Operator => "operator",
        }
    }
}

/// What is kept of a secret; neither gives the secret away.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// BLAKE3 of a random token, for machines: fast, since they connect by the thousand.
    Token([u8; 32]),
    /// Argon2 in PHC form, for passwords that people choose.
    Password(SecretText),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Most users in the files; more belong behind an outside broker's own store.
const N_USERS_MAX: usize = 100_000;

/// Longest user name, in bytes.
const USER_NAME_LEN_MAX: usize = 64;

pub(crate) fn read_listener(section: &Section<'_>, insecure_listen: bool) -> ListenerSettings {
    let default = ListenerSettings::default();
    let insecure_listen = section.flag("insecure_listen", default.insecure_listen) || insecure_listen;
    let bind = section.address("bind");
    if let Some(bind) = &bind
        && !bind.value.ip().is_loopback()
        && !insecure_listen
    {
        let reason = format!("{} can be reached from other machines, and nothing is encrypted", bind.value);
        let hint = "listen on 127.0.0.1 behind a proxy with TLS, or set insecure_listen = true";
        section.wrong("bind", bind.bytes.clone(), reason, Some(hint.to_owned()));
    }
    let mut users = Vec::new();
    for user in section.sections("user") {
        read_user(&user, &mut users);
    }
    ListenerSettings {
        enabled: section.flag("enabled", default.enabled),
        bind: bind.map_or(default.bind, |bind| bind.value),
        insecure_listen,
        n_connections_max: section.count("connections_max", 1..=1_000_000, default.n_connections_max),
        users_file: section.path("users_file").map(|path| path.value),
        users,
    }
}

/// Reads a file of `[[user]]` tables after the users already known.
///
/// One bad entry refuses the file: a user left out by mistake is a locked door, but a
/// user let in by mistake is an open one.
pub(crate) fn read_users_file(file: &Path, users: &mut Vec<User>) -> Result<(), Vec<Problem>> {
    let source = Source::open(file)?;
    check_private(file)?;
    let (document, problems) = source.parse();
    let sheet = Sheet::new(&source, problems);
    if let Some(document) = &document {
        let root = sheet.root(document);
        for user in root.sections("user") {
            read_user(&user, users);
        }
    }
    let problems = sheet.finish();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn read_user(section: &Section<'_>, users: &mut Vec<User>) {
    let words = Role::ALL.map(|role| (role.word(), role));
    section.require("role");
    let role = section.word("role", &words, Role::Device);
    section.require("secret");
    let secret = section.read("secret", read_secret_hash);
    let Some(name) = section.required_text("name") else { return };
    if let Err(reason) = check_name(&name, role) {
        section.wrong("name", name.bytes, reason, None);
        return;
    }
    if users.iter().any(|user| user.name == name.value) {
        section.wrong("name", name.bytes, format!("{:?} stands here a second time", name.value), None);
        return;
    }
    if users.len() == N_USERS_MAX {
        section.wrong("name", name.bytes, format!("is one more than the {N_USERS_MAX} users allowed"), None);
        return;
    }
    if let Some(secret) = secret {
        users.push(User { name: name.value, role, secret: secret.value });
    }
}

fn check_name(name: &Spanned<String>, role: Role) -> Result<(), String> {
    let name = &name.value;
    match role {
        Role::Device => CustomerId::check(name)
            .map_err(|flaw| format!("of a device is its customer's id, and {name:?} {}", flaw.text())),
        Role::Backend | Role::Operator if USER_NAME_LEN_MAX < name.len() => {
            Err(format!("is longer than {USER_NAME_LEN_MAX} bytes"))
        }
        Role::Backend | Role::Operator if name.trim() != name || name.contains(char::is_control) => {
            Err("starts or ends with a space, or holds a control character".to_owned())
        }
        Role::Backend | Role::Operator => Ok(()),
    }
}

/// The error never repeats the value: a secret pasted in clear must not reach a log.
fn read_secret_hash(text: &str) -> Result<Secret, String> {
    if let Some(digits) = text.strip_prefix("blake3:") {
        let bytes = read_hash(digits).ok_or("is not blake3: and 64 hexadecimal digits")?;
        return Ok(Secret::Token(bytes));
    }
    if let Some(phc) = text.strip_prefix("argon2:") {
        let is_phc = phc.starts_with("$argon2") && 4 <= phc.matches('$').count() && !phc.contains(' ');
        let password = SecretText::new(phc.to_owned());
        return if is_phc {
            Ok(Secret::Password(password))
        } else {
            Err("is not argon2: and a PHC text".into())
        };
    }
    Err("must start with blake3: (of a machine's token) or argon2: (of a password), never in clear"
        .to_owned())
}

fn read_hash(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
