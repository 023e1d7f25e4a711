//! The demo without a terminal: the same facts as lines, about one a second.

use std::collections::VecDeque;
use std::time::Duration;

use super::scene::{OptOut, Restart, Scene, StoryLine, thousands};

/// Between two lines at least.
const PAUSE: Duration = Duration::from_secs(1);

/// News in a row, before the counters have their turn.
const N_NEWS_MAX: u32 = 3;

/// Something new, told as it stands when its turn comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    Sentence(usize),
    OptOut,
    Restart,
}

/// Turns scenes into lines: news first, and the counters when there is none.
#[derive(Default)]
pub struct Lines {
    last_at: Option<Duration>,
    told: Vec<StoryLine>,
    opt_out: OptOut,
    restart: Restart,
    news: VecDeque<News>,
    n_news: u32,
}

impl Lines {
    /// The line for a moment, if it is time for one.
    pub fn next(&mut self, scene: &Scene, elapsed: Duration) -> Option<String> {
        self.gather(scene);
        if self.last_at.is_some_and(|last_at| elapsed < last_at + PAUSE) {
            return None;
        }
        self.last_at = Some(elapsed);
        let news = if self.n_news < N_NEWS_MAX { self.news.pop_front() } else { None };
        self.n_news = if news.is_some() { self.n_news + 1 } else { 0 };
        Some(news.map_or_else(|| counters(scene), |news| news.text(scene)))
    }

    /// What has not been said yet.
    pub fn rest(&mut self, scene: &Scene) -> Vec<String> {
        self.gather(scene);
        self.news.drain(..).map(|news| news.text(scene)).collect()
    }

    fn gather(&mut self, scene: &Scene) {
        for (no, line) in scene.story.lines.iter().enumerate() {
            if self.told.get(no) != Some(line) {
                self.queue(News::Sentence(no));
            }
        }
        self.told.clone_from(&scene.story.lines);
        if changed(&self.opt_out, &scene.opt_out) {
            self.queue(News::OptOut);
        }
        self.opt_out.clone_from(&scene.opt_out);
        let restarted = core::mem::discriminant(&self.restart) != core::mem::discriminant(&scene.restart);
        if restarted || n_taken_up(self.restart) < n_taken_up(scene.restart) {
            self.queue(News::Restart);
        }
        self.restart = scene.restart;
    }

    fn queue(&mut self, news: News) {
        if !self.news.contains(&news) {
            self.news.push_back(news);
        }
    }
}

impl News {
    fn text(self, scene: &Scene) -> String {
        match self {
            Self::Sentence(no) => {
                let StoryLine { clock, text, .. } = &scene.story.lines[no];
                format!("    {clock}  {} {text}", scene.story.name)
            }
            Self::OptOut => format!("           Opting out: {}", scene.opt_out.text()),
            Self::Restart => format!("           Restart: {}", scene.restart.text()),
        }
    }
}

/// Further refusals of the same person are no news.
fn changed(before: &OptOut, now: &OptOut) -> bool {
    match (before, now) {
        (OptOut::Durable { n_refused: before, .. }, OptOut::Durable { n_refused: now, .. }) => {
            *before == 0 && 0 < *now
        }
        (OptOut::Awaited | OptOut::Asked { .. } | OptOut::Durable { .. }, now) => before != now,
    }
}

const fn n_taken_up(restart: Restart) -> u64 {
    match restart {
        Restart::Back { n_taken_up, .. } => n_taken_up,
        Restart::Awaited | Restart::Down => 0,
    }
}

fn counters(scene: &Scene) -> String {
    let counters = scene.counters;
    format!(
        "{}  a naive geofence would have sent {}, Stile sent {}; {} reasons for silence, {} messages refused unread",
        scene.clock,
        thousands(counters.n_naive),
        thousands(counters.n_sent),
        scene.n_silences(),
        thousands(counters.n_refused),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_line_and_news_goes_first() {
        let mut lines = Lines::default();
        let mut scene = Scene { clock: "Sat 10:00".into(), ..Scene::default() };
        scene.story.name = "Ada".into();
        let line = StoryLine { clock: "10:00".into(), text: "sets out".into(), spoke: false };
        scene.story.lines = vec![line];
        let at = Duration::from_millis;
        assert_eq!(lines.next(&scene, at(0)).unwrap(), "    10:00  Ada sets out");
        assert_eq!(lines.next(&scene, at(900)), None);
        assert!(lines.next(&scene, at(1_000)).unwrap().starts_with("Sat 10:00  a naive geofence"));
        assert!(lines.next(&scene, at(2_000)).unwrap().contains("naive"));
        assert!(lines.next(&scene, at(3_000)).unwrap().contains("naive"));
        scene.restart = Restart::Down;
        assert_eq!(lines.rest(&scene).len(), 1);
    }
}
