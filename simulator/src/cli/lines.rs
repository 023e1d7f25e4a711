//! Which connections a run makes, and as whom.

use std::path::PathBuf;

use clap::Args;

use crate::credentials::{Credentials, SECRET_VARIABLE};
use crate::load::link::Door;
use crate::load::run::Lines;
use crate::safety::Broker;

/// Connections of the load.
const CONNECTIONS_MAX: i64 = 10_000;
/// Whom the shipped `config/load.toml` lets in, and with which published token.
const SHIPPED: (&str, &str) = ("load", "try-the-load-backend");

#[derive(Debug, Args)]
#[command(next_help_heading = "The server")]
pub(crate) struct DoorArgs {
    /// Where the server listens; only this machine, unless --i-own-this-broker
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1886")]
    broker: Broker,
    /// The backend identity to connect as [default: that of config/load.toml]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Its secret, in a file; without it the variable STILE_SECRET
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// First part of every topic
    #[arg(long, value_name = "TOPIC", default_value = "stile/v1")]
    prefix: String,
    /// Allow a broker that is not on this machine
    #[arg(long)]
    i_own_this_broker: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The connections")]
pub(crate) struct LineArgs {
    #[command(flatten)]
    door: DoorArgs,
    /// Connections of the load
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    connections: u32,
    /// Connections that bring everybody's consent before
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    setup_connections: u32,
    /// Threads of the generator
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
    /// Messages of one connection that may be unacknowledged
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
    window: u16,
}

impl DoorArgs {
    /// Finds the secret.
    ///
    /// # Errors
    /// A broker that is not on this machine, or a name without a secret.
    pub(crate) fn door(&self) -> Result<Door, String> {
        let broker =
            self.broker.clone().check(self.i_own_this_broker).map_err(|refused| refused.to_string())?;
        let variable = std::env::var(SECRET_VARIABLE).ok();
        let is_shipped = self.user.is_none() && self.secret_file.is_none() && variable.is_none();
        let login = if is_shipped && broker.clone().check(false).is_ok() {
            Some(Credentials { user: SHIPPED.0.to_owned(), secret: SHIPPED.1.to_owned() })
        } else {
            let user = self.user.as_deref().unwrap_or(SHIPPED.0);
            Credentials::find(Some(user), self.secret_file.as_deref(), variable)?
        };
        let client = format!("simulator-{}", std::process::id());
        Ok(Door { address: broker.to_string(), login, client })
    }

    /// First part of every topic.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.trim_end_matches('/')
    }
}

impl LineArgs {
    /// Checks them, and finds the secret.
    ///
    /// # Errors
    /// A broker that is not on this machine, or a name without a secret.
    pub(crate) fn lines(&self) -> Result<Lines, String> {
        Ok(Lines {
            door: self.door.door()?,
            prefix: self.door.prefix().to_owned(),
            n_links: self.connections as usize,
            n_setup_links: self.setup_connections as usize,
            n_threads: usize::from(self.threads),
            n_window: usize::from(self.window),
        })
    }
}
