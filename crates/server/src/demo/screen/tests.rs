//! What the picture looks like, at several sizes.

mod svg;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::draw;
use crate::demo::rehearsal::rehearse;
use crate::demo::scene::{Figures, Scene};

/// The default town after 22 seconds, as its rehearsal has it.
fn scene() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(|| {
        let mut scene = Scene::default();
        rehearse(town::Plan::default().seed, |stage, at, elapsed| {
            scene = stage.show(at, elapsed).clone();
            elapsed < Duration::from_secs(22)
        });
        scene
    });
    &SCENE
}

fn drawn(scene: &Scene, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, scene)).unwrap();
    terminal.backend().buffer().clone()
}

fn picture(scene: &Scene, width: u16, height: u16) -> String {
    let buffer = drawn(scene, width, height);
    let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(row).collect::<Vec<_>>().join("\n") + "\n"
}

/// Compares with the picture that is kept; `STILE_REDRAW=1` writes it anew.
fn check(name: &str, drawn: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("STILE_REDRAW").is_some() {
        std::fs::write(&file, drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == drawn, "{name} differs; look, then STILE_REDRAW=1:\n{drawn}");
}

#[test]
fn the_picture_is_as_it_was() {
    check("src/demo/screen/pictures/120x36.txt", &picture(scene(), 120, 36));
    check("src/demo/screen/pictures/80x24.txt", &picture(scene(), 80, 24));
    // What a machine measures is no part of a picture that every machine draws.
    let unmeasured = Scene { figures: Figures::default(), ..scene().clone() };
    check("../../docs/demo.svg", &svg::of(&drawn(&unmeasured, 120, 36)));
}

#[test]
fn every_size_shows_both_numbers() {
    let scene = scene();
    let numbers = [scene.counters.n_naive, scene.counters.n_sent].map(|n| n.to_string());
    for (width, height) in [(200, 25), (100, 20), (80, 24), (60, 16), (40, 10), (30, 5), (12, 3)] {
        let drawn = picture(scene, width, height);
        assert!(numbers.iter().all(|number| drawn.contains(number)), "{width}x{height}:\n{drawn}");
    }
}

#[test]
fn no_size_is_too_small_or_too_big() {
    for scene in [&Scene::default(), scene()] {
        for width in (1..240).step_by(7) {
            for height in (1..80).step_by(5) {
                picture(scene, width, height);
            }
        }
    }
}

#[test]
fn the_reasons_on_the_picture_add_up() {
    let scene = scene();
    let n: u64 = scene.reasons.iter().map(|reason| reason.n).sum();
    assert_eq!(n, scene.counters.n_naive);
    assert!(4 <= scene.n_silences());
}
