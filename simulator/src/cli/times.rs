//! `simulator times`: the span of a recording.

use std::process::ExitCode;

use clap::Args;

use crate::cli::{Failure, RecordingArgs, print};
use crate::recording::Source;
use crate::replay::cast::Cast;
use crate::replay::survey::Survey;
use crate::replay::times::Times;

#[derive(Debug, Args)]
pub(crate) struct TimesArgs {
    #[command(flatten)]
    recording: RecordingArgs,
}

/// Runs it.
///
/// # Errors
/// A recording that cannot be read.
pub(crate) fn run(TimesArgs { recording }: &TimesArgs) -> Result<ExitCode, Failure> {
    let source = Source::new(&recording.fixes, recording.limit);
    let survey = Survey::of(source.open().map_err(Failure::Usage)?);
    let times = Times::of(&survey, &Cast::as_recorded(&survey)).map_err(Failure::Usage)?;
    print(&times, recording.json);
    Ok(ExitCode::SUCCESS)
}
