//! The program that a faulty disk is put under: `scripted-run DIR`.

use std::path::PathBuf;
use std::process::ExitCode;

use faulty_disk::script;

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1) else {
        eprintln!("scripted-run DIR: plays the script on a data directory");
        return ExitCode::from(64);
    };
    match script::play(&PathBuf::from(dir)) {
        Ok(()) => {
            println!("done");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("stopped {why}");
            ExitCode::from(74)
        }
    }
}
