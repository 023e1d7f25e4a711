//! How a fence file is read.

/// What a reader may decide.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// Leave out features that are no fences, and list them, instead of refusing the file.
    pub skip_invalid: bool,
    /// Where the fences should be.
    ///
    /// A file with most of its fences elsewhere is refused, since its axes are probably swapped.
    pub region: Option<Region>,
    /// Properties besides the known ones whose texts are kept, in [`super::Loaded::extras`].
    pub extras: &'static [&'static str],
    /// What is too much.
    pub limits: Limits,
}

/// A part of the map, in degrees. One whose west lies east of its east goes over the antimeridian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Lowest latitude.
    pub south: f64,
    /// Western end.
    pub west: f64,
    /// Highest latitude.
    pub north: f64,
    /// Eastern end.
    pub east: f64,
}

/// Bounds on what is read, by the names that a refusal gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file, unpacked.
    pub bytes_max: usize,
    /// Size of one feature as text; as much is held in memory.
    pub feature_bytes_max: usize,
    /// Features in a file.
    pub fences_max: usize,
    /// Corners in a file; a circle counts as one.
    pub corners_max: usize,
    /// Corners of one fence: a test or a distance may look at all of them.
    pub corners_per_fence_max: usize,
    /// Bytes of a `name`.
    pub name_bytes_max: usize,
    /// Bytes of any other text.
    pub text_bytes_max: usize,
    /// Entries of `tags`.
    pub tags_max: usize,
}

impl Default for Limits {
    /// Room for every chain of stores on earth; ten million circles take four gigabytes of memory.
    fn default() -> Self {
        Self {
            bytes_max: 16 << 30,
            feature_bytes_max: 64 << 20,
            fences_max: 10_000_000,
            corners_max: 100_000_000,
            corners_per_fence_max: 100_000,
            name_bytes_max: 512,
            text_bytes_max: 1_024,
            tags_max: 64,
        }
    }
}
