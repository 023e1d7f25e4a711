//! Who the simulator says it is. A secret comes from a file or from the environment, never
//! from the command line, where every user of the machine could read it (O07).

use std::fmt;
use std::path::Path;

/// The variable that holds the secret where no file is named.
pub(crate) const SECRET_VARIABLE: &str = "STILE_SECRET";

/// A name and its secret. `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials of {} (secret not shown)", self.user)
    }
}

impl Credentials {
    /// The name with the secret of the file, else of the environment; nothing when there is
    /// neither name nor secret.
    ///
    /// # Errors
    /// A sentence: a file that cannot be read, a name without a secret, a secret without a name.
    pub(crate) fn find(
        user: Option<&str>,
        file: Option<&Path>,
        variable: Option<String>,
    ) -> Result<Option<Self>, String> {
        let secret = match (file, variable) {
            (Some(file), _) => Some(read(file)?),
            (None, variable) => variable.filter(|secret| !secret.is_empty()),
        };
        match (user, secret) {
            (Some(user), Some(secret)) => Ok(Some(Self { user: user.to_owned(), secret })),
            (None, None) => Ok(None),
            (Some(user), None) => {
                Err(format!("--user {user} needs its secret: --secret-file FILE, or {SECRET_VARIABLE} set"))
            }
            (None, Some(_)) => Err("there is a secret but no name: add --user NAME".to_owned()),
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read the secret file {}: {error}", file.display()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!("the secret file {} is empty", file.display()));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_comes_before_the_environment() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "from file\n").unwrap();
        let found = Credentials::find(Some("b"), Some(&file), Some("from env".to_owned())).unwrap().unwrap();
        assert_eq!(found.secret, "from file");
        let found = Credentials::find(Some("b"), None, Some("from env".to_owned())).unwrap().unwrap();
        assert_eq!(found.secret, "from env");
    }

    #[test]
    fn a_name_and_a_secret_need_each_other() {
        assert_eq!(Credentials::find(None, None, None), Ok(None));
        assert_eq!(Credentials::find(None, None, Some(String::new())), Ok(None));
        assert!(Credentials::find(Some("b"), None, None).is_err());
        assert!(Credentials::find(None, None, Some("s".to_owned())).is_err());
    }

    #[test]
    fn o07_debug_shows_no_secret() {
        let found = Credentials { user: "b".to_owned(), secret: "hunter2".to_owned() };
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
